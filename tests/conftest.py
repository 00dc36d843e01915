"""One environment for all tests, whatever the user's: no search path, kernels compiled once and kept apart."""

import os
from pathlib import Path

os.environ.pop("PIVOTSIM_PATH", None)
os.environ["NUMBA_CACHE_DIR"] = str(Path(__file__).parents[1] / ".pytest_cache" / "kernels")

import pytest
from hypothesis import settings

settings.register_profile("pivotsim", derandomize=True, deadline=None)
settings.load_profile("pivotsim")


@pytest.fixture(scope="session", autouse=True)
def _compiled_kernels():
    """Compile before the first test, so that no test's stderr depends on which one runs first."""
    from pivotsim.kernels.compilation import compile_all

    list(compile_all())


@pytest.fixture(autouse=True)
def _wide_page(monkeypatch):
    """Print on a page on which no line wraps; tests of wrapping set their own."""
    monkeypatch.setenv("COLUMNS", "2000")
