"""Columns of processing elements and the registers that skew what enters them: exact at any size."""

from functools import cache
from typing import Any

import numpy as np

from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.resources.recorded import EXACT, EXTRAPOLATED, row_of
from pivotsim.hardware.resources.structures.packed_columns import pair_columns, pair_skew
from pivotsim.hardware.resources.structures.shift_registers import chain_ffs, chain_luts, stairs
from pivotsim.hardware.resources.structures.sizes import OVERLAP, Sizes, Structure, in_slices

OPERAND_FFS = 9  # of an element in a slice: the operand that passes, and the mark of a fold's first
TAGS = 2  # of a column: a sum leaves, the last one
PE_ROWS = (4, 8)  # recorded columns from which those of any height follow


def element_columns(sizes: Sizes) -> Structure:
    """Count the columns of processing elements, in DSP48E2 slices or in logic around them."""
    rows, cols = np.asarray(sizes.rows), np.asarray(sizes.cols)
    slices = in_slices(sizes)
    lut, ff = TAGS * chain_luts(rows), OPERAND_FFS * rows + TAGS * chain_ffs(rows)
    generic_lut, generic_ff = _generic_column(sizes)
    lut, ff = (cols * np.where(slices, *amounts) for amounts in ((lut, generic_lut), (ff, generic_ff)))
    pairs, packed = (cols + 1) // 2, np.asarray(sizes.mac_packing) > 1
    if np.any(packed & slices):
        lut, ff = (
            np.where(packed & slices, pairs * of_pair, single)
            for of_pair, single in zip(pair_columns(rows), (lut, ff), strict=True)
        )
    is_known = np.where(slices, True, (np.asarray(sizes.mac_latency) <= 2) & ~packed)
    return Structure("columns", lut, ff, 0 * lut, np.where(is_known, EXACT, EXTRAPOLATED))


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


def skew_registers(sizes: Sizes) -> Structure:
    """Count the registers that skew what enters rows and columns.

    Row r waits r clocks, column c c clocks. A bit that is the same for all columns is one chain with a tap for each, of
    flip-flops; all else is a chain without taps. Tags of sums wait for the product's registers, too.
    """
    rows, cols, os = np.asarray(sizes.rows), np.asarray(sizes.cols), np.asarray(sizes.os)
    slices, settled = in_slices(sizes), np.asarray(sizes.overlap) == OVERLAP["settled"]
    registers = np.where(slices, 1, np.asarray(sizes.mac_latency) - 1)
    row_lut, row_ff = stairs(rows)
    col_lut, col_ff = stairs(cols)
    tag_lut, tag_ff = stairs(cols, registers)
    row_bits = np.where(slices, OPERAND_FFS, OPERAND_FFS + 1)
    chained = slices | settled  # held operands move down a chain, and no token goes with them
    # chains with taps: the last of a pass, and what moves or places operands or sums
    taps = cols - 1 + registers + np.where(os == 1, cols - 1 + registers, np.where(chained, cols - 1, 2 * (cols - 1)))
    lut = row_bits * row_lut + 8 * col_lut + tag_lut + np.where((os == 1) | slices, 1, 0)
    ff = row_bits * row_ff + 8 * col_ff + tag_ff + taps
    is_known, packed = registers <= 1, np.asarray(sizes.mac_packing) > 1
    if np.any(packed):
        of_pairs = pair_skew(rows, cols)
        lut, ff = (np.where(packed, *amounts) for amounts in zip(of_pairs, (lut, ff), strict=True))
        is_known = np.where(packed, slices, is_known)
    return Structure("skew registers", lut, ff, 0 * lut, np.where(is_known, EXACT, EXTRAPOLATED))
