"""Kernels: loaded when they are called, cached by the hash of all sources, announced when they compile."""

import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import pivotsim
from pivotsim.cli.entry import main
from pivotsim.kernels import _cache, _jit, compilation
from pivotsim.kernels._cache import GROUPS, group_of
from pivotsim.kernels.array.many_designs import sum_design_cycles
from pivotsim.kernels.pareto import drop_dominated_by, front_of_three, front_of_two

PARENT = Path(pivotsim.__file__).parents[1]
DESIGNS = """
import numpy as np, pivotsim as ps
from pivotsim.engines.array.many_designs import cycles_per_design, design_columns
columns = design_columns(ps.load_hardware("zcu102").array, {"rows": [64]})
print(cycles_per_design([np.array([[197, 384, 1536, 1]])], columns)[0][0])
"""
ENGINES = {
    "analytic": (DESIGNS, "array cycles: vectors of designs, masks"),
    "memory": ("import pivotsim as ps; ps.simulate_gemm(1, 1, 1, engine='memory')", "engine memory: schedules, search"),
    "pe": ("import pivotsim as ps; ps.simulate_gemm(1, 1, 1, engine='pe')", "engine pe: clock by clock"),
}


PARETO = [f"pivotsim: compiling {GROUPS['pareto']} (kept for later runs)"]


def line(what, took=""):
    return f"pivotsim: compiling {what} (kept for later runs{took})\n"


def started(cache, code, package_parent=PARENT):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(package_parent)}
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        cwd=package_parent,
    )  # fmt: skip


def run(cache, code=DESIGNS, package_parent=PARENT):
    process = started(cache, code, package_parent)
    out, err = process.communicate(timeout=300)
    return out, err, process.returncode


