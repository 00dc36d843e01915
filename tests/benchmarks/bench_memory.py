"""Whole DeiT-S behind its memories: `make bench`."""

import resource
import time

import pivotsim as ps
from pivotsim.workload.masks.masks import drawn_mask

REPEATS = 9
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


def best_of(workload: object, hw: object) -> tuple[float, ps.Report]:
    """Return the least milliseconds of several runs, the first left out, and the report."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        report = ps.simulate(workload, hw, engine="memory", memory="hw")
        times.append(time.perf_counter() - start)
    return 1e3 * min(times[1:]), report


def main() -> None:
    plan = ps.plan("deit_s")
    for dram, goal_ms in (("bandwidth", 10), ("dram/ddr4_2133_zcu102_ps", 50), ("dram/ddr4_2400", 50)):
        hw = ps.load_hardware("zcu102").replace({"memories.dram": dram})
        best_ms, report = best_of(plan, hw)
        print(f"DeiT-S, memories with {dram:<26} {best_ms:7.1f} ms   goal {goal_ms} ms   {report.pl_cycles:,} clocks")
    for block in (16, 32):
        best_ms, report = best_of(masked(ps.lower(plan), block, 0.5), "zcu102")
        name = f"weights at density 0.5 in blocks of {block}"
        print(f"DeiT-S, {name:<40} {best_ms:7.1f} ms                {report.pl_cycles:,} clocks")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak_mb:.0f} MB   goal 300 MB")


if __name__ == "__main__":
    main()
