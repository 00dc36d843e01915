"""Measured rows: tables of the package, and further rows of a user's own in the same columns."""

import csv
import importlib.resources
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pivotsim.errors import InputError, got
from pivotsim.io.csv_files.separators import separator_of
from pivotsim.io.text_files import read_text

COLUMNS = ("group", "case", "m", "k", "n", "value")
SIZES = ("m", "k", "n")
MAX_BYTES = 2**24
MAX_SIZE = 2**31
MAX_PROBLEMS = 20


class Measured(NamedTuple):
    """One measurement: the (m, k) times (k, n) product that was run, 0 where it was something else, and its value."""

    group: str
    case: str
    m: int
    k: int
    n: int
    value: float


def package_table(name: str) -> list[dict[str, str]]:
    """Return the rows of one of the package's tables, column -> text."""
    text = importlib.resources.files("pivotsim.truth").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def measured_rows(machine: str) -> list[Measured]:
    """Return the rows of a machine, in the file's order."""
    return [
        Measured(r["group"], r["case"], int(r["m"] or 0), int(r["k"] or 0), int(r["n"] or 0), float(r["value"]))
        for r in package_table(machine)
    ]


def read_measured(path: Path) -> list[Measured]:
    """Return the rows of a file with the columns group, case, m, k, n, value; semicolons and tabs separate too.

    Raises
    ------
    InputError
        One line per problem: ``file:line: column: problem (got X)``.
    """
    lines = read_text(path, MAX_BYTES).splitlines()
    reader = csv.DictReader(lines, delimiter=separator_of(lines[0], COLUMNS))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise InputError(f"{path}:1: needs the columns {', '.join(COLUMNS)} {got(list(reader.fieldnames or ()))}")
    rows, problems = [], []
    for row in reader:
        place = f"{path}:{reader.line_num}"
        sizes = []
        for size in SIZES:
            text = (row[size] or "").strip()
            sizes.append(int(text) if text.isdecimal() and 0 < int(text) <= MAX_SIZE else 0)
            if not sizes[-1]:
                problems.append(f"{place}: {size}: must be an integer from 1 to {MAX_SIZE} {got(text)}")
        value = _positive((row["value"] or "").strip())
        if value is None:
            problems.append(f"{place}: value: must be a positive number {got(row['value'])}")
        m, k, n = sizes
        rows.append(Measured((row["group"] or "").strip(), (row["case"] or "").strip(), m, k, n, value or 0.0))
    if not rows:
        problems.append(f"{path}: has no rows")
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])
    return rows


def beyond(rows: Iterable[Measured], known: Sequence[Measured]) -> list[Measured]:
    """Return the rows with a size outside those of the known rows: of their group, or of all where it has none.

    >>> near, far = Measured("a", "", 4, 4, 4, 1.0), Measured("a", "", 4, 9, 4, 1.0)
    >>> beyond([near, far], [near]) == [far]
    True
    """
    found = []
    for row in rows:
        own = [each for each in known if each.group == row.group] or known
        ends = ((min(column), max(column)) for column in zip(*((r.m, r.k, r.n) for r in own), strict=True))
        if not all(low <= size <= high for size, (low, high) in zip((row.m, row.k, row.n), ends, strict=True)):
            found.append(row)
    return found


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
