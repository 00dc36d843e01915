"""Use of the memories by a whole trace: stalls, bytes and choices, by GEMM and in total."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from pivotsim.engines.array import closed_form as analytic
from pivotsim.engines.array.designs import dataflow_of, design_of
from pivotsim.engines.array.masked import cycles_of_copies
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.bounds.exact import roofline
from pivotsim.engines.memory.modes import array_as_run
from pivotsim.engines.memory.schedule import BYTES, STALLS, MemoryResult
from pivotsim.engines.memory.trace_gemms import checked, runs_per_gemm
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Op, Trace


class MemoryUse(NamedTuple):
    """One GEMM of a trace behind the memories, or those of its repeats that share a copy of its mask.

    ``result`` is that of one of the ``repeats``, ``unlimited_cycles`` what one takes with unlimited memories. Beside
    stalls, the difference holds what chunks cost: each one loads, fills and drains the array again. ``gemm`` is its
    place among the trace's GEMMs, ``dense_bound`` the roofline's bound without a mask.
    """

    encoder: int
    module: str
    repeats: int
    result: MemoryResult
    unlimited_cycles: int
    gemm: int
    dense_bound: str


def memory_uses(trace: Trace, hw: SystolicHardware) -> tuple[MemoryUse, ...]:
    """Return how each GEMM of a trace uses the memories.

    Raises
    ------
    InputError
        A GEMM does not fit; one line per unit that is too large.
    """
    uses, gemms = [], trace.gemms
    ops = [op for op in trace if op.kind == "gemm"]
    limits, pes = limits_of(hw.memories, hw.array.clock_mhz), hw.array.rows * hw.array.cols
    array = array_as_run(hw)
    unlimited, of_copies = analytic.cycles_per_gemm(gemms, array).tolist(), dict[int, list[int]]()
    dense_bounds: dict[tuple[int, ...], str] = {}  # of each size and width once, which many masks share
    for run in runs_per_gemm(gemms, hw, trace.gemm_masks, trace.gemm_bits.tolist(), limits):
        op, result = ops[run.gemm], checked(run, gemms)
        one, bound = unlimited[run.gemm] // op.repeats, result.roofline_bound
        if run.mask is not None:
            if run.gemm not in of_copies:
                of_copies[run.gemm] = _unlimited_cycles(op, array, run.mask)
            one = of_copies[run.gemm][run.copy]
            size, bits = (op.m, op.k, op.n), (op.a_bits, op.w_bits, op.out_bits)
            if (*size, *bits) not in dense_bounds:
                dense_bounds[*size, *bits] = roofline(size, pes, limits.with_bits(*bits))[1]
            bound = dense_bounds[*size, *bits]
        uses.append(MemoryUse(op.encoder, op.module, run.repeats, result, one, run.gemm, bound))
    return tuple(uses)


def _unlimited_cycles(op: Op, array: ArraySpec, mask: Mask) -> list[int]:
    """Return the clocks of a GEMM without limits under each copy of its mask that a repeat uses: the array's own."""
    copies = min(mask.count, op.repeats)
    cycles: list[int] = cycles_of_copies(
        op.m, op.k, op.n, mask, dataflow_of(array), design_of(array), copies
    ).tolist()  # fmt: skip
    return cycles


def gemm_cycles(uses: Iterable[MemoryUse]) -> list[int]:
    """Return the clocks of each GEMM over its repeats."""
    totals: dict[int, int] = {}
    for use in uses:
        totals[use.gemm] = totals.get(use.gemm, 0) + use.repeats * use.result.cycles
    return list(totals.values())


def memory_bound(uses: Iterable[MemoryUse]) -> list[dict[str, Any]]:
    """Return the GEMMs whose roofline is DRAM's: encoder, module, bound, and whether their mask made them so.

    A GEMM is listed if one of its repeats is bound by DRAM. ``by_mask``: the dense GEMM of the same size on the same
    memories is bound by the array.
    """
    rows: dict[int, dict[str, Any]] = {}
    for use in uses:
        bound = use.result.roofline_bound
        if bound != "compute":
            row = {"encoder": use.encoder, "module": use.module, "bound": bound}
            rows.setdefault(use.gemm, {**row, "by_mask": use.dense_bound == "compute"})
    return list(rows.values())


def stall_cycles(uses: Iterable[MemoryUse]) -> dict[str, int]:
    """Return the idle clocks of the array by cause, over all repeats."""
    totals = dict.fromkeys(STALLS, 0)
    for use in uses:
        for cause, clocks in use.result.stall_cycles.items():
            totals[cause] += use.repeats * clocks
    return totals


def moved_bytes(uses: Iterable[MemoryUse]) -> dict[str, int]:
    """Return the bytes of every level and direction, over all repeats."""
    totals = dict.fromkeys(BYTES, 0)
    for use in uses:
        for level, size in use.result.moved_bytes.items():
            totals[level] += use.repeats * size
    return totals


def by_module(uses: Iterable[MemoryUse]) -> dict[str, dict[str, Any]]:
    """Return {module: clocks and bytes over all repeats, and the loop order and chunk of its first GEMM}.

    cycles = unlimited_cycles + chunk_cycles + all stalls; chunk_cycles is what cutting the stream costs.
    """
    table: dict[str, dict[str, Any]] = {}
    for use in uses:
        result = use.result
        row = table.setdefault(
            use.module,
            {
                "cycles": 0, "unlimited_cycles": 0, "chunk_cycles": 0, "roofline_cycles": 0,
                "roofline_bound": result.roofline_bound,
                "stall_cycles": dict.fromkeys(STALLS, 0), "dram_bytes": 0, "loop_order": result.loop_order,
                "chunk": result.chunk,
            },
        )  # fmt: skip
        row["cycles"] += use.repeats * result.cycles
        row["unlimited_cycles"] += use.repeats * use.unlimited_cycles
        row["chunk_cycles"] += use.repeats * (result.cycles - use.unlimited_cycles - sum(result.stall_cycles.values()))
        row["roofline_cycles"] += use.repeats * result.roofline_cycles
        row["dram_bytes"] += use.repeats * (result.moved_bytes["dram_read"] + result.moved_bytes["dram_write"])
        for cause, clocks in result.stall_cycles.items():
            row["stall_cycles"][cause] += use.repeats * clocks
    return table
