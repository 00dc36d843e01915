"""What a whole trace does to the memories: stalls, bytes and choices, by GEMM and in total."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from pivotsim.engines import analytic
from pivotsim.engines.memory import BYTES, STALLS, MemoryResult, results_per_gemm
from pivotsim.engines.memory_fit import DoesNotFit
from pivotsim.errors import InputError
from pivotsim.hardware.systolic import SystolicHardware
from pivotsim.workload.ops import Trace


class MemoryUse(NamedTuple):
    """One GEMM of a trace behind the memories; ``result`` is that of one of its ``repeats``.

    ``unlimited_cycles`` is what one repeat takes with unlimited memories. Beside stalls, the difference holds what
    chunks cost: each one loads, fills and drains the array again.
    """

    encoder: int
    module: str
    repeats: int
    result: MemoryResult
    unlimited_cycles: int


def memory_uses(trace: Trace, hw: SystolicHardware) -> tuple[MemoryUse, ...]:
    """Return how each GEMM of a trace uses the memories.

    Raises
    ------
    InputError
        A GEMM does not fit; one line per unit that is too large.
    """
    uses, masks = [], trace.gemm_masks
    places = [(op.encoder, op.module) for op in trace if op.kind == "gemm"]
    unlimited = analytic.cycles_per_gemm(trace.gemms, hw.array, masks).tolist()
    for (encoder, module), (m, k, n, repeats), result, total in zip(
        places, trace.gemms.tolist(), results_per_gemm(trace.gemms, hw, masks), unlimited, strict=True
    ):
        if isinstance(result, DoesNotFit):
            raise InputError(f"memories: gemm {m}x{k}x{n}: {misfit}" for misfit in result.misfits)
        uses.append(MemoryUse(encoder, module, repeats, result, total // repeats))
    return tuple(uses)


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
