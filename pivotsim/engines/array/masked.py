"""Masked GEMMs, stall-free: the clocks of each copy of a mask (API twin of kernels/array/masked.py)."""

from typing import Any

import numpy as np

from pivotsim.engines.array.masked_folds import AXES, ROLES, STREAM, mapped
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask, Operand

# places of a mask's two axes among rows, columns and stream, in the order of the kernel's layouts
LAYOUTS = ((0, STREAM), (1, STREAM), (0, 1))


def layout_of(operand: Operand, dataflow: str) -> tuple[int, bool]:
    """Return a mask's layout code on an array, and whether its axes come in the other order."""
    places = tuple(ROLES[dataflow].index(letter) for letter in AXES[operand])
    return LAYOUTS.index(tuple(sorted(places))), places[0] > places[1]


def room_for_lengths(layout: int, row_size: int, col_size: int, rows: int, cols: int) -> IntArray:
    """Return an array that holds one streamed length for each tile that has its own."""
    tiles = -(-row_size // rows), -(-col_size // cols)
    return np.zeros([n if place in LAYOUTS[layout] else 1 for place, n in enumerate(tiles)], dtype=np.int64)


def cycles_of_copies(m: int, k: int, n: int, mask: Mask, design: IntArray, copies: int) -> IntArray:
    """Return the clocks of one m x k x n GEMM under each of a mask's first ``copies`` copies, int64 (copies,).

    Parameters
    ----------
    m, k, n : int
        Sizes that the mask fits and whose dense clocks do not exceed int64: a mask never adds any.
    mask : Mask
    design : int64 (7,)
        The array as ``analytic.design_row`` gives it.
    copies : int
    """
    from pivotsim.kernels.array.masked import masked_cycles

    dataflow = DATAFLOWS[int(design[2])]
    layout, turned = layout_of(mask.operand, dataflow)
    row_size, col_size, t = mapped(m, k, n, dataflow)
    kept: Any = mask.kept.transpose(0, 2, 1) if turned else mask.kept
    out = np.empty(copies, dtype=np.int64)
    lengths = room_for_lengths(layout, row_size, col_size, int(design[0]), int(design[1]))
    masked_cycles(kept, layout, mask.block, row_size, col_size, t, design, lengths, out)
    return out
