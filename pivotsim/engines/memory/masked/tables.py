"""Tables of the passes and units that a mask leaves of one GEMM (API twin of kernels/memory/mask_tables.py)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pivotsim.engines.array.masked_folds import kept_streams
from pivotsim.errors import InputError, got
from pivotsim.hardware.dataflows import DATAFLOW, OPERAND_DIMENSIONS
from pivotsim.kernels.types import Shape, Tables
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import INDEX_BYTES, Flags, Mask
from pivotsim.workload.sizes import packed_bytes

MAX_ENTRIES = 2**27  # of all tables: 1 GiB
NO_BLOCKS: IntArray = np.zeros((1, 1), dtype=np.int64)


@dataclass(frozen=True)
class MaskTables:
    """``arrays`` and ``shape`` as the kernels read them, for row and column ``tiles`` and a streamed size."""

    arrays: Tables
    shape: Shape
    tiles: tuple[int, int]
    streamed: int

    def unseen(self, chunk: int) -> tuple[IntArray, IntArray]:
        """Return zeros for the units of each slot, in chunks of at least that many steps."""
        first, second = _units(self.tiles, -(-self.streamed // chunk), bool(self.shape.tiled))
        return np.zeros(first, dtype=np.int64), np.zeros(second, dtype=np.int64)


def _units(tiles: tuple[int, int], chunks: int, is_tiled: bool) -> tuple[int, int]:
    """Return how many units each slot has."""
    rows, cols = tiles
    return (rows * cols, rows * chunks) if is_tiled else (rows * chunks, cols * chunks)


def tables_of(
    sizes: tuple[int, int, int], rows: int, cols: int, dataflow: str, mask: Mask, copy: int, least_chunk: int,
    tile_bits: int,
) -> MaskTables:  # fmt: skip
    """Return the tables of an (m, k, n) GEMM on an array of rows x cols, whose tiles' elements have ``tile_bits``.

    Raises
    ------
    InputError
        The tables, or the units of chunks of ``least_chunk`` steps, would not fit a gigabyte.
    """
    row = DATAFLOW[dataflow]
    row_size, col_size, streamed = row.sizes(*sizes)
    is_tiled, tiles = not row.drains, (-(-row_size // rows), -(-col_size // cols))
    entries = 3 * sum(tiles) * (streamed + 1) + sum(_units(tiles, -(-streamed // least_chunk), is_tiled))
    if entries > MAX_ENTRIES:
        raise InputError(f"gemm: too large for a mask behind memories; use engine 'analytic' {got(sizes)}")
    widths = (_parts(row_size, rows), _parts(col_size, cols))
    needed = kept_streams(mask, dataflow, rows, cols, copy)
    masked = row.fetched.index(mask.operand) if mask.operand in row.fetched else -1
    if is_tiled:
        held = (
            _masked_tiles(mask, copy, dataflow, widths, tile_bits) if masked == 0 else _tiles(needed, widths, tile_bits)
        )
        first = (held, NO_BLOCKS, int(held.sum()))
    else:
        first = _stream(mask, copy, dataflow, 0, masked == 0, needed, widths[0], streamed)
    axis = 0 if is_tiled else 1  # of whose tiles the streams of slot 1 are
    second = _stream(mask, copy, dataflow, axis, masked == 1, needed, widths[axis], streamed)
    lists = needed.reshape(-1, needed.shape[2]).astype(np.int64)
    arrays = Tables(lists if lists.shape[1] == 1 else _summed(lists), *first[:2], *second[:2])
    strides = needed.shape[1] if needed.shape[0] > 1 else 0, int(needed.shape[1] > 1)
    shape = Shape(*strides, mask.block, masked, first[2], second[2], int(is_tiled))
    return MaskTables(arrays, shape, tiles, streamed)


def _tiles(needed: Flags, widths: tuple[IntArray, IntArray], bits: int) -> IntArray:
    """Return the bytes of each tile of an operand without a mask, 0 where no pass uses it."""
    whole = packed_bytes(np.multiply.outer(*widths), bits)
    return np.ascontiguousarray(np.where(needed.any(axis=2), whole, 0))


def _stream(
    mask: Mask, copy: int, dataflow: str, axis: int, is_masked: bool, needed: Flags, widths: IntArray, streamed: int
) -> tuple[IntArray, IntArray, int]:
    """Return running sums of elements and of kept blocks of an operand that streams, and its elements."""
    if is_masked:
        sums, blocks = _masked_stream(mask, copy, dataflow, axis, widths, streamed)
    else:
        some = needed.any(axis=1 - axis)  # of the passes that use a unit
        flags = np.broadcast_to(some, (len(widths), streamed))
        sums, blocks = _summed(flags * widths[:, None]), NO_BLOCKS
    return sums, blocks, int(sums[:, -1].sum())


def _parts(size: int, step: int) -> IntArray:
    """Return the sizes of the tiles of an axis."""
    return np.minimum(step, size - np.arange(0, size, step))


def _summed(values: Any) -> IntArray:
    """Return running sums along the last axis, beginning with 0."""
    sums = np.zeros((len(values), values.shape[1] + 1), dtype=np.int64)
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _oriented(mask: Mask, copy: int, dataflow: str, first: int) -> tuple[Any, int, int]:
    """Return one copy's blocks and the mask's sizes, the array's axis ``first`` along the rows."""
    flags = mask.kept[copy].astype(np.float64)  # products of matrices are fast, and exact below 2**53
    if DATAFLOW[dataflow].dimensions.index(OPERAND_DIMENSIONS[mask.operand][0]) == first:
        return flags, mask.height, mask.width
    return flags.T, mask.width, mask.height


def _overlaps(size: int, widths: IntArray, block: int) -> Any:
    """Return how many elements each tile shares with each block of an axis, float64 (tiles, blocks)."""
    edges = np.concatenate(([0], np.cumsum(widths)))
    starts = np.arange(0, size, block)
    shared = np.minimum(edges[1:, None], starts + block) - np.maximum(edges[:-1, None], starts)
    return np.maximum(shared, 0).astype(np.float64)


def _masked_tiles(mask: Mask, copy: int, dataflow: str, widths: tuple[IntArray, IntArray], bits: int) -> IntArray:
    """Return the bytes of each tile of the masked operand with its index."""
    flags, height, width = _oriented(mask, copy, dataflow, 0)
    down, across = _overlaps(height, widths[0], mask.block), _overlaps(width, widths[1], mask.block)
    elements, blocks = (
        np.rint(found).astype(np.int64) for found in (down @ flags @ across.T, (down > 0) @ flags @ (across > 0).T)
    )
    return np.ascontiguousarray(packed_bytes(elements, bits) + INDEX_BYTES * blocks)


def _masked_stream(
    mask: Mask, copy: int, dataflow: str, axis: int, widths: IntArray, streamed: int
) -> tuple[IntArray, IntArray]:
    """Return running sums of the masked operand's kept elements by index, and of its kept blocks by block."""
    flags, size, _ = _oriented(mask, copy, dataflow, axis)
    down = _overlaps(size, widths, mask.block)
    per_index = np.repeat(np.rint(down @ flags), _parts(streamed, mask.block), axis=1)
    return _summed(per_index.astype(np.int64)), _summed(np.rint((down > 0) @ flags).astype(np.int64))
