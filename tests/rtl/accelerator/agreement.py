"""One random GEMM behind memories, four answers: RTL, engine `memory`, its oracle and numpy; what differs, in words."""

import random
from collections import Counter
from dataclasses import dataclass, field, fields

import numpy as np

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.integer.scaling import Scale, rescale
from pivotsim.rtl.compiler import program_of
from pivotsim.rtl.layout import dram_image, stored
from pivotsim.rtl.program import Program
from tests.oracles.memory import clock as memory_clock
from tests.oracles.memory.program import LOOP_ORDERS
from tests.proofs.memory_campaign import engine_mask, random_mask
from tests.rtl.accelerator.bridge import Build, Run, VerilatedAccelerator

EDGES = ("padded", "aware")


@dataclass
class Tally:
    """What a campaign has seen."""

    cases: int = 0
    misfits: int = 0
    refused: int = 0  # sums too close for memories that answer late, biases by entry where a mask leaves entries out
    masked: int = 0
    clocks: int = 0
    stalled: int = 0
    events: int = 0
    differences: int = 0
    seen: dict[tuple[str, str, str], int] = field(default_factory=dict)
    seen_masked: dict[tuple[str, str], int] = field(default_factory=dict)  # dataflow, masked operand

    def add(self, other: "Tally") -> None:
        """Count what another campaign has seen, too."""
        for one in fields(self):
            ours, theirs = getattr(self, one.name), getattr(other, one.name)
            both = dict(Counter(ours) + Counter(theirs)) if isinstance(ours, dict) else ours + theirs
            setattr(self, one.name, both)


@dataclass(frozen=True)
class Case:
    """One GEMM on a compiled accelerator, with all that is chosen when it runs."""

    gemm: tuple[int, int, int]
    array: dict
    memory: dict
    loop_order: str
    chunk: int
    mask: dict | None = None  # as the oracle reads it


def draw_case(draw: random.Random, build: Build, largest: int = 14) -> Case:
    """Draw sizes, dataflow, edge and memories at which every mechanism is met often."""

    def maybe(p, *bounds):
        return draw.randint(*bounds) if draw.random() < p else None

    gemm = tuple(draw.randint(1, largest) for _ in range(3))
    flows = DATAFLOWS[:1] if build.is_only else DATAFLOWS[:2] if build.slices else DATAFLOWS
    array = {
        "rows": build.rows, "cols": build.cols, "dataflow": draw.choice(flows),
        "fold_overlap": build.fold_overlap, "edge": draw.choice(EDGES), "os_edge_register": build.os_edge_register,
        "mac_latency": build.mac_latency, "mac_packing": build.mac_packing,
    }  # fmt: skip
    scale = draw.choice((1, 1, 3))
    halves = "single" if build.opmem_halves == 1 else "ping_pong"
    memory = {
        **memory_clock.UNLIMITED,
        "ipmem_bytes": draw.randint(largest, 60 * scale),
        "wtmem_bytes": draw.randint(largest, 60 * scale),
        "opmem_bytes": draw.randint(8 * build.cols, 250 * scale),
        "ipmem_buffers": draw.choice(("single", "ping_pong")),
        "wtmem_buffers": draw.choice(("single", "ping_pong")),
        "opmem_buffers": halves,
        "input_share_bytes": draw.choice((0, draw.randint(0, 200))),
        "weight_share_bytes": draw.choice((0, draw.randint(0, 200))),
        "dram_bytes_per_s": maybe(0.6, 1, 40),
        "clock_hz": draw.choice((1, 3, 7, 10)),
        "axi_bytes_per_cycle": maybe(0.5, 1, build.lanes),
        "gb_port_bytes_per_cycle": draw.randint(1, build.lanes),
        "ipmem_port_bytes_per_cycle": maybe(0.4, 1, build.lanes),
        "wtmem_port_bytes_per_cycle": maybe(0.4, 1, build.lanes),
        "read_latency_cycles": draw.choice((0, 0, 1, 5, 12)),
        "outstanding_reads": build.outstanding_reads,
        "write_latency_cycles": draw.choice((0, 0, 1, 5, 12)),
        "buffer_read_cycles": build.buffer_read_cycles,
        "out_bits": draw.choice((8, 32)),
        "bias": draw.random() < 0.4,
    }
    streamed = dict(zip(DATAFLOWS, (gemm[2], gemm[0], gemm[1]), strict=True))[array["dataflow"]]
    chunk = draw.choice((streamed, draw.randint(1, min(streamed, 6)), draw.randint(1, min(streamed, 3))))
    order = draw.choice(LOOP_ORDERS[array["dataflow"]])
    mask = random_mask(draw, gemm) if build.masked and draw.random() < 0.8 else None
    return Case(gemm, array, memory, order, chunk, mask)


