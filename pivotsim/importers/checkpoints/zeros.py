"""Where a weight matrix is zero: in whole blocks, N of M along its inputs, or nowhere in particular.

A block size is looked for, not given. Zeros of blocks b x b lie in such blocks of every size that divides b too, so the
largest is taken that covers as many as any does. Scattered zeros fill no block: with 1 % of them a block of 4 x 4 has
a chance of 1e-32.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pivotsim.workload.masks.masks import Flags

SMALLEST, LARGEST = 4, 64  # sides of the blocks looked for
# zeros that decide nothing, less than the smallest whole block: scattered ones may fill what the edges cut of a block
CHANCE = SMALLEST**2 - 1
MAX_ZERO_FRAC = 0.05  # of what blocks keep: more of it is not pruned in blocks
GROUPS = (2, 4, 8, 16, 32)  # M of N:M
LEAST_FULL_FRAC = 0.95  # of N:M's non-zeros: with less, N is but the most that chance left in a group


@dataclass(frozen=True)
class Zeros:
    """What was found of one matrix.

    Attributes
    ----------
    elements, zeros : int
        Of all its copies (groups of a convolution).
    kept : dict
        Block size that fits -> blocks that are kept, bool (copies, ceil(K / b), ceil(N / b)).
    pattern : tuple of int or None
        (N, M) where each M inputs beside each other have at most N weights that are not zero.
    """

    elements: int
    zeros: int
    kept: Mapping[int, Flags] = field(default_factory=dict)
    pattern: tuple[int, int] | None = None


def find_zeros(is_zero: Flags) -> Zeros:
    """Return the structure of a matrix's zeros.

    Parameters
    ----------
    is_zero : ndarray
        Bool (copies, K, N): inputs by outputs.

    Returns
    -------
    Zeros
        A matrix that is zero throughout has no blocks: the layer would vanish.

    Examples
    --------
    >>> import numpy as np
    >>> weights = np.ones((1, 32, 48), dtype=bool)
    >>> weights[:, :16, 16:32] = False
    >>> max(find_zeros(~weights).kept)
    16
    """
    elements, zeros = is_zero.size, int(np.count_nonzero(is_zero))
    if not CHANCE < zeros < elements:
        return Zeros(elements, zeros)
    kept = _blocks(is_zero, zeros)
    return Zeros(elements, zeros, kept, None if kept else _pattern(is_zero, zeros))


def common_block(found: Iterable[Zeros]) -> int | None:
    """Return the largest block size that fits all matrices pruned in blocks, None where there is none."""
    sizes = [set(zeros.kept) for zeros in found if zeros.kept]
    return max(set[int].intersection(*sizes), default=None) if sizes else None


def _blocks(is_zero: Flags, zeros: int) -> dict[int, Flags]:
    """Return the kept blocks of each size that covers the most zeros, none where too many lie beside the blocks."""
    _, height, width = is_zero.shape
    above = np.zeros((is_zero.shape[0], height + 1, width + 1), dtype=np.int64 if is_zero.size >> 31 else np.int32)
    inner = above[:, 1:, 1:]
    np.cumsum(is_zero, axis=2, dtype=above.dtype, out=inner)  # zeros above and left of each place: one pass for all b
    for row in range(1, height):  # a quarter of the time of cumsum, which goes down each column by itself
        inner[:, row] += inner[:, row - 1]
    empty: dict[int, Flags] = {}
    covered: dict[int, int] = {}
    for block in range(SMALLEST, min(LARGEST, height, width) + 1):
        rows, columns = (np.append(np.arange(0, side, block), side) for side in (height, width))
        corners = above[:, rows[:, None], columns]
        sizes = np.outer(np.diff(rows), np.diff(columns))
        empty[block] = np.diff(np.diff(corners, axis=1), axis=2) == sizes
        covered[block] = int((empty[block] * sizes).sum())
    most = max(covered.values(), default=0)
    if most <= CHANCE:
        return {}
    fitting = [block for block, count in covered.items() if count >= most - CHANCE]
    return {
        block: ~empty[block]
        for block in fitting
        if zeros - covered[block] <= MAX_ZERO_FRAC * (is_zero.size - covered[block])
    }


def _pattern(is_zero: Flags, zeros: int) -> tuple[int, int] | None:
    """Return N:M with the smallest M whose groups, from the first input on, are full but for a few."""
    height, left = is_zero.shape[1], is_zero.size - zeros
    weights = ~is_zero
    for group in GROUPS:
        most = int(np.add.reduceat(weights, np.arange(0, height, group), axis=1, dtype=np.int8).max())
        if most < group <= height and left >= LEAST_FULL_FRAC * is_zero.size * most / group:
            return most, group
    return None
