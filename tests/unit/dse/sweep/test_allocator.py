"""Memory that is freed and taken again costs no pages."""

import platform
import subprocess
import sys

import pytest

from pivotsim.dse.sweep import allocator

CHILD = """
import resource, threading
import numpy as np
from pivotsim.dse.sweep.allocator import keep_freed_memory

def work():
    for _ in range(200):
        columns = [np.ones(2**18) for _ in range(12)]  # 2 MiB each

def run():
    keep_freed_memory()
    work()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    work()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

thread = threading.Thread(target=run)  # as on a Dask worker
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

    monkeypatch.setattr(allocator.ctypes, "CDLL", load)
    allocator.keep_freed_memory()
