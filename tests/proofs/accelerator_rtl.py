"""`make proof`, its part on hardware: the Verilog that ships against engine `memory`, its oracle and numpy.

A count of cases makes a quick try without faults, which leaves the page alone, with a seed of its own if wanted:
python -m tests.proofs.accelerator_rtl 300 12
"""

import os
import random
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from tests.proofs.page_section import write_section
from tests.rtl import verilated
from tests.rtl.accelerator import faults as accelerator_faults
from tests.rtl.accelerator.agreement import Tally, differences, draw_case
from tests.rtl.accelerator.bridge import Build, VerilatedAccelerator, library
from tests.rtl.faults import Fault

CASES, SEED, WORKERS = 10_000, 11, 8
BUILDS = [
    Build(4, 3, "none", masked=True),
    Build(1, 1, "none", buffer_read_cycles=2, opmem_halves=1),
    Build(2, 5, "none", mac_latency=2, os_edge_register=False, buffer_read_cycles=1, masked=True),
    Build(3, 4, "preload", mac_latency=2, os_edge_register=False),
    Build(6, 2, "preload", opmem_halves=1, lanes=3, masked=True),
    Build(4, 4, "preload", buffer_read_cycles=2, masked=True),
    Build(2, 3, "chained", os_edge_register=False, masked=True),
    Build(5, 1, "chained", buffer_read_cycles=1, opmem_halves=1),
    Build(4, 4, "chained", mac_latency=2, buffer_read_cycles=2, lanes=13, masked=True),
    Build(3, 3, "pipelined", opmem_halves=1, masked=True),
    Build(1, 6, "pipelined", buffer_read_cycles=1),
    Build(6, 5, "pipelined", mac_latency=2, buffer_read_cycles=2, os_edge_register=False, masked=True),
    Build(3, 2, "settled", masked=True),
    Build(4, 5, "settled", mac_latency=2, buffer_read_cycles=1, opmem_halves=1),
    Build(2, 2, "settled", buffer_read_cycles=2, os_edge_register=False, lanes=1, masked=True),
    Build(4, 3, "settled", mac_latency=2, buffer_read_cycles=1, slices=True, masked=True),
    Build(5, 4, "settled", mac_latency=2, buffer_read_cycles=2, slices=True, opmem_halves=1, is_only=True),
]


def campaign_of(build: Build, cases: int, seed: str) -> Tally:
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


def campaign(cases: int, seed: int) -> Tally:
    """Share the cases among all accelerators, each with a seed of its own, so that processes change nothing."""
    workers = min(os.cpu_count() or 1, WORKERS)
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(library, BUILDS))
    jobs = [(build, len(range(place, cases, len(BUILDS))), f"{seed} {place}") for place, build in enumerate(BUILDS)]
    total = Tally()
    with ProcessPoolExecutor(workers) as processes:
        for tally in processes.map(campaign_of, *zip(*jobs, strict=True)):
            total.add(tally)
            print(f"{total.cases:,} of {cases:,} cases, {total.differences} differences", flush=True)
    return total


def first_difference(fault: Fault) -> str:
    """Make a fault and return what catches it, '' if nothing does."""
    with tempfile.TemporaryDirectory() as folder:
        first = accelerator_faults.caught_by(fault, Path(folder))
    print(f"{fault.name}: {first or 'NOT CAUGHT'}", flush=True)
    return first


def missed_faults() -> list[str]:
    """Make every fault; return the names of those that nothing catches."""
    faults = accelerator_faults.FAULTS
    with ThreadPoolExecutor(min(os.cpu_count() or 1, WORKERS)) as threads:
        firsts = list(threads.map(first_difference, faults))
    return [fault.name for fault, first in zip(faults, firsts, strict=True) if not first]


def main() -> int:
    if verilated.missing():
        raise SystemExit(f"make proof: {verilated.missing()}")
    started = time.monotonic()
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    tally = campaign(cases, int(sys.argv[2]) if len(sys.argv) > 2 else SEED)
    missed = missed_faults() if cases >= CASES else []
    faults = len(accelerator_faults.FAULTS)
    text = (
        f"{tally.cases:,} random GEMMs, {tally.masked:,} of them masked, on {len(BUILDS)} accelerators in Verilog"
        f" ({tally.misfits:,} more do not fit,\n{tally.refused:,} are refused), {tally.clocks:,} clocks,"
        f" {tally.stalled:,} of them stalled: start and end of every load, tile,\nstream, last sum and drain"
        f" ({tally.events:,} events), every output byte and the bytes moved, against engine\n`memory`, the oracle"
        f" and numpy: {tally.differences} differences."
    )
    if cases >= CASES:
        text += f" {faults - len(missed)} of {faults} one-line faults in that Verilog are caught."
        write_section("accelerator proof", text)
    print(text)
    print(f"{time.monotonic() - started:.0f} s")
    return int(bool(tally.differences) or bool(missed))


if __name__ == "__main__":
    sys.exit(main())
