"""Traces as CSV, without loss, and with one clear line for each thing that is wrong in a user's file."""

import csv
import io
import math
import re
from pathlib import Path

from pivotsim.errors import InputError, got, got_typed, nearest
from pivotsim.io.csv_separators import SEPARATORS
from pivotsim.io.text_files import read_text, write_atomic
from pivotsim.io.yaml_reader import exact_integer
from pivotsim.workload.csv_layout import HEADER, Layout, check_ending, layout_of
from pivotsim.workload.masks.files import MAX_PROBLEMS, cut
from pivotsim.workload.ops import BOUNDS, KINDS, TRACE_MODULES, Op, Trace, check_op, checked
from pivotsim.workload.trace_masks import stored, with_masks

MAX_BYTES = 64 * 2**20
_INTEGER = re.compile(r"[0-9]{1,30}")
_DECIMAL = re.compile(r"[0-9]{1,30}(\.[0-9]*)?([eE][+]?[0-9]{1,3})?")
_FREE = ("mask_file", "mask_key")  # a file's name may start or end with a space, unless blanks surround all cells
_LISTS = {"module": TRACE_MODULES, "kind": KINDS}


def write_trace(trace: Trace, path: str | Path) -> None:
    """Write a trace as CSV; the file appears whole or not at all.

    Drawn masks are told by density and mask_key; others are written beside it, as ``<stem>.masks.npz``.

    Parameters
    ----------
    trace : Trace
        Operations that fit, and their masks.
    path : str or Path
        The CSV file.

    Returns
    -------
    None

    Raises
    ------
    InputError
        An operation does not fit, or a file cannot be written.

    Examples
    --------
    >>> import pathlib, tempfile, pivotsim as ps
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ps.write_trace(ps.lower(ps.plan("deit_s")), f"{folder}/deit_s.csv")
    ...     print(pathlib.Path(folder, "deit_s.csv").read_text().splitlines()[0])
    encoder,module,kind,m,k,n,repeats,a_bits,w_bits,out_bits,density,mask_file,mask_key
    """
    if not isinstance(trace, Trace):
        raise InputError(f"trace: must be a Trace {got(trace)}")
    target = _path(path)
    ops = stored(checked(trace), target)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(op._replace(density=repr(float(op.density))) for op in ops)  # type: ignore[arg-type]
    write_atomic(target, text.getvalue())


def read_trace(path: str | Path) -> Trace:
    """Return the trace in a CSV file with the columns of ``Op``, in any order and in upper or lower case.

    Cells are separated by commas, semicolons or tabs; blanks around them are left out.

    A GEMM's mask is drawn from its density where mask_key is such as ``block=16,seed=0``; else mask_file names an .npz
    file, relative to the CSV file, and mask_key a mask in it.

    Parameters
    ----------
    path : str or Path
        The CSV file.

    Returns
    -------
    Trace
        Named after the file.

    Raises
    ------
    InputError
        One line per problem, ``file:line: column: problem (got X)``, at most 20 of them.

    Examples
    --------
    >>> import tempfile, pivotsim as ps
    >>> trace = ps.lower(ps.plan("deit_s"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ps.write_trace(trace, f"{folder}/deit_s.csv")
    ...     ps.read_trace(f"{folder}/deit_s.csv") == trace
    True
    """
    name = str(path)
    check_ending(_path(path))
    text = read_text(_path(path), MAX_BYTES)
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip())  # there is one: empty files are refused
    layout = layout_of(f"{name}:{first + 1}", lines[first])
    rows = csv.reader(
        io.StringIO(text, newline=""), strict=True, delimiter=layout.separator, skipinitialspace=layout.is_padded
    )
    placed: list[tuple[str, Op]] = []
    problems: list[str] = []
    try:
        for row in rows:
            if rows.line_num > first + 1 and any(map(str.strip, row)):
                place = f"{name}:{rows.line_num}"
                placed += [(place, op) for op in _read_row(place, layout, row, problems)]
            if len(problems) > MAX_PROBLEMS:
                break
    except csv.Error as error:
        problems.append(f"{name}:{rows.line_num}: is not valid CSV: {error}")
    ops, masks, misfits = with_masks(placed, Path(path))
    problems += misfits
    if problems:
        raise InputError(cut(problems, name))
    if not ops:
        raise InputError(f"{name}: has a header and no operations")
    return Trace(ops, Path(path).stem, masks, places=tuple(place for place, _ in placed))


def _path(path: str | Path) -> Path:
    if not isinstance(path, (str, Path)):
        raise InputError(f"path: must be text or a Path {got(path)}")
    return Path(path)


def _read_row(place: str, layout: Layout, row: list[str], problems: list[str]) -> list[Op]:
    """Return the row's operation in a list, or an empty list with the row's problems noted."""
    if len(row) != len(layout.columns):
        other = [s for s in SEPARATORS if len(row) == 1 and row[0].count(s) == len(layout.columns) - 1]
        why = f"; the first line is separated by '{layout.separator}', this one by '{other[0]}'" if other else ""
        problems.append(f"{place}: expected {len(layout.columns)} cells {got(len(row))}{why}")
        return []
    cells = {column: _trimmed(column, cell, layout) for column, cell in zip(layout.columns, row, strict=True)}
    before = len(problems)
    values: dict[str, object] = {}
    for column, cell in cells.items():
        try:
            values[column] = _read_cell(column, cell)
        except ValueError as error:
            names = _LISTS.get(column, ())
            problems.append(f"{place}: {column}: {error} {got_typed(cell)}{nearest(cell, names, most=len(names))}")
    if len(problems) > before:
        return []
    try:
        return [check_op(Op(**values))]  # type: ignore[arg-type]
    except InputError as error:  # what two cells say together
        problems.append(f"{place}: {error}")
        return []


def _trimmed(column: str, cell: str, layout: Layout) -> str:
    """Return a cell without the blanks around it, which may belong to the name of a file or of a mask."""
    return cell if column in _FREE and cell.strip() and not layout.is_padded else cell.strip()


def _read_cell(column: str, cell: str) -> object:
    if column in _LISTS:
        if cell not in _LISTS[column]:
            raise ValueError("unknown name")
        return cell
    if column == "density":
        try:
            density = float(cell)
        except ValueError:
            point = ", with a decimal point" if re.fullmatch(r"[0-9]+,[0-9]+", cell) else ""
            raise ValueError(f"must be a number{point}") from None
        if not (math.isfinite(density) and 0 <= density <= 1):
            raise ValueError("must lie in 0 to 1")
        return density
    if column not in BOUNDS:
        return cell
    number = int(cell) if _INTEGER.fullmatch(cell) else None
    if number is None and _DECIMAL.fullmatch(cell):
        number = exact_integer(float(cell))  # 100.0 or 1e3, as spreadsheets write them
    if number is None:
        raise ValueError("must be a whole number without sign or unit")
    least, most = BOUNDS[column]
    if not least <= number <= most:
        raise ValueError(f"must lie in {least} to {most}")
    return number
