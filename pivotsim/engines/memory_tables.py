"""What a mask leaves of one GEMM's passes and units, as the tables of kernels/memory_tables.py (its API twin)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pivotsim.engines.masked_folds import AXES, ROLES, STREAM, kept_streams
from pivotsim.engines.memory_fit import mapped
from pivotsim.errors import InputError, got
from pivotsim.units import IntArray
from pivotsim.workload.masks import Mask

INDEX_BYTES = 2  # of a kept block
MAX_ENTRIES = 2**27  # of all tables: 1 GiB
# The operand of each slot, and the array's axis of whose tiles a slot's streams belong to.
OPERANDS = {"is": "ab", "ws": "ba", "os": "ab"}
TILE_AXES = {"is": (0, 0), "ws": (0, 0), "os": (0, 1)}


@dataclass(frozen=True)
class MaskTables:
    """``arrays`` and ``shape`` as the kernels read them, for row and column ``tiles`` and a streamed size."""

    arrays: tuple[IntArray, ...]
    shape: tuple[int, ...]
    tiles: tuple[int, int]
    streamed: int
    is_tiled: bool

    def units(self, chunk: int) -> tuple[int, int]:
        """Return how many units each slot has."""
        chunks = -(-self.streamed // chunk)
        return self._units(self.tiles, chunks, self.is_tiled)

    @staticmethod
    def _units(tiles: tuple[int, int], chunks: int, is_tiled: bool) -> tuple[int, int]:
        rows, cols = tiles
        return (rows * cols, rows * chunks) if is_tiled else (rows * chunks, cols * chunks)


def tables_of(
    sizes: tuple[int, int, int], rows: int, cols: int, dataflow: str, mask: Mask, copy: int, least_chunk: int
) -> MaskTables:
    """Return the tables of an (m, k, n) GEMM on an array of rows x cols.

    Raises
    ------
    InputError
        The tables, or the units of chunks of ``least_chunk`` steps, would not fit a gigabyte.
    """
    row_size, col_size, streamed = mapped(*sizes, dataflow)
    is_tiled, tiles = dataflow != "os", (-(-row_size // rows), -(-col_size // cols))
    chunks = -(-streamed // least_chunk)
    entries = 3 * sum(tiles) * (streamed + 1) + sum(MaskTables._units(tiles, chunks, is_tiled))
    if entries > MAX_ENTRIES:
        raise InputError(f"gemm: too large for a mask behind memories; use engine 'analytic' {got(sizes)}")
    widths = (_parts(row_size, rows), _parts(col_size, cols))
    needed = kept_streams(mask, dataflow, rows, cols, copy)
    masked = OPERANDS[dataflow].find(mask.operand)
    tables, wholes = [], []
    for slot in range(2):
        if slot == 0 and is_tiled:
            used = np.broadcast_to(needed.any(axis=2), tiles)
            whole = np.multiply.outer(*widths)
            sums = _masked_tiles(mask, copy, dataflow, widths) if masked == slot else np.where(used, whole, 0)
            blocks = np.zeros((1, 1), dtype=np.int64)
            wholes.append(int(sums.sum()))
        else:
            axis = TILE_AXES[dataflow][slot]
            if masked == slot:
                sums, blocks = _masked_stream(mask, copy, dataflow, axis, widths[axis], streamed)
            else:
                some = needed.any(axis=1 - axis)  # of the passes that use a unit
                flags = np.broadcast_to(some, (len(widths[axis]), streamed))
                sums, blocks = _summed(flags * widths[axis][:, None]), np.zeros((1, 1), dtype=np.int64)
            wholes.append(int(sums[:, -1].sum()))
        tables += [np.ascontiguousarray(sums, dtype=np.int64), blocks]
    lists = needed.reshape(-1, needed.shape[2]).astype(np.int64)
    lists = lists if lists.shape[1] == 1 else _summed(lists)
    strides = needed.shape[1] if needed.shape[0] > 1 else 0, int(needed.shape[1] > 1)
    shape = (*strides, mask.block, mask.block, masked, *wholes, int(is_tiled))
    return MaskTables((np.ascontiguousarray(lists), *tables), shape, tiles, streamed, is_tiled)


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
    if ROLES[dataflow].index(AXES[mask.operand][0]) == first:
        return flags, mask.height, mask.width
    return flags.T, mask.width, mask.height


def _overlaps(size: int, widths: IntArray, block: int) -> Any:
    """Return how many elements each tile shares with each block of an axis, float64 (tiles, blocks)."""
    edges = np.concatenate(([0], np.cumsum(widths)))
    starts = np.arange(0, size, block)
    shared = np.minimum(edges[1:, None], starts + block) - np.maximum(edges[:-1, None], starts)
    return np.maximum(shared, 0).astype(np.float64)


def _masked_tiles(mask: Mask, copy: int, dataflow: str, widths: tuple[IntArray, IntArray]) -> Any:
    """Return the bytes of each tile of the masked operand with its index."""
    flags, height, width = _oriented(mask, copy, dataflow, 0)
    down, across = _overlaps(height, widths[0], mask.block), _overlaps(width, widths[1], mask.block)
    return np.rint(down @ flags @ across.T + INDEX_BYTES * ((down > 0) @ flags @ (across > 0).T))


def _masked_stream(
    mask: Mask, copy: int, dataflow: str, axis: int, widths: IntArray, streamed: int
) -> tuple[IntArray, IntArray]:
    """Return running sums of the masked operand's kept elements by index, and of its kept blocks by block."""
    flags, size, _ = _oriented(mask, copy, dataflow, axis)
    down = _overlaps(size, widths, mask.block)
    per_index = np.repeat(np.rint(down @ flags), _parts(streamed, mask.block), axis=1)
    return _summed(per_index.astype(np.int64)), _summed(np.rint((down > 0) @ flags).astype(np.int64))
