"""Unit passes: a step of integer inference as operations of the station, tensors moved in and out of its memories.

A pass goes by blocks of tokens that fit the memories: filled, run, drained, one after the other. Of the ways to cut a
tensor into blocks, and to lay a block out in a memory, a pass takes the one of the fewest clocks.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

import numpy as np

from pivotsim.engines.pl_units.operations import (
    MAX_OPERATIONS,
    A,
    Activation,
    Addition,
    B,
    Drain,
    Fill,
    Norm,
    Rows,
    Score,
    Shuffle,
    Softmax,
    UnitOperation,
)
from pivotsim.engines.pl_units.pass_blocks import column_groups, cuts, parts, pitches
from pivotsim.integer.steps import Operation
from pivotsim.rtl.layers.arrangements import Tensor
from pivotsim.rtl.layers.units.placement import Placed, PlacedUnits
from pivotsim.rtl.layers.units.walks import element_walks
from pivotsim.units import IntArray

Clocks = Callable[[Sequence[UnitOperation]], int]
Pitches = Callable[[int], Sequence[int]]


class Block(NamedTuple):
    """A part of a tensor in a memory: element (r, c) at ``indices[r, c]``; ``pitch`` between rows, 0 where it is flat.

    Flat is the order in DRAM, row or column: for units to which every element is alike.
    """

    rows: range
    columns: range
    indices: IntArray
    pitch: int

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Rows, elements of a row, and the distance between rows, as a unit goes through them."""
        if not self.pitch:
            return 1, self.indices.size, self.indices.size
        return len(self.rows), len(self.columns), self.pitch


Cutting = list[Block]


