"""Engine `mpca`: column lanes with their load balance, and the weights that a DMA brings; or the authors' estimator."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pivotsim.engines.base import HW, PAPER, Details, Engine, EngineRun, OtherCycles
from pivotsim.engines.counts import Counts
from pivotsim.hardware.kinds.mpca import AUTHORS, MpcaSpec, as_mpca
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import ARRAY, UNIT_OF
from pivotsim.tables import Table, number, percent
from pivotsim.workload.ops import Trace

if TYPE_CHECKING:
    from pivotsim.engines.mpca.use import LaneUse


class Mpca(Engine):
    """Clocks of the lanes and of the DMA."""

    name: ClassVar[str] = "mpca"
    kind: ClassVar[str] = "mpca"
    memories: ClassVar[tuple[str, ...]] = (HW, PAPER)
    is_additive: ClassVar[bool] = False  # the first weights of a trace are waited for

    def run(self, trace: Trace, hw: Hardware, memory: str = HW) -> EngineRun:
        """Return clocks of lanes and DMA; of bytes the stored weights are known, what buffers move is not."""
        from pivotsim.engines.mpca.use import lane_uses

        board = as_mpca(hw, "engine")
        mpca = (board if memory == HW else board.without_memory_limits()).mpca
        uses = lane_uses(trace, mpca)
        cycles = np.array([use.cycles for use in uses], dtype=np.int64)
        return EngineRun(
            cycles, LaneDetails(uses, mpca), lambda: Counts(trace.macs, dram_bytes=sum(u.dma_bytes for u in uses))
        )

    def other_cycles(self, trace: Trace, hw: Hardware) -> Iterator[OtherCycles]:
        """Yield what units take; under rules `authors` the row sums of softmax alone, on the array."""
        mpca = as_mpca(hw, "engine").mpca
        if mpca.rules != AUTHORS:
            yield from super().other_cycles(trace, hw)
            return
        from pivotsim.engines.mpca.estimator import other_cycles

        for position, cycles in other_cycles(trace, mpca):
            yield OtherCycles(position, cycles, ARRAY if cycles else f"{UNIT_OF[trace.ops[position].kind]} unit")

    def other_constants(self, trace: Trace, hw: Hardware) -> Iterator[str]:
        """Yield the paths that units read; none under rules `authors`."""
        if as_mpca(hw, "engine").mpca.rules != AUTHORS:
            yield from super().other_constants(trace, hw)

    def notes(self, trace: Trace, hw: Hardware) -> tuple[str, ...]:
        """Return what rules `authors` leave out."""
        if as_mpca(hw, "engine").mpca.rules != AUTHORS:
            return ()
        from pivotsim.engines.mpca.estimator import free_kinds

        free = ", ".join(("the DMA of weights", "fill", "headers", "softmax but for its row sums", *free_kinds(trace)))
        outside = any(op.kind == "gemm" and not op.encoder for op in trace)
        more = ("mpca.rules: 'authors' counts encoders; what is outside them is charged as their matrices are",)
        return (f"mpca.rules: 'authors' takes balance as perfect and charges no time for {free}", *more * outside)


class LaneDetails(Details):
    """What each GEMM did on the lanes: balance, stored weights, what bounds it.

    Attributes
    ----------
    uses : tuple of LaneUse
        One per GEMM.
    """

    def __init__(self, uses: "tuple[LaneUse, ...]", mpca: MpcaSpec) -> None:
        self.uses, self.mpca = uses, mpca

    def to_dict(self) -> dict[str, Any]:
        """Return the sums by module."""
        from pivotsim.engines.mpca.use import by_module

        return {"mpca_by_module": by_module(self.uses)} if self.uses else {}

    def tables(self) -> tuple[Table, ...]:
        """Return what each module does on the lanes, and what bounds it."""
        from pivotsim.engines.mpca.use import by_module

        if not self.uses:
            return ()
        columns = (
            "module", "kernel", "clocks", "compute", "lower bound", "DMA", "bound by", "lanes busy", "blocks kept",
            "weights, MB",
        )  # fmt: skip
        rows = []
        for module, row in by_module(self.uses).items():
            clocks = (row["cycles"], row["compute_cycles"], row["lower_bound_cycles"], row["dma_cycles"])
            efficiency, size = percent(row["lane_efficiency_frac"]), number(row["dma_bytes"] / 1e6)
            counted = (*(f"{count:,}" for count in clocks), row["bound"], efficiency, f"{row['kept_blocks']:,}", size)
            rows.append((module, row["kernel"], *counted))
        mpca, first = self.mpca, sum(use.first_dma_cycles for use in self.uses)
        closing = (
            f"{mpca.lanes} lanes of {mpca.p_t} x {mpca.p_pe} tokens, balance {mpca.balance};"
            f" {first:,} clocks wait for the first weights"
            if mpca.rules != AUTHORS
            else f"rules authors: {mpca.pe_count} PEs, busy as the column says, balance taken as perfect, no DMA"
        )
        return (Table("", columns, rows, (2, 3, 4, 5, 7, 8, 9), (closing,)),)
