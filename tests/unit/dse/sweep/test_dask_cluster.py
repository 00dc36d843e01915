"""A Dask cluster gives the same bytes, also where a worker of it dies."""

import asyncio
import contextlib
import itertools
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep.chunks import ChunkMaker, Failed, Recipe, versions_of
from pivotsim.dse.sweep.dask_cluster import MAX_CHUNKS, Cluster, make_chunks
from pivotsim.dse.sweep.dask_internals import are_in_reach
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.errors import InputError, PivotsimError
from tests.benchmarks.bench_dse import FEW_TICKS
from tests.unit.dse import children
from tests.unit.dse.children import CHUNK, CHUNKS, SPACE, files_of

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")


@contextlib.contextmanager
def killed(command, **options):
    """A process that ends with the test."""
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def threads(count):
    """A worker in this process, so that tests may change what it runs."""
    return distributed.LocalCluster(
        n_workers=1, threads_per_worker=count, processes=False, dashboard_address=":0", silence_logs=50
    )


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("dead", [1, 2])
def test_two_workers_that_die(dead, tmp_path, undisturbed):
    """Results that are finished but not yet here die with them, and are made again; no attempt is counted."""
    landed = []
    children.forkserver()
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
    ):
        pids = [worker.pid for worker in cluster.workers.values()]

        def kill(progress):
            if progress.chunks_done >= 9 and not landed:
                time.sleep(0.3)  # meanwhile tasks finish
                for pid in pids[:dead]:
                    os.kill(pid, signal.SIGKILL)
                landed.append(progress.chunks_done)

        swept = run_sweep(SPACE, tmp_path, scheduler=cluster.scheduler_address, chunk_points=CHUNK, report=kill)
    assert not swept.failed and 0 < landed[0] < CHUNKS
    assert files_of(tmp_path) == undisturbed


def test_threads_of_a_worker_and_tasks_of_several_chunks(tmp_path, undisturbed, monkeypatch):
    sent, send = [], Cluster._send
    monkeypatch.setattr(Cluster, "_send", lambda self, indices: (sent.append(list(indices)), send(self, indices)))
    with threads(2) as cluster:
        swept = run_sweep(SPACE, tmp_path, scheduler=cluster.scheduler_address, chunk_points=CHUNK)
    assert sorted(itertools.chain(*sent)) == list(range(CHUNKS)) and not swept.failed
    assert len(sent[0]) == 1 < max(map(len, sent)) <= MAX_CHUNKS
    assert files_of(tmp_path) == undisturbed


def test_a_task_that_fails_takes_no_other_chunk_with_it(tmp_path, undisturbed, monkeypatch):
    """Chunk 40 loses its whole task, as one does that kills its workers; then each of them goes alone."""
    sent, send = [], Cluster._send
    monkeypatch.setattr(Cluster, "_send", lambda self, indices: (sent.append(list(indices)), send(self, indices)))
    real = ChunkMaker.__call__

    def make(self, index):
        if index == 40:
            raise ValueError("a defect\nof two lines")
        return real(self, index)

    monkeypatch.setattr(ChunkMaker, "__call__", make)
    with threads(1) as cluster:
        swept = run_sweep(SPACE, tmp_path, scheduler=cluster.scheduler_address, chunk_points=CHUNK)
    (failed,) = swept.failed
    assert failed == Failed(40, None, "ValueError: a defect of two lines")
    (task,) = (indices for indices in sent if 40 in indices and len(indices) > 1)
    assert sent.count([40]) == 2 and all(sent.count([index]) == 1 for index in task if index != 40)
    monkeypatch.undo()
    assert not run_sweep(SPACE, tmp_path, chunk_points=CHUNK).failed
    assert files_of(tmp_path) == undisturbed


def test_workers_may_come_later(tmp_path, undisturbed, caplog):
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0", silence_logs=50) as cluster:
        told = f"scheduler: no worker is connected to {cluster.scheduler_address} yet"

        def come():
            try:
                children.wait_until(lambda: told in caplog.messages)
            finally:
                cluster.scale(1)

        later = threading.Thread(target=come)
        later.start()
        run_sweep(SPACE, tmp_path, scheduler=cluster.scheduler_address, chunk_points=CHUNK)
        later.join()
    assert files_of(tmp_path) == undisturbed


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_scheduler_that_is_gone(tmp_path, undisturbed):
    with threads(1) as cluster:

        def stop(progress):
            if progress.chunks_done >= 9:
                cluster.close()

        with pytest.raises(
            PivotsimError, match=r"^scheduler: connection lost to inproc://.*; the same command goes on$"
        ):
            run_sweep(SPACE, tmp_path, scheduler=cluster.scheduler_address, chunk_points=CHUNK, report=stop)
    assert 9 <= children.done_in(tmp_path) < CHUNKS
    run_sweep(SPACE, tmp_path, chunk_points=CHUNK)
    assert files_of(tmp_path) == undisturbed


