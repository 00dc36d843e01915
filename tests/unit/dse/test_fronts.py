"""Front, knee and heat map of a dataset against the slow and obvious."""

import math

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.dse.dataset import open_dataset
from pivotsim.dse.fronts import best_by_pair, front_rows, knee_place
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.errors import InputError
from tests.oracles.system import dominance

SPACE = {
    "name": "shapes",
    "fixed": {"energy": "activity"},
    "axes": {"array.dataflow": ["is", "ws", "os"], "array.rows": [8, 24, 64, 100], "array.cols": [8, 20, 36, 90]},
    "constraints": ["dsp <= 8000"],
}
OBJECTIVES = ["delay_ms", "energy_j", "dsp"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    run_sweep(SPACE, folder, chunk_points=7)
    return open_dataset(folder)


@pytest.fixture(scope="module")
def table():
    return ps.explore(SPACE)


def test_front_of_chunks_is_the_front_of_all(dataset, table):
    points = [[float(table[o][i]) for o in OBJECTIVES] for i in range(len(table["point"]))]
    expected = table["point"][dominance.front(points)].tolist()
    assert front_rows(dataset, OBJECTIVES)["point"].tolist() == expected
    assert 1 < len(expected) < len(points)


def test_front_under_rules_and_maximised(dataset, table):
    where = ["dsp <= 2520", "array.dataflow != 'os'"]
    kept = [i for i in range(len(table["point"])) if table["dsp"][i] <= 2520 and table["array.dataflow"][i] != "os"]
    points = [[float(table["delay_ms"][i]), -float(table["dsp"][i])] for i in kept]
    expected = [int(table["point"][kept[i]]) for i in dominance.front(points)]
    front = front_rows(dataset, ["delay_ms", "dsp"], maximize=["dsp"], where=where)
    assert front["point"].tolist() == expected


def test_knee_by_hand():
    # scaled: (0, 1), (0.2, 0.3), (1, 0): squares 1, 0.13, 1
    front = {"a": np.array([10.0, 12.0, 20.0]), "b": np.array([0.005, 0.0015, 0.0]), "c": np.array([7.0, 7.0, 7.0])}
    assert knee_place(front, ["a", "b", "c"]) == 1
    assert knee_place({"a": front["a"], "b": -front["b"]}, ["a", "b"], maximize=["b"]) == 1
    assert knee_place({"a": np.array([1.0])}, ["a"]) == 0


def test_heat_map(dataset, table):
    xs, ys, grid = best_by_pair(dataset, "array.cols", "array.rows", "energy_j", where=["dsp <= 2520"])
    assert (xs, ys) == ([8, 20, 36, 90], [8, 24, 64, 100])
    for i, rows in enumerate(ys):
        for j, cols in enumerate(xs):
            if rows * cols > 2520:
                assert math.isnan(grid[i, j])
            else:
                chosen = (table["array.rows"] == rows) & (table["array.cols"] == cols)
                assert grid[i, j] == table["energy_j"][chosen].min()


def test_what_is_wrong(dataset):
    for call, message in (
        (lambda: front_rows(dataset, ["delay"]), "objectives: no column .got 'delay'., nearest valid name: 'delay_ms'"),
        (lambda: front_rows(dataset, ["delay_ms"], where=["dps < 1"]), "where: no column"),
        (lambda: front_rows(dataset, "delay_ms"), "objectives: must be a list of columns .got 'delay_ms'.; write"),
        (lambda: front_rows(dataset, np.int8(3)), "objectives: must be a list of columns .got 3.; write"),
        (
            lambda: front_rows(dataset, ["dsp"], maximize="dsp"),
            "maximize: must be a list of columns .got 'dsp'.;",
        ),
        (lambda: front_rows(dataset, ["delay_ms"], where=["dsp < 0"]), "front: no row is left"),
        (lambda: best_by_pair(dataset, "a", "array.rows", "dsp"), "axes: no column"),
    ):
        with pytest.raises(InputError, match=message):
            call()


@pytest.mark.parametrize(
    ("a", "b", "place"),
    [
        ([0, 0.1, 0.5, 1], [1, 0.8, 0.5, 0], 2),  # squares 1, 0.65, 0.5, 1; unsquared 1, 0.9, 1, 1
        ([0, 0.5, 0.6, 1], [1, 0.5, 0.3, 0], 2),  # squares 1, 0.5, 0.45, 1
        ([0, 3, 4, 10], [20, 14, 12, 0], 2),  # scaled 0.3 and 0.7, 0.4 and 0.6: 0.58, 0.52
    ],
)
def test_the_knee_is_nearest_by_squares(a, b, place):
    assert knee_place({"a": np.array(a), "b": np.array(b)}, ["a", "b"]) == place
