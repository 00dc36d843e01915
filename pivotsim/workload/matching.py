"""Workloads at matched MACs: every method at the setting that comes nearest to one number of MACs.

Two methods compare fairly where they leave the same work. Each row of ``METHODS`` has one knob, and its MACs grow with
the knob; what fits best is found by bisection over the row's values.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pivotsim.errors import check_integer
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.masks.masks import kept_of
from pivotsim.workload.plans import Plan, check_plan
from pivotsim.workload.transforms.attention_skipping import skip_attention
from pivotsim.workload.transforms.block_pruning import prune_blocks
from pivotsim.workload.transforms.head_pruning import prune_heads
from pivotsim.workload.transforms.neuron_pruning import prune_neurons
from pivotsim.workload.transforms.token_pruning import prune_tokens

RATES = tuple(percent / 100 for percent in range(1, 101))
BLOCK = 16


class Method(NamedTuple):
    """A method with the values of its one knob, from few MACs to many, and what a value does to a plan."""

    name: str
    knob: str
    values: Callable[[Plan], Sequence[float]]
    apply: Callable[[Plan, float], Plan]


class Matched(NamedTuple):
    """A method at the knob's value that comes nearest to the target; ``macs`` are those of its whole trace."""

    name: str
    setting: str
    plan: Plan
    macs: int


def _rates(_: Plan) -> Sequence[float]:
    return RATES


def _densities(plan: Plan, block: int) -> Sequence[float]:
    """Return the rates at which every matrix keeps a block."""
    least = min(-(-k // block) * -(-n // block) for k, n in plan.weight_sizes(plan.encoders[0]).values())
    return [rate for rate in RATES if kept_of(rate, least)]


def _removed(plan: Plan) -> Sequence[float]:
    """Return how many tokens one layer may remove, the most that it does first."""
    return range(plan.model.tokens - 2 * plan.model.leading_tokens - 2, -1, -1)


def _per_layer(plan: Plan) -> Sequence[float]:
    return range(plan.model.patches // len(plan.encoders), -1, -1)


METHODS = (
    Method("attention skipping", "effort", lambda p: range(len(p.encoders) + 1),
           lambda p, v: skip_attention(p, active=range(1, int(v) + 1))),
    Method("head pruning", "heads", lambda p: range(1, p.model.heads + 1), lambda p, v: prune_heads(p, heads=int(v))),
    Method("neuron pruning", "keep_rate", _rates, lambda p, v: prune_neurons(p, keep_rate=v)),
    Method(f"block pruning, b = {BLOCK}", "density", lambda p: _densities(p, BLOCK),
           lambda p, v: prune_blocks(p, block=BLOCK, density=v)),
    Method(f"block pruning, b = {2 * BLOCK}", "density", lambda p: _densities(p, 2 * BLOCK),
           lambda p, v: prune_blocks(p, block=2 * BLOCK, density=v)),
    Method("one layer prunes", "r", _removed,
           lambda p, v: prune_tokens(p, "single", r=int(v), encoder=len(p.encoders) // 4 + 1)),
    Method("Top-K", "r", _per_layer, lambda p, v: prune_tokens(p, "top_k", r=int(v))),
    Method("ToMe", "r", _per_layer, lambda p, v: prune_tokens(p, "tome", r=int(v))),
    Method("DynamicViT", "keep_rate", _rates, lambda p, v: prune_tokens(p, "dynamicvit", keep_rate=v)),
    Method("EViT", "keep_rate", _rates, lambda p, v: prune_tokens(p, "evit", keep_rate=v)),
    Method("HeatViT", "keep_rate^k", _rates, lambda p, v: prune_tokens(p, "heatvit", keep_rates=(v, v * v, v**3))),
    Method("TDM", "keep_rate", _rates, lambda p, v: prune_tokens(p, "tdm", keep_rate=v)),
)  # fmt: skip


def matched_plans(plan: Plan, target_macs: int, methods: Sequence[Method] = METHODS) -> list[Matched]:
    """Return each method applied to a plan at the setting whose MACs are nearest to a target; ties to more MACs.

    Parameters
    ----------
    plan : Plan
        Of a whole model.
    target_macs : int
        Of one image, patch embedding and head included.

    Raises
    ------
    InputError
        The target is not a positive integer.

    Examples
    --------
    >>> import pivotsim as ps
    >>> evit = next(m for m in matched_plans(ps.plan("deit_s"), 3_029_000_000) if m.name == "EViT")
    >>> evit.setting
    'keep_rate 0.7'
    """
    check_plan(plan)
    target = check_integer("target_macs", target_macs, 1)
    found = []
    for method in methods:
        values = method.values(plan)

        def macs(value: float, method: Method = method) -> int:
            return lower(method.apply(plan, value)).macs

        place = bisect_left(values, target, key=macs)
        near = [values[i] for i in (place, place - 1) if 0 <= i < len(values)]
        best = min(near, key=lambda value: abs(macs(value) - target))
        found.append(Matched(method.name, f"{method.knob} {best:g}", method.apply(plan, best), macs(best)))
    return found
