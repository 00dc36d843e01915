"""Sizes of a trace's GEMMs, each counted once: blocks of a ViT repeat the same few."""

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
