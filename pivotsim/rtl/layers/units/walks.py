"""Walks of a transfer: elements whose bytes follow each other in DRAM, as runs of steps through a station's memory.

A tensor lies in DRAM in one order and in a memory in another. What moves between them goes in pieces: each is a stretch
of DRAM without gaps, and in the memory a number of equally long runs whose elements, and whose beginnings, are equally
far apart.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pivotsim.engines.pl_units.operations import Walk, most_per_clock
from pivotsim.units import IntArray


def element_walks(offsets: IntArray, indices: IntArray, itemsize: int, lanes: int) -> Iterator[tuple[int, Walk]]:
    """Yield (offset in DRAM of the first byte, walk) of what moves elements, in the order of their bytes.

    Parameters
    ----------
    offsets : ndarray
        int64 (n,), where each element begins in DRAM, bytes; all differ.
    indices : ndarray
        int64 (n,), where each lies in the memory, elements.
    itemsize : int
        Bytes of an element in DRAM.
    lanes : int
        Banks of the memory: of elements in a row of a run as many move in a clock as lie in different ones.

    Examples
    --------
    A matrix (2, 3) that lies column by column in DRAM and row by row, with a gap, in a memory of 8 banks:

    >>> list(element_walks(np.array([0, 2, 4, 1, 3, 5]), np.array([0, 1, 2, 4, 5, 6]), 1, 8))
    [(0, Walk(base=0, element_step=4, run_step=1, length=2, runs=3, per_clock=2))]
    """
    order = np.argsort(offsets)
    offsets, indices = offsets[order], indices[order]
    ends = (np.flatnonzero(np.diff(offsets) != itemsize) + 1).tolist()
    for first, past in zip([0, *ends], [*ends, offsets.size], strict=True):
        stretch = indices[first:past]
        ways = [list(_of_stretch(stretch, lanes, lowest)) for lowest in (1, -int(stretch.max()))]
        for begin, walk in min(ways, key=_groups):  # of two alike the one whose steps go up
            yield int(offsets[first + begin]), walk


def _groups(walks: list[tuple[int, Walk]]) -> int:
    """Return the clocks of walks whose groups take one each, and one beside them for each transfer."""
    return sum(1 + walk.runs * -(-walk.length // walk.per_clock) for _, walk in walks)


def _of_stretch(indices: IntArray, lanes: int, lowest: int) -> Iterator[tuple[int, Walk]]:
    """Yield (place of its first element, walk) of elements that follow each other in DRAM: the longest runs first.

    Steps are ``lowest`` at least, and not 0.
    """
    begin = 0
    while begin < indices.size:
        rest = indices[begin:]
        step = int(rest[1] - rest[0]) if rest.size > 1 else 0
        length = 1 + _leading(np.diff(rest) == step) if step and step >= lowest else 1
        rows = rest[: rest.size // length * length].reshape(-1, length)
        is_alike = (rows == rows[:, :1] + step * np.arange(length)).all(axis=1)
        apart = np.diff(rows[:, 0])
        run_step = int(apart[0]) if apart.size and is_alike[1] and apart[0] >= lowest else 0
        runs = 1 + _leading(is_alike[1:] & (apart == run_step)) if run_step else 1
        per_clock = most_per_clock(step, lanes) if length > 1 else 1
        yield begin, Walk(int(rest[0]), step if length > 1 else 0, run_step, length, runs, min(per_clock, length))
        begin += runs * length


def _leading(holds: Any) -> int:
    """Return how many of the first values are true."""
    return int(holds.size) if holds.all() else int(np.argmin(holds))
