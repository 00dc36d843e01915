"""Tables as HTML that a page's script sorts and filters; without it they are plain tables."""

import re
from collections.abc import Sequence
from html import escape

from pivotsim.pages.page import LinkedTable, cut
from pivotsim.tables import Table, cell

POINT = ' data-point="{}" tabindex="0"'
FILTERED_FROM = 8  # rows; a shorter table is read at a glance
MOST_NARROW = 60  # characters of a row at most, of tables that stand side by side
# a number as tables print it, with the sign of a share or a ratio
ALONE = re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?(e[-+]?\d+)?( ?[%x])?", re.IGNORECASE)
BEGINS = re.compile(r"[-+]?\d")


def table_html(block: Table | LinkedTable) -> str:
    """Return a table in a frame that scrolls sideways; every text is escaped.

    Columns whose cells are numbers, or dashes for none, are right-aligned and sorted by value.

    >>> table_html(Table("", ("a",), [("<b>",)])).count("&lt;b&gt;")
    1
    """
    linked = block if isinstance(block, LinkedTable) else LinkedTable(block, "", ())
    table = cut(linked.table)
    points = range(len(table.rows)) if linked.points is None else [*linked.points, *[None] * len(table.rows)]
    texts = [[cell(value) for value in row] for row in table.rows]
    numeric = [_is_numeric([row[i] for row in texts], i in table.right) for i in range(len(table.columns))]
    kinds = [' class="number"' if is_number else "" for is_number in numeric]
    head = "".join(
        f'<th scope="col"{kind}><button type="button">{escape(name) or "&nbsp;"}</button></th>'
        for kind, name in zip(kinds, table.columns, strict=True)
    )
    body = "".join(
        f"<tr{'' if point is None else POINT.format(point)}>"
        + "".join(f"<td{kind}>{escape(text)}</td>" for kind, text in zip(kinds, row, strict=True))
        + "</tr>"
        for point, row in zip(points, texts, strict=False)
    )
    title = f"<h3>{escape(table.title)}</h3>" if table.title else ""
    below = "".join(f'<p class="closing">{escape(line)}</p>' for line in table.closing if line)
    source = f' data-source="{escape(linked.source)}"' if linked.source else ""
    rows = [list(table.columns), *texts]
    is_wide = sum(max(len(row[i]) + 3 for row in rows) for i in range(len(table.columns))) > MOST_NARROW
    filters = ' data-filter="yes"' if len(texts) >= FILTERED_FROM else ""
    whole = f"<table{source}{filters}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="block{" wide" if is_wide else ""}">{title}<div class="scroll">{whole}</div>{below}</div>'


def _is_numeric(texts: Sequence[str], is_right: bool) -> bool:
    """Whether a column is sorted by value: numbers alone, or, where its table aligns it so, texts that begin so."""
    found = [text for text in texts if text not in ("", "-")]
    form = BEGINS.match if is_right else ALONE.fullmatch
    return bool(found) and all(map(form, found))
