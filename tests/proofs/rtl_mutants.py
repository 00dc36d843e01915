"""`make rtl-mutants`: 200 faults that yosys draws in the Verilog that ships, each caught by a simulation or explained.

A fault is caught where one of a design's random GEMMs (KINDS) takes other clocks than engine `memory` predicts, moves
other bytes, leaves other bytes in DRAM than numpy computes, or does not end. What is not has its reason in
rtl_mutants.yaml; what has neither is a hole, and the exit code says so. The result is tests/data/rtl_mutants.csv.

A count of faults makes a quick try, which writes nothing: python -m tests.proofs.rtl_mutants 20. `explain` judges the
written result again after a change of the reasons.
"""

import csv
import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import yaml

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOW, DIMENSIONS
from pivotsim.rtl.encoding import tables, word
from tests.proofs.memory_campaign import random_mask
from tests.rtl import verilated
from tests.rtl.accelerator import Build
from tests.rtl.memory_agreement import Case, Prepared, draw_case, of_engine, prepared
from tests.rtl.netlist_faults import FaultyAccelerator, draw_faults, missing

FAULTS, SEED = 200, 7
EXPLAINED = Path(__file__).with_suffix(".yaml")
TABLE = Path(__file__).parents[1] / "data" / "rtl_mutants.csv"
# as small as the cases allow: bits that no value reaches would be faults that nothing shows
TIGHT = {
    "lanes": 4, "opmem_depth": 32, "buffer_bytes": 128, "table_bits": 7, "dram_bytes": 1024, "count_bits": 8,
    "address_bits": 10,
}  # fmt: skip
BUILDS = {
    "none": Build(3, 2, "none", mac_latency=2, buffer_read_cycles=1, masked=True, **TIGHT),
    "chained": Build(2, 2, "chained", os_edge_register=False, **TIGHT),
    "pipelined": Build(3, 3, "pipelined", buffer_read_cycles=2, masked=True, **TIGHT),
    "slices": Build(2, 3, "settled", mac_latency=2, slices=True, opmem_halves=1, buffer_read_cycles=1, **TIGHT),
}


class Outcome(NamedTuple):
    build: str
    module: str
    place: str
    fault: str
    outcome: str  # caught, explained, not caught
    by: str


def of_any_size(draw: random.Random, build: Build) -> Case:
    """Draw a case of sizes up to one of five."""
    return draw_case(draw, build, draw.choice((2, 4, 8, 14, 40)))


def of_extremes(draw: random.Random, build: Build) -> Case:
    """Draw a case with regions of one entry, or long ones."""
    return draw_case(draw, build, draw.choice((1, 3, 40)))


def at_limits(draw: random.Random, build: Build) -> Case:
    """Draw a case at a build's limits: regions of up to all entries, or of one, and memories that a unit fills.

    Half of them load as fast as ports can, so that sums of one entry follow each other after as few clocks as they can.
    """
    case = draw_case(draw, build, 6)
    array, memory = {**case.array}, {**case.memory}
    stream = DIMENSIONS.index(DATAFLOW[array["dataflow"]].stream)
    steps = draw.choice((1, draw.randint(17, build.opmem_depth), build.opmem_depth))
    gemm = tuple(steps if place == stream else size for place, size in enumerate(case.gemm))
    chunk = draw.choice((steps, draw.randint(1, steps)))
    memory |= {"ipmem_bytes": build.buffer_bytes, "wtmem_bytes": build.buffer_bytes}
    memory |= {"opmem_bytes": 4 * build.cols * build.opmem_depth * build.opmem_halves}
    if draw.random() < 0.5:
        ports = dict.fromkeys(("ipmem_port_bytes_per_cycle", "wtmem_port_bytes_per_cycle", "axi_bytes_per_cycle"))
        memory |= {**ports, "gb_port_bytes_per_cycle": build.lanes, "dram_bytes_per_s": None, "read_latency_cycles": 0}
        array["edge"] = "aware"
    mask = random_mask(draw, gemm) if case.mask else None
    return _filled(Case(gemm, array, memory, case.loop_order, chunk, mask))


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


# what draws GEMMs, and how many: each kind shows faults that the others do not
KINDS: dict[Callable[[random.Random, Build], Case], int] = {of_any_size: 400, of_extremes: 200, at_limits: 300}


