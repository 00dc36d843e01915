"""DRAM bursts per second on one core, least, median and most: python -m tests.benchmarks.bench_dram."""

from collections.abc import Callable

import numpy as np

from pivotsim.engines.dram.channel import NO_LOG, channel_arrays
from pivotsim.hardware.dram.controller import SCHEDULERS
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.kernels.dram.channel import serve_transfers
from tests.benchmarks.timing import timed

REPEATS = 20
BURSTS = 200_000


def streams() -> dict[str, np.ndarray]:
    """Return streams of ``BURSTS`` bursts as rows of transfers."""
    draw = np.random.default_rng(1)
    scattered = np.ones((BURSTS, 6), dtype=np.int64)
    scattered[:, 0] = draw.integers(0, 2**26, BURSTS) * 64
    scattered[:, 4:] = 0
    mixed = scattered.copy()
    mixed[:, 4] = draw.integers(0, 2, BURSTS)
    return {
        "one sequential transfer": np.array([[0, BURSTS * 64, 1, 0, 0, 0]], dtype=np.int64),
        "scattered reads": scattered,
        "scattered, half writes": mixed,
    }


def serving(scheduler: str, transfers: np.ndarray) -> Callable[[], np.ndarray]:
    """Return what serves transfers from closed banks and returns their DRAM clocks."""
    spec = load_dram("dram/ddr4_2400").replace({"scheduler": scheduler})

    def run() -> np.ndarray:
        finish = np.zeros(len(transfers), dtype=np.int64)
        serve_transfers(channel_arrays(spec), NO_LOG, transfers, finish)
        return finish

    return run


def main():
    for scheduler in SCHEDULERS:
        for name, transfers in streams().items():
            run = serving(scheduler, transfers)
            clocks = run().max() / BURSTS
            rate = timed(run, REPEATS).per_second(BURSTS / 1e6)
            print(f"{scheduler:9} {name:24} {rate:million bursts/s}   {clocks:6.2f} DRAM clocks per burst")


if __name__ == "__main__":
    main()
