"""Tables as plain text and as HTML, and numbers as both of them show them."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, NamedTuple

from pivotsim.table_layout import blocks

PAGE_COLUMNS = 100
LEAST_DIGITS = 3  # of a number that has decimals


class Table(NamedTuple):
    """A table with its title; ``right`` holds the places of right-aligned columns, ``closing`` the lines below it.

    ``folds`` is the place of a column whose texts are too long for a terminal, None where there is none.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    right: Sequence[int] = ()
    closing: Sequence[str] = ()
    folds: int | None = None


def number(value: float | None, places: int = 2) -> str:
    """Return a number with a fixed count of decimals, more where they would be under three digits, a dash for None.

    It is in short form where that count says nothing.

    >>> number(1234.567), number(0.0612), number(0.00012), number(None)
    ('1,234.57', '0.0612', '0.00012', '-')
    """
    if value is None:
        return "-"
    if value != 0 and not 10.0**-places <= abs(value) < 1e12:
        return f"{value:.4g}"
    if places and 0 < abs(value) < 1:
        places = max(places, LEAST_DIGITS - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}"


def figures(value: float | None, digits: int = 4) -> str:
    """Return a number with as many digits as say something, whole above them, a dash for None.

    >>> figures(2014032.0), figures(59.655), figures(0.061237), figures(0.0), figures(7)
    ('2,014,032', '59.66', '0.06124', '0', '7')
    """
    if value is None:
        return "-"
    if value == 0 or isinstance(value, int):
        return f"{value:,.0f}"
    if not 1e-4 <= abs(value) < 1e12:
        return f"{value:.{digits}g}"
    rounded = float(f"{value:.{digits}g}")  # 9.9996 has one digit more before the point
    return f"{value:,.{max(0, digits - 1 - math.floor(math.log10(abs(rounded))))}f}"


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers as text, those in a row as a range.

    >>> ranges([1, 2, 3, 6]), ranges([4, 7])
    ('1-3, 6', '4, 7')
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)


def encoder_lines(problems: Iterable[tuple[int, str]]) -> list[str]:
    """Return a line per text with the encoders that it is true of.

    >>> encoder_lines([(1, "has no mask"), (2, "has no mask"), (3, "is skipped")])
    ['encoders 1-2: has no mask', 'encoder 3: is skipped']
    """
    found: dict[str, list[int]] = {}
    for number, text in problems:
        found.setdefault(text, []).append(number)
    return [f"encoder{'s' * (len(numbers) > 1)} {ranges(numbers)}: {text}" for text, numbers in found.items()]


def counted(count: int, noun: str, nouns: str = "") -> str:
    """Return a count with its noun, in the singular for one.

    >>> counted(1, "design"), counted(1200, "design"), counted(0, "axis", "axes")
    ('1 design', '1,200 designs', '0 axes')
    """
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def percent(frac: float | None, places: int = 1, sign: bool = False) -> str:
    """Return a fraction in percent, or a dash for None.

    >>> percent(0.0567), percent(0.0567, 0, sign=True)
    ('5.7 %', '+6 %')
    """
    if frac is None:
        return "-"
    rounded = round(100 * frac, places) or 0.0  # never -0.0
    return f"{rounded:{'+' if sign and rounded else ''}.{places}f} %"


def cell(value: Any) -> str:
    """Return what stands in a cell: one line, nothing for None."""
    return "" if value is None else " ".join(str(value).splitlines())


def text_lines(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[int] = (), width: int | None = None
) -> list[str]:
    """Return a table as lines of text no wider than a page, columns as wide as their longest cell where that fits.

    >>> text_lines(("module", "ms"), [("qkv", 1.5), ("softmax", 12.25)], right=(1,))
    ['module      ms', 'qkv        1.5', 'softmax  12.25']
    """
    first, *others = blocks(columns, [[cell(value) for value in row] for row in rows], right, width)
    return [*first.head, *first.body, *(line for block in others for line in ("", *block.head, *block.body))]


def html_table(table: Table) -> str:
    """Return a table as plain HTML, every text escaped.

    >>> html_table(Table("", ("a",), [("<b>",)]))
    '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    sides = [' style="text-align:right"' if i in table.right else "" for i in range(len(table.columns))]
    head = "".join(f"<th{side}>{escape(name)}</th>" for side, name in zip(sides, table.columns, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{s}>{escape(cell(v))}</td>" for s, v in zip(sides, row, strict=True)) + "</tr>"
        for row in table.rows
    )
    title = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    below = "".join(f"<p>{escape(line)}</p>" for line in table.closing)
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


def as_text(tables: Iterable[Table]) -> str:
    """Return tables as text, an empty line between them; titles and closing lines fit the width of a page."""
    parts = []
    for table in tables:
        lines = [*_wrapped(table.title), *text_lines(table.columns, table.rows, table.right, PAGE_COLUMNS)]
        parts.append("\n".join([*lines, *(part for line in table.closing for part in _wrapped(line))]))
    return "\n\n".join(parts)


def as_html(tables: Iterable[Table]) -> str:
    """Return tables as HTML, what a notebook shows."""
    return "".join(map(html_table, tables))


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, PAGE_COLUMNS)


class Printable:
    """Something that shows itself as tables: as text where it is printed, as HTML in a notebook."""

    def _tables(self) -> Iterable[Table]:
        """Return what is shown."""
        raise NotImplementedError

    def describe(self) -> str:
        """Return what ``print`` shows.

        Returns
        -------
        str
            Short tables, each under its title.
        """
        return as_text(self._tables())

    def __str__(self) -> str:
        return self.describe()

    def _repr_html_(self) -> str:
        return as_html(self._tables())
