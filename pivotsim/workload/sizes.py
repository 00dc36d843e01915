"""Sizes of a trace's GEMMs, each counted once: blocks of a ViT repeat the same few."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pivotsim.units import IntArray

MAX_BITS = 64  # of an element

Size = tuple[int, ...]  # m, k, n, and for bytes the bits of an element of inputs, weights and outputs


def distinct_gemms(gemms: Iterable[Iterable[int]]) -> dict[Size, int]:
    """Return {size: repeats} of rows that end with their repeats, with equal sizes counted together."""
    found: dict[Size, int] = {}
    for *row, repeats in gemms:
        size = tuple(row)
        found[size] = found.get(size, 0) + repeats
    return found


def packed_bytes(elements: Any, bits: int) -> Any:
    """Return the bytes of elements, a number or a vector, of so many bits one after the other, the last byte filled up.

    >>> packed_bytes(3, 4), packed_bytes(3, 12), packed_bytes(3, 16)
    (2, 5, 6)
    """
    return elements * (bits // 8) if bits % 8 == 0 else -(-elements * bits // 8)


def joint_gemms(traces: Sequence[IntArray]) -> tuple[list[Size], IntArray]:
    """Return the distinct sizes of several traces' rows, and how often each trace runs them, (sizes, traces).

    Rows end with their repeats; all that is before them is the size.

    >>> joint_gemms([np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), np.array([[5, 6, 7, 1]])])
    ([(1, 2, 3), (5, 6, 7)], array([[4, 0],
           [8, 1]]))
    """
    counts = [distinct_gemms(gemms.tolist()) for gemms in traces]
    sizes = list(dict.fromkeys(size for count in counts for size in count))
    table = [[count.get(size, 0) for count in counts] for size in sizes]
    return sizes, np.array(table, dtype=np.int64).reshape(len(sizes), len(traces))
