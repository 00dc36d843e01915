"""Bytes in DRAM as hardware reads and writes them: units in the order in which rows and steps are sent, without gaps."""

import numpy as np

from pivotsim.hardware.dataflows import OPERAND_DIMENSIONS
from pivotsim.kernels.types import SETTLED
from pivotsim.rtl.program import BIAS_BYTES, Program, Unit
from pivotsim.units import IntArray


def dram_image(program: Program, a: IntArray, b: IntArray, bias: IntArray | None = None) -> IntArray:
    """Return what DRAM holds before a run: uint8 (bytes), outputs as zeros.

    Parameters
    ----------
    program : Program
    a, b : ndarray
        int8 (m, k) and (k, n).
    bias : ndarray, optional
        int32 (n,), where the memories load one; None is zeros.
    """
    image = np.zeros(program.dram_bytes, dtype=np.uint8)
    for unit, address in program.units.items():
        own = unit_bytes(program, unit, a if unit.operand == "a" else b)
        image[address : address + own.size] = own
    if program.limits.bias and bias is not None:
        start = program.bias_address
        words = np.ascontiguousarray(bias, dtype="<i4").view(np.uint8)
        image[start : start + BIAS_BYTES * program.sizes[2]] = words
    return image


def unit_bytes(program: Program, unit: Unit, operand: IntArray) -> IntArray:
    """Return one unit's bytes: a tile row by row, a stream step by step, uint8.

    A ``settled`` load sends the last row first.
    """
    flow = program.dataflow
    named = (("rows", unit.row, flow.rows), ("cols", unit.col, flow.cols), ("stream", unit.chunk, flow.stream))
    parts = {letter: program.part(name, number) for name, number, letter in named if number >= 0}
    down, across = OPERAND_DIMENSIONS[unit.operand]
    block = operand[parts[down].start : parts[down].stop, parts[across].start : parts[across].stop]
    slow = flow.stream if flow.stream in parts else flow.rows
    if down != slow:
        block = block.T
    if flow.stream not in parts and program.design.fold_overlap == SETTLED:
        block = block[::-1]
    return np.ascontiguousarray(block, dtype=np.int8).view(np.uint8).ravel()


def outputs(program: Program, image: IntArray) -> IntArray:
    """Return the (m, n) outputs that lie in DRAM after a run: int8 or int32."""
    m, _, n = program.sizes
    flow, width = program.dataflow, program.limits.out_bytes
    out = np.zeros((m, n), dtype=np.int8 if width == 1 else np.int32)
    letters = flow.rows if flow.drains else flow.stream
    regions: dict[tuple[int, int], None] = {}
    for row, col, chunk, *_ in program.prediction.passes.tolist():
        regions[(row, col) if flow.drains else (chunk, col)] = None
    for (slow, col), drain in zip(regions, program.drains, strict=True):
        entries, columns = program.part("rows" if flow.drains else "stream", slow), program.part("cols", col)
        own = image[drain.dram_address : drain.dram_address + drain.size_bytes]
        block = np.ascontiguousarray(own).view(np.int8 if width == 1 else "<i4").reshape(len(entries), len(columns))
        if letters == "m":
            out[entries.start : entries.stop, columns.start : columns.stop] = block
        else:
            out[columns.start : columns.stop, entries.start : entries.stop] = block.T
    return out


def requantised(sums: IntArray, shift: int) -> IntArray:
    """Return int8 of sums as requantise.v makes them: shifted right, rounded half up, saturated.

    >>> requantised(np.array([-3, -2, 1, 2, 3, 1000]), 1)
    array([ -1,  -1,   1,   1,   2, 127], dtype=int8)
    """
    half = 1 << (shift - 1) if shift else 0
    return np.clip((sums.astype(np.int64) + half) >> shift, -128, 127).astype(np.int8)
