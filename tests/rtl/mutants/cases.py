"""Four small designs and the random GEMMs that they run: of any size, and at the limits of what a design holds."""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOW, DIMENSIONS
from pivotsim.rtl.encoding import tables, word
from tests.proofs.memory_campaign import random_mask
from tests.rtl.accelerator.agreement import Case, Prepared, draw_case, prepared
from tests.rtl.accelerator.bridge import Build

SEED, MOST_DRAWN = 7, 20_000  # drawn: of a kind
SLOW = {"axi_bytes_per_cycle": None, "dram_bytes_per_s": 1, "clock_hz": 3}
FAST = {
    **dict.fromkeys(("ipmem_port_bytes_per_cycle", "wtmem_port_bytes_per_cycle", "axi_bytes_per_cycle")),
    "dram_bytes_per_s": None, "read_latency_cycles": 0,
}  # fmt: skip
# as small as the cases allow: bits that no value reaches would be faults that nothing shows
TIGHT = {
    "lanes": 4, "opmem_depth": 32, "buffer_bytes": 128, "table_bits": 7, "dram_bytes": 1024, "count_bits": 8,
    "address_bits": 10,
}  # fmt: skip
BUILDS = {
    "none": Build(3, 2, "none", mac_latency=2, buffer_read_cycles=1, masked=True, multiplies=True, **TIGHT),
    "chained": Build(2, 2, "chained", os_edge_register=False, outstanding_reads=2, **TIGHT),
    "pipelined": Build(3, 3, "pipelined", buffer_read_cycles=2, masked=True, **TIGHT),
    "slices": Build(2, 3, "settled", mac_latency=2, slices=True, opmem_halves=1, buffer_read_cycles=1, **TIGHT),
}


def of_any_size(draw: random.Random, build: Build) -> Case:
    """Draw a case of sizes up to one of five."""
    return draw_case(draw, build, draw.choice((2, 4, 8, 14, 40)))


def of_extremes(draw: random.Random, build: Build) -> Case:
    """Draw a case with regions of one entry, or long ones."""
    return draw_case(draw, build, draw.choice((1, 3, 40)))


def at_limits(draw: random.Random, build: Build) -> Case:
    """Draw a case at a build's limits: regions of one entry or up to all of OPMEM, os folds as long as memories hold.

    Memories have no byte that no unit takes. DRAM is as drawn, or so slow that bytes wait for it, or nothing waits for
    loads, so that sums of one entry follow each other after as few clocks as they can.
    """
    case = draw_case(draw, build, 6)
    flow = DATAFLOW[case.array["dataflow"]]
    longest = build.buffer_bytes // max(build.rows, build.cols) if flow.drains else build.opmem_depth
    steps = draw.choice((1, draw.randint(longest // 2, longest), longest))
    gemm = tuple(steps if name == flow.stream else size for name, size in zip(DIMENSIONS, case.gemm, strict=True))
    memory = {
        **case.memory, "ipmem_bytes": build.buffer_bytes, "wtmem_bytes": build.buffer_bytes,
        "opmem_bytes": 4 * build.cols * build.opmem_depth * build.opmem_halves, **draw.choice(({}, SLOW, FAST)),
        "gb_port_bytes_per_cycle": draw.randint(2, build.lanes),
    }  # fmt: skip
    chunk = draw.choice((steps, draw.randint(1, steps)))
    if 2 * chunk * max(build.rows, build.cols) > build.buffer_bytes:
        memory |= {"ipmem_buffers": "single", "wtmem_buffers": "single"}
    mask = random_mask(draw, gemm) if case.mask else None
    return _filled(replace(case, gemm=gemm, memory=memory, chunk=chunk, mask=mask))


def with_gaps(draw: random.Random, build: Build) -> Case:
    """Draw a case of two passes over each region, which leave out steps of their own; without masks, as `at_limits`."""
    case = at_limits(draw, build)
    flow, rows, steps = DATAFLOW[case.array["dataflow"]], 2 * build.rows, build.opmem_depth
    if not build.masked or flow.drains:
        return case
    gemm = tuple(
        {"k": rows, flow.stream: steps}.get(name, size) for name, size in zip(DIMENSIONS, case.gemm, strict=True)
    )
    height, width = (rows, steps) if flow.from_left == "b" else (steps, rows)
    density = draw.choice((0.1, 0.2, 0.4))
    kept = [[draw.random() < density for _ in range(width)] for _ in range(height)]
    bytes_of = dict.fromkeys(("ipmem_bytes", "wtmem_bytes"), build.buffer_bytes)
    single = dict.fromkeys(("ipmem_buffers", "wtmem_buffers"), "single")
    mask = {"operand": flow.from_left, "block": 1, "kept": kept}
    return replace(case, gemm=gemm, memory={**case.memory, **bytes_of, **single}, chunk=steps, mask=mask)


def _filled(case: Case) -> Case:
    """Return a case whose memories hold not a byte more than its largest units, where it fits at all."""
    given = prepared(case, 0)
    if isinstance(given, DoesNotFit):
        return case
    memory = {**case.memory}
    for to, name in enumerate(("ipmem", "wtmem")):
        largest = max((load.stored_bytes for load in given.program.loads if load.to == to), default=0)
        if largest:
            memory[f"{name}_bytes"] = largest * given.program.limits.halves(name)
    return replace(case, memory=memory)


# what draws GEMMs, and how many; each kind shows faults that the others do not
KINDS: dict[Callable[[random.Random, Build], Case], int] = {
    of_any_size: 400,
    of_extremes: 200,
    at_limits: 500,
    with_gaps: 100,
}


def cases_of(build: Build) -> list[Prepared]:
    """Return the random GEMMs that a small build runs, kind by kind."""
    found = [given for kind, cases in KINDS.items() for given in itertools.islice(_drawn(build, kind), cases)]
    assert len(found) == sum(KINDS.values()), "a kind draws what the build seldom holds"
    return found


def _drawn(build: Build, kind: Callable[[random.Random, Build], Case]) -> Iterator[Prepared]:
    """Yield what of many cases of a kind the build holds."""
    draw = random.Random(SEED)
    for number in range(1, MOST_DRAWN + 1):
        try:
            case = kind(draw, build)
            given = prepared(case, number, build.multiplies)
        except InputError:  # hardware refuses it
            continue
        if not isinstance(given, DoesNotFit) and _holds(build, case.memory, given):
            yield given


def _holds(build: Build, memory: dict, given: Prepared) -> bool:
    program, words = given.program, tables(given.program)
    if max(memory["ipmem_bytes"], memory["wtmem_bytes"], 4 * program.sizes[2]) > build.buffer_bytes:
        return False
    if program.buffer_bytes > 2 * build.buffer_bytes or program.entries > build.opmem_depth:
        return False
    if program.dram_bytes > build.dram_bytes or max(map(len, words)) > 1 << build.table_bits:
        return False
    try:
        for table in words:
            for row in table:
                word(row, build.widths)
    except InputError:
        return False
    return True
