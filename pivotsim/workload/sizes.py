"""Sizes of a trace's GEMMs, each counted once: blocks of a ViT repeat the same few."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from pivotsim.units import IntArray

Size = tuple[int, int, int]


def distinct_gemms(gemms: Iterable[Iterable[int]]) -> dict[Size, int]:
    """Return {(m, k, n): repeats} of (m, k, n, repeats) rows, with equal sizes counted together."""
    found: dict[Size, int] = {}
    for m, k, n, repeats in gemms:
        found[m, k, n] = found.get((m, k, n), 0) + repeats
    return found


def joint_rows(traces: Sequence[IntArray]) -> tuple[list[tuple[int, int, int, int]], IntArray]:
    """Return the distinct (m, k, n, repeats) rows of several traces, and how many of each a trace has, (rows, traces).

    >>> joint_rows([np.array([[1, 2, 3, 4], [1, 2, 3, 4]]), np.array([[1, 2, 3, 1]])])
    ([(1, 2, 3, 4), (1, 2, 3, 1)], array([[2, 0],
           [0, 1]]))
    """
    counts = [Counter((m, k, n, repeats) for m, k, n, repeats in gemms.tolist()) for gemms in traces]
    rows = list(dict.fromkeys(row for count in counts for row in count))
    return rows, np.array([[count[row] for count in counts] for row in rows], dtype=np.int64).reshape(-1, len(traces))


def joint_gemms(traces: Sequence[IntArray]) -> tuple[list[Size], IntArray]:
    """Return the distinct sizes of several traces' (G, 4) rows, and how often each trace runs them, (sizes, traces).

    >>> joint_gemms([np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), np.array([[5, 6, 7, 1]])])
    ([(1, 2, 3), (5, 6, 7)], array([[4, 0],
           [8, 1]]))
    """
    counts = [distinct_gemms(gemms.tolist()) for gemms in traces]
    sizes = list(dict.fromkeys(size for count in counts for size in count))
    table = [[count.get(size, 0) for count in counts] for size in sizes]
    return sizes, np.array(table, dtype=np.int64).reshape(len(sizes), len(traces))
