"""Options that leave parts of a model out: heads, neurons, tokens, blocks of weights, attention scores."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli.options import integer, real
from pivotsim.errors import InputError, got
from pivotsim.io.yaml_reader import parse_scalar
from pivotsim.tables import ranges
from pivotsim.workload.transforms.texts import attention_parameters, block_parameters, token_parameters

if TYPE_CHECKING:
    from pivotsim.workload.ops import Op, Trace
    from pivotsim.workload.plans import Plan

HeadsOption = Annotated[
    int | None,
    typer.Option("--heads", parser=integer("--heads"), metavar="H", help="Attention heads that each encoder keeps."),
]
NeuronsOption = Annotated[
    float | None,
    typer.Option("--neurons", parser=real("--neurons"), metavar="RATE", help="Share of the MLPs' neurons that stay."),
]
TokensOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tokens",
        metavar="METHOD[:NAME=VALUE,...]",
        help="Prune tokens, as in evit:keep_rate=0.7,fuse=true or heatvit:keep_rates=0.6/0.26/0.13,encoders=4/7/10; "
        "repeatable, in this order.",
    ),
]
BlocksOption = Annotated[
    list[str] | None,
    typer.Option(
        "--blocks",
        metavar="NAME=VALUE,...",
        help="Prune weight blocks, as in block=16,density=0.5,seed=0 or block=16,msa=0.5,mlp=0.7 or "
        "block=16,masks=FILE.npz; repeatable.",
    ),
]
AttentionOption = Annotated[
    str | None,
    typer.Option(
        "--attention",
        metavar="FILE|NAME=VALUE,...",
        help="Leave attention scores out: masks of an .npy or .npz file, FILE,pruned_is_true=true where true marks "
        "what is left out, or drawn ones as in density=0.1,seed=0.",
    ),
]
SplitOption = Annotated[
    int | None,
    typer.Option(
        "--split",
        parser=integer("--split"),
        metavar="ENTRIES",
        help="Compute keys with more kept scores than that densely (ViTCoD: 50); needs --attention.",
    ),
]
PresetOption = Annotated[
    str | None,
    typer.Option("--preset", metavar="NAME", help="Prune as a recipe says: parikh_code, or parikh_seed (inferred)."),
]
NO_DENSE_KEY = "no key has more kept scores"
ONE_VALUE = ("--heads", "--neurons", "--split", "--preset")
FLAGS = "--heads, --neurons, --tokens, --blocks, --attention, --split, --preset"


@dataclass(frozen=True)
class Pruning:
    """What these options ask for, read but not yet applied."""

    heads: int | None
    neurons: float | None
    tokens: tuple[dict[str, Any], ...]
    blocks: tuple[dict[str, Any], ...]
    attention: dict[str, Any] | None
    split: int | None
    preset: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return what was asked for, for a result to echo."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in vars(self).items() if v not in (None, ())}

    def __bool__(self) -> bool:
        return bool(self.to_dict())

    def __str__(self) -> str:
        return ", ".join(f"{name} {_typed(value)}" for name, value in self.to_dict().items())

    def sources(self) -> tuple[str, ...]:
        """Return where a recipe comes from, and for which model; nothing where no recipe was asked for."""
        from pivotsim.workload.presets import PRESETS

        return () if self.preset is None else (f"preset {self.preset}: {PRESETS[self.preset].source}",)

    def not_used(self, traces_of: "Callable[[Pruning], Sequence[Trace]]", scope: str) -> dict[str, str]:
        """Return the options without which the same work is done, and that they remove nothing."""
        found = {}
        for option, rest in self._parts():
            try:
                without = [_work(trace.within(scope)) for trace in traces_of(rest)]
            except InputError:  # another option needs this one
                continue
            if without == [_work(trace.within(scope)) for trace in traces_of(self)]:
                found[option] = f"not used here: {NO_DENSE_KEY if option == '--split' else 'it removes nothing'}"
        return found

    def idle_steps(self, plans: "Sequence[Plan]") -> dict[str, str]:
        """Return the encoders in which a method of ``--tokens`` prunes nothing, while it does in others, and why."""
        found: dict[str, str] = {}
        for plan in plans if self.tokens else ():
            idle: dict[str, list[int]] = {}
            working, tokens = set(), plan.model.tokens
            for e in plan.encoders:
                for step in (*e.before, *e.between):
                    arriving, tokens = tokens, step.leaving(tokens, plan.model)
                    if tokens == arriving:
                        idle.setdefault(step.method, []).append(e.encoder)
                    else:
                        working.add(step.method)
            found |= {
                f"--tokens {method}, encoder{'s' * (len(numbers) > 1)} {ranges(numbers)}":
                "not used here: no more tokens arrive than stay"
                for method, numbers in idle.items() if method in working
            }  # fmt: skip
        return found

    def _parts(self) -> "Iterator[tuple[str, Pruning]]":
        """Yield each option with what is asked for without it."""
        for name, value in self.to_dict().items():
            for i in range(len(value) if isinstance(value, list) else 1):
                rest: Any = tuple(v for j, v in enumerate(value) if j != i) if isinstance(value, list) else None
                yield f"--{name}", replace(self, **{name: rest})

    def applied(self, plan: "Plan", active: list[int] | None = None) -> "Plan":
        """Return the plan with all of it applied, sizes before tokens and tokens before masks, which must fit both.

        ``active`` are the encoders whose attention runs, None for all.
        """
        from pivotsim.workload.presets import prune_as
        from pivotsim.workload.transforms.attention_masking import mask_attention
        from pivotsim.workload.transforms.attention_skipping import skip_attention
        from pivotsim.workload.transforms.attention_splitting import split_attention
        from pivotsim.workload.transforms.block_pruning import prune_blocks
        from pivotsim.workload.transforms.head_pruning import prune_heads
        from pivotsim.workload.transforms.neuron_pruning import prune_neurons
        from pivotsim.workload.transforms.token_pruning import prune_tokens

        steps: list[tuple[str, partial[Plan]]] = []
        if self.heads is not None:
            steps.append(("--heads", partial(prune_heads, heads=self.heads)))
        if self.neurons is not None:
            steps.append(("--neurons", partial(prune_neurons, keep_rate=self.neurons)))
        if active is not None:
            steps.append(("", partial(skip_attention, active=active)))
        if self.preset is not None:
            steps.append(("--preset", partial(prune_as, preset=self.preset)))
        steps += [("--tokens", partial(prune_tokens, **values)) for values in self.tokens]
        steps += [("--blocks", partial(prune_blocks, **values)) for values in self.blocks]
        if self.attention is not None:
            steps.append(("--attention", partial(mask_attention, **self.attention)))
        if self.split is not None:
            steps.append(("--split", partial(split_attention, threshold=self.split)))
        for option, step in steps:
            with _named(option, step):
                plan = step(plan)
        return plan


def _work(trace: "Trace") -> list[object]:
    """Return what all operations of one form do together, whatever mask says so and however they are cut."""
    found: dict[Op, list[int]] = {}
    for op in trace:
        form = op._replace(repeats=1, density=1.0, mask_file="", mask_key="")
        sums = found.setdefault(form, [0, 0, 0])
        sums[:] = sums[0] + op.repeats, sums[1] + trace.macs_of(op), sums[2] + trace.elements_of(op)
    return list(found.items())


def _typed(value: object) -> str:
    """Return a value of an option as it is typed."""
    if isinstance(value, dict):
        return ",".join(_typed(v) if isinstance(v, dict) else f"{name}={_typed(v)}" for name, v in value.items())
    if isinstance(value, list):
        return "/".join(map(_typed, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@contextmanager
def _named(option: str, step: "partial[Plan]") -> Iterator[None]:
    """Name the option in what its transform finds wrong, instead of the transform, or of the value that it states."""
    own = [step.func.__name__, *(step.keywords if option in ONE_VALUE else ())]
    try:
        yield
    except InputError as error:
        told = [re.sub(rf"^({'|'.join(own)}): ", "", problem) for problem in error.problems]
        raise InputError(f"{option}: {problem}" if option else problem for problem in told) from None


def parse_pruning(
    heads: int | None,
    neurons: float | None,
    tokens: list[str] | None,
    blocks: list[str] | None,
    attention: str | None,
    split: int | None,
    preset: str | None,
) -> Pruning:
    """Return what the options ask for."""
    scores = None
    if attention is not None:
        is_file = "=" not in attention
        if is_file and not attention.strip():
            raise InputError(f"--attention: must name a file, or be such as density=0.1,seed=0 {got(attention)}")
        if isinstance(parse_scalar(attention.strip()), (int, float)):
            raise InputError(f"--attention: write density={attention.strip()} for a share of the scores")
        begins_with_file = not is_file and "=" not in attention.partition(",")[0]  # FILE,pruned_is_true=true
        text = f"masks={attention}" if begins_with_file else attention
        scores = {"masks": attention} if is_file else attention_parameters(text)
    return Pruning(
        heads,
        neurons,
        tuple(map(token_parameters, tokens or ())),
        tuple(map(block_parameters, blocks or ())),
        scores,
        split,
        preset,
    )
