"""Columns of processing elements and the registers that skew what enters them: exact at any size."""

from functools import cache
from typing import Any

import numpy as np

from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.resources.recorded import EXACT, EXTRAPOLATED, row_of
from pivotsim.hardware.resources.structures.packed_columns import pair_columns, pair_skew
from pivotsim.hardware.resources.structures.shift_registers import chain_ffs, chain_luts, stairs
from pivotsim.hardware.resources.structures.sizes import OVERLAP, Sizes, Structure, Times, in_slices

OPERAND_FFS = 9  # of an element in a slice: the operand that passes, and the mark of a fold's first
TAGS = 2  # of a column: a sum leaves, the last one
PE_ROWS = (4, 8)  # recorded columns from which those of any height follow


def element_column(sizes: Sizes) -> Structure:
    """Count a column of processing elements, in DSP48E2 slices or in logic around them, or a pair in shared slices."""
    rows = np.asarray(sizes.rows)
    slices, packed = in_slices(sizes), np.asarray(sizes.mac_packing) > 1
    lut, ff = TAGS * chain_luts(rows), OPERAND_FFS * rows + TAGS * chain_ffs(rows)
    lut, ff = (np.where(slices, *amounts) for amounts in zip((lut, ff), _generic_column(sizes), strict=True))
    if np.any(packed & slices):
        lut, ff = (np.where(packed & slices, *amounts) for amounts in zip(pair_columns(rows), (lut, ff), strict=True))
    is_known = np.where(slices, True, (np.asarray(sizes.mac_latency) <= 2) & ~packed)
    return Structure("columns", lut, ff, 0 * lut, np.where(is_known, EXACT, EXTRAPOLATED))


def number_of_columns(sizes: Sizes) -> Times:
    """Return the columns of an array, or its pairs of columns that share slices."""
    cols = np.asarray(sizes.cols)
    return Times(np.where((np.asarray(sizes.mac_packing) > 1) & in_slices(sizes), (cols + 1) // 2, cols))


def _generic_column(sizes: Sizes) -> tuple[Any, Any]:
    """Return LUTs and flip-flops of a column of generic elements: the first one, and the same for each below it."""
    first, each = _generic_elements()
    codes = (np.asarray(sizes.os), np.asarray(sizes.overlap))
    later = np.asarray(sizes.mac_latency)[..., None] - 1
    rows = np.asarray(sizes.rows)[..., None]
    start = first[codes][..., 0, :] + later * (first[codes][..., 1, :] - first[codes][..., 0, :])
    step = each[codes][..., 0, :] + later * (each[codes][..., 1, :] - each[codes][..., 0, :])
    found = start + (rows - 1) * step
    return found[..., 0], found[..., 1]


@cache
def _generic_elements() -> tuple[Any, Any]:
    """Return what the first element of a column takes, and each other: int64 (os, overlap, registers, LUT and FF)."""
    first = np.zeros((2, len(FOLD_OVERLAPS), 2, 2), dtype=np.int64)
    each = np.zeros_like(first)
    few, many = PE_ROWS
    for overlap, code in OVERLAP.items():
        double, chain = int(overlap in ("preload", "pipelined", "settled")), int(overlap == "settled")
        for os in (0, 1):
            for registers in (0, 1):
                kind = {"DOUBLE": double, "CHAIN": chain, "MREG": registers, "os": os}
                low, high = (row_of("generic column", R=rows, **kind) for rows in PE_ROWS)
                low_counts, high_counts = (np.array([row.lut, row.ff]) for row in (low, high))
                step = (high_counts - low_counts) // (many - few)
                each[os, code, registers] = step
                first[os, code, registers] = low_counts - (few - 1) * step
    return first, each


def row_skew(sizes: Sizes) -> Structure:
    """Count the registers that skew what enters rows: row r waits r clocks, in chains without taps."""
    lut, ff = stairs(sizes.rows)
    packed = np.asarray(sizes.mac_packing) > 1
    bits = np.where(in_slices(sizes) | packed, OPERAND_FFS, OPERAND_FFS + 1)
    return _skew(sizes, bits * lut, bits * ff)


def column_skew(sizes: Sizes) -> Structure:
    """Count the registers that skew what enters columns: column c waits c clocks.

    A bit that is the same for all columns is one chain with a tap for each, of flip-flops; all else is a chain without
    taps. Tags of sums wait for the product's registers, too.
    """
    cols, os = np.asarray(sizes.cols), np.asarray(sizes.os)
    slices, settled = in_slices(sizes), np.asarray(sizes.overlap) == OVERLAP["settled"]
    registers = _product_registers(sizes)
    col_lut, col_ff = stairs(cols)
    tag_lut, tag_ff = stairs(cols, registers)
    chained = slices | settled  # held operands move down a chain, and no token goes with them
    # chains with taps: the last of a pass, and what moves or places operands or sums
    taps = cols - 1 + registers + np.where(os == 1, cols - 1 + registers, np.where(chained, cols - 1, 2 * (cols - 1)))
    lut = 8 * col_lut + tag_lut + np.where((os == 1) | slices, 1, 0)
    ff = 8 * col_ff + tag_ff + taps
    packed = np.asarray(sizes.mac_packing) > 1
    if np.any(packed):
        lut, ff = (np.where(packed, *amounts) for amounts in zip(pair_skew(cols), (lut, ff), strict=True))
    return _skew(sizes, lut, ff)


def _product_registers(sizes: Sizes) -> Any:
    return np.where(in_slices(sizes), 1, np.asarray(sizes.mac_latency) - 1)


def _skew(sizes: Sizes, lut: Any, ff: Any) -> Structure:
    is_known = np.where(np.asarray(sizes.mac_packing) > 1, in_slices(sizes), _product_registers(sizes) <= 1)
    return Structure("skew registers", lut, ff, 0 * lut, np.where(is_known, EXACT, EXTRAPOLATED))
