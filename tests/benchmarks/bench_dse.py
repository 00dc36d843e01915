"""Sweeps end to end: `make bench`. Sizes may be given: python -m tests.benchmarks.bench_dse MILLIONS."""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import pivotsim as ps
from pivotsim.dse.sweep.run import run_sweep

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


def timed(space: dict, **options) -> tuple[float, object]:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        swept = run_sweep(space, Path(folder) / "out", **options)
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in (Path(folder) / "out").iterdir())
    print(f"    {swept.points:,} points, {swept.rows:,} stored, {size / 2**20:,.0f} MiB, {seconds:.1f} s", flush=True)
    return seconds, swept


def peak_mb() -> str:
    """Peak memory of this process and of its largest worker."""
    own, workers = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return f"{own:.0f} MB here, {workers:.0f} MB in the largest worker"


def main() -> None:
    millions = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"machine: {os.cpu_count()} cores")
    seconds, swept = timed(shapes(millions), workers=2)
    two = swept.points / seconds
    print(f"stored, 2 processes                 {two / 1e6:8.2f} million/s   goal 1")
    print(f"peak memory                         {peak_mb()}   goal 500 MB", flush=True)
    seconds, swept = timed(shapes(millions, ("delay_ms <= 12",)), workers=2)
    print(f"computed, few stored, 2 processes   {swept.points / seconds / 1e6:8.2f} million/s   goal 10")
    seconds, swept = timed(BEHIND_MEMORIES, workers=2, method="random", samples=50_000)
    print(f"engine memory, 2 processes          {swept.rows / seconds:8.0f} a second      goal 2,000; those that fit")
    explored()
    uncertain()
    cluster(millions, two)
    draw = np.random.default_rng(1)
    table = dict(zip("abc", draw.random((3, 10_000_000)), strict=True))
    start = time.perf_counter()
    front = ps.pareto_front(table, ["a", "b", "c"])
    print(f"front of 10 million x 3             {time.perf_counter() - start:8.2f} s           {len(front):,} on it")


def explored() -> None:
    """Print the processor time of all designs behind memories in one process, kernels and spaces loaded."""
    one = {**BEHIND_MEMORIES, "axes": {**BEHIND_MEMORIES["axes"], "array.rows": [16], "array.cols": [16]}}
    ps.explore(one)
    times = []
    for _ in range(3):
        start = time.process_time()
        table = ps.explore(BEHIND_MEMORIES)
        times.append(time.process_time() - start)
    print(f"engine memory, explored             {1e3 * min(times):8.0f} ms of a processor; {len(table):,} fit")


def uncertain() -> None:
    """A space explored alone, and its front with 32 and 1,000 draws of the constants."""
    ps.front_uncertainty("zcu102_energy", ["dsp", "energy_j"], draws=2)
    times = []
    for draws in (0, 32, 1000):
        start = time.perf_counter()
        found = ps.front_uncertainty("zcu102_energy", ["dsp", "energy_j"], draws=draws) if draws else None
        table = ps.explore("zcu102_energy") if found is None else found.table
        times.append(time.perf_counter() - start)
    print(f"front of {len(table):,} designs, 32 draws     {times[1] / times[0]:8.2f} of exploring alone")
    print(f"front of {len(table):,} designs, 1,000 draws  {times[2]:8.2f} s           goal 1")


def cluster(millions: int, two: float) -> None:
    """Two Dask workers of one thread each, whose clocks tick as docs/exploring.md advises."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set(FEW_TICKS),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as local,
    ):
        seconds, swept = timed(shapes(millions), scheduler=local.scheduler_address)
    rate = swept.points / seconds
    print(
        f"stored, 2 Dask workers              {rate / 1e6:8.2f} million/s   {rate / two:.2f} of 2 processes, goal 0.9"
    )


if __name__ == "__main__":
    main()
