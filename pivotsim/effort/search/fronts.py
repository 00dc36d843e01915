"""The whole space of cascades: the best one under limits, and the front of accuracy over cost.

Every set of up to ``max_efforts`` of the efforts, every hardware, and every threshold but where two gates have too many
of them: those are sampled. The space is walked cascade by
cascade and only what may win is kept, so memory does not grow with it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pivotsim.effort.outputs import Name
from pivotsim.effort.search.cascade_costs import COSTS, GAINS
from pivotsim.errors import InputError, check_choice, check_real, got, nearest
from pivotsim.units import FloatArray, IntArray

MAX_EFFORTS = 3
EXACT_EFFORTS = 2  # of cascades of so many every threshold is tried: one gate has no more of them than images
TIES = ("delay_ms", "accuracy_frac")
DEFAULT_LEVELS, MAX_LEVELS = 257, 1024  # thresholds per gate of two; the first is all of the paper's 256 images


class Block(NamedTuple):
    """All thresholds of one cascade on one hardware; a place in the columns names one choice."""

    board: int
    efforts: tuple[Name, ...]
    thresholds: tuple[FloatArray, ...]
    columns: Mapping[str, FloatArray]

    def spot(self, place: int) -> "Spot":
        """Return one place on its own, so that the columns may go."""
        shape = tuple(len(cuts) for cuts in self.thresholds)
        where = np.unravel_index(place, shape) if shape else ()
        thresholds = tuple(float(cuts[i]) for cuts, i in zip(self.thresholds, where, strict=True))
        return Spot(self.board, self.efforts, thresholds, {name: float(c[place]) for name, c in self.columns.items()})


class Spot(NamedTuple):
    """One choice: hardware by number, efforts, thresholds, and its quantities."""

    board: int
    efforts: tuple[Name, ...]
    thresholds: tuple[float, ...]
    values: Mapping[str, float]


def checked_limits(limits: Mapping[str, float] | None) -> dict[str, float]:
    """Return limits as floats, or raise InputError: the most of a cost, the least of accuracy_frac and of lec."""
    if not isinstance(limits or {}, Mapping):
        raise InputError(f"limits: must map quantities to numbers {got(limits)}")
    names = (*COSTS, *GAINS)
    unknown = [name for name in limits or {} if name not in names]
    if unknown:
        raise InputError(f"limits: {name}: unknown quantity{nearest(name, names)}" for name in unknown)
    checked = {name: check_real(f"limits: {name}", value) for name, value in (limits or {}).items()}
    for name, value in checked.items():
        if not 0 <= value < float("inf") or (name in GAINS and value > 1):
            raise InputError(f"limits: {name}: must lie in 0 to 1 {got(value)}" if name in GAINS else
                             f"limits: {name}: must be a finite number of at least 0 {got(value)}")  # fmt: skip
    return checked


def excess(columns: Mapping[str, FloatArray], limits: Mapping[str, float]) -> FloatArray:
    """Return how far each place misses the limit that it misses most, relative to the limit; 0 where all are met."""
    worst: FloatArray = np.zeros(len(columns["delay_ms"]))
    for name, limit in limits.items():
        beyond = limit - columns[name] if name in GAINS else columns[name] - limit
        worst = np.maximum(worst, beyond / limit if limit else np.where(beyond > 0, np.inf, 0.0))
    return worst


def best_of(blocks: Iterable[Block], objective: str, limits: Mapping[str, float]) -> tuple[Spot, dict[str, float]]:
    """Return the best place, and the best value of each limited quantity that any place reaches.

    First by the least excess over the limits, then by the objective; ties by smaller delay, higher accuracy, fewer
    efforts, and the order of the blocks.
    """
    check_choice("objective", objective, (*COSTS, "accuracy_frac"))
    winner: Spot | None = None
    winning_key: tuple[float, ...] = ()
    reached: dict[str, float] = {}
    for block in blocks:
        for name in limits:
            column = block.columns[name]
            own = float(column.max() if name in GAINS else column.min())
            reached[name] = (max if name in GAINS else min)(reached.get(name, own), own)
        keys = [excess(block.columns, limits), _less_is_better(block.columns, objective)]
        keys += [_less_is_better(block.columns, name) for name in TIES if name in block.columns]
        place = _first_least(keys)
        key = (*(float(k[place]) for k in keys), len(block.efforts))
        if winner is None or key < winning_key:
            winner, winning_key = block.spot(place), key
    assert winner is not None  # one effort on its own is a cascade
    return winner, reached


def front_of(blocks: Iterable[Block], cost: str, limits: Mapping[str, float]) -> list[Spot]:
    """Return the places that meet the limits and that none beats in cost and accuracy, cheapest first.

    Of places equal in both the first stands for all. Only what the front so far does not beat is sorted.
    """
    check_choice("cost", cost, COSTS)
    front: list[Spot] = []
    for block in blocks:
        costs, accuracies = block.columns[cost], block.columns["accuracy_frac"]
        least, most = (np.array([spot.values[name] for spot in front]) for name in (cost, "accuracy_frac"))
        to_beat = np.append(least, np.inf)[np.searchsorted(most, accuracies)]  # of those at least as accurate
        places = np.flatnonzero((excess(block.columns, limits) == 0) & (costs < to_beat))
        front += [block.spot(int(places[i])) for i in rising(costs[places], accuracies[places])]
        least, most = (np.array([spot.values[name] for spot in front]) for name in (cost, "accuracy_frac"))
        front = [front[i] for i in rising(least, most)]
    return front


def rising(costs: FloatArray, accuracies: FloatArray) -> IntArray:
    """Return the indices of the front, by rising cost and rising accuracy.

    Examples
    --------
    >>> rising(np.array([3.0, 1.0, 2.0, 2.0]), np.array([0.9, 0.5, 0.4, 0.7])).tolist()
    [1, 3, 0]
    """
    order = np.lexsort((-accuracies, costs))
    ordered = accuracies[order]
    before = np.concatenate(([-np.inf], np.maximum.accumulate(ordered)[:-1])) if len(ordered) else ordered
    found: IntArray = order[ordered > before]
    return found


def _less_is_better(columns: Mapping[str, FloatArray], name: str) -> FloatArray:
    return -columns[name] if name in GAINS else columns[name]


def _first_least(keys: Sequence[FloatArray]) -> int:
    """Return the first place that is least by the keys in turn."""
    places = np.arange(len(keys[0]))
    for key in keys:
        own = key[places]
        places = places[own == own.min()]
    return int(places[0])


def limits_missed(
    limits: Mapping[str, float], spot: Spot, reached: Mapping[str, float], any_choice: str
) -> Iterator[str]:
    """Yield, for each limit that a choice misses, what any choice could reach; ``any_choice`` says of which."""
    for name, limit in limits.items():
        value, gain = spot.values[name], name in GAINS
        if (value < limit) if gain else (value > limit):
            alone = (reached[name] >= limit) if gain else (reached[name] <= limit)
            best = f"the {'most' if gain else 'least'} that {any_choice} reaches is {reached[name]:.6g}"
            why = "only choices that miss another limit meet it" if alone else best
            yield f"{name} {'>=' if gain else '<='} {limit:g} is missed {got(round(value, 6))}: {why}"
