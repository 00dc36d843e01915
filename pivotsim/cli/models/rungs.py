"""The option --rung: candidates of a ladder by name, each shaped by the flags with which ``run`` shapes a model."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import options
from pivotsim.cli.models.pruning import Pruning, parse_pruning
from pivotsim.errors import InputError, got, nearest
from pivotsim.workload.lowering.plan import lower

if TYPE_CHECKING:
    from pivotsim.workload.plans import Plan

RungOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rung",
        metavar="NAME[=FLAGS]",
        help="Instead of --cka: a candidate of one gate over any kinds of effort, shaped by flags of run, as in "
        "'low=--active 1-3 --tokens evit:keep_rate=0.5,encoders=2 --neurons 0.5'; without flags the whole model; "
        "repeatable. The logits' arrays have these names.",
    ),
]
# flag -> how its text is read; those of ``run`` that shape a model
FLAGS: Mapping[str, Callable[[str], Any]] = {
    "active": str,
    "heads": options.integer("--heads"),
    "neurons": options.real("--neurons"),
    "tokens": str,
    "blocks": str,
    "attention": str,
    "split": options.integer("--split"),
    "preset": str,
}
REPEATED = ("tokens", "blocks")


@dataclass(frozen=True)
class AskedRung:
    """What one ``--rung`` asks for; ``flags`` as they were typed."""

    name: str
    flags: str
    active: str | None
    pruned: Pruning

    def to_dict(self) -> dict[str, Any]:
        """Return what shapes the rung, as ``run`` echoes it."""
        return {**({} if self.active is None else {"active": self.active}), **self.pruned.to_dict()}

    def of(self, whole: "Plan", pruned: Pruning | None = None) -> "Plan":
        """Return the rung of a model, or raise InputError that names it; ``pruned`` stands in for its own."""
        try:
            return (self.pruned if pruned is None else pruned).applied(
                whole, options.active_of(self.active, whole.model.depth)
            )
        except InputError as error:
            raise _in(self.name, error) from None

    def not_used(self, whole: "Plan", scope: str) -> dict[str, str]:
        """Return its flags that remove nothing."""
        found = self.pruned.not_used(lambda asked: [lower(self.of(whole, asked))], scope)
        found |= self.pruned.idle_steps([self.of(whole)])
        return {f"--rung {self.name}: {flag}": why for flag, why in found.items()}


def parse_rungs(texts: Sequence[str]) -> list[AskedRung]:
    """Return the rungs that the options ask for, or raise InputError with a line for each that is wrong."""
    rungs, problems = [], []
    for text in texts:
        name, _, flags = text.partition("=")
        try:
            rungs.append(_rung(name.strip(), flags))
        except InputError as error:
            problems += list(error.problems)
    names = [rung.name for rung in rungs]
    problems += [f"--rung {name}: named twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if problems:
        raise InputError(problems)
    return rungs


def _rung(name: str, flags: str) -> AskedRung:
    if not name or name.startswith("-"):
        raise InputError(f"--rung: expected NAME or NAME=FLAGS such as low=--active 1-3 {got(name or flags)}")
    try:
        words = shlex.split(flags)
    except ValueError as error:  # a quote that does not end
        raise InputError(f"--rung {name}: {error} {got(flags)}") from None
    try:
        values = _values(iter(words))
        return AskedRung(name, flags.strip(), values.pop("active"), parse_pruning(**values))
    except InputError as error:
        raise _in(name, error) from None


def _values(words: Iterator[str]) -> dict[str, Any]:
    """Return the value of every flag, read from a list of flags and values."""
    values: dict[str, Any] = {flag: [] if flag in REPEATED else None for flag in FLAGS}
    for word in words:
        flag = word.removeprefix("--")
        if flag not in FLAGS or flag == word:
            raise InputError(f"{word}: no flag that shapes a model{nearest(word, [f'--{f}' for f in FLAGS])}")
        text = next(words, None)
        if text is None:
            raise InputError(f"{word}: needs a value")
        if flag not in REPEATED and values[flag] is not None:
            raise InputError(f"{word}: stated twice")
        value = FLAGS[flag](text)
        values[flag] = [*values[flag], value] if flag in REPEATED else value
    return values


def _in(name: str, error: InputError) -> InputError:
    return InputError(f"--rung {name}: {problem}" for problem in error.problems)
