"""Rows of what was measured on a board: one operation, a module or the whole of a model, or the board's power.

A file has the columns of ``COLUMNS``; those that a row does not need stay empty. ``kind`` with ``m`` and ``n`` is an
operation on m rows of n elements, ``repeats`` times in one call (heads); ``gemm`` has ``k`` too; ``transfer`` is m * n
bytes between programmable logic and processor. ``model`` with ``module`` is a module's time in one image, ``model``
alone the time of an image; with ``watts`` it is the board's mean power while images follow one another.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pivotsim.errors import InputError, got, nearest, one_of
from pivotsim.io.csv_files.cells import whole_number
from pivotsim.io.csv_files.separators import separator_of
from pivotsim.io.text_files import read_text
from pivotsim.operations import PS_KINDS
from pivotsim.workload.ops import MODULES

COLUMNS = ("kind", "m", "k", "n", "repeats", "cores", "calls", "model", "module", "ms", "watts", "note")
SIZES = ("m", "k", "n", "repeats", "cores")
CALLS = {"": 1, "0": 0, "1": 1}
GEMM, TRANSFER, ENTROPY = "gemm", "transfer", "entropy"
KINDS = (GEMM, *PS_KINDS, ENTROPY, TRANSFER)
MAX_BYTES = 2**24
MAX_SIZE = 2**31
MAX_CORES = 1024
MAX_VALUE = 1e12
MAX_PROBLEMS = 20


class MeasuredRow(NamedTuple):
    """One measurement; ``ms`` or ``watts`` is None where it is the other one, both are None in a form.

    ``cores`` 0 stands for those of the board. ``calls`` is 0 where no driver's call is part of an operation's time, as
    in a micro-benchmark. ``place`` is the file and line, '' where there is none.
    """

    kind: str = ""
    m: int = 0
    k: int = 1
    n: int = 0
    repeats: int = 1
    cores: int = 0
    calls: int = 1
    model: str = ""
    module: str = ""
    ms: float | None = None
    watts: float | None = None
    note: str = ""
    place: str = ""

    @property
    def point(self) -> tuple[object, ...]:
        """What was measured, without the result: rows of one point are repetitions."""
        return self[:9]

    @property
    def label(self) -> str:
        """The point in words."""
        cores = f", {self.cores} cores" if self.cores > 1 else ""
        if not self.kind:
            return f"{self.model} {self.module}".strip() + cores
        sizes = f"{self.m}x{self.k}x{self.n}" if self.kind == GEMM else f"{self.m}x{self.n}"
        return f"{self.kind} {sizes}" + (f" x {self.repeats}" if self.repeats > 1 else "") + cores


def rows_of(rows: Iterable[MeasuredRow]) -> list[MeasuredRow]:
    """Return rows of a program's own, checked as those of a file are.

    Raises
    ------
    InputError
        A line per problem: ``row 3: column: problem (got X)``.
    """
    found: list[MeasuredRow] = []
    problems: list[str] = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, MeasuredRow):
            problems.append(f"row {number}: must be a MeasuredRow {got(row)}")
            continue
        place = row.place or f"row {number}"
        cells = {name: "" if value is None else str(value) for name, value in row._asdict().items() if name != "place"}
        problems += [f"{place}: {problem}" for problem in _read(cells, place, found)]
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])
    return found


def read_rows(path: Path) -> list[MeasuredRow]:
    """Return the rows of a file, those without a result included; lines that begin with ``#`` say where it is from.

    Parameters
    ----------
    path : Path
        A CSV file with some of ``COLUMNS``; semicolons and tabs separate too.

    Returns
    -------
    list of MeasuredRow
        In the file's order.

    Raises
    ------
    InputError
        One line per problem: ``file:line: column: problem (got X)``.

    Examples
    --------
    >>> from pivotsim.io.samples import find_sample
    >>> rows = read_rows(find_sample("rows", "", "x86_64").path)
    >>> len(rows), rows[0].label, rows[0].ms
    (28, 'softmax 197x197 x 6', 0.446202)
    """
    lines = [
        (number, line)
        for number, line in enumerate(read_text(path, MAX_BYTES).splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise InputError(f"{path}: has no rows")
    header = lines[0][1]
    names = [name.strip().lower() for name in header.split(separator_in(header))]
    place = f"{path}:{lines[0][0]}"
    problems = [f"{place}: unknown column {got(name)}{nearest(name, COLUMNS)}" for name in names if name not in COLUMNS]
    problems += [f"{place}: column {name} stands twice" for name in COLUMNS if names.count(name) > 1]
    if not {"ms", "watts"} & set(names):
        problems.append(f"{place}: needs a column ms or watts, what was measured {got(names)}")
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])
    found: list[MeasuredRow] = []
    for number, line in lines[1:]:
        cells = next(csv.reader([line], delimiter=separator_in(header)), [])
        if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            problems.append(f"{path}:{number}: has more cells than there are columns {got(len(cells))}")
            continue
        named = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        problems += [f"{path}:{number}: {problem}" for problem in _read(named, f"{path}:{number}", found)]
    if not found and not problems:
        problems.append(f"{path}: has no rows")
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])
    return found


def separator_in(header: str) -> str:
    """Return what separates a header's names: any of them may be missing."""
    return next((s for s in (";", "\t") if s in header), separator_of(header, COLUMNS))


