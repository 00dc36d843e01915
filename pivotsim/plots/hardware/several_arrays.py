"""Several arrays of as many DSPs: the fastest shape for each number of arrays, and what it takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.kinds.systolic import SystolicHardware, as_systolic
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.resources.device_fit import fit
from pivotsim.hardware.spec import Hardware
from pivotsim.pareto import pareto_front
from pivotsim.plots.style import new_axes, plain_axes, save_figure
from pivotsim.simulation.design_table import DesignTable
from pivotsim.simulation.many_designs import simulate_designs
from pivotsim.simulation.run import simulate
from pivotsim.units import cycles_to_ms
from pivotsim.workload.plans import Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COUNTS = (1, 2, 3, 4, 6, 9, 12)
OVERLAPS = ("none", "chained", "settled")
VARIED = ("rows", "cols", "dataflow", "count")
MAX_SIDE = 400
LABELLED = {"none": (0, 7), "settled": (0, -14)}  # where a design's shape stands, in points from its marker
STYLES = {"none": ("#D55E00", "o"), "chained": ("#0072B2", "s"), "settled": ("#009E73", "^")}


class Best(NamedTuple):
    """The fastest design of so many arrays; ``splits`` are those of its multiplications, by module.

    ``bram36`` is by constants, ``lut`` by synthesis; ``fits_by_synthesis`` says whether the device has all of that.
    """

    fold_overlap: str
    arrays: int
    rows: int
    cols: int
    dataflow: str
    pl_cycles: int
    pl_ms: float
    delay_ms: float
    dsp: int
    bram36: int
    lut: int
    fits_by_synthesis: bool
    dram_bytes: int
    splits: dict[str, str]


def shapes_within(count: int, pes: int) -> list[tuple[int, int]]:
    """Return (rows, cols), sides of at most 400, of ``count`` arrays of at most ``pes`` PEs in all.

    >>> shapes_within(2, 6)
    [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1)]
    """
    each = pes // count
    return [
        (rows, cols) for rows in range(1, min(each, MAX_SIDE) + 1) for cols in range(1, min(each // rows, MAX_SIDE) + 1)
    ]


def several_arrays_data(
    plan: Plan, hw: Hardware | str = "zcu102", counts: Sequence[int] = COUNTS, overlaps: Sequence[str] = OVERLAPS
) -> list[Best]:
    """Return the fastest design that fits the FPGA by constants, for each fold overlap and number of arrays.

    Constants count DSPs and memories, not what moves bytes: this is what several arrays could give at so many DSPs.
    Synthesis counts movers and memories of its own for every array, which no Verilog joins yet.
    Every shape and dataflow whose PEs are at most the device's DSPs is tried, `split: auto`. The processor's time is
    the same for all, so that the order is that of the clocks.
    """
    board = _by_constants(hw)
    found = []
    for overlap in overlaps:
        for count in counts:
            own = board.replace({"array.fold_overlap": overlap, "array.split": "auto"})
            table = _all_shapes(plan, own, count)
            for i in np.argsort(table["pl_cycles"], kind="stable").tolist():
                one = own.replace({f"array.{name}": table[name][i].item() for name in VARIED})
                if fit(one).fits:
                    found.append(_best(plan, one))
                    break
    return found


def fronts_data(
    plan: Plan, hw: Hardware | str = "zcu102", counts: Sequence[int] = COUNTS, fold_overlap: str = "none"
) -> dict[str, list[tuple[int, float]]]:
    """Return the fronts (DSPs, ms of the arrays) of one array and of up to the most of ``counts``, designs that fit."""
    board = _by_constants(hw).replace({"array.fold_overlap": fold_overlap})
    tables = [_all_shapes(plan, board, count) for count in counts]
    names = {"one array": tables[:1], f"up to {max(counts)} arrays": tables}
    found = {}
    for name, own in names.items():
        fitting = [table.take(table["fits"]) for table in own]
        both = {column: np.concatenate([table[column] for table in fitting]) for column in ("dsp", "pl_cycles")}
        front = sorted((both["dsp"][i].item(), both["pl_cycles"][i].item()) for i in pareto_front(both, list(both)))
        found[name] = [(dsp, cycles_to_ms(cycles, board.clock_mhz)) for dsp, cycles in front]
    return found


def _by_constants(hw: Hardware | str) -> SystolicHardware:
    return as_systolic(load_hardware(hw), "arrays").replace({"fpga.use.counted_by": "fitted"})


def _all_shapes(plan: Plan, board: SystolicHardware, count: int) -> DesignTable:
    """Return every shape and dataflow of ``count`` arrays within the device's DSPs, `split: auto`."""
    rows, cols = np.array(shapes_within(count, board.fpga.dsp)).T
    flows = len(DATAFLOWS)
    designs = {
        "rows": np.tile(rows, flows), "cols": np.tile(cols, flows), "dataflow": np.repeat(DATAFLOWS, len(rows)),
        "count": np.repeat(count, flows * len(rows)),
    }  # fmt: skip
    return simulate_designs(plan, board.replace({"array.split": "auto"}), designs)


