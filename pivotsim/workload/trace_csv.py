"""Traces as CSV, without loss, and with one clear line for each thing that is wrong in a user's file."""

import csv
import io
import math
import re
from pathlib import Path

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.text_files import read_text, write_atomic
from pivotsim.workload.masks.files import MAX_PROBLEMS, cut
from pivotsim.workload.ops import BOUNDS, KINDS, TRACE_MODULES, Op, Trace, check_op, checked
from pivotsim.workload.trace_masks import stored, with_masks

HEADER = Op._fields
MAX_BYTES = 64 * 2**20
_INTEGER = re.compile(r"[0-9]{1,30}")
_FREE = ("mask_file", "mask_key")  # a file's name may start or end with a space
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
    """Return the trace in a CSV file with the columns of ``Op``, in any order.

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
    text = read_text(_path(path), MAX_BYTES)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    placed: list[tuple[str, Op]] = []
    problems: list[str] = []
    try:
        header = [cell.strip() for cell in next(rows)]
        _check_header(f"{name}:1", header)
        for row in rows:
            if any(row):
                place = f"{name}:{rows.line_num}"
                placed += [(place, op) for op in _read_row(place, header, row, problems)]
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
    return Trace(ops, Path(path).stem, masks)


def _path(path: str | Path) -> Path:
    if not isinstance(path, (str, Path)):
        raise InputError(f"path: must be text or a Path {got(path)}")
    return Path(path)


def _check_header(place: str, header: list[str]) -> None:
    problems = [f"{place}: {c}: column is missing" for c in HEADER if c not in header]
    problems += [f"{place}: unknown column {got(c)}{nearest(c, HEADER)}" for c in header if c not in HEADER]
    problems += [f"{place}: {c}: column stands twice" for c in HEADER if header.count(c) > 1]
    if problems:
        raise InputError(problems)


def _read_row(place: str, header: list[str], row: list[str], problems: list[str]) -> list[Op]:
    """Return the row's operation in a list, or an empty list with the row's problems noted."""
    if len(row) != len(header):
        problems.append(f"{place}: expected {len(header)} cells {got(len(row))}")
        return []
    cells = {c: cell if c in _FREE else cell.strip() for c, cell in zip(header, row, strict=True)}
    before = len(problems)
    values: dict[str, object] = {}
    for column, cell in cells.items():
        try:
            values[column] = _read_cell(column, cell)
        except ValueError as error:
            problems.append(f"{place}: {column}: {error} {got(cell)}{nearest(cell, _LISTS.get(column, ()))}")
    if len(problems) > before:
        return []
    try:
        return [check_op(Op(**values))]  # type: ignore[arg-type]
    except InputError as error:  # what two cells say together
        problems.append(f"{place}: {error}")
        return []


def _read_cell(column: str, cell: str) -> object:
    if column in _LISTS:
        if cell not in _LISTS[column]:
            raise ValueError("unknown name")
        return cell
    if column == "density":
        try:
            density = float(cell)
        except ValueError:
            raise ValueError("must be a number") from None
        if not (math.isfinite(density) and 0 <= density <= 1):
            raise ValueError("must lie in 0 to 1")
        return density
    if column not in BOUNDS:
        return cell
    if not _INTEGER.fullmatch(cell):
        raise ValueError("must be a whole number without sign, unit or decimal point")
    least, most = BOUNDS[column]
    if not least <= int(cell) <= most:
        raise ValueError(f"must lie in {least} to {most}")
    return int(cell)
