"""Separators of tables in text: spreadsheets write semicolons or tabs where others write commas."""

import csv
from collections.abc import Iterable

SEPARATORS = (",", ";", "\t")


def separator_of(line: str, columns: Iterable[str]) -> str:
    """Return what separates the names of all columns in a table's first line, the comma where nothing does.

    >>> separator_of("tokens; accuracy_pct", ["tokens", "accuracy_pct"]), separator_of("a;b", ["tokens"])
    (';', ',')
    """
    wanted = sorted(columns)
    return next((s for s in SEPARATORS if sorted(name.strip().lower() for name in _cells(line, s)) == wanted), ",")


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return []


def cells_of(line: str, separator: str) -> list[str]:
    """Return the cells of a line without the blanks around them, none where it is not valid.

    >>> cells_of('encoder; "module" ;m', ";")
    ['encoder', 'module', 'm']
    """
    return [cell.strip() for cell in _cells(line, separator)]
