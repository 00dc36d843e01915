"""`make rtl-mutants`: 200 faults that yosys draws in the Verilog that ships, each caught by a simulation or explained.

A fault is caught where one of a design's random GEMMs (tests/rtl/mutants/cases.py) takes other clocks than engine
`memory` predicts, moves other bytes, leaves other bytes in DRAM than numpy computes, or does not end. What is not has
its reason in rtl_mutants.yaml; what has neither is a hole, and the exit code says so. The result is
tests/data/rtl_mutants.csv.

A count of faults makes a quick try, which writes nothing: python -m tests.proofs.rtl_mutants 20. `explain` judges the
written result again after a change of the reasons.
"""

import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.rtl import verilated
from tests.rtl.accelerator.agreement import Prepared, of_engine
from tests.rtl.mutants.cases import BUILDS, KINDS, SEED, cases_of
from tests.rtl.mutants.netlist_faults import FaultyAccelerator, draw_faults, missing

FAULTS = 200
EXPLAINED = Path(__file__).with_suffix(".yaml")
TABLE = Path(__file__).parents[1] / "data" / "rtl_mutants.csv"


class Outcome(NamedTuple):
    build: str
    module: str
    place: str
    fault: str
    outcome: str  # caught, explained, not caught
    by: str

    @property
    def key(self) -> str:
        """What patterns of reasons are looked for in."""
        return f"{self.fault} at {self.place}"


def first_difference(accelerator: FaultyAccelerator, cases: list[Prepared], number: int) -> str:
    """Return what gives a fault away first, '' if nothing does."""
    accelerator.choose(number)
    for place, given in enumerate(cases):
        limit = 2 * given.program.prediction.result.cycles + 100
        try:
            found = of_engine(given, accelerator.run(given.program, given.image, given.scale, limit))
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


def reasons() -> dict[str, dict[str, str]]:
    """Return patterns of "fault at place" by build, or for `all`, and the reasons that nothing can catch them."""
    stated: dict[str, dict[str, str]] = yaml.safe_load(EXPLAINED.read_text())
    return stated


def judged(one: Outcome) -> Outcome:
    """Return an outcome with the reason for which nothing can catch the fault, where one is stated."""
    if one.outcome == "caught":
        return one
    stated = {**reasons()["all"], **reasons().get(one.build, {})}
    by = next((reason for pattern, reason in stated.items() if re.search(pattern, one.key)), "")
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
