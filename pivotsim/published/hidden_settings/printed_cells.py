"""Printed cells to be explained: a CSV file, or numbers by quantity."""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pivotsim.errors import InputError, check_real, got, nearest, number_text
from pivotsim.io.csv_files.separators import SEPARATORS, cells_of
from pivotsim.io.samples import Sample, find_sample, sample_note
from pivotsim.io.text_files import is_stdin, read_text
from pivotsim.published.base.claims import printed
from pivotsim.published.base.inference import Cell
from pivotsim.published.base.quantities import QUANTITIES

NEEDED, OPTIONAL = ("quantity", "value"), ("unit", "tolerance")
MAX_BYTES = 2**20
MAX_CELLS = 1_000
_TOLERANCE = re.compile(r"([0-9]*\.?[0-9]+) *(%?)")


class Printed(NamedTuple):
    """Cells, and what must be said of where they come from."""

    cells: list[Cell]
    said: tuple[str, ...] = ()


def read_cells(claims: "str | Path | Mapping[str, object]", model: str) -> Printed:
    """Return the cells of a file, a sample's name, or a mapping quantity -> printed number.

    Parameters
    ----------
    claims : str, Path or mapping
        A CSV file with columns quantity and value, and where wanted unit and tolerance. A value stands for all numbers
        that round to it or are cut to it; ``tolerance`` widens that on both sides, in the value's unit or in % of it.
        In a mapping a value is a number, or the printed text, which keeps its zeros (``"0.410"``).
    model : str
        The name of the model that they are of: a sample is of one.

    Raises
    ------
    InputError
        One line per problem, with the place of a file's.
    """
    said: tuple[str, ...] = ()
    source = "claims"
    if isinstance(claims, Mapping):
        rows: list[tuple[str, Mapping[str, str]]] = [
            ("claims", {"quantity": str(name), "value": value if isinstance(value, str) else _digits(str(name), value)})
            for name, value in claims.items()
        ]
    else:
        is_open = is_stdin(Path(claims))
        sample = Sample(Path(claims)) if is_open else find_sample("claims", "claims", claims)
        source, rows, said = str(sample.path), list(_rows(sample.path)), sample_note("claims", sample, model)
    problems: list[str] = []
    cells: dict[str, Cell] = {}
    for place, row in rows:
        try:
            cell = _cell(place, row)
        except InputError as error:
            problems += error.problems
            continue
        if cell.quantity in cells:
            problems.append(f"{place}: {cell.quantity}: stands twice {got(row['value'])}")
        cells[cell.quantity] = cell
    if not rows:
        problems.append(f"{source}: at least one cell is needed (got none)")
    if problems:
        raise InputError(problems)
    return Printed(list(cells.values()), said)


def _digits(name: str, value: object) -> str:
    return number_text(check_real(f"claims: {name}", value))


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (file:line, column -> text)."""
    lines = read_text(path, MAX_BYTES).splitlines()
    separator = next((s for s in SEPARATORS if set(NEEDED) <= {c.lower() for c in cells_of(lines[0], s)}), ",")
    columns = [name.lower() for name in cells_of(lines[0], separator)]
    problems = [f"{path}:1: {n}: unknown column{nearest(n, (*NEEDED, *OPTIONAL))}" for n in columns
                if n not in (*NEEDED, *OPTIONAL)]  # fmt: skip
    problems += [f"{path}:1: column '{name}' is missing {got(lines[0])}" for name in NEEDED if name not in columns]
    problems += [f"{path}:1: {name}: stands twice" for name in dict.fromkeys(columns) if columns.count(name) > 1]
    if problems:
        raise InputError(problems)
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=separator, skipinitialspace=True)
    for number, row in enumerate(reader, start=1):
        if number == 1 or not any(map(str.strip, row)):
            continue
        if number > MAX_CELLS + 1:
            raise InputError(f"{path}:{number}: has more than {MAX_CELLS:,} cells")
        if len(row) != len(columns):
            raise InputError(f"{path}:{number}: expected {len(columns)} cells {got(len(row))}")
        yield f"{path}:{number}", dict(zip(columns, map(str.strip, row), strict=True))


def _cell(place: str, row: Mapping[str, str]) -> Cell:
    """Return one cell, its unit and tolerance checked."""
    name, text = row["quantity"], row["value"]
    if name not in QUANTITIES:
        how = f"; quantities are {', '.join(USUAL)} and MODULE_share"
        raise InputError(f"{place}: quantity: is not known {got(name)}{nearest(name, QUANTITIES, how=how)}")
    quantity = QUANTITIES[name]
    unit = row.get("unit", "")
    if unit and unit != quantity.unit:
        raise InputError(f"{place}: unit: {name} is in {quantity.unit} {got(unit)}")
    try:
        interval = printed(text, cut=True)
    except ValueError:
        raise InputError(f"{place}: value: must be a plain number, as 48.47 {got(text)}") from None
    _check_possible(place, name, interval.value, text)
    return Cell(name, interval, _tolerance(place, row.get("tolerance", ""), interval.value), quantity.unit)


def _check_possible(place: str, name: str, value: float, text: str) -> None:
    """Raise where no run can have the value: a share outside 0 to 100 %, or another quantity that is not above 0."""
    if QUANTITIES[name].unit == "%":
        if not 0 <= value <= 100:
            raise InputError(f"{place}: value: {name} must lie in 0 to 100 % {got(text)}")
    elif not 0 < value < math.inf:
        raise InputError(f"{place}: value: {name} must be finite and above 0 {got(text)}")


def _tolerance(place: str, text: str, value: float) -> float:
    if not text:
        return 0.0
    match = _TOLERANCE.fullmatch(text)
    if match is None:
        raise InputError(f"{place}: tolerance: must be a number, or one in %, as 0.5 or 2% {got(text)}")
    return float(match[1]) * (abs(value) / 100 if match[2] else 1.0)


USUAL: Sequence[str] = tuple(name for name in QUANTITIES if not name.endswith("_share"))
