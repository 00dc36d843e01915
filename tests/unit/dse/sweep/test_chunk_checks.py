"""What workers send is checked before it is stored: hash, number, points, rows, columns."""

import hashlib
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep import run
from pivotsim.dse.sweep.chunk_checks import integers, verified
from pivotsim.dse.sweep.chunks import ChunkMaker, Failed, Recipe
from pivotsim.dse.sweep.dask_cluster import are_of
from pivotsim.dse.sweep.manifest import head_of
from pivotsim.dse.sweep.processes import Processes, SingleProcess, Worker, is_one_of
from pivotsim.dse.sweep.run import run_sweep
from tests.unit.dse.children import files_of

SPACE = {"name": "small", "axes": {"array.rows": [16, 32, 64], "array.cols": [36, 72]}, "constraints": ["dsp <= 4000"]}
RECIPE = Recipe(load_space(SPACE), "grid", chunk_points=2)


@pytest.fixture(scope="module")
def chunks():
    make = ChunkMaker(RECIPE)
    return [make(index) for index in range(3)]


@pytest.fixture(scope="module")
def other_model():
    return ChunkMaker(Recipe(load_space({**SPACE, "fixed": {"model": "deit_t"}}), "grid", chunk_points=2))(1)


@pytest.mark.parametrize("parts", [[], [[]], [[3, 4]], [[3], [], [5, -6]]])
def test_columns_of_integers_are_read_in_place(parts):
    import pyarrow as pa

    column = pa.chunked_array([pa.array([7, *part, 8], pa.int64())[1:-1] for part in parts], pa.int64())
    assert integers(column).tolist() == [number for part in parts for number in part]


def test_what_was_asked_for_passes(chunks):
    head = head_of(RECIPE)
    for made in (*chunks, Failed(1, 2, "x"), Failed(1, None, "x")):
        assert verified(made, head) == made


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"sha256": "0" * 64}, "its SHA-256 is "),
        ({"content": b"PAR1"}, "its SHA-256 is "),
        ({"content": None}, "it is no bytes"),
        ({"content": b"", "sha256": hashlib.sha256(b"").hexdigest()}, "is no Parquet"),
        ({"index": 0}, "points must lie in 0 to 1 (got 2, 3)"),
        ({"rows": 1, "dropped": {"dsp <= 4000": 1}}, "must have 1 rows (got 2)"),
        ({"rows": 3}, "rows and dropped points must add up to 2 (got 3)"),
        ({"rows": 2.0}, "rows must be a count (got 2.0)"),
        ({"dropped": {"x": 1}}, "rows and dropped points must add up to 2 (got 2)"),
        ({"dropped": {"x": -1}}, "dropped points must be a count (got -1)"),
        ({"dropped": [["x", 1]]}, "it does not say which points were dropped"),
        ({"examples": {"x": 3}}, "examples of dropped points must be text"),
    ],
)  # fmt: skip
def test_what_is_not_the_chunk_is_refused(chunks, change, problem):
    found = verified(replace(chunks[1], **change), head_of(RECIPE))
    assert isinstance(found, Failed) and found.index == change.get("index", 1)
    assert found.problem.startswith(f"what its worker sent is refused: {problem}")


def test_another_models_chunk_is_refused(other_model):
    found = verified(other_model, head_of(RECIPE))
    assert found == Failed(1, None, "what its worker sent is refused: is of another space, its footer says")


@pytest.mark.parametrize("failed", [Failed(1, 4, "x"), Failed(1, 1, "x"), Failed(1, "2", "x"), Failed(1, None, None)])
def test_failures_name_a_point_of_their_chunk(failed):
    assert "what its worker sent is refused: the p" in verified(failed, head_of(RECIPE)).problem


def test_a_sweep_makes_a_refused_chunk_again(tmp_path, monkeypatch):
    run_sweep(SPACE, tmp_path / "right", chunk_points=2)
    wrong = [1, 1, 2, 2, 2]

    class Liar(SingleProcess):
        def wait(self):
            (made,) = super().wait()
            if made.index in wrong:
                wrong.remove(made.index)
                made = replace(made, content=bytes(made.content) + b"x")
            return [made]

    monkeypatch.setattr(run, "SingleProcess", Liar)
    swept = run_sweep(SPACE, tmp_path / "out", chunk_points=2)
    assert [failed.index for failed in swept.failed] == [2] and not wrong  # three times wrong, 1 only twice
    assert "what its worker sent is refused: its SHA-256 is " in swept.failed[0].problem
    assert not run_sweep(SPACE, tmp_path / "out", chunk_points=2).failed
    assert files_of(tmp_path / "out") == files_of(tmp_path / "right")


@pytest.mark.parametrize("sent", ["chunk", None, Failed(7, None, "x"), Failed(True, None, "x"), [Failed(1, None, "x")]])
def test_a_process_that_sends_something_else_is_replaced(sent, monkeypatch):
    pool = Processes(RECIPE, 0)
    gone = []
    process = SimpleNamespace(kill=lambda: gone.append(True), join=lambda _: None, exitcode=-9)
    worker = Worker(process, SimpleNamespace(recv=lambda: sent, close=lambda: None))
    worker.held.extend([1, 2])
    pool.workers.append(worker)
    fresh = Worker(process, SimpleNamespace(send=lambda index: None))
    monkeypatch.setattr(pool, "_started", lambda: fresh)
    assert pool._from(worker) == [Failed(1, None, "its worker sent what it was not asked for")]
    assert gone and pool.workers == [fresh] and list(fresh.held) == [2]


def test_a_task_of_a_cluster_returns_its_own_chunks(chunks):
    assert are_of(chunks, [0, 1, 2]) and are_of([Failed(4, None, "x")], [4]) and is_one_of(chunks[0], {0})
    for made, indices in ((chunks, [0, 1]), (chunks[:2], [1, 0]), (tuple(chunks), [0, 1, 2]), (["x"], [0]), (None, [0]),
                          ([Failed(math.nan, None, "x")], [0])):  # fmt: skip
        assert not are_of(made, indices)
