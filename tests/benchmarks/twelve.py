"""The twelve numbers that are kept over time: `make bench-numbers`, by pytest-benchmark. Nothing here can fail by time.

Each is timed in turns with its limit, what the same work could take at best or what it is a multiple of, so that a
disturbed machine disturbs both: pytest-benchmark calls a round's setup before it, which times the limit. Time is that
of processors, so that other work beside it counts little. What a number is, its limit and its unit stand in
``extra_info``, with the ratio of each round.
"""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numba
import numpy as np
import pyarrow.parquet as pq
import pytest

import pivotsim as ps
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.engines.array.many_designs import design_row
from pivotsim.engines.dram.channel import NO_LOG, channel_arrays
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.many_designs import MemoryDesign, run_many, run_one
from pivotsim.engines.memory.schedule import MemoryResult
from pivotsim.engines.pe import clock as pe
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.kernels.dram.channel import serve_transfers
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.token_plans import at_tokens
from pivotsim.workload.ops import Op
from tests.benchmarks.bench import CLI, designs_and_bare, process
from tests.benchmarks.bench_dse import shapes
from tests.benchmarks.bench_masked import with_masks
from tests.benchmarks.bench_pe import ARRAY, FC1, bare_clocks

Work = Callable[[], object]
ROUNDS, FEW_ROUNDS = 9, 3
PLAN, ZCU102 = ps.plan("deit_s"), ps.load_hardware("zcu102")


def processor_s() -> float:
    """Seconds of processors that this process, its threads and the processes that it has waited for have taken."""
    taken = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in taken)


pytestmark = pytest.mark.benchmark(timer=processor_s, disable_gc=True)


@pytest.fixture
def compare(benchmark):
    """Time work in turns with its limit and note the ratios; ``of`` turns the least seconds into a figure and unit."""

    def run(
        work: Work, limit: Work, *, what: str, limit_is: str, of: Callable, rounds: int = ROUNDS, warm: int = 1
    ) -> None:
        limits_s = []

        def setup() -> None:
            start = processor_s()
            limit()
            limits_s.append(processor_s() - start)

        benchmark.pedantic(work, setup=setup, rounds=rounds, warmup_rounds=warm)
        times_s = benchmark.stats.stats.data
        ratios = [time_s / limit_s for time_s, limit_s in zip(times_s, limits_s[-rounds:], strict=True)]
        figure, unit = of(min(times_s))
        benchmark.extra_info.update(what=what, limit=limit_is, ratios=ratios, figure=figure, unit=unit)

    return run


def in_ms(repeats: int = 1) -> Callable:
    return lambda seconds: (1e3 * seconds / repeats, "ms")


def per_second(count: float, unit: str) -> Callable:
    return lambda seconds: (count / seconds, unit)


def made(operations: list[Op]) -> None:
    """Make operations as tuples: the objects that a run must have."""
    for values in operations:
        Op(*values)


def test_single_run(compare):
    operations, repeats = list(ps.lower(PLAN).within("encoders")), 50
    compare(
        lambda: [ps.simulate(PLAN, ZCU102) for _ in range(repeats)],
        lambda: [made(operations) for _ in range(repeats)],
        what="`simulate()`, DeiT-S, warm", limit_is="its operations made as tuples", of=in_ms(repeats),
    )  # fmt: skip


def test_cold_start(compare):
    compare(
        process([*CLI, "run", "deit_s"]), process([sys.executable, "-c", "import numpy, typer, pydantic, yaml"]),
        what="`pivotsim run deit_s`, a process", limit_is="a process that imports numpy, typer, pydantic and yaml",
        of=in_ms(),
    )  # fmt: skip


def test_vectors_of_designs(compare):
    count = 1_000_000
    compare(
        *designs_and_bare(count), what="`simulate_designs`, a million arrays, DeiT-S, all columns",
        limit_is="a bare loop over one mode's clocks", of=per_second(count / 1e6, "million/s"),
    )  # fmt: skip


def test_sweep(compare, tmp_path):
    space, out = shapes(4), tmp_path / "out"
    points = run_sweep(space, out, workers=2).points
    tables = [pq.read_table(path) for path in sorted(out.glob("*.parquet"))]

    def sweep() -> None:
        with tempfile.TemporaryDirectory() as folder:
            run_sweep(space, Path(folder) / "out", workers=2)

    def write() -> None:
        for table in tables:
            pq.write_table(table, BytesIO(), compression="zstd", compression_level=1)

    compare(
        sweep, write, what=f"a sweep of {points / 1e6:.0f} million points, stored, with the start of its two processes",
        limit_is="its rows written by Arrow alone", of=per_second(points / 1e6, "million/s"), rounds=FEW_ROUNDS,
        warm=0,
    )  # fmt: skip


def test_pe_clock(compare, monkeypatch):
    """In one thread, as the limit is."""
    monkeypatch.setattr(pe, "is_large", lambda *_: False)
    a, b = pe.seeded_operands(*FC1)
    mode, pes = {**ARRAY, "rows": 64, "cols": 36}, 64 * 36
    clocks = pe.run(a, b, mode).cycles
    sums, x, factors = np.zeros(pes + 256 * 36, np.int32), np.ones(pes + 256, np.int8), np.ones(pes, np.int8)
    compare(
        lambda: pe.run(a, b, mode), lambda: bare_clocks(sums, x, factors, pes, 36, clocks),
        what="engine `pe`, one clock of 64x36", limit_is="a bare loop of its multiply-accumulates",
        of=lambda seconds: (1e6 * seconds / clocks, "us"),
    )  # fmt: skip


