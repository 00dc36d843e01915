"""`make rtl-mutants`: 200 faults that yosys draws in the Verilog that ships, each caught by a simulation or explained.

A fault is caught where one of CASES random GEMMs takes other clocks than engine `memory` predicts, moves other bytes,
leaves other bytes in DRAM than numpy computes, or does not end. What is not has its reason in rtl_mutants.yaml; what
has neither is a hole, and the exit code says so. The result is tests/data/rtl_mutants.csv.

A count of faults makes a quick try, which writes nothing: python -m tests.proofs.rtl_mutants 20. `explain` judges the
written result again after a change of the reasons.
"""

import csv
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import yaml

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.errors import InputError
from pivotsim.rtl.encoding import tables, word
from tests.rtl import verilated
from tests.rtl.accelerator import Build
from tests.rtl.memory_agreement import Prepared, draw_case, of_engine, prepared
from tests.rtl.netlist_faults import FaultyAccelerator, draw_faults, missing

FAULTS, SEED, CASES, LARGEST = 200, 7, 400, (2, 4, 8, 14, 40)
MORE, EXTREMES = 200, (1, 3, 40)  # for what these do not catch: regions of one entry, and long ones
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


def cases_of(build: Build, count: int, largest: tuple[int, ...] = LARGEST) -> Iterator[Prepared]:
    """Yield random GEMMs that a small build holds, of sizes up to one of the largest."""
    draw, number, found = random.Random(SEED), 0, 0
    while found < count:
        number += 1
        case = draw_case(draw, build, draw.choice(largest))
        try:
            given = prepared(case, number)
        except InputError:  # hardware refuses it
            continue
        if isinstance(given, DoesNotFit) or not _holds(build, case.memory, given):
            continue
        found += 1
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


def outcomes_of(name: str, count: int, case_count: int) -> list[Outcome]:
    """Draw faults in one build and try to catch each."""
    build = BUILDS[name]
    with tempfile.TemporaryDirectory() as folder:
        faults, model = draw_faults(build, count, SEED, Path(folder))
        accelerator = FaultyAccelerator(build, model=model)
    cases, found = [*cases_of(build, case_count), *cases_of(build, MORE, EXTREMES)], []
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
        file.write(f"# `make rtl-mutants`, {tool}, seed {SEED}, {CASES + MORE} random GEMMs a build\n")
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
        jobs = processes.map(outcomes_of, BUILDS, each, [CASES] * len(BUILDS))
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
