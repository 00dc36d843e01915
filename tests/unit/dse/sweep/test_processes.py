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
from pivotsim.dse.sweep.chunks import FinishedChunk, Recipe, versions_of

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
