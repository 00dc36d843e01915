"""Unit passes: a step of integer inference as operations of the station, tensors moved in and out of its memories.

A pass goes by blocks of tokens that fit the memories: filled, run, drained, one after the other. Of the ways to cut a
tensor into blocks, and to lay a block out in a memory, a pass takes the one of the fewest clocks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pivotsim.engines.pl_units.operations import (
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
from pivotsim.integer.steps import Operation
from pivotsim.rtl.layers.placed_units import Placed, PlacedUnits
from pivotsim.rtl.layers.program import Tensor
from pivotsim.rtl.layers.walks import walks
from pivotsim.units import IntArray

Clocks = Callable[[Sequence[UnitOperation]], int]


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
        """Return the operations of a softmax, head by head: rows without gaps."""
        heads = [range(head * step.n, (head + 1) * step.n) for head in range(step.copies)]
        return self._best(
            self._in_place(cutting, scores, found, lambda block: Softmax(0, *block.sizes[:2]))
            for cutting in self._cuttings(step.m, [heads], (step.n,))
        )

    def _norm(self, step: Operation, stream: Tensor, found: Tensor) -> list[UnitOperation]:
        """Return the operations of a LayerNorm."""
        one = step.constants
        settings = one.bits, one.inverse, one.epsilon, one.shift
        return self._best(
            self._in_place(cutting, stream, found, lambda block: Norm(0, *block.sizes, *settings))
            for cutting in self._cuttings(step.m, [[range(step.n)]], _pitches(step.n))
        )

    def _activation(self, step: Operation, given: Tensor, found: Tensor) -> list[UnitOperation]:
        """Return the operations of an activation."""
        return self._best(
            self._in_place(cutting, given, found, lambda block: Activation(0, *block.sizes))
            for cutting in self._cuttings(step.m, [[range(step.n)]], _pitches(step.n), (given, found))
        )

    def relayout(self, source: Tensor, copy: Tensor, column_size: int) -> list[UnitOperation]:
        """Return the operations that write a tensor a second time, in another order."""
        columns = np.flatnonzero((copy.arrangement.offsets >= 0).any(axis=0))
        first, past = int(columns[0]), int(columns[-1]) + 1
        parts = [range(at, min(past, at + column_size)) for at in range(first, past, column_size)]
        pitches = {pitch for part in ([range(first, past)], parts) for pitch in _pitches(len(part[0]))}
        return self._best(
            [
                one
                for block in cutting
                for one in (*self._moved(Fill, A, source, block, like=copy), *self._moved(Drain, A, copy, block))
            ]
            for cutting in self._cuttings(
                source.arrangement.offsets.shape[0], [[range(first, past)], parts], sorted(pitches)
            )
        )

    def _addition(self, step: Operation, stream: Tensor, branch: Tensor, found: Tensor) -> list[UnitOperation]:
        """Return the operations of an addition; the stream may have prefix rows in front that are left as they are."""
        scale = step.constants if len(step.inputs) > 1 else step.constants[1]
        prefix = step.m - branch.arrangement.offsets.shape[0]
        flat = (stream, branch, found) if not prefix else ()

        def operations(cutting: Cutting) -> Iterator[UnitOperation]:
            for block in cutting:
                ahead = min(len(block.rows), max(0, prefix - block.rows.start))
                rest = block._replace(
                    rows=range(block.rows.start + ahead - prefix, block.rows.stop - prefix),
                    indices=block.indices[ahead:],
                )
                yield from self._moved(Fill, A, stream, block)
                if rest.rows:
                    yield from self._moved(Fill, B, branch, rest)
                    base = ahead * block.pitch
                    yield Addition(base, *rest.sizes, base, rest.sizes[2], scale.multiplier, scale.shift)
                yield from self._moved(Drain, A, found, block)

        return self._best(
            list(operations(cutting)) for cutting in self._cuttings(step.m, [[range(step.n)]], _pitches(step.n), flat)
        )

    def _tokens(
        self, score: Operation, gather: Operation, softmax: Tensor, stream: Tensor, found: Tensor
    ) -> list[UnitOperation]:
        """Return the operations of a token drop: scores of every head, then the stream, of which rows stay."""
        (heads, prefix), size = score.constants, softmax.arrangement.offsets.shape[1] // score.constants[0]
        operations: list[UnitOperation] = []
        for head in range(heads):
            columns = range(head * size, (head + 1) * size)
            operations += self._best(
                [*self._moved(Fill, A, softmax, cutting[0]), Score(prefix, score.n, heads)]
                for cutting in self._cuttings(size, [[columns]], _pitches(size), largest=True)
            )
        whole, kept = (_by_rows(range(tokens), range(gather.n), gather.n) for tokens in (size, gather.m))
        shuffle = Shuffle(0, gather.n, gather.n, score.n, gather.m - prefix, 0, gather.n)
        return [
            *operations, *self._moved(Fill, A, stream, whole), shuffle, *self._moved(Drain, B, found, kept)
        ]  # fmt: skip

    # ---- blocks

    def _cuttings(
        self, rows: int, groups: Sequence[Sequence[range]], pitches: Sequence[int], flat: Sequence[Tensor] = (),
        *, largest: bool = False,
    ) -> Iterator[Cutting]:  # fmt: skip
        """Yield the ways to cut a tensor into blocks that fit; each group of columns is one of them."""
        words = self.units.station.words
        for columns in groups:
            width = max(map(len, columns))
            for pitch in pitches:
                if pitch >= width:
                    for cut in self._cuts(rows, words // pitch, with_one=largest):
                        yield [_by_rows(part, column, pitch) for column in columns for part in _parts(rows, cut)]
            for cut in self._cuts(rows, words // width) if flat else ():
                blocks = [_flat(part, column, flat) for column in columns for part in _parts(rows, cut)]
                whole = [block for block in blocks if block is not None]
                if len(whole) == len(blocks):
                    yield whole

    def _cuts(self, rows: int, most: int, *, with_one: bool = False) -> list[int]:
        """Return how many rows a block may have: as many as fit, or whole blocks of a side of the array."""
        found = [1] if with_one else []
        for side in (1, *self.units.sides):
            found += [min(most, rows) // side * side] if most < rows or with_one else [rows]
            found += [side] if with_one and side <= min(most, rows) else []
        return [cut for cut in dict.fromkeys(found) if cut]

    def _best(self, candidates: Iterator[list[UnitOperation]]) -> list[UnitOperation]:
        return min(candidates, key=self.clocks, default=[])

    # ---- operations

    def _in_place(
        self, cutting: Cutting, given: Tensor, found: Tensor, run: Callable[[Block], Rows]
    ) -> list[UnitOperation]:
        operations: list[UnitOperation] = []
        for block in cutting:
            operations += [
                *self._moved(Fill, A, given, block), run(block), *self._moved(Drain, A, found, block)
            ]  # fmt: skip
        return operations

    def _moved(
        self, kind: type[Fill] | type[Drain], memory: int, tensor: Tensor, block: Block, like: Tensor | None = None
    ) -> Iterator[Fill | Drain]:
        """Yield the transfers of a block; with ``like`` of those elements alone that have a place in that tensor."""
        place = np.ix_(block.rows, block.columns)
        offsets, itemsize = tensor.arrangement.offsets[place], tensor.arrangement.itemsize
        is_moved = offsets >= 0
        if like is not None:
            is_moved &= like.arrangement.offsets[place] >= 0
        for at, walk in walks(offsets[is_moved], block.indices[is_moved], itemsize, self.units.station.lanes):
            yield kind(memory, int(itemsize > 1), tensor.address + at, walk)


def _pitches(n: int) -> tuple[int, ...]:
    """Return the distances between rows: without gaps, and odd, so that a column's elements lie in different banks."""
    return (n,) if n % 2 else (n, n + 1)


