"""Proof of the unit station in Verilog: every byte that a pass leaves, every clock, and the rule of its clocks.

A count of passes makes a quick try: python -m tests.proofs.station_rtl 40
"""

import random
import sys
import time

from pivotsim.engines.pl_units.operations import Station
from pivotsim.engines.pl_units.passes import operation_cycles
from tests.oracles.station.clock import Dram, StationModel, Tables
from tests.proofs.page_section import write_section
from tests.rtl import verilated
from tests.rtl.faults import missed as faults_missed
from tests.rtl.station import station_faults
from tests.rtl.station.random_passes import DRAM_BYTES, random_pass, random_port, random_station
from tests.rtl.station.station_agreement import campaign

BUILDS = [
    Station(2, 3, 122, max_elements=9, max_channels=8, token_bits=2, comparators=1, prefix=2),
    Station(4, 8, 256, max_elements=20, max_channels=16, token_bits=3, comparators=2, prefix=1),
    Station(8, 5, 400, max_elements=40, max_channels=32, token_bits=4, comparators=4, prefix=2),
    Station(16, 32, 1_024, max_elements=64, max_channels=64, token_bits=5, comparators=8, prefix=1),
]
PASSES = 4_000  # in Verilog, over all builds
RULE_PASSES = 10_000  # of any station, the rule against the oracle alone
SEED = 20240623


def rule_differences(passes: int) -> tuple[int, int]:
    """Return the operations of random passes, and those in which the rule differs from the oracle."""
    draw, operations, different = random.Random(SEED), 0, 0
    for _ in range(passes):
        station = random_station(draw)
        port, one = random_port(draw, station), random_pass(draw, station)
        dram = Dram(bytearray(DRAM_BYTES), port.bytes_per_s or 0, port.clock_hz, *port[2:])
        tables = Tables(one.exponentials, one.activation, one.norm.multiplier, one.norm.addend)
        counted = StationModel(station, dram, tables).run(one.operations)
        operations += len(counted)
        for operation, expected in zip(one.operations, counted, strict=True):
            different += operation_cycles(operation, station, port) != expected
    return operations, different


def main() -> int:
    if verilated.missing():
        raise SystemExit(f"make proof: {verilated.missing()}")
    started = time.monotonic()
    passes = int(sys.argv[1]) if len(sys.argv) > 1 else PASSES
    each, operations, clocks = -(-passes // len(BUILDS)), 0, 0
    different: list[str] = []
    for build in BUILDS:
        more, longer, found = campaign(build, each, SEED + build.lanes)
        operations, clocks, different = operations + more, clocks + longer, different + found
        print(f"{build.lanes} lanes: {more:,} operations, {longer:,} clocks, {found or 'no difference'}", flush=True)
    by_rule, off = rule_differences(min(RULE_PASSES, 10 * passes))
    missed = faults_missed(station_faults.FAULTS, station_faults.caught_by) if passes >= PASSES else []
    faults, lanes = len(station_faults.FAULTS), ", ".join(str(build.lanes) for build in BUILDS)
    text = (
        f"{each * len(BUILDS):,} random passes of {operations:,} operations in Verilog of {lanes} lanes, over a DRAM"
        f" that is faster, slower or\nwithout a limit, {clocks:,} clocks: the bytes that they leave against the oracle,"
        f" which computes with the integer\nreference, and the clocks of each operation: {len(different)} differences."
        f" The closed form of the clocks against the oracle on {by_rule:,}\nfurther operations of stations of any size:"
        f" {off} differences."
    )
    if passes >= PASSES:
        text += f" {faults - len(missed)} of {faults} one-line faults in that Verilog are caught."
        write_section("station proof", text)
    print(text)
    print(f"{time.monotonic() - started:.0f} s")
    return int(bool(different) or bool(off) or bool(missed))


if __name__ == "__main__":
    sys.exit(main())
