"""Search: exhaustive where that is possible, resumable where not, and its table as exact as any."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.dse.dataset import open_dataset
from pivotsim.dse.search import JOURNAL, run_search
from pivotsim.errors import InputError
from tests.oracles.system import design_walk

pytest.importorskip("optuna")
SPACE = {
    "name": "searched",
    "axes": {
        "array.dataflow": ["is", "ws", "os"],
        "array.rows": {"start": 8, "stop": 128, "step": 4},
        "array.cols": {"start": 8, "stop": 128, "step": 4},
    },
    "constraints": ["dsp <= 2520"],
}


def table_of(folder):
    parts = list(open_dataset(folder).tables())
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def test_small_spaces_are_swept_whole(tmp_path):
    small = {**SPACE, "axes": {"array.rows": [16, 32], "array.cols": [36]}}
    chosen, swept = run_search(small, tmp_path, samples=2)
    assert chosen == "grid" and swept.points == swept.rows == 2
    assert run_search(small, tmp_path / "b", samples=1)[0] == "optuna"


def test_search_resumes_and_tells_the_truth(tmp_path):
    assert run_search(SPACE, tmp_path, samples=15, seed=3)[0] == "optuna"
    first = table_of(tmp_path)
    seen = []
    _, swept = run_search(SPACE, tmp_path, samples=40, seed=3, report=lambda p: seen.append(p.points_done))
    assert seen == list(range(16, 41))
    table = table_of(tmp_path)
    assert swept.rows == len(table["point"]) <= 40
    for name, column in first.items():
        assert np.array_equal(table[name][: len(column)], column), name
    for i in range(0, len(table["point"]), 5):
        point = {n: table[n][i].item() for n in SPACE["axes"]}
        expected = design_walk.costs(point)
        assert {n: table[n][i].item() for n in expected} == expected
    assert (table["array.rows"] * table["array.cols"] <= 2520).all()
    _, again = run_search(SPACE, tmp_path, samples=40, seed=3, report=lambda p: pytest.fail("nothing was left to try"))
    assert again.rows == swept.rows


def test_search_finds_better_than_its_first_designs(tmp_path):
    run_search(SPACE, tmp_path, objectives=["edp_j_ms"], samples=150, seed=1)
    whole = ps.explore(SPACE)["edp_j_ms"]
    found = table_of(tmp_path)["edp_j_ms"]
    assert whole.min() <= found.min() <= np.quantile(whole, 0.01)
    assert np.median(found[-30:]) < np.median(whole)


def test_wrong_objectives_and_folders(tmp_path):
    with pytest.raises(InputError, match=r"objectives: no result \(got 'delay'\), nearest valid name: 'delay_ms'"):
        run_search(SPACE, tmp_path, objectives=["delay"])
    for wrong in (np.int8(3), "delay_ms", None):
        with pytest.raises(InputError, match=r"objectives: must be a list of columns \(got .*\); write"):
            run_search(SPACE, tmp_path, objectives=wrong)
    run_search(SPACE, tmp_path, samples=5)
    assert (tmp_path / JOURNAL).exists()
    with pytest.raises(InputError, match="is of another space or method"):
        run_search({**SPACE, "constraints": []}, tmp_path, samples=5)
    with pytest.raises(InputError, match="none of 5 designs meets the constraints"):
        run_search({**SPACE, "constraints": ["delay_ms < 0"]}, tmp_path / "b", samples=5)
