"""The first line of a trace file: how its cells are separated and named, and what other tables are known by it."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.csv_files.separators import SEPARATORS, cells_of
from pivotsim.io.file_kinds import IMPORTED_SUFFIXES, YAML_SUFFIXES, kind_of_file
from pivotsim.workload.ops import KINDS, TRACE_MODULES, Op
from pivotsim.workload.trace_files.topologies import form_of, missing_of, plain_name

OPTIONAL = ("layer",)
HEADER = tuple(field for field in Op._fields if field not in OPTIONAL)
DEMANDED = ("m", "k", "n")
MAX_UNKNOWN = 20
_OTHER_COLUMNS = {  # names in other tables -> the column
    **dict.fromkeys(("name", "layer name", "label", "node", "op", "operator"), "layer"),
    **dict.fromkeys(("count", "times", "batch", "heads", "groups"), "repeats"),
    **dict.fromkeys(("bits", "bitwidth", "precision"), "a_bits, w_bits and out_bits"),
}  # fmt: skip
EXAMPLE = "`pivotsim show trace deit_s --csv t.csv` writes one to start from"
MANY = 3  # a table of so many columns was meant to be separated
_UNREAD_SEPARATORS = {"|": "|", " ": "blanks"}
_OTHER_FILES = {  # ending -> what such a file is, and where it is given
    **dict.fromkeys(YAML_SUFFIXES, "a YAML file"),
    ".json": "a JSON file", ".cfg": "a settings file; those of SCALE-Sim are given by --hw {name}",
    **dict.fromkeys(IMPORTED_SUFFIXES, "a graph; `pivotsim run {name}` imports it"),
    ".pt": "a checkpoint, which is not read", ".pth": "a checkpoint, which is not read",
    ".npz": "a file of arrays", ".npy": "a file of arrays", ".xlsx": "a workbook; save its sheet as CSV",
}  # fmt: skip
_ELSEWHERE = {  # kind of YAML file -> where it is given
    "model": "a model's is given by its name alone, as in `pivotsim run {name}`",
    "hardware": "a board's is given by --hw {name}",
    "space": "a space's is given to `pivotsim sweep {name} --out DIR`",
}


class Layout(NamedTuple):
    """How a trace file is written: what separates its cells, their columns, and whether blanks surround its cells.

    ``form`` is that of a topology of SCALE-Sim, '' of a trace.
    """

    separator: str
    columns: tuple[str, ...]
    is_padded: bool
    form: str = ""

    @property
    def is_trace(self) -> bool:
        """Whether these are columns of a trace, with those that it needs."""
        named = set(self.columns)
        return set(DEMANDED) <= named <= set(Op._fields) and len(named) == len(self.columns)


def columns_of(ops: Iterable[Op]) -> tuple[str, ...]:
    """Return the columns of operations' table: ``layer`` only where one of them has a name."""
    return Op._fields if any(op.layer for op in ops) else HEADER


def check_ending(path: Path) -> None:
    """Raise InputError for a file whose ending says that it is no table."""
    suffix = path.suffix.lower()
    if not path.is_file() or suffix not in _OTHER_FILES:
        return
    what = _OTHER_FILES[suffix]
    if suffix in YAML_SUFFIXES:
        kind = kind_of_file(path)
        what += f"; {_ELSEWHERE[kind]}" if kind in _ELSEWHERE else ""
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
        Semicolons and tabs separate where they make the columns of a table and commas do not; names of columns are
        read in upper or lower case, and separators at the end of the line left out.

    Raises
    ------
    InputError
        It is the first line of something else, or columns are missing, unknown or stand twice.
    """
    layouts = [_layout(line, separator) for separator in SEPARATORS]
    for layout in layouts:
        if layout.form or layout.is_trace:
            return layout
    found = max(layouts, key=lambda layout: len(layout.columns))  # of equals the comma
    _check_other_table(place, line, found)
    raise InputError(_problems(place, found.columns))


def _layout(line: str, separator: str) -> Layout:
    is_padded = any(cell != cell.strip() for cell in line.split(separator))
    columns = [cell.lower() for cell in cells_of(line, separator)]
    while columns and not columns[-1]:
        del columns[-1]
    names = tuple(map(plain_name, columns))
    form = form_of(names)
    return Layout(separator, names if form else tuple(columns), is_padded, form)


def _check_other_table(place: str, line: str, found: Layout) -> None:
    """Raise InputError for tables that are no traces."""
    missing = missing_of(found.columns)
    if missing:
        raise InputError(f"{place}: is a SCALE-Sim topology of convolutions without the columns {', '.join(missing)}")
    lower = {cell.lower() for cell in found.columns}
    if (lower & {*TRACE_MODULES} and lower & {*KINDS}) or all(c.replace(".", "").isdecimal() for c in found.columns):
        raise InputError(f"{place}: must name the columns, before the first operation: {','.join(HEADER)}")
    if len(found.columns) == 1:
        for separator, named in _UNREAD_SEPARATORS.items():
            if len(_layout(line, separator).columns) >= MANY:
                raise InputError(f"{place}: separated by {named}, expected a comma, a semicolon or a tab")


def _meant(column: str) -> str:
    """Return which column holds what another name stands for, or the nearest, or all."""
    known = _OTHER_COLUMNS.get(column)
    return f"; the column is {known}" if known else nearest(column, Op._fields, most=len(Op._fields))


def _problems(place: str, columns: Iterable[str]) -> list[str]:
    """Return a line for each column that is unknown or stands twice, and one for those that are missing."""
    columns = list(columns)
    missing = [c for c in DEMANDED if c not in columns]
    unknown = [c for c in columns if c not in Op._fields]
    if missing:
        others = ",".join(field for field in Op._fields if field not in DEMANDED)
        lacks = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        return [f"{place}: a trace needs the columns m, k and n, and may have {others}; {lacks}; {EXAMPLE}"]
    named = [c for c in dict.fromkeys(unknown) if c]
    problems = [f"{place}: unknown column {got(c)}{_meant(c)}" for c in named[:MAX_UNKNOWN]]
    if len(named) > MAX_UNKNOWN:
        problems.append(f"{place}: {len(named) - MAX_UNKNOWN:,} more unknown columns")
    if "" in unknown:
        number = columns.index("") + 1
        problems.append(f"{place}: column {number} has no name; leave out the separator before it, in every line")
    return problems + [f"{place}: {c}: column stands twice" for c in Op._fields if columns.count(c) > 1]