def operands(case: Case, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return int8 operands and an int32 bias: random, or all at an extreme, where a lost sign or carry shows."""
    m, k, n = case.gemm
    generator = np.random.default_rng(seed)
    if seed % 8 == 0:
        return np.full((m, k), -128, np.int8), np.full((k, n), -128, np.int8), np.full(n, -(2**31) + 1, np.int32)
    a, b = (generator.integers(-128, 128, shape, dtype=np.int8) for shape in ((m, k), (k, n)))
    return a, b, generator.integers(-(2**16), 2**16, n, dtype=np.int32)


@dataclass(frozen=True)
class Prepared:
    """A case as hardware gets it, and what DRAM must hold after it."""

    program: Program
    image: np.ndarray
    after: np.ndarray
    scale: Scale


def prepared(case: Case, seed: int, multiplies: bool = False) -> Prepared | DoesNotFit:
    """Return a case's program on seeded operands; InputError where hardware refuses it."""
    limits, mask = MemoryLimits(**case.memory), engine_mask(case.mask, case.gemm) if case.mask else None
    program = program_of(*case.gemm, case.array, limits, loop_order=case.loop_order, chunk=case.chunk, mask=mask)
    if isinstance(program, DoesNotFit):
        return program
    a, b, bias = operands(case, seed)
    scale, image = Scale(1, seed % 12), dram_image(program, a, b, bias)
    if multiplies:
        draw = random.Random(seed)
        shift = draw.randrange(63) if draw.random() < 0.3 else draw.randrange(16, 32)  # any, or what int8 has need of
        scale = Scale(draw.randrange(1 << 15, 1 << 16), shift) if seed % 9 else Scale(0, 0)
    kept = {name: mask.elements() if mask and mask.operand == name else 1 for name in "ab"}
    product = (a * kept["a"]).astype(np.int64) @ (b * kept["b"]).astype(np.int64) + (bias if limits.bias else 0)
    after = image.copy()
    after[program.output_address :] = stored(
        program, product.astype(np.int32) if limits.out_bits == 32 else rescale(product, scale)
    )
    return Prepared(program, image, after, scale)


def of_engine(given: Prepared, run: Run) -> list[str]:
    """Return what a run has otherwise than the engine predicts and numpy computes."""
    found = [] if np.array_equal(run.image, given.after) else ["results: rtl and numpy"]
    engine = clocks_of_engine(given.program)
    ours = clocks_of_rtl(given.program, run)
    found += [f"{name}: rtl and engine" for name, clocks in ours.items() if not np.array_equal(clocks, engine[name])]
    moved = bytes_moved(given.program, run)
    return found + [f"bytes: {name}" for name, (one, other) in moved.items() if one != other]


def differences(case: Case, accelerator: VerilatedAccelerator, seed: int, tally: Tally) -> list[str]:
    """Run one case everywhere and return what differs, most basic first; empty if all agree."""
    try:
        given = prepared(case, seed, accelerator.build.multiplies)
    except InputError as error:
        tally.refused += 1
        return [] if is_refused(case, str(error)) else ["refused"]
    oracle = memory_clock.run(case.gemm, case.array, case.memory, case.loop_order, case.chunk, case.mask)
    if isinstance(given, DoesNotFit) or not isinstance(oracle, memory_clock.Result):
        tally.misfits += 1
        return [] if isinstance(given, DoesNotFit) and not isinstance(oracle, memory_clock.Result) else ["fit"]
    program = given.program
    run = accelerator.run(program, given.image, given.scale)
    found, of_oracle = of_engine(given, run), clocks_of_oracle(oracle, program)
    for name, ours in clocks_of_rtl(program, run).items():
        if not np.array_equal(ours, of_oracle[name]):
            found.append(f"{name}: rtl and oracle")
    tally.cases += 1
    tally.clocks += run.cycles
    tally.stalled += sum(oracle.stall_cycles.values())
    tally.events += sum(clocks.size for clocks in run.events.values())
    tally.differences += bool(found)
    key = (case.array["dataflow"], case.array["fold_overlap"], case.array["edge"])
    tally.seen[key] = tally.seen.get(key, 0) + 1
    if case.mask:
        tally.masked += 1
        masked = (case.array["dataflow"], case.mask["operand"])
        tally.seen_masked[masked] = tally.seen_masked.get(masked, 0) + 1
    return found


def is_refused(case: Case, problem: str) -> bool:
    """Whether hardware may refuse a case: sums too close for late memories, or biases of entries with gaps."""
    if "too soon" in problem:
        return case.memory["buffer_read_cycles"] == 2
    has_gaps = case.mask is not None and case.mask["operand"] == "out" and case.array["dataflow"] == "is"
    return has_gaps and case.memory["bias"] and problem.startswith("memories.bias: ")


def clocks_of_rtl(program: Program, run: Run) -> dict[str, np.ndarray]:
    """Return starts and ends, a row each, under the names that all three have."""
    columns = {name: run.events[name] for name in run.events}
    passes, drains = program.prediction.passes, bool(program.design.drains)
    ends, fold = [], 0
    for number, (_, col, *_, registered) in enumerate(passes.tolist()):
        if drains and registered == 0:
            ends.append(0)  # an os chunk whose sums stay in the array
            continue
        width = len(program.part("cols", col)) if program.design.edge_aware else program.design.cols
        ends.append(int(run.column_ends[width - 1, fold if drains else number]))
        fold += 1
    none = np.zeros(len(passes), dtype=np.int64)
    return {
        "loads": np.stack([columns["load_start"], columns["load_end"]]),
        "tiles": np.stack([none, none] if drains else [columns["tile_start"], columns["tile_end"]]),
        "streams": np.stack([columns["stream_start"], columns["stream_end"]]),
        "last sums": np.array(ends),
        "drains": np.stack([columns["drain_start"], columns["drain_end"]]),
        "total": np.array([run.cycles]),
    }


def clocks_of_engine(program: Program) -> dict[str, np.ndarray]:
    """Return the same of the engine's prediction."""
    run, none = program.prediction, np.zeros(len(program.prediction.passes), dtype=np.int64)
    return {
        "loads": run.loads[:, 5:7].T,
        "tiles": np.stack([none, none]) if program.design.drains else run.passes[:, 3:5].T,
        "streams": run.passes[:, 5:7].T,
        "last sums": run.passes[:, 7],
        "drains": run.drains[:, 2:4].T,
        "total": np.array([run.result.cycles]),
    }


def clocks_of_oracle(oracle: memory_clock.Result, program: Program) -> dict[str, np.ndarray]:
    """Return the same of the oracle's steps."""
    passes, drains = oracle.passes, bool(program.design.drains)
    return {
        "loads": np.array([[load.start, load.end] for load in oracle.loads]).reshape(-1, 2).T,
        "tiles": np.array([[0, 0] if drains else [one.load_start, one.load_end] for one in passes]).reshape(-1, 2).T,
        "streams": np.array([[one.stream_start, one.stream_end] for one in passes]).reshape(-1, 2).T,
        "last sums": np.array([one.registered or 0 for one in passes]),
        "drains": np.array([[drain.start, drain.end] for drain in oracle.drains]).reshape(-1, 2).T,
        "total": np.array([oracle.total_cycles]),
    }


def bytes_moved(program: Program, run: Run) -> dict[str, tuple[int, int]]:
    """Return bytes as the RTL moved them and as the engine counts them."""
    moved, loads = program.prediction.result.moved_bytes, program.loads
    resident = sum(load.size_bytes for load in loads if load.keeps)
    index = [sum(load.size_bytes - load.stored_bytes for load in loads if load.to == to) for to in range(2)]
    return {
        "dram_read": (run.moved["dram_read"], moved["dram_read"]),
        "dram_write": (run.moved["dram_write"], moved["dram_write"]),
        "gb_write": (run.moved["gb_write"], resident),  # what only passes through is never stored
        "ipmem_write": (run.moved["ipmem_write"] + index[0], moved["ipmem_write"]),  # an index is never stored
        "wtmem_write": (run.moved["wtmem_write"] + index[1], moved["wtmem_write"]),
        "opmem_write": (4 * run.moved["sums"], moved["opmem_write"]),
    }