class PassWriter:
    """Writes the operations of steps for one station.

    Parameters
    ----------
    units : PlacedUnits
    clocks : callable
        Clocks of a sequence of operations.
    """

    def __init__(self, units: PlacedUnits, clocks: Clocks) -> None:
        self.units, self.clocks = units, clocks

    def operations(self, placed: Placed, reads: Sequence[Tensor], found: Tensor) -> list[UnitOperation]:
        """Return the operations of an entry's steps: what they read in DRAM, in the order of ``reads_of``, and make."""
        first, step = placed.steps[0], placed.steps[-1]
        assert isinstance(first, Operation) and isinstance(step, Operation)
        if step is not first:
            return self._tokens(first, step, reads[0], reads[1], found)
        if step.kind == "add":
            return self._addition(step, reads[0], reads[1], found)
        of_kind = {"softmax": self._softmax, "norm": self._norm}.get(step.kind, self._activation)
        return of_kind(step, reads[0], found)

    def _softmax(self, step: Operation, scores: Tensor, found: Tensor) -> list[UnitOperation]:
        """Head by head: rows without gaps."""
        heads = [range(head * step.n, (head + 1) * step.n) for head in range(step.copies)]
        return self._best(
            self._in_place(cutting, scores, found, lambda block: Softmax(0, *block.sizes[:2]))
            for cutting in self._cuttings(step.m, [heads], lambda n: (n,))
        )

    def _norm(self, step: Operation, stream: Tensor, found: Tensor) -> list[UnitOperation]:
        one = step.constants
        settings = one.bits, one.inverse, one.epsilon, one.shift
        return self._best(
            self._in_place(cutting, stream, found, lambda block: Norm(0, *block.sizes, *settings))
            for cutting in self._cuttings(step.m, [[range(step.n)]])
        )

    def _activation(self, step: Operation, given: Tensor, found: Tensor) -> list[UnitOperation]:
        return self._best(
            self._in_place(cutting, given, found, lambda block: Activation(0, *block.sizes))
            for cutting in self._cuttings(step.m, self._groups(range(step.n)), flat=(given, found))
        )

    def relayout(self, source: Tensor, copy: Tensor, column_size: int) -> list[UnitOperation]:
        """Return the operations that write a tensor a second time, in another order; a GEMM reads so many columns."""
        columns = np.flatnonzero((copy.arrangement.offsets >= 0).any(axis=0))
        rows, there = source.arrangement.offsets.shape[0], range(int(columns[0]), int(columns[-1]) + 1)

        def operations(cutting: Cutting) -> Iterator[UnitOperation]:
            for block in cutting:
                yield from self._moved(Fill, A, source, block)
                yield from self._moved(Drain, A, copy, block)

        groups = [*self._groups(there), parts(there, column_size)]
        return self._best(operations(cutting) for cutting in self._cuttings(rows, groups))

    def _addition(self, step: Operation, stream: Tensor, branch: Tensor, found: Tensor) -> list[UnitOperation]:
        """The stream may have prefix rows in front, which are left as they are."""
        scale = step.constants if len(step.inputs) > 1 else step.constants[1]
        prefix = step.m - branch.arrangement.offsets.shape[0]

        def operations(cutting: Cutting) -> Iterator[UnitOperation]:
            for block in cutting:
                rows, ahead = block.rows, min(len(block.rows), max(0, prefix - block.rows.start))
                rest = block._replace(
                    rows=range(rows.start + ahead - prefix, rows.stop - prefix), indices=block.indices[ahead:]
                )
                yield from self._moved(Fill, A, stream, block)
                if rest.rows:
                    yield from self._moved(Fill, B, branch, rest)
                    base = ahead * block.pitch
                    yield Addition(base, *rest.sizes, base, rest.sizes[2], scale.multiplier, scale.shift)
                yield from self._moved(Drain, A, found, block)

        flat = () if prefix else (stream, branch, found)
        return self._best(
            operations(cutting) for cutting in self._cuttings(step.m, self._groups(range(step.n)), flat=flat)
        )

    def _tokens(
        self, score: Operation, gather: Operation, softmax: Tensor, stream: Tensor, found: Tensor
    ) -> list[UnitOperation]:
        """Scores of every head, then the stream, of which rows stay.

        The class token's row of a head comes alone, or with the rows beside it in DRAM where their elements alternate.
        """
        (heads, prefix), size = score.constants, softmax.arrangement.offsets.shape[1] // score.constants[0]

        def operations(cutting: Cutting) -> Iterator[UnitOperation]:
            yield from self._moved(Fill, A, softmax, cutting[0])
            yield Score(prefix, score.n, heads)

        scores = [
            self._best(operations(cutting) for cutting in self._cuttings(size, [[head]], has_one_row=True))
            for head in parts(range(heads * size), size)
        ]
        if not all(scores):
            return []
        whole, kept = (_by_rows(range(tokens), range(gather.n), gather.n) for tokens in (size, gather.m))
        shuffle = Shuffle(0, gather.n, gather.n, score.n, gather.m - prefix, 0, gather.n)
        moved = [*self._moved(Fill, A, stream, whole), shuffle, *self._moved(Drain, B, found, kept)]
        drop = [*(one for head in scores for one in head), *moved]
        return drop if len(drop) <= MAX_OPERATIONS else []

    # ---- blocks

    def _cuttings(
        self, rows: int, groups: Sequence[Sequence[range]], spread: Pitches | None = None, *,
        flat: Sequence[Tensor] = (), has_one_row: bool = False,
    ) -> Iterator[Cutting]:  # fmt: skip
        """Yield the ways to cut a tensor into blocks that fit; each group of columns is one of them."""
        words = self.units.station.words
        for columns in groups:
            width = max(map(len, columns))
            for cut in self._cuts(rows, words // width) if flat else ():
                blocks = (_flat(part, column, flat) for column in columns for part in parts(range(rows), cut))
                whole = list(takewhile(lambda block: block is not None, blocks))
                if sum(block.indices.size for block in whole if block) == rows * sum(map(len, columns)):
                    yield [block for block in whole if block]
            for pitch in (spread or pitches)(width):
                for cut in self._cuts(rows, words // pitch, has_one_row):
                    yield [_by_rows(part, column, pitch) for column in columns for part in parts(range(rows), cut)]

    def _groups(self, columns: range) -> list[list[range]]:
        return column_groups(columns, self.units.station.words, self.units.sides)

    def _cuts(self, rows: int, most: int, has_one_row: bool = False) -> list[int]:
        """Return how many rows a block may have; where one row is wanted, that one or the tile that it is in, too."""
        found = cuts(rows, most, self.units.sides)
        tiles = [side for side in (*self.units.sides, 1) if side <= min(most, rows)]
        return list(dict.fromkeys([*found, *tiles])) if has_one_row else found

    def _best(self, candidates: Iterator[Iterator[UnitOperation]]) -> list[UnitOperation]:
        """Return the operations of the fewest clocks, [] where all ways take more of them than a table holds."""
        best: tuple[int, list[UnitOperation]] | None = None
        for candidate in candidates:
            operations = list(islice(candidate, MAX_OPERATIONS + 1))
            if len(operations) <= MAX_OPERATIONS:
                clocks = self.clocks(operations)
                best = (clocks, operations) if best is None or clocks < best[0] else best
        return best[1] if best else []

    # ---- operations

    def _in_place(
        self, cutting: Cutting, given: Tensor, found: Tensor, run: Callable[[Block], Rows]
    ) -> Iterator[UnitOperation]:
        for block in cutting:
            yield from self._moved(Fill, A, given, block)
            yield run(block)
            yield from self._moved(Drain, A, found, block)

    def _moved(
        self, kind: type[Fill] | type[Drain], memory: int, tensor: Tensor, block: Block
    ) -> Iterator[Fill | Drain]:
        """Yield the transfers of a block, of the elements that have a place in DRAM."""
        place = np.ix_(block.rows, block.columns)
        offsets, itemsize = tensor.arrangement.offsets[place], tensor.arrangement.itemsize
        is_moved = offsets >= 0
        for at, walk in element_walks(offsets[is_moved], block.indices[is_moved], itemsize, self.units.station.lanes):
            yield kind(memory, int(itemsize > 1), tensor.address + at, walk)


def _by_rows(rows: range, columns: range, pitch: int) -> Block:
    indices = pitch * np.arange(len(rows))[:, None] + np.arange(len(columns))[None, :]
    return Block(rows, columns, indices, pitch)


def _flat(rows: range, columns: range, tensors: Sequence[Tensor]) -> Block | None:
    """Return a block in the order of DRAM; None where tensors have different orders there."""
    found: IntArray | None = None
    for tensor in tensors:
        offsets = tensor.arrangement.offsets[np.ix_(rows, columns)]
        if (offsets < 0).any():
            return None
        ranks = np.argsort(np.argsort(offsets, axis=None)).reshape(offsets.shape)
        if found is not None and (ranks != found).any():
            return None
        found = ranks
    assert found is not None
    return Block(rows, columns, found, 0)
