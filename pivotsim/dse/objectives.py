"""Objectives that order designs alike, as energy and delay do under constant power: together they make no front."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from pivotsim.dse.space.definition import COSTS, Space
from pivotsim.energy.constant import BOARD_W
from pivotsim.hardware.resources.many_designs import RESOURCES

USUAL, OTHERWISE = ("delay_ms", "energy_j"), ("delay_ms", "dsp")
ROUNDING = 1e-11  # relative: sums of a few products in float64
MAX_CHAIN = 65_536  # designs that a table is compared with


class Alike(NamedTuple):
    """Two objectives of which no design has one better and the other worse than another design has them."""

    first: str
    second: str
    is_proportional: bool

    def __str__(self) -> str:
        verb = "is proportional to" if self.is_proportional else "orders the designs as"
        return f"{self.second} {verb} {self.first}" + ("" if self.is_proportional else " does")


def objectives_alike(
    tables: Iterable[Mapping[str, Any]], objectives: Sequence[str], *, maximize: Sequence[str] = ()
) -> list[Alike]:
    """Return the pairs of objectives that order all designs alike.

    Each table is compared with itself and with up to 65,536 designs of those before it, in the pair's order. An
    objective that is the same in all designs is alike to none.

    Examples
    --------
    >>> table = {"ms": np.array([3.0, 1.0, 2.0]), "j": np.array([6.0, 2.0, 4.0]), "dsp": np.array([1, 3, 2])}
    >>> [str(pair) for pair in objectives_alike([table], ["ms", "j", "dsp"])]
    ['j is proportional to ms']
    >>> [str(pair) for pair in objectives_alike([table], ["ms", "dsp"], maximize=["dsp"])]
    ['dsp orders the designs as ms does']
    """
    chains = _unbroken(tables, objectives, maximize)
    return [Alike(*pair, chain.is_proportional) for pair, chain in chains.items() if chain.varies]


def front_objectives(
    tables: Callable[[Sequence[str]], Iterable[Mapping[str, Any]]], objectives: Sequence[str] | None,
    *, maximize: Sequence[str] = (),
) -> tuple[list[str], list[str]]:  # fmt: skip
    """Return the objectives of a front, and a line on each two of those asked for that order the designs alike.

    Parameters
    ----------
    tables : callable
        Returns tables of some columns.
    objectives : sequence of str or None
        What was asked for; None for delay and energy, or delay and DSPs where the former are alike and the latter not.
    maximize : sequence of str
        Those to maximise.
    """
    chosen = list(USUAL if objectives is None else objectives)
    alike = objectives_alike(tables(chosen), chosen, maximize=maximize)
    has_others = objectives is None and bool(alike) and set(maximize) <= set(OTHERWISE)
    if has_others and not _unbroken(tables(OTHERWISE), OTHERWISE, maximize):
        others = list(OTHERWISE)
        return others, [f"{pair} in all designs: the front is that of {', '.join(others)}" for pair in alike]
    return chosen, [f"{pair} in all designs: they count as one objective" for pair in alike]


def _unbroken(
    tables: Iterable[Mapping[str, Any]], objectives: Sequence[str], maximize: Sequence[str]
) -> "dict[tuple[str, str], _Chain]":
    """Return the chains of pairs of objectives that all designs fit into."""
    chains = {pair: _Chain() for pair in combinations(objectives, 2)}
    for table in tables:
        if not chains:
            break
        if not len(table[objectives[0]]):
            continue
        columns = {o: np.asarray(table[o], dtype=np.float64) * (-1 if o in maximize else 1) for o in objectives}
        chains = {pair: chain for pair, chain in chains.items() if chain.takes(columns[pair[0]], columns[pair[1]])}
    return chains


class _Chain:
    """Designs in the order of two objectives."""

    def __init__(self) -> None:
        self.a = self.b = np.zeros(0)
        self.least = self.most = np.nan  # of b / a

    def takes(self, a: Any, b: Any) -> bool:
        """Whether the designs of a table fit into the order; they are in it then."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = b / a
        self.least, self.most = np.fmin(self.least, ratios.min()), np.fmax(self.most, ratios.max())
        a, b = np.append(self.a, a), np.append(self.b, b)
        order = np.lexsort((b, a))
        a, b = a[order], b[order]
        if (np.diff(b) < -ROUNDING * np.abs(b[1:])).any():
            return False
        kept = np.unique(np.linspace(0, len(a) - 1, min(len(a), MAX_CHAIN)).astype(np.int64))  # both ends among them
        self.a, self.b = a[kept], b[kept]
        return True

    @property
    def varies(self) -> bool:
        return len(self.a) > 1 and bool(self.a[0] < self.a[-1] and self.b[0] < self.b[-1])

    @property
    def is_proportional(self) -> bool:
        return bool(0 < self.least <= self.most < np.inf and self.most - self.least <= ROUNDING * self.most)


def usual_objectives(space: Space) -> Sequence[str]:
    """Return what a search minimises by default: delay and energy, delay and DSPs where those two are alike."""
    has_dsp = any(name in RESOURCES["dsp"].paths for name in space.axis_names)
    return OTHERWISE if has_dsp and _has_constant_power(space) else USUAL


def note_on_objectives(space: Space, objectives: Sequence[str] | None) -> str:
    """Return what must be said of a search's objectives, None by default, before it runs; '' where nothing must."""
    alike = [name for name in (objectives or USUAL) if name in COSTS]
    if not _has_constant_power(space) or len(alike) < 2:
        return ""
    usual = usual_objectives(space)
    instead = f"{', '.join(usual)} are minimised" if objectives is None and usual != USUAL else "they count as one"
    return f"objectives: {', '.join(alike)} order the designs alike, energy is a constant power times delay: {instead}"


def _has_constant_power(space: Space) -> bool:
    return space.options["energy"] == "constant" and BOARD_W not in space.axis_names
