"""Whole DeiT-S behind its memories, least, median, most and peak memory: `make bench`."""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from functools import partial

import numpy as np

import pivotsim as ps
from pivotsim.engines.array.many_designs import design_row
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.many_designs import MemoryDesign, Searches
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.kernels._jit import KERNELS
from pivotsim.workload.masks.masks import drawn_mask
from tests.benchmarks.bench_dse import BEHIND_MEMORIES
from tests.benchmarks.timing import Spread, most_mb, timed

REPEATS = 9
DRAWN = 133  # designs of each dataflow
WEIGHTED = ("qkv", "proj", "fc1", "fc2")


def masked(trace: ps.Trace, block: int, density: float) -> ps.Trace:
    """Return a trace whose weights have a drawn mask each."""
    ops, masks = [], {}
    for seed, op in enumerate(trace):
        if op.kind == "gemm" and op.module in WEIGHTED:
            mask = drawn_mask(op.k, op.n, block=block, density=density, seed=seed)
            masks["", str(seed)] = mask
            op = op._replace(mask_key=str(seed), density=mask.density)
        ops.append(op)
    return ps.Trace(tuple(ops), trace.name, masks)


def run_on(workload: object, hw: object) -> tuple[Spread, int]:
    """Return the processor milliseconds of several runs, the first left out, and the clocks of the array."""
    clocks = ps.simulate(workload, hw, engine="memory", memory="hw").pl_cycles
    taken = timed(lambda: ps.simulate(workload, hw, engine="memory", memory="hw"), REPEATS)
    return taken.times(1e3), clocks


def drawn_designs(dataflow: str, count: int) -> tuple[list, np.ndarray, list[MemoryDesign], np.ndarray]:
    """Return what ``Searches`` takes: DeiT-S's sizes on drawn designs of the bench's space behind memories."""
    draw, hw = random.Random(1), ps.load_hardware("zcu102")
    gemms = [op for op in ps.lower(ps.plan("deit_s")) if op.kind == "gemm"]
    sizes = [(*size, 8, 8, 8) for size in dict.fromkeys((op.m, op.k, op.n) for op in gemms)]
    axes = BEHIND_MEMORIES["axes"]
    rows, cols = (
        range(*(axes[f"array.{name}"][key] for key in ("start", "stop", "step"))) for name in ("rows", "cols")
    )
    memories, designs = [], []
    for _ in range(count):
        buffers = {name: draw.choice(axes[name]) for name in ("memories.opmem_bytes", "memories.ipmem_bytes")}
        board = hw.replace(buffers)
        memories.append(MemoryDesign(limits_of(board.memories, board.clock_mhz)))
        shape = {"rows": draw.choice(rows), "cols": draw.choice(cols), "dataflow": dataflow}
        designs.append(design_row(hw.array.model_copy(update=shape)))
    return sizes, np.array(designs), memories, np.arange(count)


def drawn_searches(dataflow: str) -> tuple[Callable[[], object], int]:
    """Return what searches for the fastest programs on the drawn designs, and how many searches that are."""
    searches = Searches(*drawn_designs(dataflow, DRAWN))
    return partial(searches.run, np.ones(len(searches), dtype=np.bool_)), len(searches)


def searching(dataflow: str) -> Spread:
    """Print the processor time of a search on drawn designs."""
    run, count = drawn_searches(dataflow)
    run()
    taken = timed(run, REPEATS).times(1e6 / count)
    print(f"search behind memories, {dataflow}: {taken:us each}, {count:,} of them")
    return taken


def of_a_process_with_kernels() -> None:
    """Print the peak of another process that runs all of this, masks too: its kernels come from the cache."""
    if os.environ.get("BENCH_PEAK_ONLY"):
        return
    code = "from tests.benchmarks import bench_memory as b; b.REPEATS = 2; b.main()"
    environment = {**os.environ, "BENCH_PEAK_ONLY": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=600, env=environment
    )
    print(f"{ran.stdout.splitlines()[-1]} in a process whose kernels come from the cache   goal 250 MB")


def main() -> None:
    plan = ps.plan("deit_s")
    for dram, goal in (
        ("bandwidth", ""), ("dram/ddr4_2133_zcu102_ps", "goal 15 ms   "), ("dram/ddr4_2400", "goal 15 ms   "),
    ):  # fmt: skip
        hw = ps.load_hardware("zcu102").replace({"memories.dram": dram})
        taken, clocks = run_on(plan, hw)
        print(f"DeiT-S, memories with {dram:<26} {taken:ms}   {goal}{clocks:,} clocks")
    for block in (16, 32):
        taken, clocks = run_on(masked(ps.lower(plan), block, 0.5), "zcu102")
        name = f"weights at density 0.5 in blocks of {block}"
        print(f"DeiT-S, {name:<40} {taken:ms}   goal 25 ms   {clocks:,} clocks")
    for dataflow in DATAFLOWS:
        searching(dataflow)
    compiled = sum(kernel.was_compiled for kernel in KERNELS)
    print(f"peak memory {most_mb():.0f} MB" + (f", {compiled} kernels compiled here" if compiled else ""))
    of_a_process_with_kernels()


if __name__ == "__main__":
    main()
