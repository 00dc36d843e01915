"""`make proof`, its part on hardware: the Verilog that ships against engine `memory`, its oracle and numpy.

A count of cases makes a quick try without faults, which leaves the page alone, with a seed of its own if wanted:
python -m tests.proofs.accelerator_rtl 300 12
"""

import os
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.proofs.page_section import write_section
from tests.rtl import accelerator_faults, verilated
from tests.rtl.accelerator import Build, VerilatedAccelerator, library
from tests.rtl.memory_agreement import Tally, differences, draw_case

CASES, SEED = 10_000, 11
BUILDS = [
    Build(4, 3, "none"), Build(1, 1, "none", buffer_read_cycles=2, opmem_halves=1),
    Build(2, 5, "none", mac_latency=2, os_edge_register=False, buffer_read_cycles=1),
    Build(3, 4, "preload", mac_latency=2, os_edge_register=False), Build(6, 2, "preload", opmem_halves=1, lanes=3),
    Build(4, 4, "preload", buffer_read_cycles=2),
    Build(2, 3, "chained", os_edge_register=False), Build(5, 1, "chained", buffer_read_cycles=1, opmem_halves=1),
    Build(4, 4, "chained", mac_latency=2, buffer_read_cycles=2, lanes=13),
    Build(3, 3, "pipelined", opmem_halves=1), Build(1, 6, "pipelined", buffer_read_cycles=1),
    Build(6, 5, "pipelined", mac_latency=2, buffer_read_cycles=2, os_edge_register=False),
    Build(3, 2, "settled"), Build(4, 5, "settled", mac_latency=2, buffer_read_cycles=1, opmem_halves=1),
    Build(2, 2, "settled", buffer_read_cycles=2, os_edge_register=False, lanes=1),
]  # fmt: skip


def campaign(cases: int, seed: int) -> Tally:
    """Compare that many cases that fit; print every difference."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(library, BUILDS))
    opened = [VerilatedAccelerator(build) for build in BUILDS]
    draw, tally, index = random.Random(seed), Tally(), 0
    while tally.cases < cases:
        accelerator = opened[index % len(opened)]
        case = draw_case(draw, accelerator.build)
        found = differences(case, accelerator, index, tally)
        if found:
            print(found, case, flush=True)
        index += 1
    return tally


def missed_faults() -> list[str]:
    """Make every fault and print what catches it; return the names of those that nothing does."""
    missed = []
    for fault in accelerator_faults.FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            first = accelerator_faults.caught_by(fault, Path(folder))
        print(f"{fault.name}: {first or 'NOT CAUGHT'}", flush=True)
        missed += [] if first else [fault.name]
    return missed


def main() -> int:
    if verilated.missing():
        raise SystemExit(f"make proof: {verilated.missing()}")
    started = time.monotonic()
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    tally = campaign(cases, int(sys.argv[2]) if len(sys.argv) > 2 else SEED)
    missed = missed_faults() if cases >= CASES else []
    faults = len(accelerator_faults.FAULTS)
    text = (
        f"{tally.cases:,} random GEMMs on {len(BUILDS)} accelerators in Verilog ({tally.misfits:,} more do not fit,"
        f" {tally.refused:,} are refused),\n{tally.clocks:,} clocks, {tally.stalled:,} of them stalled: start and end"
        f" of every load, tile, stream, last sum and\ndrain ({tally.events:,} events), every output byte and the bytes"
        f" moved, against engine `memory`, the oracle and\nnumpy: {tally.differences} differences."
    )
    if cases >= CASES:
        text += f" {faults - len(missed)} of {faults} one-line faults in that Verilog are caught."
        write_section("accelerator proof", text)
    print(text)
    print(f"{time.monotonic() - started:.0f} s")
    return int(bool(tally.differences) or bool(missed))


if __name__ == "__main__":
    sys.exit(main())
