"""Whole DeiT-S behind its memories: `make bench`."""

import resource
import time

import pivotsim as ps

REPEATS = 9


def main() -> None:
    plan = ps.plan("deit_s")
    for dram, goal_ms in (("bandwidth", 10), ("dram/ddr4_2133_zcu102_ps", 50), ("dram/ddr4_2400", 50)):
        hw = ps.load_hardware("zcu102").replace({"memories.dram": dram})
        times = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            report = ps.simulate(plan, hw, engine="memory", memory="hw")
            times.append(time.perf_counter() - start)
        best_ms = 1e3 * min(times[1:])
        print(f"DeiT-S, memories with {dram:<26} {best_ms:7.1f} ms   goal {goal_ms} ms   {report.pl_cycles:,} clocks")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak_mb:.0f} MB   goal 300 MB")


if __name__ == "__main__":
    main()
