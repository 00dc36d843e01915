"""One masked GEMM behind the memories: API twin of kernels/memory/{schedule_masked, search_masked}.py."""

from dataclasses import dataclass

import numpy as np

from pivotsim.engines.array.masked_folds import check_mask
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.mask_tables import tables_of
from pivotsim.errors import InputError, check_integer
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask


@dataclass(frozen=True)
class KernelRun:
    """What the kernels wrote: chosen candidate, result, bytes by level; loads, passes and drains where recorded."""

    chosen: IntArray
    result: IntArray
    moved: IntArray
    recorded: tuple[IntArray, IntArray, IntArray]


def check_runnable(mask: Mask, copy: int, sizes: tuple[int, int, int], limits: MemoryLimits) -> None:
    """Raise InputError where a mask does not fit its GEMM, or the memories run dense GEMMs only."""
    check_mask(mask, *sizes)
    check_integer("copy", copy, 0, mask.count - 1)
    if limits.channel is not None:
        raise InputError("memories.dram: a channel that issues commands runs dense GEMMs only; use 'bandwidth'")


def run_masked(
    sizes: tuple[int, int, int], design: tuple[int, ...], dataflow: str, limits: MemoryLimits,
    candidates: tuple[int, int, int, int], budget: int, is_pruned: bool, mask: Mask, copy: int, is_recorded: bool,
) -> KernelRun | None:  # fmt: skip
    """Return the best candidate's run; None where finding it would take more passes than the budget.

    Parameters
    ----------
    sizes, design, dataflow, limits, candidates, budget, is_pruned
        As ``engines.memory`` has checked them.
    mask, copy
        The mask, and which of its copies; checked by ``check_runnable``.
    is_recorded : bool
        Whether to return every load, pass and drain.
    """
    from pivotsim.kernels.memory.records import DRAINS, LOADS, PASSES
    from pivotsim.kernels.memory.schedule_masked import schedule_masked
    from pivotsim.kernels.memory.search_masked import CHUNK, ORDER, TAIL_FROM, choose_masked

    tables = tables_of(sizes, design[0], design[1], dataflow, mask, copy, candidates[2])
    fixed = (sizes, design, limits.row(), limits.dram_row(), tables.shape)
    chosen, result, moved = (np.zeros(size, dtype=np.int64) for size in (5, 10, 16))
    none, seen = np.zeros((0, 8), dtype=np.int64), tables.unseen(candidates[2])
    is_done = choose_masked(
        *fixed, candidates, budget, is_pruned, tables.arrays, seen, none, chosen, result, moved
    )  # fmt: skip
    if not is_done:
        return None
    order, chunk, tail_from = (int(chosen[field]) for field in (ORDER, CHUNK, TAIL_FROM))
    recorded = (none, none, none)

    def run(stamp: int, flights: IntArray) -> None:
        schedule_masked(
            *fixed, order, chunk, (0, 2**62), tail_from, tables.arrays, seen, stamp, *recorded, flights, result, moved
        )

    seen = tables.unseen(chunk)
    rows, cols = tables.tiles
    drains = rows * cols if dataflow == "os" else cols * -(-tables.streamed // chunk)
    flights = np.zeros((drains, 3), dtype=np.int64)
    run(1, flights)
    if is_recorded:
        counts = zip((LOADS, PASSES, DRAINS), (7, 8, 4), strict=True)
        loads, passes, drained = (np.zeros((int(result[count]), fields), dtype=np.int64) for count, fields in counts)
        recorded = (loads, passes, drained)
        run(2, flights)
    return KernelRun(chosen, result, moved, recorded)
