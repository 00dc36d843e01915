"""Speed, printed and never tested: `make bench`. Ratios are of figures measured in this one run."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np

import pivotsim as ps

REPEATS = 5
DESIGNS = 4_000_000
CLI = [sys.executable, "-m", "pivotsim"]


def best_s(function: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the shortest of several runs: the one that the machine disturbed least."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def process(command: list[str], **environment: str) -> Callable[[], object]:
    def run() -> object:
        return subprocess.run(command, check=True, capture_output=True, timeout=300, env={**os.environ, **environment})

    return run


def importing() -> float:
    code = "import time; t = time.perf_counter(); import pivotsim; print(time.perf_counter() - t)"
    return min(
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60).stdout)
        for _ in range(REPEATS)
    )


def first_run() -> float:
    with tempfile.TemporaryDirectory() as cache:
        return best_s(process([*CLI, "run", "deit_s"], NUMBA_CACHE_DIR=cache), repeats=1)


@numba.njit(parallel=True, error_model="numpy")
def bare_prototype(gemms, rows, cols, out):
    """Padded folds without overlap, input stationary, cycles alone: as little as such a loop can do."""
    for d in numba.prange(len(out)):
        total = 0
        for i in range(len(gemms)):
            m, k, n, repeats = gemms[i]
            folds = ((k + rows[d] - 1) // rows[d]) * ((m + cols[d] - 1) // cols[d])
            total += repeats * folds * (2 * rows[d] + cols[d] + n - 2)
        out[d] = total


def designs_and_bare(count: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return what runs drawn arrays through ``simulate_designs``, and what through the bare loop; both agree."""
    draw = np.random.default_rng(1)
    rows, cols = draw.integers(8, 129, count), draw.integers(8, 129, count)
    plan, hw = ps.plan("deit_s"), ps.load_hardware("zcu102")
    axes = {"rows": rows, "cols": cols}
    table = ps.simulate_designs(plan, hw, axes)
    distinct = {(m, k, n): 0 for m, k, n, _ in ps.lower(plan).within("encoders").gemms.tolist()}
    for m, k, n, repeats in ps.lower(plan).within("encoders").gemms.tolist():
        distinct[m, k, n] += repeats
    gemms = np.array([(*shape, count) for shape, count in distinct.items()])
    out = np.empty(count, dtype=np.int64)
    bare_prototype(gemms, rows, cols, out)
    if not np.array_equal(out, table["pl_cycles"]):
        raise SystemExit("the bare prototype disagrees")
    return lambda: ps.simulate_designs(plan, hw, axes), lambda: bare_prototype(gemms, rows, cols, out)


def designs_per_second() -> tuple[float, float]:
    run, run_bare = designs_and_bare(DESIGNS)
    whole = bare = float("inf")
    for _ in range(10):  # in turns, so that a disturbed machine disturbs both
        whole, bare = min(whole, best_s(run, repeats=1)), min(bare, best_s(run_bare, repeats=1))
    return DESIGNS / whole, DESIGNS / bare


def main() -> None:
    first = first_run()
    process([*CLI, "run", "deit_s"])()
    cold = best_s(process([*CLI, "run", "deit_s"]))
    hw, plan = ps.load_hardware("zcu102"), ps.plan("deit_s")
    ps.simulate(plan, hw)
    warm = best_s(lambda: [ps.simulate(plan, hw) for _ in range(100)]) / 100
    ours, bare = designs_per_second()
    print(f"machine: {os.cpu_count()} cores, Python {sys.version.split()[0]}, {Path(sys.executable).name}")
    print(f"import pivotsim                            {1e3 * importing():8.2f} ms   goal  50 ms")
    print(f"first `pivotsim run deit_s` (compiles)     {first:8.2f} s    goal  10 s")
    print(f"cold `pivotsim run deit_s`                 {cold:8.2f} s    goal   1 s")
    print(f"warm simulate(), whole DeiT-S              {1e3 * warm:8.3f} ms   goal   1 ms")
    print(f"whole DeiT-S designs, PS and energy too    {ours / 1e6:8.1f} million/s")
    print(f"bare prototype, cycles of one mode alone   {bare / 1e6:8.1f} million/s")
    print(f"ratio bare / whole                         {bare / ours:8.2f}      goal   2")


if __name__ == "__main__":
    main()
