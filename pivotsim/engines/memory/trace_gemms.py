"""The GEMMs of a trace behind the memories: each distinct one, and each distinct copy of its mask, once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.bounds import exact as memory_bounds
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.masked.schedule import check_runnable
from pivotsim.engines.memory.schedule import MemoryResult, Program, run_gemm
from pivotsim.errors import InputError
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask, copies_run
from pivotsim.workload.sizes import Size

Bits = Sequence[int]  # of an element of inputs, weights and outputs


class GemmRun(NamedTuple):
    """``repeats`` of GEMM number ``gemm`` that share a copy of its mask; ``result`` is that of one."""

    gemm: int
    repeats: int
    mask: Mask | None
    copy: int
    result: MemoryResult | DoesNotFit


def runs_per_gemm(
    gemms: IntArray, hw: SystolicHardware, masks: Sequence[Mask | None] = (), bits: Sequence[Bits] = (),
    limits: MemoryLimits | None = None,
) -> list[GemmRun]:  # fmt: skip
    """Return one run per row of (G, 4) m, k, n, repeats on a hardware's memories, or one per copy of a mask in use.

    ``bits`` are those of an element of each GEMM's inputs, weights and outputs; 8 where none are given. A GEMM that
    streams less than a hardware's ``chunk`` runs in one. ``limits`` are those of the memories, where they are known.
    """
    memories, dataflow = hw.memories, DATAFLOW[hw.array.dataflow]
    if limits is None:
        limits = limits_of(memories, hw.array.clock_mhz)

    known: dict[tuple[Any, bool], Program | DoesNotFit] = {}  # of each size once, which many masks share

    def run(size: Size, mask: Mask | None, copy: int) -> MemoryResult | DoesNotFit:
        m, k, n, *widths = size
        key = size, mask is None
        if key not in known:
            chunk, order = min(memories.chunk, dataflow.sizes(m, k, n)[2]), memories.loop_order
            own = limits.with_bits(*widths) if widths else limits
            known[key] = Program.of(m, k, n, hw.array, own, order, chunk, mask, copy)
        program = known[key]
        if isinstance(program, DoesNotFit):
            if mask is not None:  # of the masks of one size only the first was checked
                check_runnable(mask, copy, (m, k, n), hw.array.dataflow, limits)
            return program
        return program.under(mask, copy).run(0, 0, 0, True).result

    return list(_each(gemms, masks, run, bits))


def cycles_per_gemm(gemms: IntArray, hw: SystolicHardware, masks: Sequence[Mask | None] = ()) -> IntArray:
    """Return the clocks of each GEMM with its repeats, int64 (G,), for (G, 4) rows of m, k, n, repeats.

    Raises
    ------
    InputError
        A GEMM does not fit the memories (a line per unit), or as ``run_gemm``.
    """
    return _summed(gemms, runs_per_gemm(gemms, hw, masks))


def cycles_without_limits(
    gemms: IntArray, array: ArraySpec | Mapping[str, Any], masks: Sequence[Mask | None] = ()
) -> IntArray:
    """Return the clocks of each GEMM with its repeats, int64 (G,), on an array whose memories have no limits."""

    def run(size: Size, mask: Mask | None, copy: int) -> MemoryResult | DoesNotFit:
        m, k, n = size
        return run_gemm(m, k, n, array, MemoryLimits(), mask=mask, copy=copy)

    return _summed(gemms, list(_each(gemms, masks, run)))


def _each(gemms: IntArray, masks: Sequence[Mask | None], run: Any, bits: Sequence[Bits] = ()) -> Iterator[GemmRun]:
    """Yield a run per GEMM and copy; what is equal runs once."""
    known: dict[Any, MemoryResult | DoesNotFit] = {}
    for gemm, (m, k, n, repeats) in enumerate(gemms.tolist()):
        mask, size = masks[gemm] if len(masks) else None, (m, k, n, *(bits[gemm] if len(bits) else ()))
        for copy, times in copies_run(mask, repeats).items():
            key: Any = size
            if mask is not None:
                key = (size, mask.operand, mask.height, mask.width, mask.block, mask.kept[copy].tobytes())
            if key not in known:
                known[key] = run(size, mask, copy)
            yield GemmRun(gemm, times, mask, copy, known[key])


def checked(run: GemmRun, gemms: IntArray) -> MemoryResult:
    """Return the result of a GEMM, or raise InputError where it does not fit, a line per unit."""
    if isinstance(run.result, DoesNotFit):
        m, k, n, _ = gemms[run.gemm].tolist()
        raise InputError(f"memories: gemm {m}x{k}x{n}: {misfit}" for misfit in run.result.misfits)
    return run.result


def _summed(gemms: IntArray, runs: Sequence[GemmRun]) -> IntArray:
    """Return the clocks of each GEMM over its runs."""
    cycles = [0] * len(gemms)
    for run in runs:
        cycles[run.gemm] += run.repeats * checked(run, gemms).cycles
    if sum(cycles) > memory_bounds.MAX_CYCLES:
        raise InputError("gemm: sizes too large, the cycles would exceed int64 with their repeats")
    return np.array(cycles, dtype=np.int64)
