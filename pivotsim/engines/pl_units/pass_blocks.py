"""Blocks of a unit pass: how a tensor is cut, how its blocks lie in a memory, and the way of the fewest clocks.

As many rows as fit, or whole tiles of the array's sides; rows without a gap or with one that spreads a column over the
banks; in the order of DRAM where every element is alike. Rule 96 of tests/oracles/memory/rules.md.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from pivotsim.engines.pl_units.layouts import Layout, block_walks, flat_walks, read, stream, written
from pivotsim.engines.pl_units.operations import (
    MAX_OPERATIONS,
    WORD_BYTES,
    A,
    Activation,
    Addition,
    B,
    Drain,
    Fill,
    Norm,
    Rows,
    Softmax,
    Station,
    UnitOperation,
)
from pivotsim.engines.pl_units.passes import DramPort, operation_cycles
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.workload.ops import Op

Operations = Counter[tuple[type, UnitOperation]]  # by type: operations of two kinds may have equal fields
Block = tuple[range, range]
Run = Callable[[int, int, int], Rows]


class Moved(NamedTuple):
    """What a kind of operation reads and writes: the stream or what it works on, a branch, the result; how it runs.

    ``behind`` are the first rows of the stream that the branch does not have.
    """

    given: Layout
    branch: Layout | None
    found: Layout
    run: Run
    behind: int = 0


def moved_by(op: Op, board: SystolicHardware, behind: int) -> Moved:
    """Return what an operation moves; ``behind`` rows of an addition's stream have no branch."""
    array = board.array.dataflow, board.array.rows, board.array.cols
    m, n = op.m, op.n
    if op.kind == "softmax":
        return Moved(written(m, n, *array, is_head=True), None, read(m, n, *array), lambda h, w, _: Softmax(0, h, w))
    if op.kind == "norm":
        found = read(m, n, *array, is_one_row=op.module == "head")
        return Moved(stream(m, n), None, found, lambda h, w, p: Norm(0, h, w, p, 0, 0, 0, 0))
    if op.kind == "add":
        branch = written(m - behind, n, *array, is_head=False)
        return Moved(stream(m, n), branch, stream(m, n), lambda h, w, p: Addition(0, h, w, p, 0, p, 0, 0), behind)
    given = written(m, n, *array, is_head=False)
    return Moved(given, None, read(m, n, *array), lambda h, w, p: Activation(0, h, w, p))


def fewest(ways: Iterable[Operations], station: Station, dram: DramPort) -> tuple[int, Operations] | None:
    """Return clocks and operations of the way of the fewest clocks; None where there is none."""
    best: tuple[int, Operations] | None = None
    for operations in ways:
        cycles = sum(count * _cycles(one, station, dram) for (_, one), count in operations.items())
        best = (cycles, operations) if best is None or cycles < best[0] else best
    return best


def rounded(stated: int, built: int) -> str:
    """Return what is said of a memory that is built smaller than it is stated, '' of one that is not."""
    return "" if built == stated else f"; {built:,} B are built, whole beats of units"


def too_small(op: Op, station: Station, stated: int) -> InputError:
    """Return what is said of memories of ``stated`` bytes that an operation does not fit."""
    return InputError(
        f"units.memory_bytes: too small for {op.kind}'s {op.m} rows of {op.n} elements:"
        f" none fits, or a pass has more than {MAX_OPERATIONS:,} operations"
        f"{rounded(stated, WORD_BYTES * station.words)} {got(stated)}"
    )


_cycles = lru_cache(65_536, typed=True)(operation_cycles)


def ways(moved: Moved, op: Op, station: Station, sides: tuple[int, int], heads: int = 1) -> Iterator[Operations]:
    """Yield the operations of every way to cut a tensor into blocks and to lay them out; ``heads`` are in a pass."""
    is_by_rows = op.kind in ("softmax", "norm")
    groups = [[range(op.n)]] if is_by_rows else column_groups(range(op.n), station.words, sides)
    layouts = [layout._replace(is_wide=False) for layout in (moved.given, moved.branch, moved.found) if layout]
    is_flat = not is_by_rows and not moved.behind and len(set(layouts)) == 1
    for columns in groups:
        width = max(map(len, columns))
        spread = (width,) if op.kind == "softmax" else pitches(width)
        for pitch in (*((0,) if is_flat else ()), *spread):
            for cut in cuts(op.m, station.words // (pitch or width), sides):
                blocks = ((rows, group) for group in columns for rows in parts(range(op.m), cut))
                found: Operations = Counter()
                for block in blocks:
                    found.update(of_block(moved, block, pitch, station.lanes))
                    if heads * found.total() > MAX_OPERATIONS:
                        break
                else:
                    yield found


def of_block(moved: Moved, block: Block, pitch: int, lanes: int) -> Operations:
    """Return the operations of a block; pitch 0 lays it out in the order of DRAM, one row long."""
    rows, columns = block
    found: Operations = Counter()

    def move(kind: type[Fill] | type[Drain], memory: int, layout: Layout, part: range) -> None:
        walks = block_walks(layout, part, columns, pitch, lanes) if pitch else flat_walks(layout, part, columns, lanes)
        found.update({(kind, kind(memory, int(layout.is_wide), 0, walk)): count for walk, count in walks.items()})

    move(Fill, A, moved.given, rows)
    rest = rows
    if moved.branch is not None:
        rest = range(max(0, rows.start - moved.behind), max(0, rows.stop - moved.behind))
        if rest:
            move(Fill, B, moved.branch, rest)
    if rest:
        sizes = (len(rest), len(columns), pitch) if pitch else (1, *[len(rest) * len(columns)] * 2)
        run = moved.run(*sizes)
        found[type(run), run] += 1
    move(Drain, A, moved.found, rows)
    return found


def parts(whole: range, size: int) -> list[range]:
    """Return a range in parts of a size, the last one perhaps smaller."""
    return [range(first, min(whole.stop, first + size)) for first in range(whole.start, whole.stop, size)]


def column_groups(columns: range, words: int, sides: Sequence[int]) -> list[list[range]]:
    """Return the ways to group columns: all of them, or so few that a memory holds as many rows as a side has."""
    odd = (words // side // 2 * 2 - 1 for side in sides)  # rows without gaps serve both ways
    return [[columns], *(parts(columns, width) for width in odd if 0 < width < len(columns))]


def pitches(n: int) -> tuple[int, ...]:
    """Return the distances between rows: without gaps, and odd, so that a column's elements lie in different banks."""
    return (n,) if n % 2 else (n, n + 1)


def cuts(rows: int, most: int, sides: Sequence[int]) -> list[int]:
    """Return how many rows a block may have: as many as fit, or whole tiles of a side of the array."""
    found = [min(most, rows), *(most // side * side for side in sides if most < rows)]
    return [cut for cut in dict.fromkeys(found) if cut]
