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
        ({"a": [1, 2], "b": [1]}, ["a", "b"], "objectives: columns differ in length (got 2, 1)"),
        ({"a": [1]}, "a", "objectives: must be a list of columns (got 'a')"),
        ({"a": [1]}, [], "objectives: must be a list of columns (got an empty list)"),
        ({"a": [1]}, np.int8(3), "objectives: must be a list of columns (got 3); write ['delay_ms', 'energy_j']"),
        ({"a": [1]}, None, "objectives: must be a list of columns (got nothing); write"),
        ({"a": [1]}, np.array("a"), "objectives: must be a list of columns (got 'a'); write"),
        ({"a": [1]}, [["a"]], "objectives: no column (got a list of one: a), valid names: a"),
        (5, ["a"], "table: must map columns to numbers, or be a DataFrame (got 5)"),
        (np.zeros((2, 1)), ["a"], "table: must map columns to numbers, or be a DataFrame (got array([[0.], [0.]]))"),
        ({"a": [[1], [1, 2]]}, ["a"], "a: must be a vector of numbers, its rows differ in length"),
        ({"a": [None, 1]}, ["a"], "a: must be a vector of numbers (got other things than numbers, a vector of 2)"),
        ({"a": [True, 1], "b": [True, False]}, ["a", "b"], "b: must be a vector of numbers (got true and false"),
    ],
)
def test_bad_input(table, objectives, message):
    with pytest.raises(InputError) as error:
        pareto_front(table, objectives)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("maximize", "message"),
    [
        ("a", "maximize: must be a list of columns (got 'a'); write"),
        (np.int8(1), "maximize: must be a list of columns (got 1); write"),
        (None, "maximize: must be a list of columns (got nothing); write"),
        ([["a"]], "maximize: is no objective (got a list of one: a), valid names: a"),
        (["b"], "maximize: is no objective (got 'b'), valid names: a"),
    ],
)
def test_what_is_maximised_is_a_list_of_objectives(maximize, message):
    with pytest.raises(InputError) as error:
        pareto_front({"a": [1], "b": [2]}, ["a"], maximize=maximize)
    assert str(error.value).startswith(message)


LARGE = 2**53  # float64 rounds LARGE + 1 to LARGE


@pytest.mark.parametrize("kind", [np.int64, np.uint64, list, object])
@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
def test_large_integers_are_compared_exactly(kind, objectives, monkeypatch):
    draw = random.Random(f"{kind} {objectives}")
    signs = (1,) if kind is np.uint64 else (1, -1)
    names = [f"f{i}" for i in range(objectives)]
    for case in range(60):
        base = draw.choice([LARGE, LARGE - 2, 2**62, 0])
        rows = draw.randint(1, 40)
        points = [[draw.choice(signs) * (base + draw.randint(0, 4)) for _ in names] for _ in range(rows)]
        columns = ([p[i] for p in points] for i in range(objectives))
        table = {n: c if kind is list else np.array(c, dtype=kind) for n, c in zip(names, columns, strict=True)}
        greatest = names[: draw.randint(0, objectives)]
        signed = [[-v if n in greatest else v for n, v in zip(names, p, strict=True)] for p in points]
        with monkeypatch.context() as patch:
            patch.setattr(pivotsim.pareto, "SIEVE_FROM", draw.choice((0, 100)))
            assert pareto_front(table, names, maximize=greatest).tolist() == dominance.front(signed), case


@pytest.mark.parametrize(
    ("values", "least"),
    [
        ([LARGE + 1, LARGE], 1),
        ([-LARGE, -LARGE - 1], 1),
        ([2**63 - 1, 2**63 - 2], 1),
        ([2**63, -1], 1),  # numpy makes float64 of them
        ([2**64 + 1, 2**64], 1),
        ([-(10**400), -(10**400) - 1], 1),
    ],
)
def test_neighbours_that_float64_does_not_tell_apart(values, least):
    assert pareto_front({"a": values}, ["a"]).tolist() == [least]
    assert pareto_front({"a": values}, ["a"], maximize=["a"]).tolist() == [1 - least]


def test_integers_on_either_side_of_int64():
    """Numpy makes float64 of them, in which the first two are one."""
    values = [2**63 + 1, 2**63, -1]
    assert np.asarray(values).dtype == np.float64
    assert pareto_front({"a": values}, ["a"], maximize=["a"]).tolist() == [0]
