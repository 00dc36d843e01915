"""Rows of engine `memory` and of DRAM that issues commands."""

from collections.abc import Callable
from functools import partial

import numpy as np

from pivotsim.engines.dram.channel import NO_LOG, channel_arrays
from pivotsim.engines.memory.many_designs import MemoryDesign, Searches, run_one
from pivotsim.engines.memory.schedule import MemoryResult
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.kernels.dram.channel import serve_transfers
from pivotsim.kernels.memory.entries.with_bandwidth import run_with_bandwidth
from pivotsim.kernels.memory.search import CANDIDATE_WORK, WORK
from tests.benchmarks.bench_memory import drawn_designs
from tests.benchmarks.roofline.counting import Counts, count, counted_calls, noted_calls
from tests.benchmarks.roofline.work import INSTRUMENTED, Work, row

DESIGNS = 4  # with eight GEMMs each: what is counted is what is timed
CHOSEN = 13  # place of the array `chosen` among the kernel's arguments


def _work(run: Callable[[], object], units: float, done: Counts) -> Work:
    needs = {"scalar": done.operations - done.divisions, "int64_divisions": done.divisions, "triad_l1": done.bytes}
    return Work(run, units, needs, done.operations, done.bytes)


def _search(dataflow: str) -> Work:
    searches = Searches(*drawn_designs(dataflow, DESIGNS))
    run = partial(searches.run, np.ones(len(searches), dtype=np.bool_))
    return _work(run, len(searches), counted_calls(run_with_bandwidth, run))


SEARCH = (
    "search", INSTRUMENTED,
    "One pass's clocks follow from those before: a chain of sums and comparisons, with branches that are hard to "
    "foresee. Bounds of candidates divide.",
)  # fmt: skip


@row("engine `memory`: search for the fastest program of a GEMM, is", *SEARCH)
def memory_search_is() -> Work:
    return _search("is")


@row("engine `memory`: search for the fastest program of a GEMM, ws", *SEARCH)
def memory_search_ws() -> Work:
    return _search("ws")


@row("engine `memory`: search for the fastest program of a GEMM, os", *SEARCH)
def memory_search_os() -> Work:
    return _search("os")


def _passes(dataflow: str) -> Work:
    """Run the found programs alone; steady stretches are counted at once, so that a pass is one that is stepped."""
    sizes, designs, memories, index = drawn_designs(dataflow, DESIGNS)
    calls, passes, done = [], 0, Counts()
    for design, behind in zip(designs, index, strict=True):
        for size in sizes:
            found = run_one(size, design, memories[behind])
            if not isinstance(found, MemoryResult):
                continue
            program = MemoryDesign(memories[behind].limits, found.loop_order, found.chunk)
            searches = Searches([size], np.array([design]), [program], np.array([0]))
            with noted_calls(run_with_bandwidth) as noted:
                searches.run(np.ones(1, dtype=np.bool_))
            calls += noted
    for arguments in calls:
        done += count(run_with_bandwidth, arguments)
        run_with_bandwidth(*arguments)
        passes += int(arguments[CHOSEN][WORK]) - CANDIDATE_WORK

    def run() -> None:
        for arguments in calls:
            run_with_bandwidth(*arguments)

    return _work(run, passes, done)


PASS = (
    "pass", INSTRUMENTED,
    "The chain of a pass: when its operands are there, when the one before lets it begin, when its output has room. "
    "Each is the later of two, and the next pass waits for it.",
)  # fmt: skip


@row("engine `memory`: a given program, by the pass that is stepped, is", *PASS)
def memory_pass_is() -> Work:
    return _passes("is")


@row("engine `memory`: a given program, by the pass that is stepped, ws", *PASS)
def memory_pass_ws() -> Work:
    return _passes("ws")


@row("engine `memory`: a given program, by the pass that is stepped, os", *PASS)
def memory_pass_os() -> Work:
    return _passes("os")


def _bursts(scheduler: str, bursts: int, is_scattered: bool) -> Work:
    spec = load_dram("dram/ddr4_2400").replace({"scheduler": scheduler})
    transfers = np.array([[0, bursts * spec.burst_bytes, 1, 0, 0, 0]], dtype=np.int64)
    if is_scattered:
        transfers = np.ones((bursts, 6), dtype=np.int64)
        transfers[:, 0] = np.random.default_rng(1).integers(0, 2**20, bursts) * spec.burst_bytes
        transfers[:, 4:] = 0

    def run() -> None:
        serve_transfers(channel_arrays(spec), NO_LOG, transfers, np.zeros(len(transfers), dtype=np.int64))

    return _work(run, bursts, counted_calls(serve_transfers, run))


BURST = (
    "A command's clock is the latest of some five that others left: loads, sums and comparisons in one chain, and "
    "branches by bank and row that no processor foresees."
)  # fmt: skip


@row(
    "DDR4 bursts, `in_order`, one sequential transfer", "burst", INSTRUMENTED,
    "Bursts that share a bank are one gap apart and counted at once; what is left is rows that end, and refreshes.",
)  # fmt: skip
def dram_sequential() -> Work:
    return _bursts("in_order", 200_000, False)


@row("DDR4 bursts, `in_order`, scattered reads", "burst", INSTRUMENTED, BURST)
def dram_scattered() -> Work:
    return _bursts("in_order", 2_000, True)


@row("DDR4 bursts, `fr_fcfs`, scattered reads", "burst", INSTRUMENTED, BURST)
def dram_fr_fcfs() -> Work:
    return _bursts("fr_fcfs", 2_000, True)
