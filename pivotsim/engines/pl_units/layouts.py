"""Layouts of tensors in DRAM as GEMMs write and read them, and the transfers that move a block of one.

A tensor lies in tiles, one behind the other; within one its elements follow each other down columns or along rows:

    stream, int16         whole rows
    a GEMM's output       is: tiles of C rows, down; ws: tiles of C columns, along; os the same, but of a head whose
                          columns C does not divide: regions of R x C, along
    a GEMM's input        is: tiles of C rows, down; ws: tiles of R columns, along; os: tiles of R rows, down;
                          a classifier's, which reads one row: is, ws: tiles of R columns, along; os: whole rows

for an array of R x C, as drains write and loads read them where no fold overlap turns the order of rows. A transfer is
a stretch of DRAM without gaps that is equally long runs in a memory. Rule 95 of tests/oracles/memory/rules.md.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from pivotsim.engines.pl_units.operations import Walk, most_per_clock
from pivotsim.hardware.dataflows import DATAFLOW


class Layout(NamedTuple):
    """Where the elements of a tensor of ``rows`` x ``columns`` lie: in tiles, ``is_down`` their columns."""

    rows: int
    columns: int
    tile_rows: int
    tile_columns: int
    is_down: bool
    is_wide: bool = False  # elements of int16


def stream(rows: int, columns: int) -> Layout:
    """Return the layout of the residual stream.

    >>> stream(197, 384)
    Layout(rows=197, columns=384, tile_rows=197, tile_columns=384, is_down=False, is_wide=True)
    """
    return Layout(rows, columns, rows, columns, is_down=False, is_wide=True)


def written(rows: int, columns: int, dataflow: str, array_rows: int, array_cols: int, *, is_head: bool) -> Layout:
    """Return the layout in which drains write an output.

    >>> written(17, 32, "is", 8, 8, is_head=False)
    Layout(rows=17, columns=32, tile_rows=8, tile_columns=32, is_down=True, is_wide=False)
    """
    if DATAFLOW[dataflow].cols == "m":
        return _tiled(rows, columns, array_cols, columns, is_down=True)
    in_regions = DATAFLOW[dataflow].drains and is_head and columns % array_cols
    return _tiled(rows, columns, array_rows if in_regions else rows, array_cols, is_down=False)


def read(
    rows: int, columns: int, dataflow: str, array_rows: int, array_cols: int, *, is_one_row: bool = False
) -> Layout:  # fmt: skip
    """Return the layout in which loads read a left operand, or one row of it alone, as a classifier does.

    >>> read(17, 32, "os", 8, 8)
    Layout(rows=17, columns=32, tile_rows=8, tile_columns=32, is_down=True, is_wide=False)
    """
    roles = DATAFLOW[dataflow]
    if is_one_row and roles.drains:
        return Layout(rows, columns, rows, columns, is_down=False)
    if roles.rows == "k" and (is_one_row or roles.cols != "m"):
        return _tiled(rows, columns, rows, array_rows, is_down=False)
    return _tiled(rows, columns, array_cols if roles.cols == "m" else array_rows, columns, is_down=True)


def _tiled(rows: int, columns: int, tile_rows: int, tile_columns: int, *, is_down: bool) -> Layout:
    tile_rows, tile_columns = min(tile_rows, rows), min(tile_columns, columns)
    if (is_down and tile_rows == 1) or (not is_down and tile_columns == columns):  # whole rows
        return Layout(rows, columns, rows, columns, is_down=False)
    return Layout(rows, columns, tile_rows, tile_columns, is_down)


def block_walks(layout: Layout, rows: range, columns: range, pitch: int, lanes: int) -> Counter[Walk]:
    """Return the transfers of a block of a tensor that lies row by row in a memory, and how many there are of each.

    Parameters
    ----------
    layout : Layout
    rows, columns : range
        The block.
    pitch : int
        Elements from one of its rows to the next in the memory.
    lanes : int
        Banks of the memory.

    Examples
    --------
    17 tokens of 32 channels in tiles of 8 tokens: two whole ones and a row, into rows 33 apart.

    >>> found = block_walks(written(17, 32, "is", 8, 8, is_head=False), range(17), range(32), 33, 8)
    >>> [(walk.runs, walk.length, walk.element_step, count) for walk, count in found.items()]
    [(32, 8, 33, 2), (1, 32, 1, 1)]
    """
    found: Counter[Walk] = Counter()
    for (height, is_high), of_height in _overlaps(rows, layout.tile_rows, layout.rows).items():
        for (width, is_wide), of_width in _overlaps(columns, layout.tile_columns, layout.columns).items():
            if layout.is_down:
                length, runs, steps, is_whole = height, width, (pitch, 1), is_high
            else:
                length, runs, steps, is_whole = width, height, (1, pitch), is_wide
            count = of_height * of_width
            if not is_whole:  # between two runs lies what is not moved
                runs, count = 1, count * runs
            found[_walk(length, runs, steps, lanes)] += count
    return found


def _walk(length: int, runs: int, steps: tuple[int, int], lanes: int) -> Walk:
    element_step, run_step = steps
    if length == 1:
        length, runs, element_step = runs, 1, run_step
    elif run_step == length * element_step:
        length, runs = length * runs, 1
    if length == 1:
        return Walk(0, 0, 0, 1, 1, 1)
    per_clock = min(most_per_clock(element_step, lanes), length)
    return Walk(0, element_step, run_step if runs > 1 else 0, length, runs, per_clock)


def _overlaps(part: range, tile: int, whole: int) -> Counter[tuple[int, bool]]:
    """Return how much of tiles a part overlaps, whether that is all of a tile, and how many tiles there are of each."""
    found: Counter[tuple[int, bool]] = Counter()
    first, last = part.start // tile, (part.stop - 1) // tile
    for place in {first, last}:
        begin, end = place * tile, min(place * tile + tile, whole)
        inside = min(end, part.stop) - max(begin, part.start)
        found[inside, inside == end - begin] += 1
    if last - first > 1:
        found[tile, True] += last - first - 1
    return found


def flat_walks(layout: Layout, rows: range, columns: range, lanes: int) -> Counter[Walk]:
    """Return the transfers of a block that lies in a memory in the order of DRAM: one for each stretch of it."""
    lengths: Counter[int] = Counter()
    begin = end = -1
    for at, size in _stretches(layout, rows, columns):
        if at != end:
            lengths[end - begin] += 1
            begin = at
        end = at + size
    lengths[end - begin] += 1
    del lengths[0]
    return Counter(
        {Walk(0, int(length > 1), 0, length, 1, min(length, lanes)): count for length, count in lengths.items()}
    )


def _stretches(layout: Layout, rows: range, columns: range) -> Iterator[tuple[int, int]]:
    """Yield (place in DRAM, size) of pieces of a block in the order of DRAM, elements; of tiles one way alone."""
    down = layout.is_down
    inner, outer = (rows, columns) if down else (columns, rows)
    tile, whole = (layout.tile_rows, layout.rows) if down else (layout.tile_columns, layout.columns)
    across = layout.columns if down else layout.rows
    for begin in range(inner.start // tile * tile, inner.stop, tile):
        size = min(tile, whole - begin)
        first, past = max(inner.start, begin) - begin, min(inner.stop, begin + size) - begin
        at = begin * across
        if past - first == size:
            yield at + outer.start * size, len(outer) * size
        else:
            for place in outer:
                yield at + place * size + first, past - first
