"""Several saved results beside each other: their options, totals and modules, with ratios to the first."""

from collections.abc import Mapping, Sequence
from typing import Any

from pivotsim.cli.output import print_line, print_table
from pivotsim.simulation.comparison import Comparison, Delta, compare, identity
from pivotsim.tables import number

Results = Mapping[str, Mapping[str, Any]]  # by the name of their column
PARTS = (("totals", "totals", 4), ("modules", "module, ms", 2))


def named(results: Sequence[Mapping[str, Any]]) -> Results:
    """Return results by the names of their columns: A, B, ... and numbers behind Z."""
    return {chr(ord("A") + i) if i < 26 else f"#{i + 1}": result for i, result in enumerate(results)}


def compared_to_dict(results: Results) -> dict[str, Any]:
    """Return all results compared with the first, the form that ``--json`` prints of more than two."""
    (first, base), *others = results.items()
    found: list[dict[str, Any]] = []
    for name, result in others:
        table = compare(base, result)
        deltas = {part: [delta._asdict() for delta in rows] for part, rows in table.items()}  # type: ignore[attr-defined]
        found.append({"name": name, **identity(result), **deltas})
    return {"first": {"name": first, **identity(base)}, "others": found}


def print_compared(results: Results) -> None:
    """Print what more than two results say: the options that differ, values, and ratios to the first."""
    (first, base), *others = results.items()
    tables = {name: compare(base, result) for name, result in others}
    _print_options(first, tables)
    ratios = [f"{name} / {first}" for name in tables]
    for part, title, places in PARTS:
        print_line()
        names = dict.fromkeys(delta.name for table in tables.values() for delta in _rows(table, part))
        rows = []
        for name in names:
            deltas = [_delta(table, part, name) for table in tables.values()]
            own = next(delta.a for delta in deltas if delta is not None)
            values = [own, *(0.0 if delta is None else delta.b for delta in deltas)]
            shares = [None if delta is None else delta.ratio for delta in deltas]
            rows.append((name, *(number(v, places) for v in values), *(number(share, 3) for share in shares)))
        print_table((title, first, *tables, *ratios), rows, range(1, 2 * len(results)))


def _print_options(first: str, tables: Mapping[str, Comparison]) -> None:
    found = {name: {option.name: option for option in table["options"]} for name, table in tables.items()}
    differing = dict.fromkeys(option for options in found.values() for option in options)
    rows = []
    for option in differing:
        own = next(options[option].a for options in found.values() if option in options)
        theirs = [options[option].b if option in options else own for options in found.values()]
        rows.append((option, *(text or "-" for text in (own, *theirs))))
    if rows:
        print_table(("options that differ", first, *tables), rows)
    else:
        print_line("options: the same")


def _rows(table: Comparison, part: str) -> list[Delta]:
    return table["totals"] if part == "totals" else table["modules"]


def _delta(table: Comparison, part: str, name: str) -> Delta | None:
    """Return the line of one name, None for a module that neither of the two charges."""
    return next((delta for delta in _rows(table, part) if delta.name == name), None)
