"""A Dask cluster gives the same bytes, also where a worker of it dies."""

import os
import signal

import pytest

from pivotsim.dse.chunks import Failed, Recipe
from pivotsim.dse.cluster import make_chunk, versions
from pivotsim.dse.space_file import load_space
from pivotsim.dse.sweep import run_sweep
from pivotsim.errors import InputError
from tests.unit.dse.children import CHUNK, CHUNKS, SPACE, files_of

distributed = pytest.importorskip("distributed")


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_two_workers_one_of_which_dies(tmp_path, undisturbed):
    landed = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    ) as cluster:
        pids = [worker.pid for worker in cluster.workers.values()]

        def kill(progress):
            if progress.chunks_done >= 9 and not landed:
                os.kill(pids[0], signal.SIGKILL)
                landed.append(progress.chunks_done)

        swept = run_sweep(SPACE, tmp_path, scheduler=cluster.scheduler_address, chunk_points=CHUNK, report=kill)
    assert not swept.failed and 0 < landed[0] < CHUNKS
    assert files_of(tmp_path) == undisturbed


def test_workers_of_another_version_make_nothing():
    recipe = Recipe(load_space(SPACE), "grid", chunk_points=CHUNK)
    made = make_chunk("key", recipe, 0, ("0.0.1", versions()[1]))
    assert isinstance(made, Failed) and "the sweep has 0.0.1 and" in made.problem
    assert make_chunk("key", recipe, 0, versions()).rows


def test_nobody_answers(tmp_path, monkeypatch):
    monkeypatch.setattr("pivotsim.dse.cluster.CONNECT_S", 0.2)
    with pytest.raises(InputError, match=r"scheduler: cannot be reached at tcp://127\.0\.0\.1:1"):
        run_sweep(SPACE, tmp_path, scheduler="tcp://127.0.0.1:1")
