"""One masked GEMM behind the memories: API twin of kernels/memory/entries/with_mask.py."""

import numpy as np

from pivotsim.engines.array.masked_folds import check_mask
from pivotsim.engines.memory.kernel_calls import Work
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.masked.tables import tables_of
from pivotsim.errors import InputError, check_integer
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.kernels.types import Candidates, Design, Gemm, Records
from pivotsim.workload.masks.masks import Mask


def check_runnable(
    mask: Mask, copy: int, sizes: tuple[int, int, int], dataflow: str, limits: MemoryLimits
) -> None:  # fmt: skip
    """Raise InputError where a mask does not fit its GEMM, or the memories run dense GEMMs only."""
    check_mask(mask, *sizes)
    check_integer("copy", copy, 0, mask.count - 1)
    if limits.channel is not None:
        raise InputError("memories.dram: a channel that issues commands runs dense GEMMs only; use 'bandwidth'")
    if limits.is_by_row:
        raise InputError("memories.axi_bursts: 'row' runs dense GEMMs only, a mask's units are compressed; use 'unit'")
    if limits.has_block(dataflow):
        names = "memories.output_block_rows, output_block_cols"
        size = f"{limits.output_block_rows}, {limits.output_block_cols}"
        raise InputError(f"{names}: a block runs dense GEMMs only; must be 0, 0 under a mask (got {size})")


def run_masked(
    sizes: tuple[int, int, int], design: Design, dataflow: str, limits: MemoryLimits, candidates: Candidates,
    budget: int, is_pruned: bool, mask: Mask, copy: int, work: Work, records: Records,
) -> bool:  # fmt: skip
    """Find the best candidate and run it; False where finding it would take more passes than the budget.

    Parameters
    ----------
    sizes, design, dataflow, limits, candidates, budget, is_pruned
        As ``engines.memory.schedule`` has checked them.
    mask, copy
        The mask, and which of its copies; checked by ``check_runnable``.
    work, records
        Take what is found.
    """
    from pivotsim.kernels.memory.entries.with_mask import run_masked as run

    tile_bits = limits.weight_bits if design.holds_weights else limits.input_bits
    tables = tables_of(sizes, design.rows, design.cols, dataflow, mask, copy, candidates.least_chunk, tile_bits)
    rows, cols = tables.tiles
    chunks = -(-tables.streamed // candidates.least_chunk)
    drains = rows * cols if DATAFLOW[dataflow].drains else cols * chunks
    flights = np.empty((drains, 3), dtype=np.int64)  # a run reads what it has written
    return bool(
        run(
            Gemm(*sizes), design, limits.row(), limits.dram_row(), candidates, budget, is_pruned, tables.arrays,
            tables.shape, *tables.unseen(candidates.least_chunk), flights, work.room, work.states, work.bounds,
            records, work.chosen, work.result, work.moved,
        )
    )  # fmt: skip