def _parts(rows: int, cut: int) -> list[range]:
    return [range(first, min(rows, first + cut)) for first in range(0, rows, cut)]


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


def constants_of(step: Operation, lanes: int) -> Mapping[str, Any]:
    """Return the tables of a step's unit: words of 32 bits, (places, words of a place)."""
    if step.kind == "softmax":
        return {"exponentials": np.asarray(step.constants).astype(np.uint32)[:, None]}
    if step.kind == "norm":
        return {"norm": _norm_words(step.constants, lanes)}
    if step.kind in ("add", "score", "sort", "gather"):
        return {}
    return {"activation": np.asarray(step.constants).view(np.uint8).astype(np.uint32)[:, None]}


def _norm_words(one: Any, lanes: int) -> Any:
    """Return a beat's multipliers (16 bits) and addends (32 bits), the first channel lowest, in whole words."""
    n = one.multiplier.size
    plain = np.zeros((n, 6), dtype=np.uint8)
    plain[:, :2] = np.asarray(one.multiplier).astype("<i2")[:, None].view(np.uint8)
    plain[:, 2:] = np.asarray(one.addend).astype("<i4")[:, None].view(np.uint8)
    beats = plain.reshape(n // lanes, 6 * lanes)
    whole = np.zeros((len(beats), -(-beats.shape[1] // 4) * 4), dtype=np.uint8)
    whole[:, : beats.shape[1]] = beats
    return whole.view("<u4")
