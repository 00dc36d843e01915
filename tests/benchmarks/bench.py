"""Speed, printed and never tested: `make bench`: least, median, most, peak memory. Ratios are of this one run."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest.mock import patch

import numba
import numpy as np

import pivotsim as ps
from pivotsim.engines.array import many_designs as array_designs
from pivotsim.simulation import many_designs as table_designs
from tests.benchmarks.timing import Spread, in_turns, process_peak_mb, spread, timed

REPEATS = 5
DESIGNS = (200_000, 1_000_000)  # how the ratio to a bare loop depends on how many there are
CLI = [sys.executable, "-m", "pivotsim"]


def process(command: list[str], **environment: str) -> Callable[[], object]:
    def run() -> object:
        return subprocess.run(command, check=True, capture_output=True, timeout=300, env={**os.environ, **environment})

    return run


def of_processes(command: list[str], times_s: Iterable[float]) -> Spread:
    """Return the spread of what processes of one command took, and the most memory that one holds."""
    return spread(times_s, process_peak_mb(command))


def importing() -> Spread:
    code = "import time; t = time.perf_counter(); import pivotsim; print(time.perf_counter() - t)"
    command = [sys.executable, "-c", code]
    ran = (subprocess.run(command, check=True, capture_output=True, timeout=60) for _ in range(REPEATS))
    return of_processes(command, (float(each.stdout) for each in ran))


def first_run() -> float:
    with tempfile.TemporaryDirectory() as cache:
        return timed(process([*CLI, "run", "deit_s"], NUMBA_CACHE_DIR=cache), 1, time.perf_counter).least


@numba.njit(error_model="numpy")
def bare_prototype(gemms, rows, cols, out):
    """Padded folds without overlap, input stationary, cycles alone: as little as such a loop can do."""
    for d in range(len(out)):
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


def main() -> None:
    first, command = first_run(), [*CLI, "run", "deit_s"]
    process(command)()
    cold = of_processes(command, (timed(process(command), 1, time.perf_counter).least for _ in range(REPEATS)))
    hw, plan = ps.load_hardware("zcu102"), ps.plan("deit_s")
    ps.simulate(plan, hw)
    warm = timed(lambda: [ps.simulate(plan, hw) for _ in range(100)]).times(10)
    print(f"machine: {os.cpu_count()} cores, Python {sys.version.split()[0]}, {Path(sys.executable).name}")
    print(f"import pivotsim                          {importing().times(1e3):ms}   goal  50 ms")
    print(f"first `pivotsim run deit_s` (compiles)   {first:9.2f}  s once   goal  10 s")
    print(f"cold `pivotsim run deit_s`               {cold:s}    goal   1 s")
    print(f"warm simulate(), whole DeiT-S            {warm:ms}   goal 0.4 ms")
    with patch.object(array_designs, "CORES", 1), patch.object(table_designs, "CORES", 1):
        for count in DESIGNS:
            whole, bare, ratio = in_turns(*designs_and_bare(count), repeats=10)
            print(f"{count:,} designs, whole DeiT-S, in one thread")
            print(f"  clocks, PS, energy and EDP             {whole.per_second(count / 1e6):million/s}")
            print(f"  a bare loop: cycles of one mode alone  {bare.per_second(count / 1e6):million/s}")
            print(f"  ratio whole / bare, of each pair       {ratio:times}   goal 1.5")


if __name__ == "__main__":
    main()
