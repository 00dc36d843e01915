"""Which streamed indices each fold of a masked GEMM needs.

A fold holds a tile of rows and a tile of columns of the array and streams the third dimension. It streams an index
where some row and column of the fold needs the product, and is dropped where it needs none:

    dataflow   rows   columns   streams   mask on a             mask on b             mask on out
    is         K      M         N         all of N or nothing   by row tile           by column tile
    ws         K      N         M         by row tile           all of M or nothing   by column tile
    os         M      N         K         by row tile           by column tile        all of K or nothing
"""

from typing import Any

import numpy as np

from pivotsim.errors import check_choice, check_integer
from pivotsim.hardware.spec import DATAFLOWS
from pivotsim.workload.masks import Flags, Mask

# The GEMM dimensions that an array's rows, its columns and its stream take, and those that an operand has.
ROLES = {"is": "kmn", "ws": "knm", "os": "mnk"}
AXES = {"a": "mk", "b": "kn", "out": "mn"}
STREAM = 2


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

    >>> from pivotsim.workload.masks import Mask
    >>> mask = Mask("b", 4, 4, 2, np.array([[True, False], [True, True]]))
    >>> kept_streams(mask, "is", 2, 8)[:, 0].astype(int)
    array([[1, 1, 0, 0],
           [1, 1, 1, 1]])
    """
    check_choice("dataflow", dataflow, DATAFLOWS)
    tiles = (check_integer("rows", rows, 1), check_integer("cols", cols, 1))
    flags = mask.kept[check_integer("copy", copy, 0, mask.count - 1)]
    places = [ROLES[dataflow].index(letter) for letter in AXES[mask.operand]]
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
