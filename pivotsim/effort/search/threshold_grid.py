"""All thresholds of a cascade at once: exact counts of images and of right answers at every exit.

A gate's threshold matters only by which images lie below it, so the candidates are 0 and the next number above each
distinct entropy. An image leaves gate t at candidate c or any later one, where c is its bin: the number of candidates
that do not exceed its entropy. One histogram over the bins of all gates and running sums along its axes then hold the
counts of every combination of thresholds: images that pass gates 1 to t - 1 (bin above the candidate) and leave at t.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pivotsim.effort.gating import Flags
from pivotsim.units import FloatArray, IntArray


class Sampling(NamedTuple):
    """Fewer thresholds tried per gate than there are: at most ``levels`` of up to ``thresholds``."""

    levels: int
    thresholds: int

    def __str__(self) -> str:
        tried = f"at most {self.levels:,} of up to {self.thresholds:,} thresholds per gate"
        return f"cascades of 3 efforts were tried with {tried}"


class Grid(NamedTuple):
    """Counts per exit, one array of shape (candidates of gate 1, of gate 2, ...) or broadcast to it; int64."""

    thresholds: tuple[FloatArray, ...]
    counts: tuple[IntArray, ...]
    correct: tuple[IntArray, ...] | None


def candidates(entropies: FloatArray, most: int | None = None) -> FloatArray:
    """Return thresholds in order: 0, then those that let more images pass, up to all.

    There is one for each distinct entropy where that makes no more than ``most``, or ``most`` is None; else ``most`` of
    them spread evenly over the images, the last one among them.
    """
    ordered = np.unique(entropies)
    if most is not None and len(ordered) + 1 > most:
        places = np.linspace(0, len(entropies) - 1, most)[1:].round().astype(np.int64)
        ordered = np.unique(np.sort(entropies)[places])
    return np.concatenate(([0.0], np.nextafter(ordered, np.inf)))


def count_exits(
    images: int, entropies: Sequence[FloatArray], thresholds: Sequence[FloatArray], right: Sequence[Flags] | None
) -> Grid:
    """Return the counts at every combination of thresholds.

    Parameters
    ----------
    images : int
        n.
    entropies : sequence of float64 arrays of shape (n,)
        One per gate, in the order in which images meet them; none for an effort on its own.
    thresholds : sequence of float64 arrays
        ``candidates`` of each gate.
    right : sequence of bool arrays of shape (n,), optional
        One per effort, so one more than gates.

    Examples
    --------
    Three images, one gate: at thresholds that let 0, 1, 2 and 3 of them leave.

    >>> low = np.array([0.2, 0.8, 0.4])
    >>> grid = count_exits(3, [low], [candidates(low, most=9)], None)
    >>> [counts.tolist() for counts in grid.counts]
    [[0, 1, 2, 3], [3, 2, 1, 0]]
    """
    bins = [np.searchsorted(cuts, e, side="right") for e, cuts in zip(entropies, thresholds, strict=True)]
    sizes = [len(cuts) for cuts in thresholds]
    counts = tuple(_exits(bins, sizes, [np.ones(images, np.bool_)] * (len(sizes) + 1)))
    return Grid(tuple(thresholds), counts, None if right is None else tuple(_exits(bins, sizes, right)))


def _exits(bins: Sequence[IntArray], sizes: Sequence[int], chosen: Sequence[Flags]) -> Iterator[IntArray]:
    """Yield, for each exit, how many of its chosen images leave there; axes of later gates have length 1."""
    gates = len(sizes)
    for exit_at in range(gates + 1):
        used = min(exit_at + 1, gates)
        shape = [size + 1 for size in sizes[:used]]  # the last bin: above every candidate
        places = np.zeros(int(chosen[exit_at].sum()), np.int64)
        for own, size in zip(bins, shape, strict=False):
            places = places * size + own[chosen[exit_at]]
        total: IntArray = np.bincount(places, minlength=math.prod(shape)).reshape(shape)
        for axis in range(used):
            running = total.cumsum(axis=axis).take(range(sizes[axis]), axis=axis)
            total = running if axis == exit_at else total.sum(axis=axis, keepdims=True) - running
        yield total.reshape((*total.shape, *[1] * (gates - used)))