def cases_of(build: Build) -> list[Prepared]:
    """Return the random GEMMs that a small build runs, kind by kind."""
    return [given for kind, cases in KINDS.items() for given in itertools.islice(_drawn(build, kind), cases)]


def _drawn(build: Build, kind: Callable[[random.Random, Build], Case]) -> Iterator[Prepared]:
    """Yield, without end, what a kind draws and the build holds."""
    draw = random.Random(SEED)
    for number in itertools.count(1):
        try:
            case = kind(draw, build)
            given = prepared(case, number)
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


def first_difference(accelerator: FaultyAccelerator, cases: list[Prepared], number: int) -> str:
    """Return what gives a fault away first, '' if nothing does."""
    accelerator.choose(number)
    for place, given in enumerate(cases):
        limit = 2 * given.program.prediction.result.cycles + 100
        try:
            found = of_engine(given, accelerator.run(given.program, given.image, given.shift, limit))
        except RuntimeError as error:
            found = [str(error)]
        if found:
            return f"{found[0]}, case {place}"
    return ""


def outcomes_of(name: str, faults_drawn: int) -> list[Outcome]:
    """Draw faults in one build and try to catch each."""
    build = BUILDS[name]
    with tempfile.TemporaryDirectory() as folder:
        faults, model = draw_faults(build, faults_drawn, SEED, Path(folder))
        accelerator = FaultyAccelerator(build, model=model)
    cases, found = cases_of(build), []
    assert not first_difference(accelerator, cases, 0), f"{name}: without a fault"
    for fault in faults:
        by = first_difference(accelerator, cases, fault.number)
        found.append(Outcome(name, fault.module, fault.place, fault.words, "caught" if by else "not caught", by))
        print(*found[-1], sep=": ", flush=True)
    accelerator.close()
    return found


def judged(one: Outcome) -> Outcome:
    """Return an outcome with the reason for which nothing can catch the fault, where one is stated."""
    if one.outcome == "caught":
        return one
    reasons, key = yaml.safe_load(EXPLAINED.read_text()), f"{one.fault} at {one.place}"
    stated = {**reasons["all"], **reasons.get(one.build, {})}
    by = next((reason for pattern, reason in stated.items() if re.search(pattern, key)), "")
    return one._replace(outcome="explained" if by else "not caught", by=by)


def write_table(found: list[Outcome], tool: str) -> None:
    """Write the result, which read_table reads."""
    with TABLE.open("w", newline="") as file:
        file.write(f"# `make rtl-mutants`, {tool}, seed {SEED}, {sum(KINDS.values())} random GEMMs a build\n")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(Outcome._fields)
        rows.writerows(found)


def read_table() -> tuple[list[Outcome], str]:
    """Return what was written, and the tool."""
    head, *lines = TABLE.read_text().splitlines()
    return [Outcome(**row) for row in csv.DictReader(lines)], head.split(", ")[1]


def main() -> int:
    if sys.argv[1:] == ["explain"]:
        found, tool = read_table()
        found = [judged(outcome) for outcome in found]
        write_table(found, tool)
        return told(found, tool)
    if verilated.missing() or missing():
        raise SystemExit(f"make rtl-mutants: {verilated.missing() or missing()}")
    started, count = time.monotonic(), int(sys.argv[1]) if len(sys.argv) > 1 else FAULTS
    each = [len(range(place, count, len(BUILDS))) for place in range(len(BUILDS))]
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as processes:
        jobs = processes.map(outcomes_of, BUILDS, each)
        found = [judged(outcome) for outcomes in jobs for outcome in outcomes]
    version = subprocess.run(["yosys", "-V"], capture_output=True, text=True, timeout=60).stdout.split(" (")[0].strip()
    if count >= FAULTS:
        write_table(found, version)
    print(f"{time.monotonic() - started:.0f} s")
    return told(found, version)


def told(found: list[Outcome], tool: str) -> int:
    """Print the counts, and what is neither caught nor explained; return 1 where there is something."""
    for one in found:
        if one.outcome == "not caught":
            print("NOT CAUGHT", *one[:4], sep=": ")
    totals = Counter(one.outcome for one in found)
    print(f"{len(found)} faults drawn by {tool}: " + ", ".join(f"{n} {name}" for name, n in totals.items()))
    return int(totals["not caught"] > 0)


if __name__ == "__main__":
    sys.exit(main())
