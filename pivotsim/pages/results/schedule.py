"""Pages of a pruning schedule and of a sweep of schedules: how many tokens to prune, and why."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pivotsim.pages.charts.lines import line_chart, staircase_chart, utility_chart
from pivotsim.pages.page import Chart, Page, Section, asked_of, facts_of
from pivotsim.plots.exploration.staircase import staircase_data, utility_data
from pivotsim.pruning.schedule_report import Schedule
from pivotsim.pruning.sweeps.table import SweepTable
from pivotsim.simulation.results import hash_of
from pivotsim.tables import Table, number, percent


def schedule_page(found: Schedule) -> Page:
    """Return the page of one schedule."""
    (summary,) = found.tables()
    facts = facts_of([("recommended", found.recommended_removed, "tokens", "to remove, its cost paid"), *summary.rows])
    stairs = Chart(
        "Latency staircase", staircase_chart(staircase_data(found.staircase)),
        "Latency jumps where one token more takes another pass of the array; dots are the most tokens of a step.",
    )  # fmt: skip
    utilities = Chart("Utilities", utility_chart(utility_data(found)), "What is chosen has the greatest U.")
    steps = Table(
        "Steps", ("step: most tokens", "latency, ms", "one grid point more", "latency, ms", "jump"),
        [(str(e.tokens), number(e.latency_ms, 3), str(e.next_tokens), number(e.next_latency_ms, 3),
          percent(e.jump_frac)) for e in found.staircase.edges],
        (0, 1, 2, 3, 4), () if found.staircase.edges else ("no step that stands out",),
    )  # fmt: skip
    grid = Table(
        "Grid", ("tokens", "latency, ms", "accuracy, %", "U of latency", "U of accuracy", "U", ""),
        [(str(n), number(ms, 4), number(acc), *(f"{u:.4f}" for u in us), "chosen" if n == found.best_tokens else "")
         for n, ms, acc, *us in found.to_rows()],
        (0, 1, 2, 3, 4, 5),
    )  # fmt: skip
    return Page(
        kind="schedule",
        title=f"Tokens to prune from {found.plan.model.name} on {found.device}",
        asked=tuple(asked_of({"batch": found.batch, "alpha": f"{found.alpha:g}", **found.options}).items()),
        facts=facts,
        said=found.remarks,
        sections=(Section("The staircase", (stairs, steps)), Section("The choice", (utilities, grid))),
        notes=found.notes,
        input_hash=found.input_hash,
    )


def sweep_page(table: SweepTable) -> Page:
    """Return the page of schedules along one axis."""
    axis, *others = table.columns
    times = {name: np.asarray(table[name], dtype=float).tolist() for name in others if name.endswith("_ms")}
    charts = (Chart("Latency", line_chart(np.asarray(table[axis]).tolist(), times, axis, "ms")),) if times else ()
    shown = table.shown()._replace(title="", closing=())
    return Page(
        kind="schedule",
        title=table.title,
        asked=(),
        facts=facts_of([("rows", len(table), "", f"along {axis}"), *_extents(times)]),
        said=table.remarks,
        sections=(Section("The sweep", (*charts, shown)),),
        notes=table.notes,
        input_hash=hash_of(table.to_json()["rows"]),
    )


def _extents(times: Mapping[str, Sequence[float]]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the least and the most of each column of times, as totals."""
    for name, values in times.items():
        known = [value for value in values if value == value]  # NaN where nothing is known
        if known:
            low, high = number(min(known), 3), number(max(known), 3)
            yield name.removesuffix("_ms"), low if low == high else f"{low} to {high}", "ms", "over the rows"
