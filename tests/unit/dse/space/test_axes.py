"""Axes: lists, ranges and log ranges at their ends."""

import pytest

from pivotsim.dse.space.axes import MAX_VALUES, Axis, axis_values
from pivotsim.errors import InputError


@pytest.mark.parametrize(
    ("stated", "values"),
    [
        ([1], (1,)),
        ([[1, 2], 3], ((1, 2), 3)),
        ({"start": 1, "stop": 1, "step": 5}, (1,)),
        ({"start": 1, "stop": 6, "step": 5}, (1, 6)),
        ({"start": 1, "stop": 5, "step": 5}, (1,)),
        ({"start": 0.1, "stop": 0.3, "step": 0.1}, (0.1, 0.2, 0.30000000000000004)),
        ({"start": 1, "stop": 8, "points": 4}, (1, 2, 4, 8)),
        ({"start": 1, "stop": 3, "points": 9}, (1, 2, 3)),
        ({"start": 5, "stop": 9, "points": 1}, (5,)),
        ({"start": 1.0, "stop": 100.0, "points": 3}, (1.0, 10.0, 100.0)),
    ],
)
def test_values(stated, values):
    assert axis_values("x", stated) == values


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ([], "x: has no values"),
        ({"start": 2, "stop": 1, "step": 1}, "x: has no values"),
        ({"start": 1, "stop": 2, "step": 0}, "x.step: must be greater than 0"),
        ({"start": 1, "stop": 2, "stepp": 1}, "nearest valid name: 'step'"),
        ({"start": 0, "stop": 2, "points": 2}, "x: start must be greater than 0"),
        ({"start": 1, "stop": 2, "points": 0}, "x.points: must be at least 1"),
        ({"start": 1, "stop": MAX_VALUES + 1, "step": 1}, "has more than 1,000,000 values"),
        ({"start": "a", "stop": 2, "step": 1}, "x.start: must be a number"),
        ([1, 2, 1], "a value stands twice"),
        ([[1, 2], [1, 2]], "a value stands twice (got 1, 2)"),
        ([[[1]]], "words, true or false, or lists of encoders (got a list of one: a list of one: 1)"),
        ([[1, None]], "or lists of encoders (got 1, nothing)"),
        ([[1, float("nan")]], "or lists of encoders (got 1, nan)"),
        ({"start": 1, "stop": 100, "step": 1e-300}, "x.step: makes more than 1,000,000 values (got 1e-300)"),
        ({"start": 1, "stop": 100, "step": 5e-324}, "x.step: makes more than 1,000,000 values"),
        ({"start": -1e308, "stop": 1e308, "step": 1e300}, "x.step: makes more than 1,000,000 values"),
        ({"start": 1, "stop": 10**400, "step": 1}, "x.stop: must be a number (got 1000"),
        ({"start": 5e-324, "stop": 1e308, "points": 4}, "x: stop is too many times start for equal ratios"),
        ({"start": 0, "stop": 2, "points": 2}, "start must be greater than 0 and at most stop (got 0 and 2)"),
        ([None], "must hold numbers"),
        ([float("nan")], "must hold numbers"),
        ("abc", "x: must be a list, or a range"),
        (7, "x: must be a list, or a range"),
    ],
)
def test_what_is_wrong(stated, message):
    with pytest.raises(InputError) as caught:
        axis_values("x", stated)
    assert message in str(caught.value)


def test_true_is_not_one():
    assert axis_values("x", [True, 1, False]) == (True, 1, False)


def test_columns():
    assert Axis("a", (1, 2), 9).column.tolist() == [1, 2, 9]
    assert Axis("a", ((1, 2), 6)).column.tolist() == ["1,2", "6", "1,2"]
    words, codes = Axis("a", ("ws", "is"), "ws").words
    assert words[codes].tolist() == ["ws", "is", "ws"] and len(words) == 2
