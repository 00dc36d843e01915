"""Traces as CSV, without loss, and with one clear line for each thing that is wrong in a user's file."""

import csv
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path

from pivotsim.errors import InputError, got, got_typed, nearest
from pivotsim.io.csv_files.cells import whole_number
from pivotsim.io.text_files import is_stdin, read_text, write_atomic
from pivotsim.workload.masks.files import MAX_PROBLEMS, cut
from pivotsim.workload.op_checks import BOUNDS, check_layer, check_op, checked
from pivotsim.workload.ops import KINDS, TRACE_MODULES, Op, Trace
from pivotsim.workload.trace_files.layout import Layout, check_ending, columns_of
from pivotsim.workload.trace_files.rows import Row, read_rows
from pivotsim.workload.trace_files.topologies import layer_op, topology_notes
from pivotsim.workload.trace_masks import stored, with_masks

MAX_BYTES = 64 * 2**20
STDIN = "stdin"
MAX_NAMED = 4
DEFAULTS: dict[str, object] = {"encoder": 0, "module": "other", "kind": "gemm", **Op._field_defaults}
_UNSAID = ("mask_file", "mask_key", "layer")  # left out, there are none
_MULTIPLICATIONS = ("matmul", "mm", "bmm", "linear", "fc", "dense", "mac")  # a convolution is one after im2col
_LISTS = {"module": TRACE_MODULES, "kind": KINDS}


def write_trace(trace: Trace, path: str | Path) -> None:
    """Write a trace as CSV; the file appears whole or not at all.

    Drawn masks are told by density and mask_key; others are written beside it, as ``<stem>.masks.npz``. The column
    ``layer`` is written where an operation has a layer's name.

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
    columns = columns_of(ops)
    writer.writerow(columns)
    writer.writerows(op._replace(density=repr(float(op.density)))[: len(columns)] for op in ops)  # type: ignore[arg-type]
    write_atomic(target, text.getvalue())


def read_trace(path: str | Path) -> Trace:
    """Return the trace in a CSV file with the columns of ``Op``, in any order and in upper or lower case.

    Columns m, k and n must be there; left out, encoder is 0, module `other`, kind `gemm`, and the rest as in ``Op``. A
    module's name that is not known becomes the name of the layer, of module `other`. Either stands in the trace's
    ``notes``. Cells are separated by commas, semicolons or tabs; blanks around them, lines that begin with ``#`` and
    separators at the end of a line are left out. SCALE-Sim's topologies are read too (``workload.topologies``).

    A GEMM's mask is drawn from its density where mask_key is such as ``block=16,seed=0``; else mask_file names an .npz
    file, relative to the CSV file, and mask_key a mask in it.

    Parameters
    ----------
    path : str or Path
        The CSV file, ``-`` for standard input.

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
    name = STDIN if is_stdin(_path(path)) else str(path)
    check_ending(_path(path))
    problems: list[str] = []
    layout, rows = read_rows(name, read_text(_path(path), MAX_BYTES), problems)
    placed: list[tuple[str, Op]] = []
    renamed: list[str] = []
    for row in rows:
        placed += [(row.place, op) for op in _read_row(layout, row, renamed, problems)]
        if len(problems) > MAX_PROBLEMS:
            break
    ops, masks, misfits = with_masks(placed, Path(path))
    problems += misfits
    if problems:
        raise InputError(cut(problems, name))
    if not ops:
        raise InputError(f"{name}: has a header and no operations")
    if layout.form:
        notes = topology_notes(layout.form, [row.cells for row in rows])
    else:
        notes = _notes(layout, renamed)
    places = tuple(place for place, _ in placed)
    return Trace(ops, STDIN if name == STDIN else Path(path).stem, masks, notes=notes, places=places)


def _path(path: str | Path) -> Path:
    if not isinstance(path, (str, Path)):
        raise InputError(f"path: must be text or a Path {got(path)}")
    return Path(path)


def _notes(layout: Layout, renamed: Sequence[str]) -> tuple[str, ...]:
    """Return what a file leaves out, and the names of modules that became names of layers."""
    notes = []
    left_out = [column for column in DEFAULTS if column not in (*layout.columns, *_UNSAID)]
    if left_out:
        taken = ", ".join(f"{column} {DEFAULTS[column]}" for column in left_out)
        notes.append(f"columns that the file leaves out: {taken}")
    names = list(dict.fromkeys(renamed))
    if names:
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        notes.append(
            f"names that are no module's, read as layers of module other: {', '.join(names[:MAX_NAMED])}{more}"
        )
    return tuple(notes)


def _read_row(layout: Layout, row: Row, renamed: list[str], problems: list[str]) -> list[Op]:
    """Return the row's operation in a list, or an empty list with the row's problems noted."""
    before = len(problems)
    try:
        if layout.form:
            return [check_op(layer_op(layout.form, row.cells))]
        values = _read_cells(row, problems)
        if len(problems) > before:
            return []
        if values["module"] not in TRACE_MODULES:
            renamed.append(str(values["module"]))
            values.update(module="other", layer=values.get("layer") or values["module"])
        return [check_op(Op(**values))]  # type: ignore[arg-type]
    except InputError as error:  # what two cells say together
        problems += [f"{row.place}: {problem}" for problem in error.problems]
        return []


def _read_cells(row: Row, problems: list[str]) -> dict[str, object]:
    """Return the values of a row's cells and of what it leaves out; problems are noted."""
    values: dict[str, object] = dict(DEFAULTS)
    for column, cell in row.cells.items():
        try:
            values[column] = _read_cell(column, cell)
        except ValueError as error:
            names = _LISTS.get(column, ())
            meant = nearest(cell, names, most=len(names))
            if column == "kind" and cell.lower() in _MULTIPLICATIONS:
                meant = "; a multiplication is of kind gemm"
            problems.append(f"{row.place}: {column}: {error} {got_typed(cell)}{meant}")
    return values


def _read_cell(column: str, cell: str) -> object:
    if column in _LISTS:
        known = cell.lower() in _LISTS[column]
        if not known and (column == "kind" or not cell):
            raise ValueError("unknown name")
        return cell.lower() if known else check_layer(cell)
    if column == "density":
        try:
            density = float(cell)
        except ValueError:
            point = ", with a decimal point" if re.fullmatch(r"[0-9]+,[0-9]+", cell) else ""
            raise ValueError(f"must be a number{point}") from None
        if not (math.isfinite(density) and 0 <= density <= 1):
            raise ValueError("must lie in 0 to 1")
        return density
    return whole_number(cell, *BOUNDS[column]) if column in BOUNDS else cell
