"""Units of operands as memories hold them: which indices, which lanes of each, and in what runs passes read them.

Without a mask a unit is a block of its matrix, a row of which fills all lanes. A mask drops indices that no pass needs,
and elements of its own operand: what is left lies without gaps, and lanes say whose bytes they are. Which indices a
pass streams is the engine's own table (``kept_streams``).
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from pivotsim.engines.array.masked_folds import kept_streams
from pivotsim.hardware.dataflows import OPERAND_DIMENSIONS, Dataflow
from pivotsim.kernels.types import SETTLED, Design
from pivotsim.rtl.descriptors import Unit
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Flags, Mask

AXES = "rows", "cols", "stream"  # of the array


class Content(NamedTuple):
    """What is sent of a unit, in its order: rows of a tile, steps of a stream.

    ``indices`` int64 (n,) of the matrix; ``lanes`` bool (n, width), those that have a byte; ``begins`` int64 (n,), the
    bytes before each.
    """

    indices: IntArray
    lanes: Flags
    begins: IntArray

    def at(self, indices: IntArray) -> "Content":
        """Return some of a stream's steps."""
        places = np.searchsorted(self.indices, indices)
        return Content(indices, self.lanes[places], self.begins[places])


class Run(NamedTuple):
    """Rows or steps that one descriptor sends: ``size`` of them, from the pass's ``first``.

    ``starts``, ``widths`` and ``lanes`` are, for each unit, the bytes before the first, those of each, and its lanes as
    bits.
    """

    first: int
    size: int
    starts: tuple[int, ...]
    widths: tuple[int, ...]
    lanes: tuple[int, ...]


