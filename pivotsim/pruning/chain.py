"""A chain: one plan that holds each kind of encoder once at every token count, so that one run answers for all.

A plan's encoders are mostly alike. Where nothing overlaps, a latency is a sum over encoders, and a run of the chain
gives the addends for all token counts at once.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat

from pivotsim.errors import check_integer
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan


@dataclass(frozen=True)
class Chain:
    """A chain's plan, and how often each kind of encoder stands in the whole plan.

    The plan ends with one encoder more, so that every other one has a next.
    """

    plan: Plan
    counts: tuple[int, ...]

    def sum_ms(self, per_kind: Sequence[Sequence[float]], less: float = 0.0) -> float:
        """Return each kind's times over all encoders of that kind, and minus ``less``, as one sum rounded once."""
        every = (repeat(ms, n) for n, times in zip(self.counts, per_kind, strict=True) for ms in times)
        return math.fsum(chain.from_iterable([*every, [-less]]))


def chain_of(plan: Plan, tokens: Sequence[int]) -> Chain:
    """Return the chain of a plan for some token counts; encoder ``i * kinds + j + 1`` is kind j at ``tokens[i]``.

    >>> from pivotsim.workload.plans import plan
    >>> found = chain_of(plan("deit_s"), [196, 197])
    >>> [(e.encoder, e.mlp_tokens) for e in found.plan.encoders], found.counts
    ([(1, 196), (2, 197), (3, 197)], (12,))
    """
    check_plan(plan)
    tokens = [check_integer("tokens", n, 1) for n in tokens]
    kinds, counts = kinds_of(plan)
    fields = [vars(kind) for kind in kinds]  # made anew, which is faster than replaced
    single = [(kind, n) for n in tokens for kind in fields]
    encoders = tuple(
        EncoderPlan(**{**kind, "encoder": number, "attention_tokens": n, "mlp_tokens": n})
        for number, (kind, n) in enumerate([*single, single[-1]], start=1)
    )
    return Chain(replace(plan, encoders=encoders), counts)


def kinds_of(plan: Plan) -> tuple[list[EncoderPlan], tuple[int, ...]]:
    """Return the kinds of encoder of a plan, without number and tokens, and how often each stands in it."""
    kinds: list[EncoderPlan] = []
    places = []
    for encoder in plan.encoders:
        plain = replace(encoder, encoder=0, attention_tokens=0, mlp_tokens=0)
        if plain not in kinds:
            kinds.append(plain)
        places.append(kinds.index(plain))
    return kinds, tuple(map(places.count, range(len(kinds))))
