"""Proof of the MPCA lanes: engine `mpca`, the Verilog and numpy agree on random sparse matrices; faults are caught.

A number of points for each array makes a quick try without faults: python -m tests.proofs.mpca_rtl 100
"""

import random
import sys
import tempfile
from pathlib import Path

from tests.proofs.page_section import write_section
from tests.rtl import verilated
from tests.rtl.mpca.agreement import Tally, differences, draw_point
from tests.rtl.mpca.bridge import Build, VerilatedLanes
from tests.rtl.mpca.faults import FAULTS, caught_by

BUILDS = (
    Build(1, 1, 1, 1), Build(2, 2, 2, 3), Build(1, 3, 3, 2), Build(3, 1, 1, 4), Build(1, 2, 5, 1),
    Build(2, 1, 2, 8, weight_bits=13),
)  # fmt: skip
POINTS = 500  # of each array
SEED = 23


def rows_of(points: int, tally: Tally) -> list[str]:
    """Return a row of the page's table for each array."""
    rows = []
    for build in BUILDS:
        lanes, draw, own = VerilatedLanes(build), random.Random(SEED), Tally()
        for _ in range(points):
            found = differences(point := draw_point(draw, build), lanes, own)
            if found:
                print(f"DIFFERENCE {point}: {'; '.join(found)}", flush=True)
        lanes.close()
        for name, value in vars(own).items():
            setattr(tally, name, getattr(tally, name) + value)
        levels = ", ".join(str(v) for v in (build.p_h, build.p_t, build.p_c, build.p_pe))
        rows.append(
            f"| {levels} | {own.points:,} | {own.clocks:,} | {own.sums:,} | {own.empty_columns:,} | {own.differences} |"
        )
        print(rows[-1], flush=True)
    return rows


def fault_rows() -> tuple[list[str], int]:
    """Return a row for each fault, and how many nothing caught."""
    rows, missed = [], 0
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            found = caught_by(fault, Path(folder))
        missed += not found
        rows.append(f"| {fault.name} | {found.partition(' (')[0] or 'NOT CAUGHT'} |")
        print(rows[-1], flush=True)
    return rows, missed


def main() -> int:
    if verilated.missing():
        raise SystemExit(f"make proof: {verilated.missing()}")
    tally = Tally()
    rows = rows_of(int(sys.argv[1]) if len(sys.argv) > 1 else POINTS, tally)
    if len(sys.argv) > 1:
        return int(tally.differences > 0)
    faults, missed = fault_rows()
    text = [
        f"{tally.points:,} products, {tally.clocks:,} clocks, {tally.sums:,} sums: {tally.differences} differences.",
        "",
        "| p_h, p_t, p_c, p_pe | products | clocks | sums | empty columns | differences |",
        "|---|---:|---:|---:|---:|---:|",
        *rows,
        "",
        "| fault of one line | first difference |",
        "|---|---|",
        *faults,
    ]
    write_section("lanes", "\n".join(text))
    return int(tally.differences + missed > 0)


if __name__ == "__main__":
    sys.exit(main())
