"""Bounds of many designs' schedules at once, in floating point: where they hold, exact ones would find nothing.

Read by many_designs.py; the exact ones are those of exact.py.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pivotsim.engines.memory.bounds import exact as memory_bounds
from pivotsim.engines.memory.fit_check import units_of
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.units import IntArray
from pivotsim.workload.sizes import MAX_BITS, Size

SURE = 2.0**61  # below it, bounds in floating point are sure to lie below 2**62


def are_sure(
    size: Size, dataflow: str, designs: IntArray, tiles: tuple[IntArray, IntArray], least: IntArray, most: IntArray,
    bits: Mapping[str, int], sum_bytes: IntArray, longest_transfers: Any,
) -> Any:  # fmt: skip
    """Tell where ``memory_bounds.check`` is sure to find nothing: its bounds, no tighter, in floating point.

    ``longest_transfers`` (D, 6) are those of each design's memories.
    Units of sizes so large that they wrap around int64 are never sure: the bytes moved are far beyond it.
    """
    row_size, col_size, streamed = DATAFLOW[dataflow].sizes(*size[:3])
    m, k, n, a_bits, w_bits, out_bits = map(float, size)
    folds = np.ones(len(designs))
    for extent, step, tile in zip((row_size, col_size), (designs[:, 0], designs[:, 1]), tiles, strict=True):
        folds *= np.ceil(extent / tile) * np.ceil(np.minimum(tile, extent) / step)  # of a block's last part no fewer
    used = np.minimum(tiles[0], row_size), np.minimum(tiles[1], col_size)
    per_byte, latency, cost, bias, post, post_entry = longest_transfers.T
    bound = 2 * np.maximum(sum_bytes, MAX_BITS / 8) * m * n * (k + 1)
    bound += math.ceil(max(a_bits, w_bits) / 8) * (m * k + k * n) * max(m, k, n)
    for chunk in (least, most):
        at_least_one = np.maximum(chunk, 1)
        *fetched, sums = (unit[2] for unit in units_of(*used, dataflow, at_least_one, bits, sum_bytes))
        outputs = sums / sum_bytes * math.ceil(out_bits / 8)
        unit = np.maximum.reduce(np.broadcast_arrays(*fetched, sums, outputs, bias * n))
        number = folds * (streamed / at_least_one + 2)
        longest = unit * (per_byte + 1) + latency + 1
        steps = 2 * designs[:, 0] + designs[:, 1] + chunk + designs[:, 6]
        steps = steps + post + post_entry * np.maximum(chunk, designs[:, 0])
        bound = np.maximum(bound, np.maximum((3 * number + 1) * longest + number * steps, unit * cost))
    passes = folds * np.ceil(streamed / np.maximum(most, 1))
    return (bound < SURE) & (passes <= memory_bounds.MAX_PASSES)


def tiles_of(
    rows: IntArray, cols: IntArray, dataflow: str, memories: Sequence[MemoryLimits], index: IntArray
) -> tuple[IntArray, IntArray]:
    """Return the rows and columns that a unit serves on each design: the array's, or a block's."""
    blocks = each_of(index, [each.tile(0, 0, dataflow) for each in memories])
    return np.where(blocks[:, 0] > 0, blocks[:, 0], rows), np.where(blocks[:, 1] > 0, blocks[:, 1], cols)


def longest_transfer(limits: MemoryLimits) -> tuple[float, ...]:
    """Return (clocks per byte, clocks, cost, bytes of bias per output) of any transfer at most, and post clocks."""
    divisor = limits.clock_divisor
    latency = max(limits.read_latency_cycles, limits.write_latency_cycles) + 4  # rounded up, and a start
    latency += 3 * limits.buffer_read_cycles  # a pass waits for two, its transfers for one each
    row = limits.row()
    per_byte = [1 / rate for rate in (row.gb_port, row.ipmem_port, row.wtmem_port) if rate]
    for is_drain in (False, True):  # as bounds.axi_cycles
        each, once = float(limits.axi_cycles_per_byte(is_drain)), sum(limits.axi_clocks(is_drain))
        per_byte.append(9 * each + 8 * once if limits.is_by_row else each)
        latency += once
    per_byte = [divisor * clocks for clocks in per_byte]
    per_byte += [limits.clock_hz / limits.dram_bytes_per_s] if limits.dram_bytes_per_s else []
    slowest = max(per_byte, default=0.0) if limits.channel is None else math.inf
    post = float(limits.post_region_cycles), float(limits.post_entry_cycles)
    cost = float(limits.dram_row().cost_num)
    return slowest, float(latency * divisor), cost, float(limits.sum_bytes * limits.bias), *post


def each_of(index: IntArray, values: Sequence[Any]) -> Any:
    """Return the value of each design's memories."""
    return np.array(values)[index]
