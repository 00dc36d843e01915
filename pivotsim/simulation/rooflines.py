"""The roofline of a run: MACs a clock of each product beside what the PEs and the DRAM allow.

    roof = min(PEs, intensity / clocks per byte),   intensity = MACs / bytes moved at least

An operand is read once and an output written once (``engines.memory.bounds.exact.needed``); reads and writes have a
channel each, so the direction that takes longer counts (Williams et al., Roofline, CACM 2009).
"""

from fractions import Fraction
from typing import NamedTuple

from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.bounds.exact import clocks_per_byte, needed
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.simulation.report import Report
from pivotsim.workload.masks.masks import copies_run


class Product(NamedTuple):
    """All products of a run of one module and one size.

    ``moved_bytes`` are those of the direction that takes DRAM longer, ``roof_cycles`` the clocks that no schedule
    undercuts, ``cycles`` those of the run.
    """

    module: str
    sizes: tuple[int, int, int]
    times: int
    macs: int
    moved_bytes: int
    roof_cycles: float
    cycles: int

    @property
    def intensity(self) -> float:
        """MACs per byte."""
        return self.macs / self.moved_bytes if self.moved_bytes else 0.0

    @property
    def macs_per_cycle(self) -> float:
        """MACs that are done in a clock."""
        return self.macs / self.cycles if self.cycles else 0.0


class Roofline(NamedTuple):
    """Products of a run below the roofs of its hardware.

    ``bytes_per_cycle``, of reads, is None where neither DRAM nor its ports limit anything; ``is_read`` says whether the
    run read those limits at all.
    """

    pes: int
    bytes_per_cycle: float | None
    is_read: bool
    products: tuple[Product, ...]

    def roof(self, intensity: float) -> float:
        """Return the most MACs a clock at an intensity in MACs per byte."""
        return float(self.pes) if self.bytes_per_cycle is None else min(self.pes, intensity * self.bytes_per_cycle)


def roofline_of(report: Report) -> Roofline | None:
    """Return the roofline of a run, None where products have no clocks of their own or the hardware no such memories.

    Parameters
    ----------
    report : Report
        Of ``simulate``.

    Examples
    --------
    DeiT-S's first product does 1,842 MACs a clock where the array could do 2,304.

    >>> import pivotsim as ps
    >>> found = roofline_of(ps.simulate(ps.plan("deit_s")))
    >>> found.pes, found.products[0].module, round(found.products[0].macs_per_cycle)
    (2304, 'qkv', 1842)
    """
    hw, trace = report.inputs.hw, report.inputs.trace
    if not isinstance(hw, SystolicHardware) or report.details.side_by_side:
        return None
    limits = limits_of(hw.memories, hw.array.clock_mhz)
    read_cost, write_cost = (clocks_per_byte(limits, is_write=is_write) for is_write in (False, True))
    rows = [row for row in report.rows[: len(report.rows) // report.images] if row.kind == "gemm"]
    found: dict[tuple[str, tuple[int, int, int]], Product] = {}
    gemms = (op for op in trace if op.kind == "gemm")
    for op, mask, row in zip(gemms, trace.gemm_masks, rows, strict=True):
        sizes, own = (op.m, op.k, op.n), limits.with_bits(op.a_bits, op.w_bits, op.out_bits)
        moved, least = 0, Fraction(0)
        for copy, each in copies_run(mask, op.repeats).items():
            macs, read, written = needed(sizes, own, mask, copy)
            moved += each * (read if read * read_cost >= written * write_cost else written)
            least += each * max(Fraction(macs, report.pes), read * read_cost, written * write_cost)
        before = found.get((row.label, sizes), Product(row.label, sizes, 0, 0, 0, 0.0, 0))
        found[row.label, sizes] = Product(
            row.label, sizes, before.times + op.repeats, before.macs + row.macs, before.moved_bytes + moved,
            before.roof_cycles + float(least), before.cycles + row.cycles,
        )  # fmt: skip
    rate = float(1 / read_cost) if read_cost else None
    return Roofline(report.pes, rate, report.options["memory"] == "hw", tuple(found.values()))
