"""Registers in a row, without reset, as LUTs of UltraScale+: what a bit that waits ``depth`` clocks takes.

An SRLC32E holds 32 clocks and passes on to the next, an SRL16E the 2 to 16 left; a single clock left, or 17, ends in a
flip-flop. Chains of one or two clocks are flip-flops (yosys 0.23, cells_map.v of synth_xilinx).
"""

from functools import cache
from typing import Any

import numpy as np

SHORTEST = 3  # clocks of a chain that becomes a LUT
SRL_CLOCKS = 32


def chain_luts(depth: Any) -> Any:
    """Return the LUTs of a bit's chain, int64 for each of ``depth``.

    >>> chain_luts([2, 3, 32, 33, 34, 64]).tolist()
    [0, 1, 1, 1, 2, 2]
    """
    depth = np.asarray(depth, dtype=np.int64)
    left = depth % SRL_CLOCKS
    return np.where(depth < SHORTEST, 0, depth // SRL_CLOCKS + (left > 1))


def chain_ffs(depth: Any) -> Any:
    """Return the flip-flops of a bit's chain, int64 for each of ``depth``.

    >>> chain_ffs([1, 2, 3, 17, 33, 34]).tolist()
    [1, 2, 0, 1, 1, 0]
    """
    depth = np.asarray(depth, dtype=np.int64)
    left = depth % SRL_CLOCKS
    return np.where(depth < SHORTEST, depth, (left == 1) | (left == 17)).astype(np.int64)


def stairs(count: Any, from_depth: Any = 0) -> tuple[Any, Any]:
    """Return LUTs and flip-flops of ``count`` chains of which each is a clock longer than the one before it.

    The first waits ``from_depth`` clocks: a triangle that skews what enters the rows or columns of an array.

    >>> [int(amount) for amount in stairs(8)]
    [5, 3]
    """
    start = np.asarray(from_depth, dtype=np.int64)
    end = start + np.asarray(count, dtype=np.int64)
    luts, ffs = _sums(max(1, int(np.max(end))).bit_length())
    return luts[end] - luts[start], ffs[end] - ffs[start]


@cache
def _sums(bits: int) -> tuple[Any, Any]:
    """Return what all chains shorter than a depth take, for each depth up to 2**bits."""
    depths = np.arange(1 << bits, dtype=np.int64)
    found = (np.concatenate(([0], np.cumsum(of(depths)))) for of in (chain_luts, chain_ffs))
    luts, ffs = found
    return luts, ffs