def test_an_edit_in_another_file_is_seen(tmp_path):
    for folder in ("pivotsim", "hwconfigs", "workloads"):
        shutil.copytree(PARENT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    cache, what = tmp_path / "cache", ENGINES["analytic"][1]
    assert run(cache, package_parent=tmp_path) == ("61128\n", line(what), 0)
    assert run(cache, package_parent=tmp_path) == ("61128\n", "", 0)
    with (tmp_path / "pivotsim/kernels/array/random_masks.py").open("a") as file:
        file.write("# an edit in a file that the compiled function does not stand in\n")
    kernel = tmp_path / "pivotsim/kernels/array/closed_form.py"
    kernel.write_text(kernel.read_text().replace("(2 * r + c + t - 2 + extra)", "(2 * r + c + t - 1 + extra)"))
    seconds = json.loads((cache / "pivotsim/compile_processor_seconds.json").read_text())
    (cache / "pivotsim/compile_processor_seconds.json").write_text(json.dumps(dict.fromkeys(seconds, 7)))
    took = "; sum_design_cycles took 7 s of a processor last time"
    assert run(cache, package_parent=tmp_path) == ("61164\n", line(what, took), 0)
    seconds = json.loads((cache / "pivotsim/compile_processor_seconds.json").read_text())
    assert list(seconds) == ["pivotsim.kernels.array.many_designs.sum_design_cycles"] and seconds.popitem()[1] != 7


@pytest.fixture
def load(tmp_path, monkeypatch, caplog):
    """Loads kernels as a process does that starts with this cache, and returns (how many compiled, what was said)."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))

    def as_new(*kernels):
        monkeypatch.setattr(_cache, "_announced", set())
        caplog.clear()
        new = [_jit.Kernel(kernel.py_func, kernel.signature, (), kernel._options) for kernel in kernels]
        for kernel in new:
            kernel.compiled()
        return sum(kernel.was_compiled for kernel in new), caplog.messages

    return as_new


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path, load, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way of the folder")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked))
    for _ in range(2):
        assert load(front_of_two) == (1, PARETO)


@pytest.mark.parametrize("engine", ENGINES)
def test_compilation_is_announced_before_it_starts(tmp_path, engine):
    code, what = ENGINES[engine]
    process = started(tmp_path, code)
    try:
        assert process.stderr.readline() == line(what)
    finally:
        process.kill()  # it may take half a minute
        process.communicate()


def test_what_comes_from_the_cache_is_not_announced():
    _, err, code = run(os.environ["NUMBA_CACHE_DIR"], "\n".join(code for code, _ in ENGINES.values()))
    assert (err, code) == ("", 0)


def test_one_kernel_of_a_module_in_the_cache_and_another_not(tmp_path, load):
    assert load(front_of_two) == (1, PARETO)
    assert load(front_of_two) == (0, [])
    assert load(front_of_two, drop_dominated_by) == (1, PARETO)
    (tmp_path / "pivotsim/compile_processor_seconds.json").write_text("cut sho")
    shutil.rmtree(next((tmp_path / "pivotsim").glob("kernels-*")))
    assert load(front_of_two, drop_dominated_by) == (2, PARETO)  # said once for both
    assert load(front_of_two, drop_dominated_by) == (0, [])


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("keep", [0.0, 0.5], ids=["empty", "cut short"])
def test_damaged_machine_code_is_compiled_again(tmp_path, load, ending, keep):
    assert load(front_of_two) == (1, PARETO)
    (path,) = tmp_path.rglob(f"*.{ending}")
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    (tmp_path / "pivotsim/compile_processor_seconds.json").unlink()
    assert load(front_of_two) == (1, PARETO)
    assert load(front_of_two) == (0, [])


def test_warm_compiles_what_is_missing(tmp_path, monkeypatch, capsys, caplog):
    ours = [kernel for kernel in _jit.KERNELS if kernel.__module__ == "pivotsim.kernels.pareto"]
    monkeypatch.setattr(compilation, "GROUPS", {"pareto": GROUPS["pareto"]})

    def warm(cache):
        """Start anew, as in a process of its own."""
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache))
        monkeypatch.setattr(_cache, "_announced", set())
        new = [_jit.Kernel(kernel.py_func, kernel.signature, (), kernel._options) for kernel in ours]
        monkeypatch.setattr(compilation, "KERNELS", new)
        caplog.clear()
        return main(["warm"]), *capsys.readouterr(), caplog.messages

    code, out, err, said = warm(tmp_path)
    assert re.fullmatch(r"Pareto fronts: 4 of 4 kernels, [0-9.]+ s\n", out)
    assert (code, err, said) == (0, "", PARETO)
    assert warm(tmp_path) == (0, "nothing to compile\n", "", [])
    blocked = tmp_path / "file"
    blocked.write_text("in the way of the folder")
    code, _, err, _ = warm(blocked)
    problem = "warm: the kernels' cache cannot be written; set NUMBA_CACHE_DIR to a folder (got "
    assert err.splitlines()[-1].startswith(problem) and code == 2


def test_every_kernel_has_a_group():
    ours = [kernel for kernel in _jit.KERNELS if kernel.__module__.startswith("pivotsim.")]
    assert {group_of(kernel.__module__) for kernel in ours} == set(GROUPS)


def test_kernels_are_functions_to_their_callers():
    assert front_of_two.__name__ == "front_of_two" and "lexicographic" in front_of_two.__doc__
    assert pickle.loads(pickle.dumps(front_of_three)) is front_of_three
    points, kept, slow = np.array([[0.0, 2.0], [1.0, 3.0], [2.0, 1.0]]), np.zeros(3, bool), np.zeros(3, bool)
    front_of_two(points, kept)
    front_of_two.py_func(points, slow)
    assert kept.tolist() == slow.tolist() == [True, False, True]
    with pytest.raises(TypeError):
        front_of_two([[1, 2]], kept)  # the signature is the only one


def test_threads_that_call_at_once_compile_once(monkeypatch):
    kernel = _jit.Kernel(front_of_two.py_func, front_of_two.signature, (), _jit._OPTIONS)
    ran, together = [], threading.Barrier(6)
    monkeypatch.setattr(kernel, "_compiled_now", lambda: ran.append(1) or (lambda *_: None))

    def call():
        together.wait()
        kernel()

    threads = [threading.Thread(target=call) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert ran == [1]


def test_named_tuples_of_other_elements():
    from typing import NamedTuple

    class Pair(NamedTuple):
        low: int
        high: int

    def fill(pair, out):
        out[0] = pair.low[0] + pair.high[0]

    kernel = _jit.Kernel(fill, "void(Pair, int64[:])", ((Pair, "int64[::1]"),), _jit._OPTIONS)
    out = np.zeros(1, dtype=np.int64)
    one = np.ones(1, dtype=np.int64)
    try:
        kernel(Pair(one, one), out)
    finally:
        assert kernel not in _jit.KERNELS
    assert out.tolist() == [2] and sum_design_cycles.signature.startswith("void")


@_jit.part
def halved(value):
    return value // 2


@_jit.inlined
def through(value):
    return halved(value)


def halve_all(values):
    for i in range(len(values)):
        values[i] = through(values[i])


def test_a_part_is_not_forced_into_what_calls_it_though_its_caller_is():
    import numba

    values = np.array([4, 7])
    _jit._watch_numba()
    # past the cache, where nothing would be compiled
    _jit.Kernel(halve_all, "", (), _jit._OPTIONS)._dispatcher_for(numba.void(numba.int64[::1]))(values)
    assert values.tolist() == [2, 3]
    for function, is_forced in ((through, True), (halved, False)):
        (compiled,) = _jit._part_dispatchers[function].overloads.values()
        attributes = {a for f in compiled.library.get_defined_functions() if f.name == compiled.fndesc.mangled_name
                      for a in f.attributes}  # fmt: skip
        assert any(b"alwaysinline" in each for each in attributes) == is_forced
