"""What a run on an MPCA says of its lanes: balance, stored weights, what bounds each module."""

from typing import TYPE_CHECKING

from pivotsim.cli.output import print_line, print_table
from pivotsim.tables import number, percent

if TYPE_CHECKING:
    from pivotsim.simulation.report import Report


def print_lanes(report: "Report") -> None:
    """Print what each module does on the lanes of an MPCA, and what bounds it."""
    from pivotsim.engines.mpca.use import by_module

    if not report.lane_uses:
        return
    print_line()
    rows = []
    for module, row in by_module(report.lane_uses).items():
        clocks = (row["cycles"], row["compute_cycles"], row["lower_bound_cycles"], row["dma_cycles"])
        texts = (f"{count:,}" for count in clocks)
        efficiency, size = percent(row["lane_efficiency_frac"]), number(row["dma_bytes"] / 1e6)
        rows.append((module, row["kernel"], *texts, row["bound"], efficiency, f"{row['kept_blocks']:,}", size))
    columns = ("clocks", "compute", "lower bound", "DMA", "bound by", "lanes busy", "blocks kept", "weights, MB")
    print_table(("module", "kernel", *columns), rows, right=(2, 3, 4, 5, 7, 8, 9))
    print_line()
    mpca = report.inputs.hw.mpca
    first = sum(use.first_dma_cycles for use in report.lane_uses)
    print_line(
        f"{mpca.lanes} lanes of {mpca.p_t} x {mpca.p_pe} tokens, balance {mpca.balance};"
        f" {first:,} clocks wait for the first weights"
    )
