"""Memory that is freed and taken again costs no pages."""

import os
import pickle
import platform
import signal
import subprocess
import sys

import pytest

from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep import dask_cluster, processes
from pivotsim.dse.sweep.chunks import Failed, FinishedChunk, Recipe, versions_of
from pivotsim.errors import PivotsimError

CHILD = """
import resource, threading
import numpy as np
from pivotsim.dse.sweep.processes import keep_freed_memory

def work():
    for _ in range(200):
        columns = [np.ones(2**18) for _ in range(12)]  # 2 MiB each

def run():
    keep_freed_memory()
    work()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    work()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

thread = threading.Thread(target=run)  # glibc keeps an arena per thread
thread.start()
thread.join()
"""


def page_faults():
    return int(subprocess.run([sys.executable, "-c", CHILD], capture_output=True, check=True, timeout=60).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is asked")
def test_freed_memory_is_kept():
    assert page_faults() < 100  # 12,256 without


@pytest.mark.parametrize("library", [OSError(), TypeError(), object()])
def test_other_systems_are_left_alone(library, monkeypatch):
    def load(_):
        if isinstance(library, Exception):
            raise library
        return library

    monkeypatch.setattr(processes.ctypes, "CDLL", load)
    processes.keep_freed_memory()


def test_a_worker_of_a_cluster_keeps_its_allocator(monkeypatch):
    """It is its owner's process: a setting of the whole process is not the sweep's to make."""

    def never(*_):
        raise AssertionError("the allocator was changed")

    monkeypatch.setattr(processes.ctypes, "CDLL", never)
    monkeypatch.setattr(processes, "keep_freed_memory", never)
    recipe = Recipe(load_space({"name": "two", "axes": {"array.rows": [32, 64]}}), "grid")
    (made,), _ = dask_cluster.make_chunks("allocator", pickle.dumps(recipe), [0], "grid", versions_of("grid"))
    assert made.rows == 2
    assert isinstance(processes.SingleProcess(recipe).make(0), FinishedChunk)  # nor is the caller's own process


def test_an_interrupt_reaches_no_worker_and_is_not_lost():
    """Ctrl-C goes to all processes of a terminal, the workers that are still loading their modules among them."""
    recipe = Recipe(load_space("zcu102_arrays"), "random", 2, 0, chunk_points=1)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background may ignore it
    pool = processes.Processes(recipe, 1)
    try:
        os.kill(pool.workers[0].process.pid, signal.SIGINT)
        pool.submit(0)
        assert [type(outcome) for outcome in pool.wait()] == [FinishedChunk]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            signal.sigtimedwait((), 1)  # a moment for it to come
    finally:
        pool.close()
        signal.signal(signal.SIGINT, before)


class Pipe:
    """Sends what a script says next, and is closed at None."""

    def __init__(self, script):
        self.script = script

    def recv(self):
        sent = next(self.script)
        if sent is None:
            raise EOFError
        return sent

    def send(self, _):
        pass

    close = kill = join = lambda *_: None
    exitcode = -9


class Scripted(processes.Processes):
    """One worker after the other, none of them a process."""

    def __init__(self, script):
        self.script = iter(script)
        super().__init__(None, 1)

    def _started(self):
        pipe = Pipe(self.script)
        return processes.Worker(pipe, pipe)


@pytest.mark.parametrize("finished", [0, 1])
def test_as_many_deaths_in_a_row_as_allowed_end_a_sweep(monkeypatch, finished):
    monkeypatch.setattr(processes.connection, "wait", list)
    most, done = processes.MAX_DEATHS, Failed(0, None, "made, in vain")
    pool = Scripted([*([None] * (most - 1) + [done]) * finished, *[None] * most])
    for _ in range(most * finished + most - 1):
        pool.submit(0)
        assert [outcome.index for outcome in pool.wait()] == [0]
    pool.submit(0)
    with pytest.raises(PivotsimError, match=rf"workers: {most} died in a row .* \(exit code -9\)"):
        pool.wait()


def test_a_worker_has_room_for_the_chunks_that_it_may_hold():
    pool = Scripted([])
    for index in range(processes.QUEUED):
        assert pool.has_room()
        pool.submit(index)
    assert not pool.has_room()
