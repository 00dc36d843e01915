"""The page of a run: totals, where delay and energy go, what runs when, the roofline, the engine's own tables."""

from collections.abc import Iterator

from pivotsim.pages.charts.bars import group_stacks
from pivotsim.pages.charts.gantt import gantt_bars, gantt_chart
from pivotsim.pages.charts.rooflines import roofline_chart
from pivotsim.pages.page import Chart, Page, Section, asked_of, facts_of
from pivotsim.pages.results.breakdowns import delay_section, energy_section, fit_section
from pivotsim.plots.simulation.delay import encoder_delay_data
from pivotsim.simulation.report import Report
from pivotsim.simulation.reporting.summary import said_lines, total_rows
from pivotsim.simulation.rooflines import Roofline, roofline_of
from pivotsim.tables import Table, number, percent


def run_page(report: Report) -> Page:
    """Return the page of one run."""
    return Page(
        kind="run",
        title=f"{report.workload} on {report.hardware}",
        asked=tuple(asked_of(report.options).items()),
        facts=facts_of(total_rows(report)),
        said=tuple(said_lines(report)),
        sections=tuple(_sections(report)),
        notes=report.notes,
        input_hash=report.input_hash,
    )


def _sections(report: Report) -> Iterator[Section]:
    by_encoder = group_stacks(encoder_delay_data(report), "encoder")
    yield delay_section(report, Chart("Delay by encoder", by_encoder, "An encoder without attention shows its MLP."))
    yield energy_section(report)
    yield timeline_section(report)
    found = roofline_of(report)
    if found is not None:
        yield roofline_section(found)
    if tables := report.details.tables():
        yield Section("What only this engine knows", tuple(tables))
    yield from fit_section(report.fit)
    yield steps_section(report)


def timeline_section(report: Report) -> Section:
    """Return what runs when."""
    bars, count = gantt_bars(report)
    says = "Drag across a stretch of time to look closer, or use the buttons above; a name in the legend hides it."
    if len(bars) < count:
        says += f" The first {len(bars):,} of {count:,} pieces of work are drawn; --timeline writes all for Perfetto."
    return Section("What runs when", (Chart("Timeline", gantt_chart(bars), says),))


def roofline_section(found: Roofline) -> Section:
    """Return each product beside what PEs and DRAM allow."""
    rows = [
        (p.module, " x ".join(map(str, p.sizes)), f"{p.times:,}", f"{p.macs:,}", f"{p.moved_bytes:,}",
         number(p.intensity, 1), number(p.macs_per_cycle, 1), percent(p.roof_cycles / p.cycles if p.cycles else None))
        for p in found.products
    ]  # fmt: skip
    columns = ("module", "M x K x N", "times", "MACs", "bytes at least", "MACs per byte", "MACs a clock", "of its roof")
    says = f"A lower bound on the clocks: {found.pes:,} MACs a clock, and each operand moved once"
    if found.bytes_per_cycle is None:
        says += "; nothing limits this board's DRAM."
    elif found.is_read:
        says += f", at {number(found.bytes_per_cycle, 1)} B a clock of DRAM or its ports."
    else:
        says += (
            f". The slope, {number(found.bytes_per_cycle, 1)} B a clock, is the board's DRAM; this run takes its "
            "memories as unlimited, so points may lie above it."
        )
    chart = Chart("Roofline", roofline_chart(found), says)
    return Section("How near to the limits", (chart, Table("", columns, rows, range(2, 8))))


def steps_section(report: Report) -> Section:
    """Return every step of the run, folded: the longest table."""
    rows = [
        (str(place), str(row.encoder or "-"), row.label, row.kind, row.resource, f"{row.cycles:,}", f"{row.macs:,}",
         number(row.delay_ms, 4), number(row.start_ms, 4))
        for place, row in enumerate(report.rows, start=1)
    ]  # fmt: skip
    columns = ("step", "encoder", "module", "kind", "on", "clocks", "MACs", "delay, ms", "from, ms")
    return Section("Every step", (Table("", columns, rows, (0, 1, 5, 6, 7, 8)),), is_open=False)
