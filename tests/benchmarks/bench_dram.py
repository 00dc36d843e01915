"""DRAM bursts per second on one core, printed and never tested: python tests/benchmarks/bench_dram.py."""

import time

import numpy as np

from pivotsim.engines.dram.channel import NO_LOG, channel_arrays
from pivotsim.hardware.dram.controller import SCHEDULERS
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.kernels.dram.channel import serve_transfers

REPEATS = 20
BURSTS = 200_000


def best_rate(spec, transfers):
    """Million bursts a second in the run that the machine disturbed least, and DRAM clocks per burst."""
    best = float("inf")
    for _ in range(REPEATS):
        arrays, finish = channel_arrays(spec), np.zeros(len(transfers), dtype=np.int64)
        start = time.perf_counter()
        serve_transfers(arrays, NO_LOG, transfers, finish)
        best = min(best, time.perf_counter() - start)
    return BURSTS / best / 1e6, finish.max() / BURSTS


def main():
    draw = np.random.default_rng(1)
    scattered = np.ones((BURSTS, 6), dtype=np.int64)
    scattered[:, 0] = draw.integers(0, 2**26, BURSTS) * 64
    scattered[:, 4:] = 0
    mixed = scattered.copy()
    mixed[:, 4] = draw.integers(0, 2, BURSTS)
    streams = {
        "one sequential transfer": np.array([[0, BURSTS * 64, 1, 0, 0, 0]], dtype=np.int64),
        "scattered reads": scattered,
        "scattered, half writes": mixed,
    }
    for scheduler in SCHEDULERS:
        spec = load_dram("dram/ddr4_2400").replace({"scheduler": scheduler})
        for name, transfers in streams.items():
            rate, clocks = best_rate(spec, transfers)
            print(f"{scheduler:9} {name:24} {rate:6.1f} million bursts/s   {clocks:6.2f} DRAM clocks per burst")


if __name__ == "__main__":
    main()
