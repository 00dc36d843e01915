"""Many designs behind memories at once: clocks and bytes of the same GEMMs on each.

API twin of kernels/memory/found_programs.py. Designs that differ in nothing that a search reads share it; of those
that differ in the largest chunk that their buffers hold the first is searched, and the next ones again only where its
winner does not fit them. What is not surely within int64 and the passes allowed, or has a DRAM channel that issues
commands, is marked: ``run_gemm`` answers it alone, with its own checks and messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pivotsim.engines.array.designs import DESIGN_FIELDS, latency_as_run
from pivotsim.engines.array.many_designs import array_values
from pivotsim.engines.memory.bounds import exact as memory_bounds
from pivotsim.engines.memory.bounds.in_floats import are_sure, each_of, longest_transfer, tiles_of
from pivotsim.engines.memory.fit_check import DoesNotFit, units_of
from pivotsim.engines.memory.kernel_calls import records_of, run_designs, work_arrays
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import AUTO, MemoryResult, run_gemm
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS
from pivotsim.kernels.types import Candidates, Design
from pivotsim.units import INT64_MAX, IntArray
from pivotsim.workload.sizes import Size

MOST = Candidates._fields.index("most_chunk")
LATENCY, PACKING = (Design._fields.index(field) for field in ("mac_latency", "mac_packing"))
DATAFLOW_FIELD = tuple(DESIGN_FIELDS).index("dataflow")
# Clocks of a GEMM that was not run here, as the kernel marks it too: ask ``run_gemm``; no chunk makes it fit.
ALONE, MISFIT = -1, -2
MEMORIES = ("ipmem", "wtmem", "opmem")


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

    @cached_property
    def rows(self) -> tuple[IntArray, IntArray]:
        """Rows of ``Limits`` and ``Dram``."""
        return np.array(self.limits.row(), dtype=np.int64), np.array(self.limits.dram_row(), dtype=np.int64)

    @cached_property
    def half_bytes(self) -> dict[str, int]:
        """Bytes of one half of each memory, as many as there are where it is unlimited."""
        halves = {memory: self.limits.half_bytes(memory) for memory in MEMORIES}
        return {memory: INT64_MAX if size is None else min(size, INT64_MAX) for memory, size in halves.items()}

    @cached_property
    def longest_transfer(self) -> tuple[float, ...]:
        """Clocks of its longest transfer, see ``in_floats.longest_transfer``."""
        return longest_transfer(self.limits)

    @cached_property
    def is_unlimited(self) -> bool:
        """Whether nothing is limited."""
        return self.limits.are_none

    @cached_property
    def content(self) -> bytes:
        """What a search reads of it: all but the sizes of buffers, which say what fits and how large a chunk may be."""
        limits, dram = self.rows
        return b"".join((limits.tobytes(), dram.tobytes(), self.loop_order.encode(), self.chunk.to_bytes(8, "little")))


def run_many(
    sizes: Sequence[Size], designs: IntArray, memories: Sequence[MemoryDesign], index: IntArray, wanted: Any
) -> IntArray:
    """Return (clocks, SRAM bytes, DRAM bytes) of each GEMM on each design, int64 (D, G, 3).

    Parameters
    ----------
    sizes, designs, memories, index
        As in ``Searches``.
    wanted : bool (D, G)
        What to run; zeros elsewhere.

    Returns
    -------
    int64 (D, G, 3)
        What ``run_gemm`` returns for each alone. Clocks are ALONE or MISFIT where it was not run here.
    """
    if not np.any(wanted):
        return np.zeros((len(designs), len(sizes), 3), dtype=np.int64)
    searches = Searches(sizes, designs, memories, index, wanted)
    return searches.results(searches.run(np.ones(len(searches), dtype=np.bool_)))


class Searches:
    """The distinct searches among GEMMs on designs.

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
    wanted : bool (D, G), optional
        Which GEMMs on which designs; all without it.
    """

    def __init__(
        self, sizes: Sequence[Size], designs: IntArray, memories: Sequence[MemoryDesign], index: IntArray,
        wanted: Any = None,
    ) -> None:  # fmt: skip
        shape = len(designs), len(sizes)
        wanted = np.ones(shape, dtype=np.bool_) if wanted is None else wanted
        self._codes, candidates = np.zeros(shape, dtype=np.int64), np.zeros((*shape, 4), dtype=np.int64)
        for place, size in enumerate(sizes):
            for code, dataflow in enumerate(DATAFLOWS):
                here = np.flatnonzero(wanted[:, place] & (designs[:, DATAFLOW_FIELD] == code))
                if len(here):
                    found = _programs(size, dataflow, designs[here], memories, index[here])
                    self._codes[here, place], candidates[here, place] = found
        limits, dram = (np.array(rows) for rows in zip(*(each.rows for each in memories), strict=True))
        self._read = np.array(sizes, dtype=np.int64), _mapped(designs), limits, dram
        self._contents = [each.content for each in memories]
        first_of: dict[bytes, int] = {}
        behind = np.array([first_of.setdefault(each, place) for place, each in enumerate(self._contents)])[index]
        _, alike = np.unique(np.column_stack([designs, behind]), axis=0, return_inverse=True)
        d, g = np.nonzero(candidates[:, :, MOST])
        order = np.lexsort((-candidates[d, g, MOST], g, alike.reshape(-1)[d]))
        d, g = d[order], g[order]
        own = candidates[d, g]
        is_other = _differs(alike.reshape(-1)[d], g, *own.T[:MOST])  # than the one before, whose chunks are no smaller
        is_new = is_other | _differs(own[:, MOST])
        self._place = np.full(shape, -1, dtype=np.int64)
        self._place[d, g] = np.cumsum(is_new) - 1
        self._group, self._candidates = np.cumsum(is_other)[is_new], own[is_new]
        self._tasks = np.column_stack([g, d, behind[d]])[is_new]

    def __len__(self) -> int:
        return len(self._group)

    def keys(self) -> list[tuple[bytes, bytes]]:
        """Return a key for each search, of all that it reads: equal keys have equal results."""
        (g, d, behind), (sizes, designs, *_) = self._tasks.T, self._read
        rows = np.hstack([sizes[g], designs[d], self._candidates])
        of_rows = rows.view(f"V{rows.itemsize * rows.shape[1]}").ravel().tolist()
        return list(zip([self._contents[place] for place in behind.tolist()], of_rows, strict=True))

    def run(self, wanted: Any) -> IntArray:
        """Return (clocks, SRAM bytes, DRAM bytes) of the searches in a mask (S,), in their order."""
        group = self._group[wanted]
        follows = np.zeros(len(group), dtype=np.int64)
        follows[1:] = group[1:] == group[:-1]
        found = np.zeros((len(group), 3), dtype=np.int64)
        if len(found):
            run_designs(
                *self._read, np.column_stack([self._tasks[wanted], follows]), self._candidates[wanted],
                memory_bounds.MAX_PASSES, True, False, work_arrays(), records_of(0, 0, 0), found, None,
            )  # fmt: skip
        return found

    def results(self, found: IntArray) -> IntArray:
        """Return each GEMM's on each design, (D, G, 3), from those of all searches, (S, 3).

        Clocks are ALONE or MISFIT where there is no search.
        """
        each = np.zeros((*self._place.shape, 3), dtype=np.int64)
        each[:, :, 0] = self._codes
        is_searched = self._place >= 0
        each[is_searched] = found[self._place[is_searched]]
        return each


def _mapped(designs: IntArray) -> IntArray:
    """Return rows of ``Design`` from those of ``design_row``."""
    mappings = np.array([row.mapping for row in DATAFLOW.values()], dtype=np.int64)
    before, codes, after = np.hsplit(designs, (DATAFLOW_FIELD, DATAFLOW_FIELD + 1))
    mapped: IntArray = np.hstack([before, mappings[codes[:, 0]], after])
    mapped[:, LATENCY] = latency_as_run(mapped[:, LATENCY], mapped[:, PACKING])
    return mapped


def _differs(*columns: IntArray) -> Any:
    """Tell which rows of columns differ from the row before; the first one does."""
    found = np.ones(len(columns[0]), dtype=np.bool_)
    found[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
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
    bits, sum_bytes = {"ipmem": a_bits, "wtmem": w_bits}, each_of(index, [each.limits.sum_bytes for each in memories])
    chunk = each_of(index, [min(each.chunk, streamed) for each in memories])
    most = np.full(len(designs), streamed)
    fits = np.ones(len(designs), dtype=np.bool_)
    tiles = tiles_of(rows, cols, dataflow, [each.limits for each in memories], index)
    used = np.minimum(tiles[0], row_size), np.minimum(tiles[1], col_size)
    for memory, _, demand, per_step in units_of(*used, dataflow, np.maximum(1, chunk), bits, sum_bytes):
        halves = each_of(index, [each.half_bytes[memory] for each in memories])
        fits &= demand <= halves
        half_bits = 8 * np.minimum(halves, INT64_MAX // 8)
        most = np.minimum(most, half_bits // np.maximum(per_step, 1)) if np.any(per_step) else most
    most = np.where(chunk > 0, chunk, most)
    free = each_of(index, [each.is_unlimited for each in memories])
    least = np.where((chunk > 0) | free, most, 1)
    first, last = (each_of(index, [each.orders[DATAFLOWS.index(dataflow)][i] for each in memories]) for i in (0, 1))
    is_sure = fits & (first <= last)
    longest = each_of(index, [each.longest_transfer for each in memories])
    is_sure &= are_sure(size, dataflow, designs, tiles, least, most, bits, sum_bytes, longest)
    candidates = np.stack([first, last, least, most], axis=1)
    candidates[~is_sure] = 0
    unsure = np.where(fits | (first > last), ALONE, MISFIT)
    return np.where(is_sure, 0, unsure), candidates
