"""Engines of a systolic array: what they share, and the closed form."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pivotsim.engines.array import closed_form
from pivotsim.engines.array.bytes_dense import paper_counts, summed_counts
from pivotsim.engines.array.bytes_masked import moved_by_masked
from pivotsim.engines.array.calls import calls_note, with_calls
from pivotsim.engines.array.one_gemm import CLOSED_FORM, gemm_folds
from pivotsim.engines.array.several.details import SeveralDetails, notes_on_several
from pivotsim.engines.array.several.sharing import cycles_shared, gemms_run, share_out
from pivotsim.engines.array.spans import fold_spans
from pivotsim.engines.base import PAPER, Details, Engine, EngineRun, GemmMasks, Span
from pivotsim.engines.counts import Counts, counts_by_level
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.kinds.systolic import as_systolic
from pivotsim.hardware.spec import Hardware
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Trace


class FoldDetails(Details):
    """A stall-free array: a GEMM is a sequence of folds, each with its phases."""

    step = "fold"

    def __init__(self, array: ArraySpec) -> None:
        self.array = array

    def count_steps(self, m: int, k: int, n: int) -> int | None:
        """Return the folds of a GEMM."""
        array = self.array
        return gemm_folds(m, k, n, array.rows, array.cols, array.dataflow)

    def spans(
        self, m: int, k: int, n: int, per_step: bool, mask: Mask | None = None, copy: int = 0,
        bits: tuple[int, int, int] = (8, 8, 8),
    ) -> Iterator[Span]:  # fmt: skip
        """Yield load, stream and drain."""
        return fold_spans(m, k, n, self.array, per_step, mask, copy)


class ArrayEngine(Engine):
    """An engine that can run an array by itself, its memories without limits."""

    @abstractmethod
    def cycles_per_gemm(
        self, gemms: IntArray, array: ArraySpec | Mapping[str, Any], masks: GemmMasks = ()
    ) -> IntArray:  # fmt: skip
        """Return one array's clocks of each GEMM with its repeats, int64 (G,), for (G, 4) rows m, k, n, repeats."""

    def cycles_of_trace(self, trace: Trace, array: ArraySpec) -> IntArray:
        """Return one array's clocks of each GEMM of a trace with its repeats, int64 (G,)."""
        return self.cycles_per_gemm(trace.gemms, array, trace.gemm_masks)

    def run(self, trace: Trace, hw: Hardware, memory: str = PAPER) -> EngineRun:
        """Return clocks without stalls, of several arrays too, and the bytes where nothing is kept between folds."""
        board = as_systolic(hw, "engine")
        array = board.array
        if array.count == 1:
            cycles = with_calls(self.cycles_of_trace(trace, array), trace, board)
            return EngineRun(cycles, FoldDetails(array), lambda: counts_of_trace(trace, array))
        shared = share_out(trace.gemms, array, trace.gemm_masks, array.count, array.split)
        cycles = with_calls(cycles_shared(shared, array, self.cycles_per_gemm), trace, board)
        details = SeveralDetails(trace, shared, cycles, array.count, array.split)
        return EngineRun(cycles, details, lambda: counts_without_limits(*gemms_run(shared, trace.gemm_bits), array))

    def notes(self, trace: Trace, hw: Hardware) -> tuple[str, ...]:
        """Return what is assumed of several arrays, and how much of the clocks are waits for the driver."""
        board = as_systolic(hw, "engine")
        return (*notes_on_several(trace.gemms, board.array), *calls_note(trace, board))


class Analytic(ArrayEngine):
    """Clocks in closed form."""

    name: ClassVar[str] = CLOSED_FORM

    def cycles_per_gemm(
        self, gemms: IntArray, array: ArraySpec | Mapping[str, Any], masks: GemmMasks = ()
    ) -> IntArray:  # fmt: skip
        """Return the clocks of each GEMM."""
        return closed_form.cycles_per_gemm(gemms, array, masks)

    def cycles_of_trace(self, trace: Trace, array: ArraySpec) -> IntArray:
        """Return the clocks of each GEMM, of equal ones once."""
        if type(self).cycles_per_gemm is not Analytic.cycles_per_gemm:  # an engine made from this one
            return super().cycles_of_trace(trace, array)
        return closed_form.cycles_of_trace(trace, array)

    def batched(self, memory: str) -> str:
        """Return that vectors of arrays run in one call."""
        return "arrays"


def counts_of_trace(trace: Trace, array: ArraySpec) -> Counts:
    """Return MACs and bytes of a trace's GEMMs on one array under `memory: paper`, those with masks included."""
    if trace.gemm_masks.count(None) < len(trace.gemm_masks):
        return counts_without_limits(trace.gemms_with_bits, trace.gemm_masks, array)
    sizes = ((row[:3] + row[4:7], row[3] * count) for row, count in trace.distinct_gemm_rows.items())
    return summed_counts(sizes, array)


def counts_without_limits(gemms: IntArray, masks: GemmMasks, array: ArraySpec) -> Counts:
    """Return MACs and bytes of GEMMs on one array under `memory: paper`, those with masks included.

    ``gemms`` are (G, 7) rows as in ``Trace.gemms_with_bits``.
    """
    if not any(mask is not None for mask in masks):
        return paper_counts(gemms.tolist(), array)
    dense = paper_counts([row for row, mask in zip(gemms.tolist(), masks, strict=True) if mask is None], array)
    return dense.plus(counts_by_level(*moved_by_masked(gemms, masks, array)))
