"""Sections that the pages of a run and of a mean image share: where the delay and the energy go, what fits."""

from collections.abc import Iterator

from pivotsim.effort.mixed_report import MixedReport
from pivotsim.hardware.resources.block_rams import amount_text
from pivotsim.hardware.resources.fit_result import Fit
from pivotsim.pages.charts.bars import group_bars, plain_bars
from pivotsim.pages.page import Chart, Section
from pivotsim.plots.simulation.delay import module_delay_data
from pivotsim.simulation.report import Report
from pivotsim.simulation.reporting.shares import share_energy
from pivotsim.tables import Table, number, percent

LAYERS, ENCODERS, RESOURCES = "layer", "encoder", "resource"
NAMES = {"": "(no layer)", 0: "outside the encoders", "pl": "programmable logic", "ps": "processor"}


def delay_section(report: Report | MixedReport, *charts: Chart) -> Section:
    """Return where the delay goes: by module, drawn and listed, then by encoder, layer and resource."""
    drawn = Chart("Delay by module", group_bars(module_delay_data(report)), "Each module's time, longest first.")
    return Section("Where the delay goes", (drawn, *charts, *_breakdowns(report)))


def _breakdowns(report: Report | MixedReport) -> Iterator[Table]:
    for by in ("module", LAYERS, ENCODERS, RESOURCES):
        entries = report.breakdown(by)
        if by == LAYERS and not any(entries):
            continue
        rows = [(NAMES.get(key, str(key)), number(e["delay_ms"], 3), percent(e["share"])) for key, e in entries.items()]
        yield Table(f"By {by}", (by, "delay, ms", "share"), rows, (1, 2))


def energy_section(report: Report | MixedReport) -> Section:
    """Return where the energy goes: by component, and how far the total may move where its rule knows."""
    entries = share_energy(report.energy_components_j, report.energy_remarks)
    rows = [(n, number(e["energy_j"], 4), percent(e["share"]), e.get("remark", "")) for n, e in entries.items()]
    table = Table("By component", ("component", "energy, J", "share", ""), rows, (1, 2))
    blocks: list[Table | Chart] = [table]
    says = "One power for the whole board: its energy has no parts that were measured."
    interval = report.energy_interval
    if interval is not None:
        from pivotsim.energy.activity import MEANS_RELATIVE

        says = MEANS_RELATIVE
        bars = [(name, float(e["energy_j"])) for name, e in entries.items()]
        blocks.insert(0, Chart("Energy by component", plain_bars(bars, "energy, J", "J")))
        ends = (
            ("each constant at its own low or high", interval.low_j, interval.high_j),
            ("the same, periphery refitted to the baseline", interval.pinned_low_j, interval.pinned_high_j),
        )
        lines = [(name, number(low, 4), number(high, 4)) for name, low, high in ends]
        blocks.append(Table("Energy interval", ("energy interval", "low, J", "high, J"), lines, (1, 2)))
    return Section("Where the energy goes", tuple(blocks), says)


def fit_section(found: Fit | None) -> tuple[Section, ...]:
    """Return what the design takes of its FPGA, beside what it has; nothing where that is not known."""
    if found is None:
        return ()
    rows = [
        (r.unit, amount_text(r.demand), f"{r.bound:,}", amount_text(r.gap),
         percent(r.demand / r.bound if r.bound else None), "fits" if r.fits else "DOES NOT FIT", r.mark,
         "" if r.fits else "; ".join(r.levers), r.formula)
        for r in found.resources
    ]  # fmt: skip
    columns = ("resource", "demand", "device has", "left", "used", "", "mark", "what would help", "from")
    closing = (*found.unknown, *found.notes)
    says = f"The design on {found.device_text}."
    return (Section("What it takes of the device", (Table("", columns, rows, (1, 2, 3, 4), closing),), says),)
