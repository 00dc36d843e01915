"""Expressions: the arithmetic, and nothing else of Python."""

import warnings

import numpy as np
import pytest

from pivotsim.dse.space.expressions import MAX_CHARACTERS, parse_expression
from pivotsim.errors import InputError

VALUES = {"a": np.array([1, 2, 3]), "b.c": np.array([3.0, 2.0, 1.0]), "w": np.array(["is", "ws", "os"]), "f": True}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <= 2", [True, True, False]),
        ("a * b.c == 3", [True, False, True]),
        ("a + 1 > b.c - -1 or w == 'is'", [True, False, True]),
        ("1 < a < 3", [False, True, False]),
        ("not a % 2 == 1", [False, True, False]),
        ("min(a, b.c, 2) // 2 >= 1", [False, True, False]),
        ("max(a, b.c) / 2 == 1", [False, True, False]),
        ("w != 'os' and f", [True, True, False]),
        ("a / 0 > 1", [True, True, True]),
        ("f == true", [True, True, True]),
    ],
)
def test_values(text, expected):
    assert parse_expression("rule", text).holds(VALUES, 3).tolist() == expected


def test_integers_do_not_wrap():
    rule = parse_expression("rule", "x * x * x > 0")
    assert rule.holds({"x": np.array([2**62])}, 1).tolist() == [True]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "a.__class__", "_x < 1", "a[0] < 1", "(lambda: 1)()", "[a for a in b]", "a if b else c",
        "a ** 9", "open('x')", "min(a, key=b)", "min()", "a.b().c < 1", "f'{a}'", "a := 1", "...", "None",
        "a @ b", "a << 1",
        "a is b", "a in b", "{1}", "(1, 2)", "b'x' == a", "1j < a", "print", "", "a <", "x" * (MAX_CHARACTERS + 1),
    ],
)  # fmt: skip
def test_nothing_else_is_allowed(text):
    if text == "print":  # a name like any other: nothing of Python's is behind it
        assert parse_expression("rule", text).names == {"print"}
        return
    with pytest.raises(InputError, match=r"^rule: "):
        parse_expression("rule", text)


@pytest.mark.parametrize("text", ["w + 1 < 2", "w < 'x'", "w == 1", "not a", "a and a > 1"])
def test_kinds_do_not_mix(text):
    with pytest.raises(InputError):
        parse_expression("rule", text)(VALUES)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  w   ==  'two  words' ", "w == 'two  words'"),
        ("w != \"a   b\"  and\tw != 'c  d'", "w != \"a   b\" and w != 'c  d'"),
        ("w == 'it\\'s   so'", "w == 'it\\'s   so'"),
        ("w == ' '", "w == ' '"),
        ("a  <  2", "a < 2"),
    ],
)
def test_spaces_inside_quotes_count(text, kept):
    assert parse_expression("rule", text).text == kept


def test_words_with_spaces_are_found():
    words = {"w": np.array(["two words", "two  words", " two words"])}
    assert parse_expression("rule", "w  ==  'two  words'").holds(words, 3).tolist() == [False, True, False]
    assert parse_expression("rule", "w == ' two words'").holds(words, 3).tolist() == [False, False, True]


@pytest.mark.parametrize("text", [r"w == '\d'", "a < 1or a > 2", "a < 0x1or a > 2"])
def test_what_python_reads_with_a_warning_is_refused_without_one(text):
    with warnings.catch_warnings(record=True) as said, pytest.raises(InputError, match=r"^rule: is no expression"):
        warnings.simplefilter("always")
        parse_expression("rule", text)
    assert said == []


@pytest.mark.parametrize(
    "number",
    ["1e400", "9" * 309, "-" + "9" * 400, "179769313486231580" + "0" * 291],
    ids=["exponent", "309 digits", "negative", "next to the most"],
)
def test_numbers_beyond_float64_are_refused(number):
    with pytest.raises(InputError, match=r"^rule: a number is beyond 1.8e\+308, the most of float64 \(got "):
        parse_expression("rule", f"a < {number}")


@pytest.mark.parametrize("number", [2**53 - 1, 2**63, 2**64, 10**30, 10**100])
def test_large_numbers_are_float64_alike(number):
    """Integers of any length are calculated with as every number is."""
    values = {"a": np.array([float(number), 1.0])}
    assert parse_expression("rule", f"a == {number}").holds(values, 2).tolist() == [True, False]
    assert parse_expression("rule", f"a * 2 <= {number}").holds(values, 2).tolist() == [False, True]
    assert parse_expression("rule", f"max(a, {number}) == {number}").holds(values, 2).tolist() == [True, True]
