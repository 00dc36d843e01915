"""Compiled kernels: cached by the hash of all kernel sources, announced once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pivotsim

CODE = "import pivotsim as ps; print(ps.simulate_gemm(197, 384, 1536).cycles)"
LINE = "pivotsim: compiling numba kernels, once per installation (seconds; engine memory half a minute)\n"


def run(cache, package_parent):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(package_parent)}
    return subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120, env=environment, cwd=package_parent
    )


def test_an_edit_in_another_file_is_seen(tmp_path):
    source = Path(pivotsim.__file__).parent
    for folder in ("pivotsim", "hwconfigs", "workloads"):
        shutil.copytree(source.parent / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    cache = tmp_path / "cache"
    first = run(cache, tmp_path)
    assert (first.stdout, first.stderr) == ("61128\n", LINE)
    again = run(cache, tmp_path)
    assert (again.stdout, again.stderr) == ("61128\n", "")
    with (tmp_path / "pivotsim/kernels/array/closed_form_parallel.py").open("a") as file:
        file.write("# an edit in a file that the compiled function does not stand in\n")
    assert run(cache, tmp_path).stderr == LINE
    kernel = tmp_path / "pivotsim/kernels/array/closed_form.py"
    kernel.write_text(kernel.read_text().replace("(2 * r + c + t - 2 + extra)", "(2 * r + c + t - 1 + extra)"))
    assert run(cache, tmp_path).stdout == "61164\n"


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way of the folder")
    result = run(blocked, Path(pivotsim.__file__).parents[1])
    assert (result.stdout, result.returncode) == ("61128\n", 0)
