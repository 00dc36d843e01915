"""Pairs of columns that share DSP48E2 slices (rtl/verilog/array/array_pair_dsp48e2.v), and what skews their operands.

Exact at any size. Below each chain of 7 slices both sums are parted, in a register of as many bits as they may have,
and added to those of the chains above. These wait as many clocks as the chain has slices, their register counted:
flip-flops, or shift registers in LUTs. An adder takes a LUT for each bit that comes from above, the right one another
for its carry.
"""

from functools import cache
from typing import Any

import numpy as np

from pivotsim.hardware.fpga.dsp import PACKED_ROWS
from pivotsim.hardware.resources.structures.shift_registers import chain_ffs, chain_luts, stairs

ROW_FFS = 17  # the operand that passes, the mark of a fold's first, and the right column's next operand
PAIR_TAGS = 3  # a sum of either column leaves, the last one
FIRST_LUT = 1  # the upper sum's missing one, in the first chain
OPERAND_BITS = 8
PACKED_REGISTERS = 3  # of tags, until a product is in a sum and its sums are parted


def pair_columns(rows: Any) -> tuple[Any, Any]:
    """Return LUTs and flip-flops of two columns of so many rows, int64 each.

    >>> [int(amount) for amount in pair_columns(8)], [int(amount) for amount in pair_columns(15)]
    ([41, 210], [116, 331])
    """
    rows = np.asarray(rows, dtype=np.int64)
    luts, ffs = _sums_of_chains(max(1, int(np.max(rows))).bit_length())
    tag_luts, tag_ffs = PAIR_TAGS * chain_luts(rows), PAIR_TAGS * chain_ffs(rows)
    return tag_luts + luts[rows], ROW_FFS * rows + tag_ffs + ffs[rows]


@cache
def _sums_of_chains(bits: int) -> tuple[Any, Any]:
    """Return what the sums below all chains take, for each number of rows up to 2**bits."""
    rows = np.arange((1 << bits) + PACKED_ROWS, dtype=np.int64)
    last = np.maximum(rows - 1, 0) // PACKED_ROWS  # chain of the last row
    above = 2 * _bits(PACKED_ROWS * last)  # both sums' bits from above
    wait = rows - PACKED_ROWS * last
    follows = last > 0
    luts = np.where(follows, above + 1 + above * chain_luts(wait), 0)
    ffs = np.where(follows, above * chain_ffs(wait), 0)
    before = PACKED_ROWS * np.arange(1 + last[-1])  # rows of the chains above, each of them whole
    luts_before, ffs_before = (np.cumsum(amounts[before]) for amounts in (luts, ffs))
    return FIRST_LUT + luts + luts_before[last], 2 * _bits(rows) + ffs + ffs_before[last]


def _bits(products: Any) -> Any:
    """Return the bits of a sum of so many products of int8, at least those of a chain."""
    _, exponent = np.frexp(np.asarray(products, dtype=np.float64))  # floor(log2) + 1
    return np.maximum(18, 15 + exponent.astype(np.int64))


def pair_skew(cols: Any) -> tuple[Any, Any]:
    """Return LUTs and flip-flops that skew what enters pairs of columns; each pair waits a clock more."""
    cols = np.asarray(cols, dtype=np.int64)
    pairs = (cols + 1) // 2
    found = []
    for place, of in enumerate((chain_luts, chain_ffs)):
        operands = sum(OPERAND_BITS * stairs(count)[place] for count in (pairs, cols - pairs))
        tags = sum(stairs(count, PACKED_REGISTERS)[place] for count in (pairs, cols - pairs))
        found.append(operands + tags + of(PACKED_REGISTERS))
    taps = 2 * (pairs - 1)  # the last of a pass, and what moves held operands
    return found[0] + 1, found[1] + taps
