"""One environment for all tests, whatever the user's: no search path, kernels and modules compiled once."""

import gc
import os
import sys
from pathlib import Path

os.environ.pop("PIVOTSIM_PATH", None)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # many tests start Python, and each process imports what one compiled
os.environ.setdefault("PIVOTSIM_RTL_ARRAYS_OPTIMISED", "-O0")  # compiling takes longer than a test's clocks
# kernels that check each index lie apart: numba would take one for the other
os.environ["NUMBA_CACHE_DIR"] = str(
    Path(__file__).parents[1] / ".pytest_cache" / f"kernels{os.environ.get('NUMBA_BOUNDSCHECK', '')}"
)

import pytest
from hypothesis import settings

from tests.one_at_a_time import taken_once

sys.dont_write_bytecode = False
settings.register_profile("pivotsim", derandomize=True, deadline=None)
settings.load_profile("pivotsim")
# of all kernels, by the time that compiling them takes: the last to end are short ones
LONGEST_FIRST = ("run_with_commands", "run_with_bandwidth", "run_masked", "advance")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for no garbage among what is collected, which lives to the end: that is a fifth of collecting."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return (yield)
    finally:
        if was_enabled:
            gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _compiled_kernels():
    """Compile before the first test, so that no test's stderr depends on which one runs first.

    Processes share the work: what one of them compiles, the others take from the cache.
    """
    from pivotsim.kernels.compilation import all_kernels

    kernels = {kernel.__name__: kernel for kernel in all_kernels()}
    names = [*LONGEST_FIRST, *sorted(kernels.keys() - set(LONGEST_FIRST))]
    taken_once(names, lambda name: kernels[name].compiled(), Path(os.environ["NUMBA_CACHE_DIR"]) / "locks")


@pytest.fixture(autouse=True)
def _wide_page(monkeypatch):
    """Print on a page on which no line wraps; tests of wrapping set their own."""
    monkeypatch.setenv("COLUMNS", "2000")