def _read(cells: dict[str, str], place: str, found: list[MeasuredRow]) -> Iterator[str]:
    """Append the row that cells state, or yield what is wrong with them."""
    problems = []
    sizes = {"k": 1, "repeats": 1}
    for name in SIZES:
        text = cells.get(name, "")
        if text and text != "0":
            try:
                sizes[name] = whole_number(text, 1, MAX_CORES if name == "cores" else MAX_SIZE)
            except ValueError as error:
                problems.append(f"{name}: {error} {got(text)}")
    calls = CALLS.get(cells.get("calls", ""))
    if calls is None:
        problems.append(f"calls: must be 1, or 0 where no driver's call is in the time {got(cells['calls'])}")
    values = {}
    for name in ("ms", "watts"):
        text = cells.get(name, "")
        values[name] = _positive(text) if text else None
        if text and values[name] is None:
            problems.append(f"{name}: must be a number above 0 and at most {MAX_VALUE:g} {got(text)}")
    texts = {name: cells.get(name, "") for name in ("model", "module", "note")}
    row = MeasuredRow(kind=cells.get("kind", "").lower(), calls=calls or 0, **texts, **values, **sizes, place=place)  # type: ignore[arg-type]
    problems += _form_problems(row, cells)
    if not problems:
        found.append(row)
    yield from problems


def _form_problems(row: MeasuredRow, cells: dict[str, str]) -> Iterator[str]:
    """Yield what does not go together in a row."""
    if row.ms is not None and row.watts is not None:
        yield "a row has ms or watts, not both; write two rows"
    if not row.kind and not row.model:
        yield "needs a kind of operation or a model"
    elif row.kind and row.model:
        yield f"a row is of a kind of operation or of a model, not of both {got((row.kind, row.model))}"
    elif row.kind and row.kind not in KINDS:
        yield one_of("kind", row.kind, KINDS)
    elif row.kind:
        needed = ("m", "k", "n") if row.kind == GEMM else ("m", "n")
        missing = [name for name in needed if cells.get(name, "") in ("", "0")]
        if missing:
            yield f"{row.kind} needs {', '.join(missing)}"
        if row.module:
            yield f"module: belongs to a model's row {got(row.module)}"
        if row.watts is not None:
            yield "watts: power is measured while a model runs; name the model"
        if row.kind == GEMM and not row.calls:
            yield "calls: no call is charged to a gemm"
        if row.kind != GEMM and row.k != 1:
            yield f"k: only a gemm has it {got(row.k)}"
    else:
        if not row.calls:
            yield f"calls: only an operation is measured without its call {got(row.calls)}"
        if row.module and row.module not in MODULES:
            yield one_of("module", row.module, MODULES)
        if row.module and row.watts is not None:
            yield f"module: power is that of the whole model {got(row.module)}"
        stated = [name for name in ("m", "k", "n", "repeats") if cells.get(name) not in (None, "", "0", "1")]
        if stated:
            yield f"{', '.join(stated)}: sizes belong to a kind of operation"


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 < value <= MAX_VALUE else None


def rows_text(rows: Iterable[MeasuredRow], heading: Iterable[str] = ()) -> str:
    """Return rows as the text of a file, lines of comment before them.

    Parameters
    ----------
    rows : iterable of MeasuredRow
        Their results may be missing.
    heading : iterable of str
        Lines that say where rows are from, without ``#``.

    Returns
    -------
    str
        A CSV file that ``read_rows`` reads.

    Examples
    --------
    >>> rows_text([MeasuredRow("gelu", 197, 1, 1536)], ["to be filled in"]).splitlines()[2]
    'gelu,197,,1536,1,,,,,,,'
    """
    text = io.StringIO()
    for line in heading:
        text.write(f"# {line}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        has_k = row.kind == GEMM
        sizes = (row.m, row.k if has_k else "", row.n, row.repeats) if row.kind else ("", "", "", "")
        values = ("" if value is None else f"{value:.6g}" for value in (row.ms, row.watts))
        writer.writerow(
            (row.kind, *sizes, row.cores or "", 0 if not row.calls else "", row.model, row.module, *values, row.note)
        )
    return text.getvalue()
