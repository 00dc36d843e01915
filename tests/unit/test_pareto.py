"""The Pareto front against every pair compared."""

import random

import numpy as np
import pytest

import pivotsim.pareto
from pivotsim.errors import InputError
from pivotsim.pareto import pareto_front
from tests.oracles.system import dominance


def table_of(points):
    return {f"f{i}": np.array([p[i] for p in points]) for i in range(len(points[0]))}


@pytest.mark.parametrize("objectives", [1, 2, 3, 4, 5])
def test_front_equals_every_pair_compared(objectives):
    draw = random.Random(objectives)
    for case in range(200):
        # few values make ties and duplicates; infinities and negative numbers are numbers
        values = draw.choice([[0, 1], [0, 1, 2, 3], [-1.5, 0.0, 2.0, np.inf], list(range(50))])
        points = [[draw.choice(values) for _ in range(objectives)] for _ in range(draw.randint(1, 60))]
        names = [f"f{i}" for i in range(objectives)]
        assert pareto_front(table_of(points), names).tolist() == dominance.front(points), case


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_the_sieve_loses_nothing(objectives, monkeypatch):
    draw = np.random.default_rng(objectives)
    for _ in range(20):
        points = draw.integers(0, 12, (draw.integers(1, 400), objectives)).astype(float)
        names = [f"f{i}" for i in range(objectives)]
        whole = pareto_front(table_of(points), names)
        with monkeypatch.context() as patch:
            patch.setattr(pivotsim.pareto, "SIEVE_FROM", 0)
            patch.setattr(pivotsim.pareto, "SAMPLE", 7)
            assert pareto_front(table_of(points), names).tolist() == whole.tolist() == dominance.front(points.tolist())


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_infinity_is_a_number(objectives):
    points = [[0.0] * (objectives - 1) + [np.inf], [1.0] * (objectives - 1) + [np.inf]]
    assert pareto_front(table_of(points), [f"f{i}" for i in range(objectives)]).tolist() == [0]


def test_maximise():
    table = {"delay_ms": [1, 2, 3], "accuracy": [0.1, 0.3, 0.2]}
    assert pareto_front(table, ["delay_ms", "accuracy"], maximize=["accuracy"]).tolist() == [0, 1]


def test_many_points_on_the_front():
    x = np.linspace(0, 1, 30_001)
    assert len(pareto_front({"a": x, "b": 1 - x}, ["a", "b"])) == len(x)
    assert len(pareto_front({"a": x, "b": 1 - x, "c": np.zeros_like(x)}, ["a", "b", "c"])) == len(x)


def test_no_rows():
    assert pareto_front({"a": np.zeros(0), "b": np.zeros(0)}, ["a", "b"]).tolist() == []


@pytest.mark.parametrize(
    ("table", "objectives", "message"),
    [
        ({"delay_ms": [1]}, ["delay"], "objectives: no column (got 'delay'), nearest valid name: 'delay_ms'"),
        ({"a": [1.0, float("nan")]}, ["a"], "a: holds NaN"),
        ({"a": ["x"]}, ["a"], "a: must be a vector of numbers"),
        ({"a": [1, 2], "b": [1]}, ["a", "b"], "objectives: columns differ in length (got [2, 1])"),
        ({"a": [1]}, "a", "objectives: must be a list of columns (got 'a')"),
        ({"a": [1]}, [], "objectives: must be a list of columns (got [])"),
    ],
)
def test_bad_input(table, objectives, message):
    with pytest.raises(InputError) as error:
        pareto_front(table, objectives)
    assert str(error.value).startswith(message)
