"""Bytes in DRAM as hardware reads and writes them: units in the order in which they are sent, without gaps."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from pivotsim.rtl.descriptors import Drain, Unit
from pivotsim.rtl.program import BIAS_BYTES, Program
from pivotsim.workload.masks.masks import Mask

Matrix: TypeAlias = Any  # an ndarray of the type that the docstring says


def dram_image(program: Program, a: Matrix, b: Matrix, bias: Matrix | None = None) -> Matrix:
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


def unit_bytes(program: Program, unit: Unit, operand: Matrix) -> Matrix:
    """Return one unit's bytes: a tile row by row, a stream step by step, uint8.

    A ``settled`` load sends the last row first. Of the masked operand what is kept, then the unit's index.
    """
    contents = program.contents
    elements = contents.block(unit, operand)[contents.content(unit).lanes]
    return np.concatenate((elements.astype(np.int8).view(np.uint8), contents.index(unit).view(np.uint8)))


def outputs(program: Program, image: Matrix) -> Matrix:
    """Return the (m, n) outputs that lie in DRAM after a run: int8 or int32; zeros where no one asks for them."""
    m, _, n = program.sizes
    narrow = program.out_bytes == 1
    out = np.zeros((m, n), dtype=np.int8 if narrow else np.int32)
    for place, is_turned, drain in drained_blocks(program):
        own = np.ascontiguousarray(image[drain.dram_address : drain.dram_address + drain.size_bytes])
        block = own.view(np.int8 if narrow else "<i4").reshape(drain.entries, -1)
        out[place] = block.T if is_turned else block
    return out


def stored(program: Program, out: Matrix) -> Matrix:
    """Return the bytes of (m, n) outputs, int8 or int32, as drains write them, from the output's address on."""
    width = np.int8 if program.out_bytes == 1 else np.dtype("<i4")
    parts = [np.zeros(0, dtype=np.uint8)]
    for place, is_turned, _ in drained_blocks(program):
        block = out[place]
        parts.append(np.ascontiguousarray(block.T if is_turned else block, dtype=width).view(np.uint8).ravel())
    return np.concatenate(parts)


def drained_blocks(program: Program) -> Iterator[tuple[Any, bool, Drain]]:
    """Yield (a region's place in the output, whether an entry is a column of it, the drain) of every region."""
    flow = program.dataflow
    is_turned = (flow.rows if flow.drains else flow.stream) == "n"
    for region, drain in zip(program.regions, program.drains, strict=True):
        columns = program.part("cols", region.col)
        across = np.arange(columns.start, columns.stop)
        yield np.ix_(across, region.entries) if is_turned else np.ix_(region.entries, across), is_turned, drain


def kept_elements(mask: Mask | None, copy: int, operand: str) -> Any:
    """Return which elements of operand 'a' or 'b' a mask keeps, bool; 1 where it keeps all."""
    return mask.elements(copy) if mask is not None and mask.operand == operand else 1
