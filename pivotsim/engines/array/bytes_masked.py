"""Bytes that masked GEMMs move where nothing is kept between folds (`memory: paper`).

The rules of bytes_dense.py, over the folds that remain:

    an operand with a mask    its kept elements inside what a fold fetches, packed, and 2 B of index for each kept
                              block that the fold touches (compressed blocks; zeros are put in at the array's edge)
    an operand without        what the fold streams, T of it for each row or column; a held tile whole
    OPMEM                     a write of 4 B per sum and fold, a read but before the first, a read to drain
    outputs                   all m * n, 4 B each or wider; under a mask of the result those that a fold computes

Elements of an operand that are fetched are packed over all folds of a GEMM [assumed].
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pivotsim.engines.array.bytes_dense import SUM_BYTES, output_bytes
from pivotsim.engines.array.masked_folds import check_mask, kept_streams
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import DATAFLOW, OPERAND_DIMENSIONS
from pivotsim.units import INT64_MAX, IntArray
from pivotsim.workload.masks.masks import INDEX_BYTES, Mask, copies_run
from pivotsim.workload.sizes import Size, packed_bytes


def moved_by_masked(gemms: IntArray, masks: Sequence[Mask | None], array: ArraySpec) -> tuple[int, dict[str, int]]:
    """Return MACs, and bytes by level and direction, of those of many GEMMs that have a mask.

    Parameters
    ----------
    gemms : int64 (G, 7)
        m, k, n, a_bits, w_bits, out_bits, repeats; repeat i uses copy i % count.
    masks : sequence of Mask or None
    array : ArraySpec

    Raises
    ------
    InputError
        A mask does not fit its GEMM.
    """
    macs, moved = 0, dict.fromkeys(("dram_read", "dram_write", "gb_read", "gb_write", "local_read", "local_write"), 0)
    for (m, k, n, *bits, repeats), mask in zip(gemms.tolist(), masks, strict=True):
        if check_mask(mask, m, k, n) is None or mask is None:
            continue
        macs += mask.macs(m, k, n, repeats)
        for copy, times in copies_run(mask, repeats).items():
            fetched, written, first, drained, outputs = bytes_of_copy((m, k, n, *bits), array, mask, copy)
            moved["dram_read"] += times * fetched
            moved["dram_write"] += times * outputs
            moved["gb_read"] += times * (fetched + outputs)
            moved["gb_write"] += times * (fetched + outputs)
            moved["local_read"] += times * (fetched + written - first + drained)
            moved["local_write"] += times * (fetched + written)
    return macs, moved


def bytes_of_copy(size: Size, array: ArraySpec, mask: Mask, copy: int) -> tuple[int, int, int, int, int]:
    """Return bytes of one GEMM: operands fetched, sums written, written for the first time, read to drain, outputs."""
    m, k, n, a_bits, w_bits, out_bits = size
    flow, rows, cols = DATAFLOW[array.dataflow], array.rows, array.cols
    row_size, col_size, t = flow.sizes(m, k, n)
    exact: Any = np.int64 if 2 * SUM_BYTES * m * k * n <= INT64_MAX else object  # Python's integers never wrap
    kept = kept_streams(mask, flow.name, rows, cols, copy)
    per_flag = t if kept.shape[2] < t else 1
    sr = np.minimum(rows, row_size - np.arange(0, row_size, rows)).astype(exact)[:, None]
    sc = np.minimum(cols, col_size - np.arange(0, col_size, cols)).astype(exact)
    lengths = np.broadcast_to(kept.sum(axis=2) * per_flag, (len(sr), len(sc))).astype(exact)
    tiles = ((lengths > 0) * sr * sc).sum()
    if flow.drains:
        written = first = tiles
    else:
        written = (lengths * sc).sum()
        first = (np.broadcast_to(kept.any(axis=0).sum(axis=1) * per_flag, sc.shape) * sc).sum()
    # what a fold fetches of an operand: its tile of rows and columns, or what passes its rows or its columns
    whole = {flow.stationary: tiles, flow.from_left: (lengths * sr).sum(), flow.from_above: (lengths * sc).sum()}
    bits, fetched = {"a": a_bits, "b": w_bits}, 0
    for operand in flow.fetched:
        elements, blocks = int(whole[operand]), 0
        if operand == mask.operand:
            elements, blocks = _compressed(mask, copy, array, lengths.shape)
        fetched += packed_bytes(elements, bits[operand]) + INDEX_BYTES * blocks
    outputs, sums = int(first if mask.operand == "out" else m * n), SUM_BYTES
    return fetched, sums * int(written), sums * int(first), sums * outputs, output_bytes(outputs, out_bits)


def _compressed(mask: Mask, copy: int, array: ArraySpec, tiles: tuple[int, ...]) -> tuple[int, int]:
    """Return (kept elements, kept blocks whose index is read) of a masked operand over all folds.

    Tiles share out the elements, but a block that reaches into several has its index read in each.
    """
    dimensions = DATAFLOW[array.dataflow].dimensions
    tile_of = dict(zip(dimensions, (array.rows, array.cols, 0), strict=True))  # 0: streams
    across = dict(zip(dimensions, (*tiles, 1), strict=True))  # folds along a dimension
    axes = OPERAND_DIMENSIONS[mask.operand]
    high, wide = (
        _tiles_touched(size, mask.block, tile_of[letter])
        for letter, size in zip(axes, (mask.height, mask.width), strict=True)
    )
    touched = int((mask.kept[copy] @ wide) @ high)
    (other,) = across.keys() - set(axes)  # folds along it fetch the same
    return mask.kept_elements[copy] * across[other], touched * across[other]


def _tiles_touched(size: int, block: int, tile: int) -> IntArray:
    """Return how many tiles each block of an axis reaches into; 1 where the axis streams (tile 0)."""
    starts = np.arange(0, size, block)
    if not tile:
        return np.ones(len(starts), dtype=np.int64)
    last: IntArray = (np.minimum(starts + block, size) - 1) // tile
    return last - starts // tile + 1
