"""Masked GEMMs, stall-free: the clocks of each copy of a mask (API twin of kernels/array/masked.py)."""

from typing import Any

import numpy as np

from pivotsim.engines.array.masked_folds import STREAM
from pivotsim.hardware.dataflows import OPERAND_DIMENSIONS, Dataflow
from pivotsim.kernels.types import Design
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask, Operand

# places of a mask's two axes among rows, columns and stream, in the order of the kernel's layouts
LAYOUTS = ((0, STREAM), (1, STREAM), (0, 1))


def layout_of(operand: Operand, flow: Dataflow) -> tuple[int, bool]:
    """Return a mask's layout code on an array, and whether its axes come in the other order."""
    places = tuple(flow.dimensions.index(letter) for letter in OPERAND_DIMENSIONS[operand])
    return LAYOUTS.index(tuple(sorted(places))), places[0] > places[1]


def room_for_lengths(layout: int, row_size: int, col_size: int, rows: int, cols: int) -> IntArray:
    """Return an array that holds one streamed length for each tile that has its own."""
    tiles = -(-row_size // rows), -(-col_size // cols)
    return np.zeros([n if place in LAYOUTS[layout] else 1 for place, n in enumerate(tiles)], dtype=np.int64)


def cycles_of_copies(
    m: int, k: int, n: int, mask: Mask, flow: Dataflow, design: Design, copies: int
) -> IntArray:  # fmt: skip
    """Return the clocks of one m x k x n GEMM under each of a mask's first ``copies`` copies, int64 (copies,).

    Parameters
    ----------
    m, k, n : int
        Sizes that the mask fits and whose dense clocks do not exceed int64: a mask never adds any.
    mask : Mask
    flow, design : Dataflow, Design
        Of the array, as ``dataflow_of`` and ``design_of`` give them.
    copies : int
    """
    from pivotsim.kernels.array.masked import masked_cycles

    layout, turned = layout_of(mask.operand, flow)
    row_size, col_size, t = flow.sizes(m, k, n)
    kept: Any = mask.kept.transpose(0, 2, 1) if turned else mask.kept
    out = np.empty(copies, dtype=np.int64)
    lengths = room_for_lengths(layout, row_size, col_size, design.rows, design.cols)
    masked_cycles(kept, layout, mask.block, row_size, col_size, t, design, lengths, out)
    return out
