"""Part of `make rtl-designs`: hardware that asks for loads ahead takes the clocks of engine and oracle.

One accelerator in Verilog for each number of loads in flight. A count of cases of each makes a quick try:
python -m tests.proofs.rtl_requests 100.
"""

import random
import sys
from collections.abc import Iterator

from tests.rtl import verilated
from tests.rtl.accelerator.agreement import Tally, differences, draw_case
from tests.rtl.accelerator.bridge import Build, VerilatedAccelerator

CASES = 1_700  # of each
BUILDS = [
    Build(3, 2, "pipelined", mac_latency=2, buffer_read_cycles=1, masked=True, outstanding_reads=1),
    Build(4, 3, "none", masked=True, outstanding_reads=2),
    Build(3, 4, "preload", buffer_read_cycles=2, opmem_halves=1, outstanding_reads=4),
    Build(2, 3, "chained", os_edge_register=False, lanes=5, masked=True, outstanding_reads=8),
]


def campaign(build: Build, cases: int, seed: int) -> Tally:
    """Compare that many cases that fit on one accelerator; print every difference."""
    accelerator, draw, tally, index = VerilatedAccelerator(build), random.Random(seed), Tally(), 0
    while tally.cases < cases:
        case = draw_case(draw, build)
        found = differences(case, accelerator, index, tally)
        if found:
            print(found, case, flush=True)
        index += 1
    accelerator.close()
    return tally


def rows(cases: int) -> Iterator[int]:
    """Print each accelerator's row and yield its differences."""
    for build in BUILDS:
        tally = campaign(build, cases, 23)
        print(
            f"{build.outstanding_reads} in flight: {tally.cases:,} GEMMs, {tally.masked:,} of them masked,"
            f" {tally.clocks:,} clocks, {tally.events:,} events, {tally.differences} differ",
            flush=True,
        )
        yield tally.differences


def main() -> int:
    if verilated.missing():
        raise SystemExit(f"make rtl-designs: {verilated.missing()}")
    return int(any(list(rows(int(sys.argv[1]) if len(sys.argv) > 1 else CASES))))


if __name__ == "__main__":
    sys.exit(main())
