"""Tables of a report that several commands print: what is said beside totals, breakdowns, energy, notes."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pivotsim.cli.output import print_line, print_table
from pivotsim.tables import number, percent

if TYPE_CHECKING:
    from pivotsim.effort.mixed_report import MixedReport
    from pivotsim.simulation.report import Report

MAX_LISTED = 20  # layers or encoders
NO_LAYER = "(no layer)"


def print_said(lines: Sequence[str]) -> None:
    """Print what must be said beside the totals, where there is something."""
    if lines:
        print_line()
    for line in lines:
        print_line(line)


def print_breakdown(report: "Report | MixedReport", by: str = "module") -> None:
    """Print a breakdown; of many layers or encoders the longest, in their order, and the sum of the others."""
    print_line()
    entries = [(str(key) or NO_LAYER, e["delay_ms"], e["share"]) for key, e in report.breakdown(by).items()]
    if by != "module" and len(entries) > MAX_LISTED:
        longest = sorted(range(len(entries)), key=lambda i: -entries[i][1])[: MAX_LISTED - 1]
        others = [entry for i, entry in enumerate(entries) if i not in longest]
        rest = (f"{len(others)} more", math.fsum(e[1] for e in others), math.fsum(e[2] for e in others))
        entries = [*(entries[i] for i in sorted(longest)), rest]
    print_table((by, "delay, ms", "share"), [(key, number(ms), percent(share)) for key, ms, share in entries], (1, 2))


def print_energy(report: "Report | MixedReport") -> None:
    """Print the energy by component and how far the total may move, where the rule knows of either."""
    interval = report.energy_interval
    if interval is None:
        return
    from pivotsim.energy.activity import MEANS_RELATIVE
    from pivotsim.simulation.reporting.shares import share_energy

    per_j = report.power_w / report.energy_j if report.energy_j else 0.0
    print_line()
    entries = share_energy(report.energy_components_j, report.energy_remarks)
    rows = [
        (name, number(e["energy_j"], 4), number(e["energy_j"] * per_j, 3), percent(e["share"]), e.get("remark", ""))
        for name, e in entries.items()
    ]
    rows.append(("total", number(report.energy_j, 4), number(report.power_w, 3), percent(1.0), ""))
    print_table(("component", "energy, J", "mean, W", "share", ""), rows, right=(1, 2, 3))
    print_line(MEANS_RELATIVE)
    print_line()
    ranges = (
        ("each constant at its own low or high", interval.low_j, interval.high_j),
        ("the same, periphery refitted to the baseline", interval.pinned_low_j, interval.pinned_high_j),
    )
    print_table(
        ("energy interval", "low, J", "high, J", "low, W", "high, W"),
        [
            (name, number(low, 4), number(high, 4), number(low * per_j, 3), number(high * per_j, 3))
            for name, low, high in ranges
        ],
        right=(1, 2, 3, 4),
    )


def print_details(report: "Report") -> None:
    """Print what only the engine knows."""
    for table in report.details.tables():
        print_line()
        print_table(table.columns, table.rows, table.right)
        print_line()
        for line in table.closing:
            print_line(line)


def print_end(notes: tuple[str, ...], written: list[Path]) -> None:
    """Print the marks behind the numbers and the files written."""
    if notes:
        print_line()
        print_line("Behind these numbers:")
    for note in joined_notes(notes):
        print_line(f"  {note}")
    for path in written:
        print_line(f"wrote {path}", wraps=False)


def joined_notes(notes: Iterable[str]) -> list[str]:
    """Return notes in their order, those of one text on settings of one group in one line.

    >>> joined_notes(["unit.a: [assumed] x", "scope: y", "unit.b: [assumed] x", "unit.c: [assumed] z"])
    ['unit.a, b: [assumed] x', 'scope: y', 'unit.c: [assumed] z']
    """
    lines: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        path, colon, text = note.partition(": ")
        group, dot, name = path.rpartition(".")
        key = (group, text) if colon and dot and " " not in path and text.startswith("[") else (note, "")
        lines.setdefault(key, []).append(name)
    return [f"{group}.{', '.join(names)}: {text}" if text else group for (group, text), names in lines.items()]


def write_plots(result: "Report | MixedReport", folder: Path | None) -> list[Path]:
    """Write the pictures of a result where a folder is given, and return their paths."""
    if folder is None:
        return []
    from pivotsim.plots.simulation.delay import plot_mix, plot_run
    from pivotsim.plots.simulation.gantt import plot_gantt
    from pivotsim.simulation.report import Report

    if isinstance(result, Report):
        return [*plot_run(result, folder), *plot_gantt(result, folder)]
    return plot_mix(result, folder)
