"""Sweeps end to end, least, median and most: `make bench`; or python -m tests.benchmarks.bench_dse MILLIONS."""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import pivotsim as ps
from pivotsim.dse.sweep.run import run_sweep
from tests.benchmarks.timing import REPEATS, Spread, in_turns, spread, timed

PAIR = {"effort": {"low": 6, "high": 12, "low_frac": 0.8}}


def shapes(millions: int, constraints: tuple[str, ...] = ()) -> dict:
    """Array shapes and MAC latencies, with one effort pair; padded, no overlap."""
    side = round((millions * 1e6 / 4) ** 0.5)
    axis = {"start": 8, "stop": 7 + side, "step": 1}
    axes = {"array.mac_latency": [1, 2, 3, 4], "array.rows": axis, "array.cols": axis}
    return {"name": "bench", "fixed": PAIR, "axes": axes, "constraints": list(constraints)}


FEW_TICKS = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}
BEHIND_MEMORIES = {
    "name": "memories",
    "fixed": {**PAIR, "engine": "memory"},
    "axes": {
        "memories.opmem_bytes": [8192, 16384, 32768, 65536],
        "memories.ipmem_bytes": [4096, 8192, 16384, 32768],
        "array.dataflow": ["is", "ws", "os"],
        "array.rows": {"start": 16, "stop": 128, "step": 8},
        "array.cols": {"start": 16, "stop": 128, "step": 8},
    },
}


def processor_s() -> float:
    """Seconds of processors that this process and those that it has waited for have taken."""
    taken = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in taken)


def sweeps(space: dict, **options) -> tuple[Spread, Spread, object]:
    """Return seconds on the wall and of processors of several sweeps, and what the last one stored."""
    wall_s, cpu_s = [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            start, taken = time.perf_counter(), processor_s()
            swept = run_sweep(space, Path(folder) / "out", **options)
            wall_s.append(time.perf_counter() - start)
            cpu_s.append(processor_s() - taken)
            size = sum(path.stat().st_size for path in (Path(folder) / "out").iterdir())
    print(f"    {swept.points:,} points, {swept.rows:,} stored, {size / 2**20:,.0f} MiB; {spread(wall_s):s},"
          f" {spread(cpu_s):s of processors}", flush=True)  # fmt: skip
    return spread(wall_s), spread(cpu_s), swept


def most_mb() -> str:
    """Peak memory of this process and of its largest worker."""
    own, workers = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return f"{own:.0f} MB here, {workers:.0f} MB in the largest worker"


def main() -> None:
    millions = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print(f"machine: {os.cpu_count()} cores")
    two_s, _, swept = sweeps(shapes(millions), workers=2)
    print(f"stored, 2 processes                {two_s.per_second(swept.points / 1e6):million/s}   goal 10")
    print(f"peak memory                         {most_mb()}   goal 500 MB", flush=True)
    seconds, _, swept = sweeps(shapes(millions, ("delay_ms <= 12",)), workers=2)
    print(f"computed, few stored, 2 processes  {seconds.per_second(swept.points / 1e6):million/s}   goal 10")
    seconds, _, swept = sweeps(BEHIND_MEMORIES, workers=2, method="random", samples=50_000)
    print(f"engine memory, 2 processes         {seconds.per_second(swept.rows):a second}    goal 2,000; those that fit")
    explored()
    uncertain()
    cluster(millions, two_s)
    draw = np.random.default_rng(1)
    table = dict(zip("abc", draw.random((3, 10_000_000)), strict=True))
    front = ps.pareto_front(table, ["a", "b", "c"])
    taken = timed(lambda: ps.pareto_front(table, ["a", "b", "c"]))
    print(f"front of 10 million x 3            {taken:s}           {len(front):,} on it")


def explored() -> None:
    """Print the processor time of all designs behind memories in one process, kernels and spaces loaded."""
    one = {**BEHIND_MEMORIES, "axes": {**BEHIND_MEMORIES["axes"], "array.rows": [16], "array.cols": [16]}}
    ps.explore(one)
    table = ps.explore(BEHIND_MEMORIES)
    taken = timed(lambda: ps.explore(BEHIND_MEMORIES)).times(1e3)
    print(f"engine memory, explored            {taken:ms}; {len(table):,} fit")


def uncertain() -> None:
    """A space explored alone, and its front with 32 and 1,000 draws of the constants."""
    space, objectives = "zcu102_energy", ["dsp", "energy_j"]
    ps.front_uncertainty(space, objectives, draws=2)
    few, alone, ratio = in_turns(
        lambda: ps.front_uncertainty(space, objectives, draws=32), lambda: ps.explore(space), repeats=REPEATS
    )
    many = timed(lambda: ps.front_uncertainty(space, objectives, draws=1000))
    print(f"{len(ps.explore(space)):,} designs explored alone       {alone:s}")
    print(f"its front, 32 draws                {few:s}")
    print(f"  ratio to exploring, of each pair {ratio:times}")
    print(f"its front, 1,000 draws             {many:s}")


def cluster(millions: int, two_s: Spread) -> None:
    """Two Dask workers of one thread each, whose clocks tick as docs/exploring.md advises."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set(FEW_TICKS),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as local,
    ):
        seconds, _, swept = sweeps(shapes(millions), scheduler=local.scheduler_address)
    rate = seconds.per_second(swept.points / 1e6)
    print(f"stored, 2 Dask workers             {rate:million/s}   {two_s.median / seconds.median:.2f} of 2 processes,"
          " goal 0.9")  # fmt: skip


if __name__ == "__main__":
    main()
