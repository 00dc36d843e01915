"""Memory that is freed and taken again costs no pages, and a process of another has its allocator back."""

import pickle
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep import dask_cluster, freed_memory, processes
from pivotsim.dse.sweep.chunks import FinishedChunk, Recipe, versions_of

CHILD = """
import resource, threading
import numpy as np
from pivotsim.dse.sweep.freed_memory import keep_freed_memory

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

    monkeypatch.setattr(freed_memory.ctypes, "CDLL", load)
    freed_memory.keep_freed_memory()


def made_by_a_worker():
    recipe = Recipe(load_space({"name": "two", "axes": {"array.rows": [32, 64]}}), "grid")
    (made,), _ = dask_cluster.make_chunks("allocator", pickle.dumps(recipe), [0], "grid", versions_of("grid"))
    assert made.rows == 2
    return recipe


def asked(monkeypatch):
    """Returns a list that takes what the allocator is asked for."""
    calls = []
    library = SimpleNamespace(mallopt=lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda _: library)
    return calls


@pytest.mark.parametrize("stated", [None, str(2**30)])
def test_an_allocator_that_keeps_memory_is_left_alone(stated, monkeypatch):
    """It is its owner's process: a setting of the whole process is not the sweep's to make."""
    calls = asked(monkeypatch)
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    if stated:
        monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", stated)
    recipe = made_by_a_worker()
    assert isinstance(processes.SingleProcess(recipe).make(0), FinishedChunk)  # nor is the caller's own process
    assert not calls


def test_a_worker_of_dask_keeps_memory_while_it_makes_chunks(monkeypatch):
    calls = asked(monkeypatch)
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")  # as Dask starts them
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    made_by_a_worker()
    assert calls == [(-1, 64 * 2**20), (-3, 4 * 2**20), (-1, 65536), (-3, 128 * 2**10)]


def test_the_last_thread_sets_back(monkeypatch):
    calls = asked(monkeypatch)
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
    kept = freed_memory.FreedMemoryKept()
    with kept:
        with kept:
            pass
        assert len(calls) == 2
    assert len(calls) == 4