def test_memory_search(compare):
    """The limit runs the programs that the search has found, one for each design."""
    draw, count = np.random.default_rng(1), 3000
    array, limits = ZCU102.array, limits_of(ZCU102.memories, ZCU102.clock_mhz)
    arrays = [
        array.model_copy(update={"rows": rows, "cols": cols, "dataflow": dataflow})
        for rows, cols, dataflow in zip(
            draw.integers(16, 64, count).tolist(), draw.integers(16, 64, count).tolist(),
            draw.choice(["is", "ws"], count).tolist(), strict=True,
        )
    ]  # fmt: skip
    designs, size, any_program = np.array([design_row(each) for each in arrays]), (*FC1, 8, 8, 8), MemoryDesign(limits)
    found = [run_one(size, design, any_program) for design in designs]
    kept = [place for place, result in enumerate(found) if isinstance(result, MemoryResult)]
    found = [(found[place].loop_order, found[place].chunk) for place in kept]
    distinct = {program: number for number, program in enumerate(dict.fromkeys(found))}
    programs = [MemoryDesign(limits, *program) for program in distinct]
    designs, wanted = np.ascontiguousarray(designs[kept]), np.ones((len(kept), 1), dtype=np.bool_)
    of_design = np.array([distinct[program] for program in found])
    any_of_many = [any_program] * len(programs)

    def searched() -> np.ndarray:
        return run_many([size], designs, any_of_many, of_design, wanted)

    def given() -> np.ndarray:
        return run_many([size], designs, programs, of_design, wanted)

    assert len(kept) > count / 2 and np.array_equal(searched(), given())
    compare(
        searched, given,
        what="search for the fastest program, fc1 of DeiT-S behind memories, is and ws",
        limit_is="the found programs alone, run", of=per_second(len(kept), "designs/s"),
    )  # fmt: skip


def test_dram_commands(compare):
    commands = ZCU102.replace({"memories.dram": "dram/ddr4_2133_zcu102_ps"})
    compare(
        lambda: ps.simulate(PLAN, commands, engine="memory", memory="hw"),
        lambda: ps.simulate(PLAN, ZCU102, engine="memory", memory="hw"),
        what="DeiT-S behind memories and DDR4 commands, warm", limit_is="the same with a rate", of=in_ms(),
    )  # fmt: skip


@numba.njit("int64(int64[::1], int64)", error_model="numpy")
def bare_bursts(ready, bursts):
    """The later of the bus and a bank, for each burst: as little as such a loop can do."""
    bus = 0
    for burst in range(bursts):
        bank = (burst >> 7) & 15
        bus = max(bus + 4, ready[bank])
        ready[bank] = bus + 4
    return bus


def test_dram_bursts(compare):
    bursts, spec = 200_000, load_dram("dram/ddr4_2400")
    transfer = np.array([[0, bursts * 64, 1, 0, 0, 0]], dtype=np.int64)
    compare(
        lambda: serve_transfers(channel_arrays(spec), NO_LOG, transfer, np.zeros(1, dtype=np.int64)),
        lambda: bare_bursts(np.zeros(16, dtype=np.int64), bursts),
        what="DDR4 bursts of a sequential transfer", limit_is="a bare loop: the later of bus and bank",
        of=per_second(bursts / 1e6, "million/s"),
    )  # fmt: skip


def test_masks(compare):
    masked, dense = with_masks(16, 0.5), ps.lower(PLAN).within("encoders")
    compare(
        lambda: ps.simulate(masked, ZCU102), lambda: ps.simulate(dense, ZCU102),
        what="DeiT-S with 48 masks of 16x16 blocks, warm", limit_is="the dense model", of=in_ms(),
    )  # fmt: skip


def test_staircase(compare):
    device, counts = Simulated("zcu102"), range(1, PLAN.model.tokens + 1)
    operations = [op for n in counts for op in ps.lower(at_tokens(PLAN, n)) if op.encoder == 1]
    compare(
        lambda: device.latencies_ms(PLAN, counts), lambda: made(operations),
        what=f"staircase of {len(counts)} token counts, DeiT-S", limit_is="operations of one encoder made as tuples",
        of=in_ms(),
    )  # fmt: skip


def test_peak_memory(benchmark):
    """Peaks of two processes; their time is noted as any, and no part of the ratio."""
    run = "import pivotsim as ps; ps.simulate(ps.plan('deit_s'), engine='memory', memory='hw')"

    def peak_mb(code: str) -> float:
        told = f"{code}; from tests.benchmarks.timing import peak_mb; print(peak_mb())"
        return float(subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, timeout=300).stdout)

    pairs, numba_alone = [], "import numba, pivotsim"
    benchmark.pedantic(lambda: pairs.append((peak_mb(run), peak_mb(numba_alone))), rounds=FEW_ROUNDS, warmup_rounds=1)
    del pairs[0]
    benchmark.extra_info.update(
        what="peak memory of DeiT-S behind memories, kernels from the cache",
        limit="a process that has loaded numba and the package",
        ratios=[ours / numbas for ours, numbas in pairs], figure=min(ours for ours, _ in pairs), unit="MB",
    )  # fmt: skip


def test_pareto_front(compare):
    columns = np.random.default_rng(1).random((3, 1_000_000))
    table = dict(zip("abc", columns, strict=True))
    compare(
        lambda: ps.pareto_front(table, list("abc")), lambda: columns.sum(axis=0),
        what="Pareto front of a million points, three objectives", limit_is="one pass over them, the sum of each point",
        of=in_ms(),
    )  # fmt: skip