def test_a_killed_scheduler_takes_one_line(tmp_path):
    """Dask's own words about it are not shown; what is done stays."""
    command = [sys.executable, "-m"]
    space = tmp_path / "fault_space.yaml"
    side = {"start": 1, "stop": 3000, "step": 1}  # 9 million points: seconds
    space.write_text(yaml.safe_dump({"name": "fault", "axes": {"array.rows": side, "array.cols": {**side}}}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = ["distributed.cli.dask_scheduler", "--host", address, "--no-dashboard"]
    worker = ["distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    sweep = ["pivotsim", "sweep", str(space), "--out", str(tmp_path / "out"), "--scheduler", address]
    with contextlib.ExitStack() as started:
        processes = [started.enter_context(killed(command + rest, **quiet)) for rest in (scheduler, worker)]
        sweeping = started.enter_context(killed(command + sweep, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        deadline = time.monotonic() + 60
        while not any((tmp_path / "out").glob("chunk-*.parquet")):
            if sweeping.poll() is not None or time.monotonic() > deadline:
                pytest.fail(str(sweeping.communicate()))
            time.sleep(0.01)
        processes[0].kill()
        _, errors = sweeping.communicate(timeout=60)
    assert (sweeping.returncode, errors.decode().splitlines()[-1:]) == (
        2, [f"scheduler: connection lost to {address}; the same command goes on"]
    )  # fmt: skip
    assert "distributed" not in errors.decode() and "Traceback" not in errors.decode()


async def no_route():
    raise OSError("no route to host")


async def something_else():
    raise MemoryError("Unable to allocate 3.07 EiB")


async def silence():
    await asyncio.sleep(30)


async def answer():
    return {}


@pytest.mark.parametrize(
    ("workers", "is_direct"),
    [([], False), ([answer], True), ([answer, no_route], False), ([something_else], False), ([silence], False)],
)
def test_chunks_come_straight_from_workers_in_reach(workers, is_direct, monkeypatch):
    async def identity():
        return {"workers": dict(enumerate(workers))}

    monkeypatch.setattr("pivotsim.dse.sweep.dask_internals.PROBE_S", 0.05)
    client = SimpleNamespace(
        scheduler=SimpleNamespace(identity=identity), rpc=lambda i: SimpleNamespace(identity=workers[i])
    )
    assert asyncio.run(are_in_reach(client)) is is_direct


def test_workers_of_another_version_make_nothing():
    recipe = pickle.dumps(Recipe(load_space(SPACE), "grid", chunk_points=CHUNK))
    here = versions_of("grid")
    (first, second), _ = make_chunks("key", recipe, [0, 7], "grid", {**here, "pivotsim": "0.0.1"})
    assert isinstance(first, Failed) and "; the sweep has pivotsim 0.0.1, pyarrow" in first.problem
    assert (first.index, second.index) == (0, 7)
    (made,), seconds = make_chunks("key", recipe, [3], "grid", here)
    assert made.index == 3 and made.rows and seconds > 0


def test_a_worker_goes_from_one_sweep_to_the_next():
    recipes = [Recipe(load_space(SPACE), "grid", chunk_points=CHUNK), Recipe(load_space(SPACE), "random", 100, 3)]
    for recipe in (*recipes, recipes[0]):
        (made,), _ = make_chunks(f"key of {recipe.method}", pickle.dumps(recipe), [0], "grid", versions_of("grid"))
        assert made.sha256 == ChunkMaker(recipe)(0).sha256


def test_nobody_answers(tmp_path, monkeypatch):
    monkeypatch.setattr("pivotsim.dse.sweep.dask_cluster.CONNECT_S", 0.2)
    with pytest.raises(InputError, match=r"scheduler: cannot be reached at tcp://127\.0\.0\.1:1"):
        run_sweep(SPACE, tmp_path, scheduler="tcp://127.0.0.1:1")
    assert not list(tmp_path.iterdir())  # another sweep may go there


@pytest.mark.parametrize(("threads", "room"), [({}, 2), ({"a": 1}, 2), ({"a": 2, "b": 3}, 10)])
def test_a_cluster_takes_two_tasks_a_thread(threads, room):
    cluster = object.__new__(Cluster)
    cluster.client, cluster.has_workers, cluster.measure_from = SimpleNamespace(nthreads=lambda: threads), True, 0.0
    cluster._measure_room()
    assert cluster.room == room


def test_settings_that_are_advised_are_dasks_own():
    """Against what Dask brings along, whatever the variables and files of whoever runs this set."""
    guide = (Path(__file__).parents[4] / "docs/exploring.md").read_text()
    own = dask.config.merge(*dask.config.defaults)
    for name, value in FEW_TICKS.items():
        assert dask.config.get(name, config=own) != value  # not yet so by default, and no name of nothing
        assert f"export DASK_{name.replace('.', '__').replace('-', '_').upper()}={value}\n" in guide
