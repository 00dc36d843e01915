"""A layer program in numpy, by its addresses alone: what hardware must make of DRAM, without its clocks."""

import numpy as np

from pivotsim.rtl.compiler import BIAS_SLOT
from pivotsim.rtl.layers.program import End, Product, Stop, UnitPass
from pivotsim.rtl.layout import drained_blocks
from tests.oracles.station.clock import Dram, StationModel, Tables


def run(program, image, host):
    """Execute entries until an end; return its path's output."""
    at = 0
    while True:
        entry = program.entries[at]
        at += 1
        if isinstance(entry, End):
            return host[entry.output]
        if isinstance(entry, Product):
            execute(program.tables[entry.table], entry, image)
        elif isinstance(entry, UnitPass):
            run_units(entry, program, image)
        elif isinstance(entry, Stop) and host.at(entry):
            at = entry.otherwise


def execute(table, entry, image):
    """Gather the operands of a product from where its loads read, and put its outputs where its drains write."""
    m, k, n = table.sizes
    operands = {"a": np.zeros((m, k), np.int64), "b": np.zeros((k, n), np.int64)}
    bias, contents = np.zeros(n, np.int64), table.contents
    for load, (slot, number, *_) in zip(entry.loads.tolist(), table.prediction.loads.tolist(), strict=True):
        if slot == BIAS_SLOT:
            bias[:] = np.frombuffer(image[load : load + 4 * n].tobytes(), "<i4")
            continue
        unit = table.unit_of(slot, number)
        matrix = operands[unit.operand]
        places = contents.block(unit, np.arange(matrix.size).reshape(matrix.shape))[contents.content(unit).lanes]
        matrix.flat[places] = image[load : load + places.size].view(np.int8)
    sums = operands["a"] @ operands["b"] + bias
    half = 1 << (entry.shift - 1) if entry.shift else 0
    out = sums.astype(np.int32)
    if not entry.is_wide:
        out = np.clip((sums * entry.multiplier + half) >> entry.shift, -128, 127).astype(np.int8)
    for drain, (place, is_turned, _) in zip(entry.drains.tolist(), drained_blocks(table), strict=True):
        block = out[place]
        own = np.ascontiguousarray(block.T if is_turned else block).view(np.uint8).ravel()
        image[drain : drain + own.size] = own


def run_units(entry, program, image):
    """Do the operations of a pass, clock by clock: what lies where is of the operations and tables alone."""
    limits = program.tables[0].limits
    dram = Dram(
        memoryview(image), limits.dram_bytes_per_s or 0, limits.clock_hz, limits.read_latency_cycles,
        limits.write_latency_cycles,
    )  # fmt: skip
    plain = {name: words.astype("<u4").tobytes() for name, words in entry.constants.items()}
    tables = Tables()
    if "exponentials" in plain:
        tables.exponentials = np.frombuffer(plain["exponentials"], "<u2")[::2]
    if "activation" in plain:
        tables.activation = np.frombuffer(plain["activation"], np.int8)[::4]
    if "norm" in plain:
        beat = 6 * program.units.station.lanes  # bytes, in whole words
        beats = np.frombuffer(plain["norm"], np.uint8).reshape(len(entry.constants["norm"]), -1)[:, :beat]
        channels = beats.reshape(-1, 6)
        tables.multiplier = channels[:, :2].copy().view("<i2").ravel()
        tables.addend = channels[:, 2:].copy().view("<i4").ravel().astype(np.int64)
    clocks = sum(StationModel(program.units.station, dram, tables).run(entry.operations))
    assert clocks == entry.cycles, entry.name
