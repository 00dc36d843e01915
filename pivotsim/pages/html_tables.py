"""Tables as HTML that a page's script sorts and filters; without it they are plain tables."""

import re
from collections.abc import Iterable
from html import escape

from pivotsim.pages.page import LinkedTable, cut
from pivotsim.tables import Table, cell

FILTERED_FROM = 8  # rows; a shorter table is read at a glance
MOST_NARROW = 60  # characters of a row at most, of tables that stand side by side
ALONE = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?( ?[%x])?|-|", re.IGNORECASE)  # a number, its sign of share or ratio


def table_html(block: Table | LinkedTable) -> str:
    """Return a table in a frame that scrolls sideways; every text is escaped.

    Columns whose cells are numbers, or dashes for none, are right-aligned and sorted by value.

    >>> table_html(Table("", ("a",), [("<b>",)])).count("&lt;b&gt;")
    1
    """
    table, source = (block.table, block.source) if isinstance(block, LinkedTable) else (block, "")
    table = cut(table)
    texts = [[cell(value) for value in row] for row in table.rows]
    numeric = [i in table.right or _is_numeric(row[i] for row in texts) for i in range(len(table.columns))]
    kinds = [' class="number"' if is_number else "" for is_number in numeric]
    head = "".join(
        f'<th scope="col"{kind}><button type="button">{escape(name) or "&nbsp;"}</button></th>'
        for kind, name in zip(kinds, table.columns, strict=True)
    )
    body = "".join(
        f"<tr{_point(place) if source else ''}>"
        + "".join(f"<td{kind}>{escape(text)}</td>" for kind, text in zip(kinds, row, strict=True))
        + "</tr>"
        for place, row in enumerate(texts)
    )
    title = f"<h3>{escape(table.title)}</h3>" if table.title else ""
    below = "".join(f'<p class="closing">{escape(line)}</p>' for line in table.closing if line)
    linked = f' data-source="{escape(source)}"' if source else ""
    rows = [list(table.columns), *texts]
    is_wide = sum(max(len(row[i]) + 3 for row in rows) for i in range(len(table.columns))) > MOST_NARROW
    filters = ' data-filter="yes"' if len(texts) >= FILTERED_FROM else ""
    return (
        f'<div class="block{" wide" if is_wide else ""}">{title}<div class="scroll"><table{linked}{filters}><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{below}</div>"
    )


def _point(place: int) -> str:
    return f' data-point="{place}" tabindex="0"'


def _is_numeric(texts: Iterable[str]) -> bool:
    found = [text for text in texts if text not in ("", "-")]
    return bool(found) and all(ALONE.fullmatch(text) for text in found)
