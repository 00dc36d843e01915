"""Rows of a trace file: its cells by the names of their columns, without comments and blank lines."""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from pivotsim.errors import InputError, got
from pivotsim.io.csv_files.separators import SEPARATORS
from pivotsim.workload.masks.files import MAX_PROBLEMS
from pivotsim.workload.trace_files.layout import Layout, layout_of

_SEPARATOR_LINE = re.compile(r"sep=.\s*", re.IGNORECASE)  # which some spreadsheets put first
_FREE = ("mask_file", "mask_key", "layer")  # a name may start or end with a space, unless blanks surround all cells


class Row(NamedTuple):
    """A row: ``file:line``, and its cells by column."""

    place: str
    cells: dict[str, str]


def read_rows(name: str, text: str, problems: list[str]) -> tuple[Layout, list[Row]]:
    """Return how a file is written and its rows; problems of rows are noted, and end the reading where there are many.

    Raises
    ------
    InputError
        The first line is none of a trace.
    """
    lines = list(_without_comments(text))
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise InputError(f"{name}: holds comments alone")
    layout = layout_of(f"{name}:{first + 1}", lines[first].rstrip("\r\n"))
    reader = csv.reader(
        io.StringIO("".join(lines), newline=""), strict=True, delimiter=layout.separator,
        skipinitialspace=layout.is_padded,
    )  # fmt: skip
    found: list[Row] = []
    try:
        for row in reader:
            if reader.line_num > first + 1 and any(map(str.strip, row)):
                found += _row(f"{name}:{reader.line_num}", layout, row, problems)
            if len(problems) > MAX_PROBLEMS:
                break
    except csv.Error as error:
        problems.append(f"{name}:{reader.line_num}: is not valid CSV: {error}")
    return layout, found


def _without_comments(text: str) -> Iterator[str]:
    """Yield a text's lines, those empty that hold a comment: so that the others keep their numbers.

    No cell of a trace holds more than a line, so none of them begins within one.
    """
    for number, line in enumerate(io.StringIO(text, newline="")):
        is_comment = line.lstrip().startswith("#") or (number == 0 and _SEPARATOR_LINE.fullmatch(line))
        yield "\n" if is_comment else line


def _row(place: str, layout: Layout, row: list[str], problems: list[str]) -> list[Row]:
    """Return a row in a list, or an empty list with its problem noted.

    What stands behind the last column is left out: separators, and in a topology anything, as SCALE-Sim reads it.
    """
    count = len(layout.columns)
    if not layout.form and not any(map(str.strip, row[count:])):
        row = row[:count]
    if len(row) < count or (len(row) > count and not layout.form):
        other = [s for s in SEPARATORS if len(row) == 1 and row[0].count(s) >= count - 1 > 0]
        why = f"; the first line is separated by '{layout.separator}', this one by '{other[0]}'" if other else ""
        problems.append(f"{place}: expected {count} cells {got(len(row))}{why}")
        return []
    return [Row(place, {c: _trimmed(c, cell, layout) for c, cell in zip(layout.columns, row, strict=False)})]


def _trimmed(column: str, cell: str, layout: Layout) -> str:
    """Return a cell without the blanks around it, which may belong to the name of a file, a mask or a layer."""
    is_free = column in _FREE and not layout.form and not layout.is_padded
    return cell if is_free and cell.strip() else cell.strip()
