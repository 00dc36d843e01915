"""A layer program in numpy, by its addresses alone: what hardware must make of DRAM, without its clocks."""

import numpy as np

from pivotsim.rtl.compiler import BIAS_SLOT
from pivotsim.rtl.layers.program import End, Product, Stop
from pivotsim.rtl.layout import drained_blocks


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
