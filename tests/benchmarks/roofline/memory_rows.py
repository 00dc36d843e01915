"""Rows of engine `memory` and of DRAM that issues commands."""

import numpy as np

from pivotsim.engines.memory.many_designs import MemoryDesign, Searches, run_one
from pivotsim.engines.memory.schedule import MemoryResult
from pivotsim.kernels.dram.channel import serve_transfers
from pivotsim.kernels.memory.entries.with_bandwidth import run_with_bandwidth
from pivotsim.kernels.memory.search import CANDIDATE_WORK, WORK
from tests.benchmarks.bench_dram import BURSTS, serving, streams
from tests.benchmarks.bench_memory import drawn_designs, drawn_searches
from tests.benchmarks.roofline.counting import Counts, count, counted_calls, first_call, named, noted_calls
from tests.benchmarks.roofline.work import INSTRUMENTED, Needs, Work, needs_of, row, row_of_each_dataflow

EVERY = 8  # one of so many searches is counted
FOLLOWS = 3  # of a task: its search may have the answer of the one before
DESIGNS = 4  # of passes, with eight GEMMs each: what is counted is what is timed


@row_of_each_dataflow(
    "engine `memory`: search for the fastest program of a GEMM",
    "search", f"{INSTRUMENTED}, of every {EVERY}th search",
    "Nine samples in ten are loads and sums of single integers, one after another: bounds of candidates, then "
    "passes that wait for those before. Divisions are under a hundredth, most of them of 32 bits.",
)  # fmt: skip
def memory_search(dataflow: str) -> Work:
    run, searches = drawn_searches(dataflow)

    def counted() -> Needs:
        call = named(run_with_bandwidth, first_call(run_with_bandwidth, run))
        chains = np.cumsum(call["tasks"][:, FOLLOWS] == 0)  # a task may have the answer of the one before
        kept = chains % EVERY == 0
        call |= {name: call[name][kept] for name in ("tasks", "candidates", "found")}
        return needs_of(count(run_with_bandwidth, tuple(call.values())), searches / np.count_nonzero(kept))

    return Work(run, searches, counted)


@row_of_each_dataflow(
    "engine `memory`: a given program, by the pass that is stepped",
    "pass", INSTRUMENTED,
    "Half of the samples are loads: clocks of loads and passes lie in arrays, and each is the later of two that "
    "were written just before. A tenth is the call itself, one for each GEMM here.",
)  # fmt: skip
def memory_pass(dataflow: str) -> Work:
    """Run the found programs alone; steady stretches are counted at once, so that a pass is one that is stepped."""
    sizes, designs, memories, index = drawn_designs(dataflow, DESIGNS)
    calls, passes = [], 0
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
        run_with_bandwidth(*arguments)
        passes += int(named(run_with_bandwidth, arguments)["chosen"][WORK]) - CANDIDATE_WORK

    def run() -> None:
        for arguments in calls:
            run_with_bandwidth(*arguments)

    def counted() -> Needs:
        return needs_of(sum((count(run_with_bandwidth, arguments) for arguments in calls), Counts()))

    return Work(run, passes, counted)


def _bursts(scheduler: str, stream: str, counted_bursts: int) -> Work:
    transfers = streams()[stream]

    def counted() -> Needs:
        few = transfers[:counted_bursts].copy()
        few[:, 1] = np.minimum(few[:, 1], counted_bursts * 64)  # bytes
        return needs_of(counted_calls(serve_transfers, serving(scheduler, few)), BURSTS / counted_bursts)

    return Work(serving(scheduler, transfers), BURSTS, counted)


SEQUENTIAL, SCATTERED = 20_000, 2_000  # bursts that are counted
BURST = (
    f"{INSTRUMENTED}, of the first {SCATTERED:,} bursts",
    "Six samples in ten are loads from tables in the first cache, of clocks and queues that were stored just "
    "before, and a tenth the later of two: a command's clock is a chain of those, and branches by bank and row "
    "are not foreseen.",
)  # fmt: skip


@row(
    "DDR4 bursts, `in_order`, one sequential transfer", "burst", f"{INSTRUMENTED}, of the first {SEQUENTIAL:,} bursts",
    "A fifth of the samples waits for one load, a bank's clock that the burst before stored; the rest are sums "
    "and the later of two in the same chain.",
)  # fmt: skip
def dram_sequential() -> Work:
    return _bursts("in_order", "one sequential transfer", SEQUENTIAL)


@row("DDR4 bursts, `in_order`, scattered reads", "burst", *BURST)
def dram_scattered() -> Work:
    return _bursts("in_order", "scattered reads", SCATTERED)


@row("DDR4 bursts, `fr_fcfs`, scattered reads", "burst", *BURST)
def dram_fr_fcfs() -> Work:
    return _bursts("fr_fcfs", "scattered reads", SCATTERED)
