"""Many designs behind memories at once: clocks and bytes of the same GEMMs on each.

API twin of kernels/memory/search.py. What is not surely within int64 and the passes allowed, or has a
DRAM channel that issues commands, is marked: ``run_gemm`` answers it alone, with its own checks and messages.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pivotsim.engines.array.designs import DESIGN_FIELDS, latency_as_run
from pivotsim.engines.array.many_designs import array_values
from pivotsim.engines.memory import bounds as memory_bounds
from pivotsim.engines.memory.fit_check import DoesNotFit, units_of
from pivotsim.engines.memory.kernel_calls import records_of, run_designs, work_arrays
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import AUTO, MemoryResult, run_gemm
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS
from pivotsim.kernels.types import Design
from pivotsim.units import INT64_MAX, IntArray
from pivotsim.workload.sizes import MAX_BITS, Size

LATENCY, PACKING = (Design._fields.index(field) for field in ("mac_latency", "mac_packing"))
DATAFLOW_FIELD = tuple(DESIGN_FIELDS).index("dataflow")
# Clocks of a GEMM that was not run here, as the kernel marks it too: ask ``run_gemm``; no chunk makes it fit.
ALONE, MISFIT = -1, -2
SURE = 2.0**61  # below it, bounds in floating point are sure to lie below 2**62


@dataclass(frozen=True, eq=False)
class MemoryDesign:
    """Memories, and the programs that may run on them: ``loop_order`` and ``chunk`` as a board states them.

    Equal to itself alone, so that it is a fast key.
    """

    limits: MemoryLimits
    loop_order: str = AUTO
    chunk: int = 0

    @cached_property
    def orders(self) -> list[tuple[int, int]]:
        """First and last loop order for each dataflow; the first beyond the last where it does not know the order."""
        if self.loop_order == AUTO:
            return [(0, 0 if self.limits.are_none else 1)] * len(DATAFLOWS)
        orders = (row.loop_orders for row in DATAFLOW.values())
        return [(o.index(self.loop_order),) * 2 if self.loop_order in o else (1, 0) for o in orders]


def run_many(
    sizes: Sequence[Size], designs: IntArray, memories: Sequence[MemoryDesign], index: IntArray, wanted: Any
) -> IntArray:
    """Return (clocks, SRAM bytes, DRAM bytes) of each GEMM on each design, int64 (D, G, 3).

    Parameters
    ----------
    sizes : sequence of (m, k, n, a_bits, w_bits, out_bits)
        G of them.
    designs : int64 (D, 8)
        Arrays as ``engines.array.many_designs.design_row`` returns them.
    memories : sequence of MemoryDesign
        Memories.
    index : int64 (D,)
        Which of them a design has.
    wanted : bool (D, G)
        What to run; zeros elsewhere.

    Returns
    -------
    int64 (D, G, 3)
        What ``run_gemm`` returns for each alone. Clocks are ALONE or MISFIT where it was not run here.
    """
    found = np.zeros((len(designs), len(sizes), 3), dtype=np.int64)
    if not np.any(wanted):
        return found
    candidates = np.zeros((len(designs), len(sizes), 4), dtype=np.int64)
    for g, size in enumerate(sizes):
        for code, dataflow in enumerate(DATAFLOWS):
            here = np.flatnonzero(wanted[:, g] & (designs[:, DATAFLOW_FIELD] == code))
            if len(here):
                found[here, g, 0], candidates[here, g] = _programs(size, dataflow, designs[here], memories, index[here])
    limits = np.array([each.limits.row() for each in memories], dtype=np.int64)
    dram = np.array([each.limits.dram_row() for each in memories], dtype=np.int64)
    mappings = np.array([row.mapping for row in DATAFLOW.values()], dtype=np.int64)
    before, codes, after = np.hsplit(designs, (DATAFLOW_FIELD, DATAFLOW_FIELD + 1))
    mapped = np.hstack([before, mappings[codes[:, 0]], after])
    mapped[:, LATENCY] = latency_as_run(mapped[:, LATENCY], mapped[:, PACKING])
    run_designs(
        np.array(sizes, dtype=np.int64), mapped, np.ascontiguousarray(index), limits, dram, candidates,
        memory_bounds.MAX_PASSES, True, False, work_arrays(), records_of(0, 0, 0), found, None,
    )  # fmt: skip
    return found


def run_one(size: Size, design: IntArray, memories: MemoryDesign) -> MemoryResult | DoesNotFit:
    """Return what ``run_gemm`` does for one GEMM on one design."""
    array, (m, k, n, *bits) = array_values(design), size
    chunk = min(memories.chunk, DATAFLOW[array["dataflow"]].sizes(m, k, n)[2])
    limits = memories.limits.with_bits(*bits)
    return run_gemm(m, k, n, array, limits, loop_order=memories.loop_order, chunk=chunk)


def _programs(
    size: Size, dataflow: str, designs: IntArray, memories: Sequence[MemoryDesign], index: IntArray
) -> tuple[IntArray, IntArray]:
    """Return what is known of one GEMM's clocks on designs of one dataflow, and the candidates to run, (D, 4)."""
    rows, cols = designs[:, 0], designs[:, 1]
    m, k, n, a_bits, w_bits, _ = size
    row_size, col_size, streamed = DATAFLOW[dataflow].sizes(m, k, n)
    bits, sum_bytes = {"ipmem": a_bits, "wtmem": w_bits}, _each(index, [each.limits.sum_bytes for each in memories])
    chunk = _each(index, [min(each.chunk, streamed) for each in memories])
    most = np.full(len(designs), streamed)
    fits = np.ones(len(designs), dtype=np.bool_)
    tiles = _tiles(rows, cols, dataflow, memories, index)
    used = np.minimum(tiles[0], row_size), np.minimum(tiles[1], col_size)
    for memory, _, demand, per_step in units_of(*used, dataflow, np.maximum(1, chunk), bits, sum_bytes):
        halves = _each(index, [_half_bytes(each.limits, memory) for each in memories])
        fits &= demand <= halves
        half_bits = 8 * np.minimum(halves, INT64_MAX // 8)
        most = np.minimum(most, half_bits // np.maximum(per_step, 1)) if np.any(per_step) else most
    most = np.where(chunk > 0, chunk, most)
    free = _each(index, [int(each.limits.are_none) for each in memories]).astype(np.bool_)
    least = np.where((chunk > 0) | free, most, 1)
    first, last = (_each(index, [each.orders[DATAFLOWS.index(dataflow)][i] for each in memories]) for i in (0, 1))
    is_sure = (
        fits
        & (first <= last)
        & _are_sure(size, dataflow, designs, tiles, least, most, bits, sum_bytes, memories, index)
    )
    candidates = np.stack([first, last, least, most], axis=1)
    candidates[~is_sure] = 0
    unsure = np.where(fits | (first > last), ALONE, MISFIT)
    return np.where(is_sure, 0, unsure), candidates


def _are_sure(
    size: Size, dataflow: str, designs: IntArray, tiles: tuple[IntArray, IntArray], least: IntArray, most: IntArray,
    bits: Mapping[str, int], sum_bytes: IntArray, memories: Sequence[MemoryDesign], index: IntArray,
) -> Any:  # fmt: skip
    """Tell where ``memory_bounds.check`` is sure to find nothing: its bounds, no tighter, in floating point.

    Units of sizes so large that they wrap around int64 are never sure: the bytes moved are far beyond it.
    """
    row_size, col_size, streamed = DATAFLOW[dataflow].sizes(*size[:3])
    m, k, n, a_bits, w_bits, out_bits = map(float, size)
    folds = np.ones(len(designs))
    for extent, step, tile in zip((row_size, col_size), (designs[:, 0], designs[:, 1]), tiles, strict=True):
        folds *= np.ceil(extent / tile) * np.ceil(np.minimum(tile, extent) / step)  # of a block's last part no fewer
    used = np.minimum(tiles[0], row_size), np.minimum(tiles[1], col_size)
    per_byte, latency, cost, bias, post, post_entry = (
        _each(index, values) for values in zip(*(_longest_transfer(each.limits) for each in memories), strict=True)
    )
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


def _tiles(
    rows: IntArray, cols: IntArray, dataflow: str, memories: Sequence[MemoryDesign], index: IntArray
) -> tuple[IntArray, IntArray]:
    """Return the rows and columns that a unit serves on each design: the array's, or a block's."""
    blocks = _each(index, [each.limits.tile(0, 0, dataflow) for each in memories])
    return np.where(blocks[:, 0] > 0, blocks[:, 0], rows), np.where(blocks[:, 1] > 0, blocks[:, 1], cols)


def _half_bytes(limits: MemoryLimits, memory: str) -> int:
    """Return the bytes of one half of a memory, as many as there are where it is unlimited."""
    size = limits.half_bytes(memory)
    return INT64_MAX if size is None else min(size, INT64_MAX)


def _longest_transfer(limits: MemoryLimits) -> tuple[float, ...]:
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


def _each(index: IntArray, values: Sequence[Any]) -> Any:
    """Return the value of each design's memories."""
    return np.array(values)[index]
