"""Engine `pe` against Verilator on the same multiplication in the same run: `make bench`."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import numba
import numpy as np

import pivotsim as ps
from pivotsim.engines.pe import clock as pe
from pivotsim.engines.pe.columns import Columns
from tests.benchmarks.timing import REPEATS, Spread, peak_mb, spread, timed
from tests.rtl.array import bridge
from tests.rtl.array.bridge import Build, VerilatedArray

ARRAY = {
    "rows": 16, "cols": 16, "dataflow": "is", "fold_overlap": "none", "edge": "padded", "os_edge_register": True,
    "mac_latency": 1,
}  # fmt: skip
SIZES = (60, 64, 4000)
FC1 = (197, 384, 1536)


def on_64x36(dataflow: str) -> Callable[[], pe.PeRun]:
    """Return what runs fc1 of DeiT-S on 64x36 elements in one thread, as the bare loop does."""
    a, b = pe.seeded_operands(*FC1)
    mode = {**ARRAY, "rows": 64, "cols": 36, "dataflow": dataflow}

    def run() -> pe.PeRun:
        with patch.object(pe, "is_large", lambda *_: False):
            return pe.run(a, b, mode)

    return run


def clock_us(run, repeats: int = REPEATS) -> Spread:
    """Return microseconds of a processor per clock of several runs."""
    clocks = run().cycles
    return timed(run, repeats).times(1e6 / clocks)


@numba.njit("void(int32[::1], int8[::1], int8[::1], int64, int64, int64)", nogil=True, error_model="numpy")
def bare_clocks(sums, x, factors, pes, cols, clocks):
    """The multiply-accumulates of a clock on windows that move as the array's do: as little as a clock can do."""
    for clock in range(clocks):
        at = 255 - clock % 256
        to, left = np.uint64(at * cols), np.uint64(at)
        for i in range(np.uint64(pes)):
            sums[to + i] += np.int32(np.int16(x[left + i]) * np.int16(factors[i]))


def bare_clock_us(rows: int, cols: int, clocks: int = 20_000) -> Spread:
    """Return microseconds of a processor per clock of the bare loop."""
    pes = rows * cols
    sums, x, factors = np.zeros(pes + 256 * cols, np.int32), np.ones(pes + 256, np.int8), np.ones(pes, np.int8)

    def run() -> None:
        bare_clocks(sums, x, factors, pes, cols, clocks)

    return timed(run).times(1e6 / clocks)


def against_verilator() -> None:
    if bridge.missing():
        print(f"Verilator: not run, {bridge.missing()}")
        return
    a, b = pe.seeded_operands(*SIZES)
    build = Build(ARRAY["rows"], ARRAY["cols"], address_bits=18)
    array = VerilatedArray(build, "-O3")
    for dataflow in bridge.DATAFLOWS:  # in turns, so that a disturbed machine disturbs both
        mode = {**ARRAY, "dataflow": dataflow}
        ours = clock_us(lambda mode=mode: pe.run(a, b, mode))
        rtl = clock_us(lambda dataflow=dataflow: array.run(a, b, dataflow, "padded"))
        ratio = f"ratio {rtl.median / ours.median:5.1f}   goal 10"
        print(f"one clock of 16x16, {dataflow}: pe {ours:us}, Verilator -O3 {rtl:us}   {ratio}")
    array.close()


def main() -> None:
    pe.run([[1]], [[1]], ARRAY)
    against_verilator()
    array = {**ARRAY, "rows": 64, "cols": 36}
    a, b = pe.seeded_operands(*FC1)
    for dataflow in bridge.DATAFLOWS:
        mode = {**array, "dataflow": dataflow}
        per_clock = clock_us(on_64x36(dataflow))
        bare = bare_clock_us(64, 36)
        bytes_per_clock = 64 * 36 * (1 + 1 + 4 + 4)  # x and factor read, sum read and written
        rate = bytes_per_clock / per_clock.median / 1e3
        ratio = f"bare multiply-accumulates {bare:us}, ratio {per_clock.median / bare.median:4.2f}"
        print(f"one clock of 64x36, {dataflow}: pe {per_clock:us}, {rate:5.1f} GB/s of state; {ratio}")
        halves(a, b, mode)
    whole_model(array)


def halves(a, b, mode: dict) -> None:
    """Processor time of a clock, in one thread and in two: the longer is what two free cores take."""
    found = []
    for is_split in (False, True):
        with patch.object(pe, "is_large", lambda *_, is_split=is_split: is_split):
            longest = []
            for _ in range(REPEATS):
                taken = []
                with patch.object(Columns, "run", noting_time(Columns.run, taken)):
                    clocks = pe.run(a, b, mode).cycles
                longest.append(max(taken) / clocks * 1e6)
            found.append(spread(longest))
    whole, longer = found
    print(f"    in one thread {whole:us}, the longer half {longer:us}; ratio {whole.median / longer.median:.2f}")


def noting_time(run, taken: list[float]):
    """Return a method that notes the processor time of its thread."""

    def one(*arguments) -> None:
        start = time.thread_time()
        run(*arguments)
        taken.append(time.thread_time() - start)

    return one


def whole_model(array: dict) -> None:
    """Every GEMM of DeiT-S's encoders, head by head, on operands of its own, two at a time, against numpy."""
    trace = ps.lower(ps.plan("deit_s")).within("encoders")
    gemms = [
        (m, k, n, seed)
        for seed, (m, k, n) in enumerate((m, k, n) for m, k, n, repeats in trace.gemms.tolist() for _ in range(repeats))
    ]

    def run(gemm: tuple[int, int, int, int]) -> tuple[int, float, bool]:
        left, right = pe.seeded_operands(*gemm)
        start = time.thread_time()
        found = pe.run(left, right, array)
        seconds = time.thread_time() - start
        return found.cycles, seconds, np.array_equal(found.result, left.astype(float) @ right.astype(float))  # exact

    totals_s = []
    for _ in range(REPEATS):
        with ThreadPoolExecutor(2) as threads, patch.object(pe, "is_large", lambda *_: False):
            clocks, seconds, equal = zip(*threads.map(run, gemms), strict=True)
        totals_s.append(sum(seconds))
    total = sum(clocks)
    if total != ps.simulate(ps.plan("deit_s"), "zcu102").pl_cycles:
        raise SystemExit("the clocks are not those of the closed form")
    print(f"whole DeiT-S, {len(gemms)} multiplications: results equal to numpy's {all(equal)}, {total:,} clocks")
    print(f"whole DeiT-S: {spread(totals_s, peak_mb()):s of processors}")


if __name__ == "__main__":
    main()
