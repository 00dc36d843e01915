"""What a page holds, before it is HTML: facts first, then what must be said, then sections of charts and tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from pivotsim.tables import Table

MOST_ROWS = 2000  # of one table; a page stays below 4 MB with them


class Fact(NamedTuple):
    """A number of the first screen; ``is_bad`` marks what a reader must not miss, as a design that does not fit."""

    name: str
    value: str
    unit: str = ""
    remark: str = ""
    is_bad: bool = False


class Chart(NamedTuple):
    """A chart: ``figure`` is Bokeh's, ``says`` what it shows and how to read it, for those who cannot see it too."""

    title: str
    figure: Any
    says: str = ""


class LinkedTable(NamedTuple):
    """A table whose rows are points of a chart: ``source`` is the name of the chart's data.

    ``points`` has the place of each row's point, None where it has none; left out, rows and points are in one order.
    """

    table: Table
    source: str
    points: Sequence[int | None] | None = None


Block: TypeAlias = Table | LinkedTable | Chart


class Section(NamedTuple):
    """A part of a page under its own title; one that is not ``is_open`` is folded until it is asked for or printed."""

    title: str
    blocks: tuple[Block, ...]
    says: str = ""
    is_open: bool = True


class Page(NamedTuple):
    """A result as a reader meets it.

    Attributes
    ----------
    kind : str
        What was done: run, combine, compare, ...
    title : str
        Of what, on what.
    asked : tuple of (name, value)
        The options that made it.
    facts : tuple of Fact
        The answer.
    said : tuple of str
        What must be said beside the answer: what does not fit, was inherited, has no effect, was left out.
    sections : tuple of Section
    notes : tuple of str
        Marks of the constants behind the numbers, ``path: [mark] text``.
    input_hash : str
        Of the result.
    """

    kind: str
    title: str
    asked: tuple[tuple[str, str], ...]
    facts: tuple[Fact, ...]
    said: tuple[str, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()
    input_hash: str = ""

    def more(
        self, asked: Mapping[str, Any] | None = None, said: Iterable[str] = (), tables: Sequence[Table] = (),
        notes: Iterable[str] = (),
    ) -> "Page":  # fmt: skip
        """Return the page with what the command line adds: options, lines, tables, marks; each line once."""
        options = dict(self.asked) | asked_of(asked or {})
        sections = (*self.sections, *([Section("More of this run", tuple(tables))] if tables else []))
        return self._replace(
            asked=tuple(options.items()),
            said=tuple(dict.fromkeys((*self.said, *said))),
            sections=sections,
            notes=tuple(dict.fromkeys((*self.notes, *notes))),
        )


def asked_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Return options as text; what is empty or was not asked for is left out.

    >>> asked_of({"engine": "analytic", "set": {"array.rows": 32}, "pruning": {}, "active": None})
    {'engine': 'analytic', 'set': 'array.rows=32'}
    """
    texts = {}
    for name, value in options.items():
        if isinstance(value, Mapping):
            value = ", ".join(f"{key}={inner}" for key, inner in value.items())
        if value not in (None, "", [], ()):
            texts[name] = str(value)
    return texts


def facts_of(rows: Iterable[Sequence[Any]]) -> tuple[Fact, ...]:
    """Return rows of (total, value, unit, remark) as facts; a design that does not fit is marked, and comes first."""
    facts = [
        Fact(str(name), str(value), str(unit), str(remark), (name, value) == ("fits", "NO"))
        for name, value, unit, remark in rows
    ]
    return tuple(sorted(facts, key=lambda fact: not fact.is_bad))


def cut(table: Table, most: int = MOST_ROWS) -> Table:
    """Return a table with its first rows, and a line that says how many there are.

    >>> cut(Table("", ("n",), [(i,) for i in range(5)]), 2).closing
    ('the first 2 of 5 rows are shown',)
    """
    if len(table.rows) <= most:
        return table
    line = f"the first {most:,} of {len(table.rows):,} rows are shown"
    return table._replace(rows=table.rows[:most], closing=(*table.closing, line))