def _best(plan: Plan, hw: SystolicHardware) -> Best:
    array, needed, report = hw.array, fit(hw), simulate(plan, hw)
    counted = fit(hw.replace({"fpga.use.counted_by": "synthesis"}))
    entries = report.to_dict().get("arrays", {"gemms": []})["gemms"]
    return Best(
        array.fold_overlap, array.count, array.rows, array.cols, array.dataflow, report.pl_cycles, report.pl_ms,
        report.delay_ms, needed["dsp"].demand, needed["bram36"].demand, counted["lut"].demand, counted.fits,
        report.counts.dram_bytes,
        {entry["module"]: entry["split"] for entry in entries},
    )  # fmt: skip


def draw_several_arrays(data: Sequence[Best], papers_ms: float, axes: "Axes") -> "Axes":
    """Draw the array's time over the number of arrays, a line per fold overlap, and the paper's one array."""
    for overlap in dict.fromkeys(one.fold_overlap for one in data):
        own = [one for one in data if one.fold_overlap == overlap]
        colour, marker = STYLES.get(overlap, ("#999999", "x"))
        counts, times = [one.arrays for one in own], [one.pl_ms for one in own]
        axes.plot(counts, times, marker=marker, color=colour, label=f"fold_overlap {overlap}")
        for one in own:
            if overlap in LABELLED and (one.arrays == 1 or one.pl_ms == min(times)):
                label, place = f"{one.rows}x{one.cols} {one.dataflow}", (one.arrays, one.pl_ms)
                axes.annotate(label, place, LABELLED[overlap], textcoords="offset points", ha="center", fontsize=8)
    axes.plot([1], [papers_ms], marker="D", color="black", linestyle="none", label="64x36 is, none (the paper)")
    axes.set_xlabel("arrays")
    axes.set_ylabel("time of the arrays, ms")
    axes.set_xticks(sorted({one.arrays for one in data}))
    axes.set_xlim(0.3, max(one.arrays for one in data) + 0.7)
    axes.set_ylim(0.5 * papers_ms, 1.05 * papers_ms)
    axes.legend(frameon=False, fontsize=8, loc="upper right")
    return plain_axes(axes)


def draw_fronts(data: Mapping[str, Sequence[tuple[int, float]]], paper: tuple[int, float], axes: "Axes") -> "Axes":
    """Draw the least time over DSPs of one array and of several, and the paper's design."""
    for (name, front), (colour, style) in zip(data.items(), (("#999999", "--"), ("#D55E00", "-")), strict=True):
        axes.step([dsp for dsp, _ in front], [ms for _, ms in front], style, color=colour, where="post", label=name)
    axes.plot(*paper, marker="D", color="black", linestyle="none", label="64x36 is (the paper)")
    axes.set_xlabel("DSPs")
    axes.set_ylabel("time of the arrays, ms")
    axes.set_xlim(600, 1.1 * paper[0])
    axes.set_ylim(0, 3 * paper[1])
    axes.legend(frameon=False, fontsize=8)
    return plain_axes(axes)


def plot_several_arrays(plan: Plan, folder: Path, hw: Hardware | str = "zcu102") -> list[Path]:
    """Draw the fastest designs under a board's DSPs, and the fronts without fold overlap; return the file written."""
    figure, (fastest, fronts) = new_axes(12, 4.2, 2)
    papers_ms = simulate(plan, hw).pl_ms
    draw_several_arrays(several_arrays_data(plan, hw), papers_ms, fastest)
    draw_fronts(fronts_data(plan, hw), (fit(hw)["dsp"].demand, papers_ms), fronts)
    fastest.set_title(f"{plan.model.name}, all arrays within the DSPs of one FPGA", fontsize=10)
    fronts.set_title("fronts, fold_overlap none", fontsize=10)
    return [save_figure(figure, folder, "several_arrays")]
