"""Engine `mpca` on a whole trace: which kernel each GEMM is, when its weights arrive, and what bounds it.

QK^T, SV and the similarity of token merging multiply activations: they run head by head, dense, and fetch nothing.
Every other GEMM multiplies weights, each repeat its own; repeat i uses copy i mod count of a mask. Its weights
come over the DMA while it runs (``dma_buffers: ping_pong``) or before it (``single``):

    ping_pong   max(compute, DMA), and the DMA of the trace's first GEMM with weights once more, before it begins
    single      DMA + compute

A GEMM is charged its own DMA, as if it stood for the one of its successor that is fetched meanwhile; what attention
and element-wise work could hide is not taken off. Rules `authors` know no DMA: weights are there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pivotsim.engines.mpca import estimator, lanes
from pivotsim.engines.mpca.lanes import MpcaResult
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.mpca import AUTHORS, OWN, MpcaSpec
from pivotsim.units import INT64_MAX, IntArray
from pivotsim.workload.masks.masks import Mask, copies_run
from pivotsim.workload.ops import Op, Trace

OF_ACTIVATIONS = ("qkt", "sv", "score")  # modules whose GEMMs have no weights
COMPUTE, DMA = "compute", "dma"


@dataclass(frozen=True)
class LaneUse:
    """One GEMM of a trace with all its repeats.

    ``cycles`` is the whole time: ``compute_cycles`` and ``dma_cycles`` as ``dma_buffers`` lets them overlap, and
    ``first_dma_cycles`` exposed before it. ``bound`` says which of the two is longer. ``lane_efficiency_frac`` is
    that of all repeats together.
    """

    encoder: int
    module: str
    kernel: str
    cycles: int
    compute_cycles: int
    lower_bound_cycles: int
    lane_efficiency_frac: float
    kept_blocks: int
    dma_bytes: int
    dma_cycles: int
    first_dma_cycles: int
    bound: str


def lane_uses(trace: Trace, mpca: MpcaSpec) -> tuple[LaneUse, ...]:
    """Return what each GEMM of a trace costs.

    Raises
    ------
    InputError
        A mask is not one of weights (one line per operation), or the clocks would exceed int64.
    """
    check_masks(trace)
    gemms = [op for op in trace if op.kind == "gemm"]
    first = next((i for i, op in enumerate(gemms) if op.module not in OF_ACTIVATIONS), None)
    uses = tuple(_use(op, _results(op, trace, mpca), mpca, i == first) for i, op in enumerate(gemms))
    total = sum(use.cycles for use in uses)
    if total > INT64_MAX:
        raise InputError(f"gemm: sizes too large, the cycles would exceed int64 {got(total)}")
    return uses


def cycles_per_gemm(trace: Trace, mpca: MpcaSpec) -> IntArray:
    """Return the clocks of each GEMM of a trace with its repeats, int64 (G,)."""
    return np.array([use.cycles for use in lane_uses(trace, mpca)], dtype=np.int64)


def check_masks(trace: Trace) -> None:
    """Raise InputError for each mask of activations or of attention scores: those multiplications stay dense."""
    problems = []
    for number, op in enumerate(trace, start=1):
        mask = trace.mask_of(op) if op.kind == "gemm" else None
        if mask is not None and (op.module in OF_ACTIVATIONS or mask.operand != "b"):
            place = f"{trace.name}: operation {number} ({op.module}, encoder {op.encoder})"
            problems.append(f"{place}: engine 'mpca' skips blocks of weights only {got(f'mask of {mask.operand}')}")
    if problems:
        raise InputError(problems)


def _results(op: Op, trace: Trace, mpca: MpcaSpec) -> list[tuple[int, MpcaResult]]:
    """Return (times, result) of the distinct parts of an operation."""
    rules = RULES[mpca.rules]
    if op.module in OF_ACTIVATIONS:
        return [(1, rules.heads(op, mpca))]
    mask = trace.mask_of(op)
    if mask is None:
        return [(op.repeats, rules.dense(op, mpca))]
    return [(times, rules.masked(op, mask, mpca, copy)) for copy, times in copies_run(mask, op.repeats).items()]


class Rules(NamedTuple):
    """What a GEMM takes: heads, whole weights, weights with a mask; and whether their DMA does."""

    heads: Callable[[Op, MpcaSpec], MpcaResult]
    dense: Callable[[Op, MpcaSpec], MpcaResult]
    masked: Callable[[Op, Mask, MpcaSpec, int], MpcaResult]
    has_dma: bool


RULES = {
    OWN: Rules(
        lambda op, mpca: lanes.run_heads(op.m, op.k, op.n, op.repeats, mpca),
        lambda op, mpca: lanes.run_dense(op.m, op.k, op.n, mpca),
        lambda op, mask, mpca, copy: lanes.run_masked(op.m, mask, mpca, copy),
        has_dma=True,
    ),
    AUTHORS: Rules(
        lambda op, mpca: estimator.run_heads(op.m, op.k, op.n, op.repeats, mpca),
        lambda op, mpca: estimator.run_dense(op.m, op.module, op.k, op.n, mpca),
        lambda op, mask, mpca, copy: estimator.run_masked(op.m, op.module, mask, mpca, copy),
        has_dma=False,
    ),
}


def _use(op: Op, parts: list[tuple[int, MpcaResult]], mpca: MpcaSpec, is_first: bool) -> LaneUse:
    whole = compute = bound = kept = size = transfers = 0
    busy = open_clocks = 0.0
    has_dma = RULES[mpca.rules].has_dma
    in_turn = has_dma and mpca.dma_buffers == "single"
    for times, part in parts:
        dma = dma_cycles(part.dma_bytes, mpca) if has_dma else 0
        both = part.cycles + dma if in_turn else max(part.cycles, dma)
        whole += times * both
        compute += times * part.cycles
        bound += times * part.lower_bound_cycles
        kept += times * part.kept_blocks
        size += times * part.dma_bytes
        transfers += times * dma
        busy += times * part.lane_efficiency_frac * part.makespan_cycles
        open_clocks += times * part.makespan_cycles
    exposed = dma_cycles(parts[0][1].dma_bytes, mpca) if has_dma and is_first and not in_turn else 0
    return LaneUse(
        op.encoder, op.module, parts[0][1].kernel, whole + exposed, compute, bound,
        busy / open_clocks if open_clocks else 1.0, kept, size, transfers, exposed,
        DMA if transfers > compute else COMPUTE,
    )  # fmt: skip


def dma_cycles(size_bytes: int, mpca: MpcaSpec) -> int:
    """Return the clocks in which DRAM delivers so many bytes: 0 where it is unlimited."""
    rate = mpca.dma_bytes_per_cycle
    return -(-size_bytes // rate) if isinstance(rate, int) else 0


def by_module(uses: Iterable[LaneUse]) -> dict[str, dict[str, Any]]:
    """Return {module: sums over its GEMMs}; efficiency is weighted by compute clocks, ``bound`` is that of the sums."""
    table: dict[str, dict[str, Any]] = {}
    weighted: dict[str, float] = {}
    for use in uses:
        row = table.setdefault(use.module, {"kernel": use.kernel, **dict.fromkeys(SUMMED, 0)})
        for name in SUMMED:
            row[name] += getattr(use, name)
        weighted[use.module] = weighted.get(use.module, 0.0) + use.lane_efficiency_frac * use.compute_cycles
    for module, row in table.items():
        compute = row["compute_cycles"]
        row["lane_efficiency_frac"] = min(weighted[module] / compute, 1.0) if compute else 1.0
        row["bound"] = DMA if row["dma_cycles"] > compute else COMPUTE
    return table


SUMMED = (
    "cycles", "compute_cycles", "lower_bound_cycles", "kept_blocks", "dma_bytes", "dma_cycles", "first_dma_cycles",
)  # fmt: skip
