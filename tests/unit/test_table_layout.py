"""Tables on a page: what fits stays as it is, text wraps, numbers never do, and the rest follows below."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotsim.table_layout import blocks

WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=0, max_size=12).map(" ".join)
TABLES = st.integers(1, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.text("xyz", min_size=1, max_size=8), min_size=n, max_size=n),
        st.lists(st.lists(WORDS, min_size=n, max_size=n), max_size=4),
    )
)


@given(TABLES, st.integers(30, 120))
def test_no_line_is_wider_than_the_page_and_no_word_is_lost(table, width):
    columns, rows = table
    found = blocks(columns, rows, (), width)
    lines = [line for block in found for line in (*block.head, *block.body)]
    assert all(len(line) <= width for line in lines)
    repeats = len(found)  # the first column stands in each block
    words = sorted(
        word for row in rows for place, text in enumerate(row) for word in text.split() * (1 if place else repeats)
    )
    assert sorted(word for block in found for line in block.body for word in line.split()) == words


def test_what_fits_is_not_touched():
    rows = [("qkv", "1.5"), ("softmax", "12.25")]
    (block,) = blocks(("module", "ms"), rows, (1,), 14)
    assert (block.head, block.body) == (["module      ms"], ["qkv        1.5", "softmax  12.25"])
    assert blocks(("module", "ms"), rows, (1,)) == [block]


def test_the_widest_text_wraps_first_and_numbers_never():
    rows = [("a", "1,234,567", "one two three four five six seven", "short text")]
    (block,) = blocks(("k", "value in clocks", "why", "note"), rows, (1,), 44)
    assert block.head == ["    value in", "k     clocks  why                 note"]
    assert block.body == ["a  1,234,567  one two three four  short text", "              five six seven"]


def test_what_finds_no_place_follows_below():
    columns, row = ("name", "first", "second", "third"), ("a", "111111111", "222222222", "333333333")
    one, two = blocks(columns, [row], (1, 2, 3), 26)
    assert (one.head, one.body) == (["name      first     second"], ["a     111111111  222222222"])
    assert (two.head, two.body) == (["name      third"], ["a     333333333"])


@pytest.mark.parametrize("columns", [("", ""), ("",)])
def test_columns_without_names_have_no_line_of_them(columns):
    (block,) = blocks(columns, [["x"] * len(columns)])
    assert block.head == []
