"""How a table fits a page: columns of text wrap, and columns that find no place follow below the others."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

GAP = 2  # spaces between columns
LEAST_TEXT_COLUMNS = 16  # a narrower column of text is no longer read
PAIR = 2  # columns that stay side by side on any page


class Block(NamedTuple):
    """Columns that stand side by side: the lines of their names, and those of the rows below."""

    head: list[str]
    body: list[str]


def blocks(
    columns: Sequence[str], texts: Sequence[Sequence[str]], right: Sequence[int] = (), width: int | None = None
) -> list[Block]:
    """Return a table as blocks of lines no wider than a page.

    Columns are as wide as their longest cell where that fits; else columns of text wrap, the widest first, and names
    wrap at spaces. What then still finds no place follows in a further block, each row's first cell repeated. A word
    is never cut, so a single one may be wider than the page.

    Parameters
    ----------
    columns : sequence of str
        Their names.
    texts : sequence of rows
        A cell's text for each column.
    right : sequence of int
        Places of columns whose cells stand to the right, and never wrap.
    width : int, optional
        Of the page, in characters; None for a page as wide as the table.

    Returns
    -------
    list of Block

    Examples
    --------
    >>> blocks(("name", "why"), [("a", "it is what it is and was"), ("b", "as a")], width=26)
    [Block(head=['name  why'], body=['a     it is what it is and', '      was', 'b     as a'])]
    """
    whole = [_longest(column) for column in zip(columns, *texts, strict=True)]
    if width is None or _total(whole) <= width:
        return [_block(columns, texts, right, whole)]
    least = [
        max(_longest(name.split()), _longest(cells) if place in right else _least_text(cells, len(columns) > PAIR))
        for place, (name, *cells) in enumerate(zip(columns, *texts, strict=True))
    ]
    if _total(least) <= width or len(columns) <= PAIR:
        whole = [n if place in right else w for place, (w, n) in enumerate(zip(whole, least, strict=True))]
        # the widest cap that fits: wide columns lose first, and end alike
        capped = ([min(w, max(n, cap)) for w, n in zip(whole, least, strict=True)] for cap in range(max(whole), 0, -1))
        return [_block(columns, texts, right, next((c for c in capped if _total(c) <= width), least))]
    return [
        block
        for places in _parts(least, width)
        for block in blocks(
            [columns[p] for p in places], [[row[p] for p in places] for row in texts],
            [i for i, p in enumerate(places) if p in right], width,
        )
    ]  # fmt: skip


def _parts(least: Sequence[int], width: int) -> list[list[int]]:
    """Return places of columns, part by part, the first column in each."""
    parts = [[0, 1]]
    for place in range(2, len(least)):
        if _total([least[p] for p in (*parts[-1], place)]) <= width:
            parts[-1].append(place)
        else:
            parts.append([0, place])
    return parts


def _longest(texts: Sequence[str]) -> int:
    return max(map(len, texts), default=0)


def _least_text(cells: Sequence[str], is_readable: bool) -> int:
    """Return how narrow a column of text may be: its longest word, and wide enough to be read where that is asked."""
    words = max((_longest(text.split()) for text in cells), default=0)
    return max(words, min(_longest(cells), LEAST_TEXT_COLUMNS)) if is_readable else words


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _block(
    columns: Sequence[str], texts: Sequence[Sequence[str]], right: Sequence[int], widths: Sequence[int]
) -> Block:
    head = _lines(columns, right, widths, from_below=True) if any(columns) else []
    return Block(head, [line for row in texts for line in _lines(row, right, widths)])


def _lines(row: Sequence[str], right: Sequence[int], widths: Sequence[int], *, from_below: bool = False) -> list[str]:
    """Return the lines of one row, its cells wrapped where they must."""
    cells = [
        [text] if len(text) <= width else textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        for text, width in zip(row, widths, strict=True)
    ]
    height = max(map(len, cells))
    filled = [
        [*([""] * (height - len(cell)) if from_below else ()), *cell, *([""] * (height - len(cell)))][:height]
        for cell in cells
    ]
    return [
        (" " * GAP).join(
            part.rjust(width) if place in right else part.ljust(width)
            for place, (part, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in zip(*filled, strict=True)
    ]  # fmt: skip
