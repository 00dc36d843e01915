"""Folds under a mask: the streamed indices that each fold of a masked GEMM needs.

A fold holds a tile of rows and a tile of columns of the array and streams the third dimension. It streams an index
where some row and column of the fold needs the product, and is dropped where it needs none:

    dataflow   rows   columns   streams   mask on a             mask on b             mask on out
    is         K      M         N         all of N or nothing   by row tile           by column tile
    ws         K      N         M         by row tile           all of M or nothing   by column tile
    os         M      N         K         by row tile           by column tile        all of K or nothing
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pivotsim.errors import InputError, check_choice, check_integer, got
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS, OPERAND_DIMENSIONS
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Flags, Mask

STREAM = 2  # the place of the streamed dimension in ``Dataflow.dimensions``


def kept_streams(mask: Mask, dataflow: str, rows: int, cols: int, copy: int = 0) -> Flags:
    """Return the streamed indices that each fold needs.

    Parameters
    ----------
    mask : Mask
    dataflow : {'is', 'ws', 'os'}
    rows, cols : int
        The array's processing elements.
    copy : int
        Which of the mask's copies.

    Returns
    -------
    bool array (row tiles or 1, column tiles or 1, T or 1)
        A 1 where the answer is the same for all tiles; a last axis of 1 where a fold streams all of T or nothing.

    Raises
    ------
    InputError
        The dataflow is unknown, a size is below 1, or there is no such copy.

    Examples
    --------
    Input stationary, weights in 2 x 2 blocks on two row tiles of 2: each tile streams the columns of its own blocks.

    >>> from pivotsim.workload.masks.masks import Mask
    >>> mask = Mask("b", 4, 4, 2, np.array([[True, False], [True, True]]))
    >>> kept_streams(mask, "is", 2, 8)[:, 0].astype(int)
    array([[1, 1, 0, 0],
           [1, 1, 1, 1]])
    """
    check_choice("dataflow", dataflow, DATAFLOWS)
    tiles = (check_integer("rows", rows, 1), check_integer("cols", cols, 1))
    flags = mask.kept[check_integer("copy", copy, 0, mask.count - 1)]
    places = [DATAFLOW[dataflow].dimensions.index(letter) for letter in OPERAND_DIMENSIONS[mask.operand]]
    sizes = [mask.height, mask.width]
    if places[0] > places[1]:
        flags, places, sizes = flags.T, places[::-1], sizes[::-1]
    for axis, (place, size) in enumerate(zip(places, sizes, strict=True)):
        if place != STREAM:
            flags = _any_in_tiles(flags, axis, size, mask.block, tiles[place])
        elif mask.block > 1:
            flags = flags.repeat(np.minimum(mask.block, size - np.arange(0, size, mask.block)), axis=axis)
    missing = ({0, 1, 2} - set(places)).pop()
    return np.expand_dims(flags, missing)


def fold_table(
    m: int, k: int, n: int, array: Mapping[str, Any], mask: Mask | None = None, copy: int = 0
) -> tuple[IntArray, IntArray]:
    """Return the folds that an array runs, columns outer, rows inner, and the indices that they stream.

    Parameters
    ----------
    m, k, n : int
        An (m, k) matrix times a (k, n) matrix.
    array : mapping
        Rows, cols, dataflow.
    mask : Mask, optional
        Folds that need nothing are left out.
    copy : int
        Which of the mask's copies.

    Returns
    -------
    int64 (folds, 4)
        First row, first column, where the fold's indices start in the second array, how many they are.
    int64 array
        Streamed indices, one list after the other; folds share lists.

    Examples
    --------
    >>> fold_table(3, 4, 5, {"rows": 2, "cols": 3, "dataflow": "is"})[0].tolist()
    [[0, 0, 0, 5], [2, 0, 0, 5]]
    """
    rows, cols, dataflow = array["rows"], array["cols"], array["dataflow"]
    row_size, col_size, length = DATAFLOW[dataflow].sizes(m, k, n)
    table = np.zeros((-(-col_size // cols), -(-row_size // rows), 4), dtype=np.int64)
    table[:, :, 0] = np.arange(0, row_size, rows)
    table[:, :, 1] = np.arange(0, col_size, cols)[:, None]
    table[:, :, 3] = length
    if mask is None:
        return table.reshape(-1, 4), np.arange(length)
    kept = kept_streams(mask, dataflow, rows, cols, copy)
    lengths, streams = kept.sum(axis=2, dtype=np.int64), np.arange(length)
    if kept.shape[2] < length:  # all of them or nothing
        lengths *= length
    else:  # one list per tile of rows, or of columns
        streams = np.flatnonzero(kept) % length
        table[:, :, 2] = (np.cumsum(lengths) - lengths.reshape(-1)).reshape(lengths.shape).T
    table[:, :, 3] = lengths.T
    return table[table[:, :, 3] > 0], streams


def check_mask(mask: object, m: int, k: int, n: int) -> Mask | None:
    """Return a mask that fits an m x k x n GEMM, or None, or raise InputError."""
    if mask is None:
        return None
    if not isinstance(mask, Mask):
        raise InputError(f"mask: must be a Mask {got(mask)}")
    if not mask.matches(m, k, n):
        wanted = dict(zip(("m", "k", "n"), (m, k, n), strict=True))
        height, width = (wanted[letter] for letter in OPERAND_DIMENSIONS[mask.operand])
        size = f"{mask.height}x{mask.width}"
        raise InputError(f"mask: operand '{mask.operand}' of this GEMM is {height}x{width} {got(size)}")
    return mask


def _any_in_tiles(flags: Any, axis: int, size: int, block: int, tile: int) -> Any:
    """Return whether each tile of an axis touches a kept block, the axis in tiles instead of blocks."""
    starts = np.arange(0, size, tile)
    first, past = starts // block, (np.minimum(starts + tile, size) - 1) // block + 1
    # reduceat takes the blocks between neighbours of a list; every other pair is a tile. A place past the end needs
    # one more block.
    shape = list(flags.shape)
    shape[axis] = 1
    padded = np.concatenate((flags, np.zeros(shape, dtype=np.bool_)), axis=axis)
    found = np.logical_or.reduceat(padded, np.stack((first, past), axis=1).reshape(-1), axis=axis)
    return found.take(np.arange(0, 2 * len(starts), 2), axis=axis)
