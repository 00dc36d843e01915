"""The first line of a trace file: how its cells are separated and named, and what other tables are known by it."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.csv_separators import SEPARATORS, cells_of
from pivotsim.workload.ops import KINDS, TRACE_MODULES, Op

HEADER = Op._fields
MAX_TOLD = 3  # columns that are missing are told one by one up to so many
MAX_UNKNOWN = 20
EXAMPLE = "`pivotsim show trace deit_s --csv t.csv` writes one to start from"
_UNREAD_SEPARATORS = {"|": "|", " ": "blanks"}
_OTHER_FILES = {  # ending -> what such a file is, and where it is given
    ".yaml": "a YAML file; a model's is given by its name alone, as in `pivotsim run {name}`",
    ".json": "a JSON file", ".cfg": "a settings file", ".onnx": "a graph, which is not read",
    ".pt": "a checkpoint, which is not read", ".pth": "a checkpoint, which is not read",
    ".npz": "a file of arrays", ".npy": "a file of arrays", ".xlsx": "a workbook; save its sheet as CSV",
}  # fmt: skip
_OTHER_FILES[".yml"] = _OTHER_FILES[".yaml"]
GEMM_COLUMNS = {"layer", "m", "n", "k"}
CONVOLUTION_COLUMNS = {"ifmap height", "ifmap width", "filter height", "filter width", "channels", "num filter"}


class Layout(NamedTuple):
    """How a trace file is written: what separates its cells, their columns, and whether blanks surround its cells."""

    separator: str
    columns: tuple[str, ...]
    is_padded: bool


def check_ending(path: Path) -> None:
    """Raise InputError for a file whose ending says that it is no table."""
    what = _OTHER_FILES.get(path.suffix.lower())
    if what is not None and path.is_file():
        raise InputError(f"{path}: is {what.format(name=path)}; a trace is a CSV file of operations: {EXAMPLE}")


def layout_of(place: str, line: str) -> Layout:
    """Return how a trace file is written, from its first line.

    Parameters
    ----------
    place : str
        ``file:1``.
    line : str
        The first line.

    Returns
    -------
    Layout
        Semicolons and tabs separate where they make the columns of a trace and commas do not; names of columns are
        read in upper or lower case.

    Raises
    ------
    InputError
        It is the first line of something else, or columns are missing, unknown or stand twice.
    """
    layouts = [_layout(line, separator) for separator in SEPARATORS]
    for layout in layouts:
        if sorted(layout.columns) == sorted(HEADER):
            return layout
    found = max(layouts, key=lambda layout: len(layout.columns))  # of equals the comma
    _check_other_table(place, line, found)
    raise InputError(_problems(place, found.columns))


def _layout(line: str, separator: str) -> Layout:
    is_padded = any(cell != cell.strip() for cell in line.split(separator))
    return Layout(separator, tuple(cell.lower() for cell in cells_of(line, separator)), is_padded)


def _check_other_table(place: str, line: str, found: Layout) -> None:
    """Raise InputError for tables that are no traces."""
    columns = set(found.columns)
    kind = ""
    if columns >= GEMM_COLUMNS:
        kind = "GEMM"
    elif len(columns & CONVOLUTION_COLUMNS) > MAX_TOLD:
        kind = "convolution"
    if kind:
        raise InputError(
            f"{place}: is a SCALE-Sim topology ({kind} layers), which is not read yet; a trace has the columns "
            f"{','.join(HEADER)}: {EXAMPLE}"
        )
    if {*found.columns} & {*TRACE_MODULES} and {*found.columns} & {*KINDS}:
        raise InputError(f"{place}: must name the columns, before the first operation: {','.join(HEADER)}")
    if len(found.columns) == 1:
        for separator, named in _UNREAD_SEPARATORS.items():
            if len(_layout(line, separator).columns) > MAX_TOLD:
                raise InputError(f"{place}: separated by {named}, expected a comma, a semicolon or a tab")


def _problems(place: str, columns: Iterable[str]) -> list[str]:
    """Return a line for each column that is missing, unknown or stands twice; one for all where most are missing."""
    columns = list(columns)
    missing = [c for c in HEADER if c not in columns]
    unknown = [c for c in columns if c not in HEADER]
    if len(missing) > MAX_TOLD and len(missing) > len(unknown):
        lacks = "all of them are missing" if len(missing) == len(HEADER) else f"{', '.join(missing)} are missing"
        return [f"{place}: a trace has the columns {','.join(HEADER)}; {lacks}; {EXAMPLE}"]
    problems = [f"{place}: {c}: column is missing" for c in missing]
    named = [c for c in dict.fromkeys(unknown) if c]
    problems += [f"{place}: unknown column {got(c)}{nearest(c, HEADER)}" for c in named[:MAX_UNKNOWN]]
    if len(named) > MAX_UNKNOWN:
        problems.append(f"{place}: {len(named) - MAX_UNKNOWN:,} more unknown columns")
    if "" in unknown:
        number = columns.index("") + 1
        problems.append(f"{place}: column {number} has no name; leave out the separator before it, in every line")
    return problems + [f"{place}: {c}: column stands twice" for c in HEADER if columns.count(c) > 1]
