"""The page of a cascade of efforts: its mean image, who leaves where, and where delay and energy go."""

from pivotsim.effort.mixed_report import MixedReport
from pivotsim.pages.charts.bars import group_stacks
from pivotsim.pages.charts.efforts import cascade_chart, cascade_data
from pivotsim.pages.page import Chart, Page, Section, asked_of, facts_of
from pivotsim.pages.results.breakdowns import delay_section, energy_section, fit_section
from pivotsim.plots.simulation.delay import effort_delay_data
from pivotsim.simulation.reporting.summary import said_lines
from pivotsim.tables import Table


def combine_page(mix: MixedReport) -> Page:
    """Return the page of one combination of efforts."""
    efforts, mean = (part for part, _ in zip(mix.tables(), range(2), strict=False))
    first = mix.efforts[0].report
    says = "Every image runs the first effort; those that its gate does not classify run the next one too."
    cascade = Chart("Who leaves where", cascade_chart(cascade_data(mix)), says)
    stacks = Chart("Delay by effort", group_stacks(effort_delay_data(mix), "effort"))
    names = " then ".join(dict.fromkeys(e.report.workload for e in mix.efforts))
    return Page(
        kind="combine",
        title=f"{names} on {first.hardware}",
        asked=tuple(asked_of({**first.options, "gate": mix.gate}).items()),
        facts=facts_of(mean.rows),
        said=tuple(said_lines(mix)),
        sections=(
            Section("The cascade", (cascade, efforts._replace(title=""))),
            delay_section(mix, stacks),
            energy_section(mix),
            Section("Each effort on its own", tuple(_totals(mix)), is_open=False),
            *fit_section(mix.fit),
        ),
        notes=mix.notes,
        input_hash=mix.input_hash,
    )


def _totals(mix: MixedReport) -> list[Table]:
    """Return the totals of each effort's own run."""
    from pivotsim.simulation.reporting.summary import total_rows

    return [
        Table(f"{place}: {e.report.workload}", ("total", "value", "unit", ""), total_rows(e.report), (1,))
        for place, e in enumerate(mix.efforts, start=1)
    ]
