"""Engine `memory`: clocks, stalls and bytes of GEMMs on an array behind real memories.

API twin of kernels/memory/{schedule, search}.py; masks go to masked/schedule.py. The hierarchy is DRAM, AXI ports,
global buffer, input and weight memory, array, output memory, and back. The rules are one consistent choice; the PIVOT
paper gives none. With unlimited memories the clocks equal engine `analytic`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pivotsim.engines.array.designs import design_of, fields_of
from pivotsim.engines.memory.bounds import exact as memory_bounds
from pivotsim.engines.memory.fit_check import DoesNotFit, largest_chunk, units
from pivotsim.engines.memory.kernel_calls import Work, records_of, run_designs, work_arrays
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.masked.schedule import check_runnable, run_masked
from pivotsim.errors import InputError, check_choice, check_integer
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.kernels.types import Candidates, Design, Records
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask

STALLS = ("weight", "input", "output", "dram")
BYTES = (
    "dram_read", "dram_write", "gb_input_read", "gb_input_write", "gb_weight_read", "gb_weight_write", "gb_bias_read",
    "gb_bias_write", "gb_output_read", "gb_output_write", "ipmem_read", "ipmem_write", "wtmem_read", "wtmem_write",
    "opmem_read", "opmem_write",
)  # fmt: skip
AUTO = "auto"


@dataclass(frozen=True)
class MemoryResult:
    """One GEMM through the hierarchy, once: clocks, what was chosen, where they were lost, what moved.

    ``loop_order`` and ``chunk`` (streamed steps) are those that ran. ``stall_cycles`` has the causes weight, input,
    output and dram. ``roofline_cycles`` is a bound by ``roofline_bound``: compute, dram_read or dram_write.
    ``candidates`` is how many programs were run to find the fastest.
    """

    cycles: int
    loop_order: str
    chunk: int
    stall_cycles: dict[str, int]
    moved_bytes: dict[str, int]
    roofline_cycles: int
    roofline_bound: str
    passes: int
    loads: int
    drains: int
    candidates: int

    @property
    def reuse(self) -> dict[str, float]:
        """How often a byte that enters a level is read there, by level and operand."""
        moved = self.moved_bytes
        levels = {"gb_input": "gb_input", "gb_weight": "gb_weight", "ipmem": "ipmem", "wtmem": "wtmem"}
        return {name: moved[f"{level}_read"] / moved[f"{level}_write"] for name, level in levels.items()}


@dataclass(frozen=True)
class Intervals:
    """Every interval of one GEMM, int64, half-open clocks; columns as kernels/memory/schedule.py names them.

    ``loads`` (L, 7), ``passes`` (P, 8), ``drains`` (D, 4). Slot 0 is the tile (os: input), 1 what streams (os: weight),
    2 the bias.
    """

    result: MemoryResult
    loads: IntArray
    passes: IntArray
    drains: IntArray


def run_gemm(
    m: int,
    k: int,
    n: int,
    array: ArraySpec | Mapping[str, Any],
    limits: MemoryLimits,
    *,
    loop_order: str = AUTO,
    chunk: int = 0,
    mask: Mask | None = None,
    copy: int = 0,
    is_pruned: bool = True,
) -> MemoryResult | DoesNotFit:
    """Return one GEMM's clocks, stalls and bytes, or what does not fit.

    Parameters
    ----------
    m, k, n : int
        An (m, k) matrix times a (k, n) matrix; each at least 1.
    array : ArraySpec or mapping
        The array: rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency.
    limits : MemoryLimits
        The memories.
    loop_order : {'auto', 'column-chunk-row', 'chunk-column-row', 'column-outer', 'row-outer'}
        The last two are for os. auto takes the fewest clocks, then the fewest DRAM bytes, then the larger chunk, then
        the order named first; it is exact. Where nothing is limited it takes the array's own program.
    chunk : int
        Streamed steps per chunk, at most the streamed size; 0 takes the best that fits.
    mask : Mask, optional
        What is kept of an operand or of the output; the passes and bytes that it spares cost nothing, each kept block
        moves an index of 2 B. Not with a DRAM channel that issues commands.
    copy : int
        Which of the mask's copies.
    is_pruned : bool
        Skip candidates that a lower bound rules out. The result is the same.

    Raises
    ------
    InputError
        A value is not valid, or the work or the cycles would be too large.

    Examples
    --------
    DeiT-S's fc1 with an OPMEM of 8 KB: 56 steps of 36 int32 sums, so 28 chunks for each of 6 x 6 folds.

    >>> array = {"rows": 64, "cols": 36, "dataflow": "is", "fold_overlap": "none", "edge": "padded",
    ...          "os_edge_register": True, "mac_latency": 1}
    >>> result = run_gemm(197, 384, 1536, array, MemoryLimits(opmem_bytes=8192))
    >>> result.cycles, result.chunk, result.passes
    (218616, 56, 1008)

    Of weights in blocks of 64 x 64 that keep the first row of them, one row tile of six is left: a sixth of the passes.

    >>> kept = np.zeros((6, 24), dtype=bool)
    >>> kept[0] = True
    >>> mask = Mask("b", 384, 1536, 64, kept)
    >>> result = run_gemm(197, 384, 1536, array, MemoryLimits(opmem_bytes=8192), chunk=56, mask=mask)
    >>> result.passes
    168
    """
    program = Program.of(m, k, n, array, limits, loop_order, chunk, mask, copy)
    if isinstance(program, DoesNotFit):
        return program
    return program.run(0, 0, 0, is_pruned).result


def record_gemm(
    m: int,
    k: int,
    n: int,
    array: ArraySpec | Mapping[str, Any],
    limits: MemoryLimits,
    *,
    loop_order: str = AUTO,
    chunk: int = 0,
    mask: Mask | None = None,
    copy: int = 0,
) -> Intervals | DoesNotFit:
    """Return every load, pass and drain of what ``run_gemm`` would run, with the same parameters."""
    result = run_gemm(m, k, n, array, limits, loop_order=loop_order, chunk=chunk, mask=mask, copy=copy)
    if isinstance(result, DoesNotFit):
        return result
    program = Program.of(m, k, n, array, limits, result.loop_order, result.chunk, mask, copy)
    assert isinstance(program, Program)  # it has just run
    return program.run(result.loads, result.passes, result.drains, True)


@dataclass(frozen=True)
class Program:
    """A checked GEMM on checked memories, with the range of candidates."""

    sizes: tuple[int, int, int]
    design: Design
    dataflow: str
    limits: MemoryLimits
    candidates: Candidates
    mask: Mask | None
    copy: int

    @classmethod
    def of(
        cls, m: int, k: int, n: int, array: ArraySpec | Mapping[str, Any], limits: MemoryLimits, loop_order: str,
        chunk: int, mask: Mask | None, copy: int,
    ) -> "Program | DoesNotFit":  # fmt: skip
        """Return the GEMM with parameters as of ``run_gemm``, or what does not fit; raise InputError as that does."""
        sizes = (check_integer("m", m, 1), check_integer("k", k, 1), check_integer("n", n, 1))
        design = design_of(array)
        dataflow = fields_of(array)["dataflow"]
        orders = DATAFLOW[dataflow].loop_orders
        check_choice("loop_order", loop_order, (AUTO, *orders))
        chunk = check_integer("chunk", chunk, 0, DATAFLOW[dataflow].sizes(*sizes)[2])
        if mask is not None:
            check_runnable(mask, copy, sizes, dataflow, limits)
        most = largest_chunk(sizes, design.rows, design.cols, dataflow, limits, chunk)
        if isinstance(most, DoesNotFit):
            return most
        free = limits.are_none
        chunks = (chunk, chunk) if chunk else (most if free else 1, most)
        places = (0, 0 if free else 1) if loop_order == AUTO else (orders.index(loop_order),) * 2
        memory_bounds.check_channel(sizes, limits)
        memory_bounds.check(sizes, design, dataflow, limits, *chunks, is_masked=mask is not None)
        return cls(sizes, design, dataflow, limits, Candidates(*places, *chunks), mask, copy)

    def under(self, mask: Mask | None, copy: int) -> "Program":
        """Return the same GEMM under another mask; nothing but that is checked again."""
        if mask is not None:
            check_runnable(mask, copy, self.sizes, self.dataflow, self.limits)
        return replace(self, mask=mask, copy=copy)

    def _budget(self) -> int:
        """Return the passes that may be simulated; with a channel, each burst counts."""
        rows, cols, chunk = self.design.rows, self.design.cols, self.candidates.most_chunk
        unit = max(demand for _, _, demand, _ in units(self.sizes, rows, cols, self.dataflow, chunk, self.limits))
        return max(1, memory_bounds.MAX_PASSES // memory_bounds.burst_work(unit, self.limits))

    def run(self, loads: int, passes: int, drains: int, is_pruned: bool) -> Intervals:
        """Run the kernel, with room for that many intervals."""
        work, records = work_arrays(), records_of(loads, passes, drains)
        if self.mask is None:
            is_done = self._run_dense(is_pruned, work, records)
        else:
            is_done = run_masked(
                self.sizes, self.design, self.dataflow, self.limits, self.candidates, self._budget(), is_pruned,
                self.mask, self.copy, work, records,
            )  # fmt: skip
        if not is_done:
            raise InputError(
                f"loop_order: finding the fastest would take more than {memory_bounds.MAX_PASSES:,} passes;"
                " name a loop_order and a chunk"
            )
        order, chunk, _, candidates = work.chosen.tolist()[:4]
        total, _, n_passes, n_loads, n_drains, _, *stalls = work.result.tolist()
        pes = self.design.rows * self.design.cols
        cycles, bound = memory_bounds.roofline(self.sizes, pes, self.limits, self.mask, self.copy)
        summary = MemoryResult(
            cycles=total,
            loop_order=DATAFLOW[self.dataflow].loop_orders[order],
            chunk=chunk,
            stall_cycles=dict(zip(STALLS, stalls, strict=True)),
            moved_bytes=dict(zip(BYTES, work.moved.tolist(), strict=True)),
            roofline_cycles=cycles,
            roofline_bound=bound,
            passes=n_passes,
            loads=n_loads,
            drains=n_drains,
            candidates=candidates,
        )
        return Intervals(summary, *records)

    def _run_dense(self, is_pruned: bool, work: Work, records: Records) -> bool:
        """Run without a mask; False if over the budget."""
        found = np.zeros((1, 3), dtype=np.int64)
        limits = self.limits
        gemm = (*self.sizes, limits.input_bits, limits.weight_bits, limits.out_bits)
        rows = [
            np.array([row], dtype=np.int64)
            for row in (gemm, self.design, limits.row(), limits.dram_row(), (0, 0, 0, 0), self.candidates)
        ]
        gemms, designs, memories, dram, tasks, candidates = rows
        run_designs(
            gemms, designs, memories, dram, tasks, candidates, self._budget(), is_pruned, True, work, records, found,
            limits.channel,
        )  # fmt: skip
        return bool(found[0, 0] >= 0)