class Units:
    """The tiles and chunks of one GEMM, and what a copy of a mask leaves of them.

    Parameters
    ----------
    sizes : tuple of int
        m, k, n.
    design, dataflow
        The array.
    chunk : int
        Streamed steps of a full chunk.
    passes : ndarray
        int64 (P, 3): row tile, column tile and chunk of every pass.
    mask, copy
        As ``run_gemm``'s.
    """

    def __init__(
        self, sizes: tuple[int, int, int], design: Design, dataflow: Dataflow, chunk: int, passes: IntArray,
        mask: Mask | None, copy: int,
    ) -> None:  # fmt: skip
        self.dataflow, self.mask, self.copy, self._passes = dataflow, mask, copy, passes
        self._sizes = dict(zip(AXES, dataflow.sizes(*sizes), strict=True))
        self._steps = {"rows": design.rows, "cols": design.cols, "stream": chunk}
        self._is_turned = design.fold_overlap == SETTLED  # the last row of a tile is sent first
        self._kept: Flags | None = None
        if mask is not None:
            tiles = (-(-self._sizes[axis] // self._steps[axis]) for axis in AXES[:2])
            kept = kept_streams(mask, dataflow.name, design.rows, design.cols, copy)
            self._kept = np.broadcast_to(kept, (*tiles, self._sizes["stream"]))
        self.content = cache(self._content)

    def part(self, axis: str, number: int) -> range:
        """Return the indices of one row tile, column tile or chunk: axis 'rows', 'cols' or 'stream'."""
        step = self._steps[axis]
        return range(number * step, min((number + 1) * step, self._sizes[axis]))

    def needed(self, row: int, col: int, chunk: int) -> IntArray:
        """Return the streamed indices of a pass, int64 (steps,), in order."""
        steps = self.part("stream", chunk)
        if self._kept is None:
            return np.arange(steps.start, steps.stop)
        return steps.start + np.flatnonzero(self._kept[row, col, steps.start : steps.stop])

    def block(self, unit: Unit, matrix: Any) -> Any:
        """Return the rows or steps of a unit that are sent, of a matrix of the operand: (n, width)."""
        return self._rows(unit, matrix, self.content(unit).indices)

    def index(self, unit: Unit) -> Any:
        """Return the kept blocks that a unit of the masked operand touches, their places in their rows, uint16."""
        if self.mask is None or unit.operand != self.mask.operand:
            return np.zeros(0, dtype="<u2")
        numbers = dict(zip(AXES, (unit.row, unit.col, unit.chunk), strict=True))
        parts = {getattr(self.dataflow, axis): self.part(axis, number) for axis, number in numbers.items()}
        down, across = (parts[letter] for letter in OPERAND_DIMENSIONS[unit.operand])
        block = self.mask.block
        (top, bottom), (left, right) = ((one.start // block, -(-one.stop // block)) for one in (down, across))
        return (np.nonzero(self.mask.kept[self.copy, top:bottom, left:right])[1] + left).astype("<u2")

    def _rows(self, unit: Unit, matrix: Any, indices: IntArray) -> Any:
        """Return rows of a tile's matrix, or steps of a stream's; in each lie columns, or the rows that it feeds."""
        slow = self.dataflow.stream if unit.chunk >= 0 else self.dataflow.rows
        across = self.part("rows", unit.row) if unit.col < 0 else self.part("cols", unit.col)
        is_turned = OPERAND_DIMENSIONS[unit.operand][0] != slow
        return (matrix.T if is_turned else matrix)[indices, across.start : across.stop]

    def _content(self, unit: Unit) -> Content:
        if unit.chunk >= 0:
            indices = self._streamed(unit)
        else:
            indices = np.array(self.part("rows", unit.row))[:: -1 if self._is_turned else 1]
        across = self.part("rows", unit.row) if unit.col < 0 else self.part("cols", unit.col)
        lanes = np.ones((len(indices), len(across)), dtype=np.bool_)
        if self.mask is not None and unit.operand == self.mask.operand:
            lanes = self._rows(unit, self.mask.elements(self.copy), indices)
        bytes_of = lanes.sum(axis=1)
        return Content(indices, lanes, np.cumsum(bytes_of) - bytes_of)

    def _streamed(self, unit: Unit) -> IntArray:
        """Return the indices that some pass needs of a stream's unit."""
        users = self._passes[self._passes[:, 2] == unit.chunk]
        users = users[users[:, 0] == unit.row] if unit.row >= 0 else users[users[:, 1] == unit.col]
        if self.mask is None:
            users = users[:1]
        return np.unique(np.concatenate([self.needed(*one) for one in users.tolist()]))


def runs(sent: Sequence[Content], entries: IntArray) -> Iterator[Run]:
    """Yield the fewest runs of what units send side by side: in one, lanes stay, and bytes and ``entries`` follow on.

    >>> lanes = np.array([[True, True], [True, True], [True, False]])
    >>> one = Content(np.arange(3), lanes, np.array([0, 2, 4]))
    >>> found = list(runs([one], np.arange(3)))
    >>> found[0]
    Run(first=0, size=2, starts=(0,), widths=(2,), lanes=(3,))
    >>> found[1]
    Run(first=2, size=1, starts=(4,), widths=(1,), lanes=(1,))
    """
    widths = [one.lanes.sum(axis=1) for one in sent]
    is_cut = np.diff(entries) != 1
    for one, width in zip(sent, widths, strict=True):
        is_cut |= (np.diff(one.begins) != width[:-1]) | (one.lanes[1:] != one.lanes[:-1]).any(axis=1)
    firsts = [0, *(np.flatnonzero(is_cut) + 1).tolist()]
    for first, past in zip(firsts, [*firsts[1:], len(entries)], strict=True):
        yield Run(
            first, past - first, tuple(int(one.begins[first]) for one in sent),
            tuple(int(width[first]) for width in widths), tuple(_word(one.lanes[first]) for one in sent),
        )  # fmt: skip


def _word(lanes: Flags) -> int:
    return int.from_bytes(np.packbits(lanes, bitorder="little").tobytes(), "little")
