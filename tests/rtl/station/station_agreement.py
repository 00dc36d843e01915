"""A campaign on the written station: every byte that passes leave in DRAM, and the clocks of each operation."""

import random

import numpy as np

from pivotsim.engines.pl_units.operations import Station
from pivotsim.engines.pl_units.passes import operation_cycles
from tests.oracles.station.clock import Dram, StationModel, Tables
from tests.rtl.station.random_passes import random_pass, random_port
from tests.rtl.station.verilated_station import MODEL, VerilatedStation
from tests.rtl.verilated import Model


def compared(built: VerilatedStation, draw: random.Random, operations: int = 8) -> tuple[int, int, list[str]]:
    """Run one random pass; return its operations, its clocks, and what differs from the oracle or from the rule."""
    station = built.station
    port, one = random_port(draw, station), random_pass(draw, station, operations)
    data = draw.randbytes(len(built.dram))
    built.dram[:] = np.frombuffer(data, dtype=np.uint8)
    norm = one.norm
    model = StationModel(
        station, Dram(bytearray(data), port.bytes_per_s or 0, port.clock_hz, *port[2:]),
        Tables(one.exponentials, one.activation, norm.multiplier, norm.addend),
    )  # fmt: skip
    counted = model.run(one.operations)
    rule = [operation_cycles(operation, station, port) for operation in one.operations]
    found = ["clocks: the rule differs from the oracle"] if rule != counted else []
    clocks = built.run(one, port, 2 * sum(counted) + 1000)
    for operation, seen, expected in zip(one.operations, clocks, counted, strict=True):
        if seen != expected:
            found.append(f"{type(operation).__name__}: {seen} clocks, {expected} of the oracle: {operation} {port}")
    if bytes(built.dram) != bytes(model.dram.data):
        found.append("bytes of DRAM")
    return len(one.operations), sum(counted), found


def campaign(station: Station, passes: int, seed: int, model: Model = MODEL) -> tuple[int, int, list[str]]:
    """Run random passes until one differs; return the operations, the clocks, and what differs."""
    built, draw = VerilatedStation(station, model), random.Random(seed)
    operations = clocks = 0
    found: list[str] = []
    for _ in range(passes):
        if not found:
            more, longer, found = compared(built, draw)
            operations, clocks = operations + more, clocks + longer
    built.close()
    return operations, clocks, found
