"""Arrangements of a tensor in DRAM: where each element lies, which programs can write there and which can read it.

A load reads the bytes of a unit one after the other, a drain writes those of a region. So a program can read a tensor
where the elements of each of its units follow each other, in its order, and write it where those of each region do;
the addresses of units and regions are free. The order in which a drain writes often is one that the next load reads:
then nothing has to be moved between two GEMMs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pivotsim.rtl.descriptors import Drain, Unit
from pivotsim.rtl.layout import drained_blocks
from pivotsim.rtl.program import Program
from pivotsim.units import IntArray


class Part(NamedTuple):
    """An operand or a result out of a tensor: its first rows, ``columns`` of them from ``first`` on."""

    rows: int
    first: int
    columns: int
    is_transposed: bool = False

    def of(self, matrix: IntArray) -> IntArray:
        """Return the part of a matrix, a view."""
        found = matrix[: self.rows, self.first : self.first + self.columns]
        return found.T if self.is_transposed else found


class Reader(NamedTuple):
    """A GEMM that loads a tensor as its operand 'a' or 'b'."""

    program: Program
    operand: str
    part: Part


class Writer(NamedTuple):
    """A GEMM that drains into a tensor."""

    program: Program
    part: Part


class Arrangement(NamedTuple):
    """Where the elements of a tensor lie: ``offsets`` int64 (rows, columns), bytes; -1 where one has no place."""

    order: str
    offsets: IntArray
    itemsize: int
    size_bytes: int


@dataclass(frozen=True)
class Tensor:
    """A tensor that some GEMM reads or writes: its place in DRAM, its arrangement there, how the host sees it.

    ``values`` are those of weights, biases and positions, which lie in DRAM before the first run; None of activations.
    ``copy_of`` names the tensor whose elements it holds in another order, '' where it is the first.
    """

    name: str
    role: str
    dtype: str  # of numpy
    address: int
    arrangement: Arrangement
    values: Any = None
    copy_of: str = ""


def blocked(shape: tuple[int, int], axis: int, block: int, itemsize: int = 1) -> Arrangement:
    """Return blocks of rows (axis 0) or columns (1), in each of which elements across the block follow each other.

    >>> blocked((3, 2), 0, 2).offsets
    array([[0, 2],
           [1, 3],
           [4, 5]])
    """
    cut, other = shape[axis], shape[1 - axis]
    inner, outer = np.arange(cut)[:, None], np.arange(other)[None, :]
    begins = inner // block * block
    offsets = itemsize * (begins * other + outer * np.minimum(block, cut - begins) + inner - begins)
    order = f"blocks of {block} {('rows', 'columns')[axis]}"
    return Arrangement(order, offsets if axis == 0 else offsets.T, itemsize, itemsize * cut * other)


def as_loaded(shape: tuple[int, int], readers: Sequence[Reader], *, is_whole: bool = True) -> Arrangement:
    """Return the tensor in the order in which programs load it, with room for the index of a mask behind each unit.

    Elements that no reader loads come last, or have no place unless ``is_whole``.
    """
    offsets, places, end = np.full(shape, -1), np.arange(shape[0] * shape[1]).reshape(shape), 0
    for program, operand, part in readers:
        for _, elements, index_bytes in _units(program, operand, part.of(places)):
            if elements.size and offsets.flat[elements[0]] < 0:
                offsets.flat[elements] = end + np.arange(elements.size)
                end += elements.size + index_bytes
    left = (offsets < 0) & is_whole
    offsets[left] = end + np.arange(left.sum())
    return Arrangement("as loaded", offsets, 1, end + int(left.sum()))


def as_drained(shape: tuple[int, int], writers: Sequence[Writer], itemsize: int) -> Arrangement:
    """Return the tensor in the order in which programs drain it; elements that none drains have no place."""
    offsets, places, end = np.full(shape, -1), np.arange(shape[0] * shape[1]).reshape(shape), 0
    for program, part in writers:
        for _, elements in _regions(program, part.of(places)):
            offsets.flat[elements] = end + itemsize * np.arange(elements.size)
            end += itemsize * elements.size
    return Arrangement("as drained", offsets, itemsize, end)


def unit_offsets(reader: Reader, arrangement: Arrangement) -> dict[Unit, int] | None:
    """Return where each unit begins; None where the elements of one do not follow each other."""
    used = np.zeros(arrangement.size_bytes + 1, dtype=np.bool_)
    used[arrangement.offsets] = True
    found = {}
    for unit, elements, index_bytes in _units(reader.program, reader.operand, reader.part.of(arrangement.offsets)):
        start = int(elements[0]) if elements.size else 0
        past = start + elements.size
        if start < 0 or arrangement.itemsize != 1 or (elements != np.arange(start, past)).any():
            return None
        if used[past : past + index_bytes].any() or past + index_bytes > arrangement.size_bytes:
            return None
        found[unit] = start
    return found


def drain_offsets(writer: Writer, arrangement: Arrangement) -> list[int] | None:
    """Return where each drain begins; None where the elements of one do not follow each other."""
    found = []
    for _, elements in _regions(writer.program, writer.part.of(arrangement.offsets)):
        start = int(elements[0])
        if start < 0 or (elements != start + arrangement.itemsize * np.arange(elements.size)).any():
            return None
        found.append(start)
    return found


def _units(program: Program, operand: str, matrix: IntArray) -> Iterator[tuple[Unit, IntArray, int]]:
    """Yield each unit of an operand, in the order of first use, its elements as they are sent, bytes of its index."""
    contents = program.contents
    for unit in program.units:
        if unit.operand == operand:
            elements = contents.block(unit, matrix)[contents.content(unit).lanes]
            yield unit, elements, contents.index(unit).nbytes


def _regions(program: Program, matrix: IntArray) -> Iterator[tuple[Drain, IntArray]]:
    """Yield each drain and the elements of its region as they are written."""
    for place, is_turned, drain in drained_blocks(program):
        block = matrix[place]
        yield drain, (block.T if is_turned else block).ravel()
