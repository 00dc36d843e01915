"""Summaries of reports: the tables that are printed, and those of a notebook.

A ``report`` is a Report, and in ``result_tables`` a MixedReport too; both import this module.
"""

from collections.abc import Iterator
from typing import Any

from pivotsim.tables import Table, number, percent


def run_line(report: Any) -> str:
    """Return a run in one line."""
    totals = f"{number(report.delay_ms)} ms, {number(report.energy_j, 4)} J, {report.pl_cycles:,} PL clocks"
    return " ".join(f"<Report: {report.workload} on {report.hardware}, {totals}>".split())


def run_tables(report: Any, *, full: bool = False) -> Iterator[Table]:
    """Yield totals and modules of a run; ``full`` adds its notes, which are long, and else says how many there are."""
    said = ", ".join(f"{name} {report.options[name]}" for name in ("engine", "memory", "profile", "scope"))
    mode = report.options["ps_pl_overlap"]
    said += "" if mode == "serial" else f", ps_pl_overlap {mode}"
    title = f"{report.workload} on {report.hardware} ({said})"
    yield Table(title, ("total", "value", "unit", ""), total_rows(report), right=(1,))
    yield from result_tables(report, full=full)


def total_rows(report: Any) -> list[tuple[str, str, str, str]]:
    """Return (total, value, unit, remark) of a run."""
    parts = f"{'PL' if report.unit_cycles else 'array'} {number(report.pl_ms)}, processor {number(report.ps_ms)}"
    if report.overlap_ms:
        parts += f", side by side {number(report.overlap_ms)}"
    array_cycles = report.pl_cycles - report.unit_cycles
    rows = [
        ("delay", number(report.delay_ms), "ms", parts),
        ("energy", number(report.energy_j, 4), "J", f"rule {report.options['energy']}"),
        ("EDP", number(report.edp_j_ms), "J*ms", "of the mean image"),
        ("FPS/W", number(report.fps_per_watt), "1/J", ""),
        ("array", f"{array_cycles:,}", "clocks", f"utilisation {percent(report.utilization_frac)}"),
    ]
    if report.unit_cycles:
        rows.append(("PL units", f"{report.unit_cycles:,}", "clocks", ""))
    if report.options["ps_pl_overlap"] == "images":
        rows.insert(1, ("latency", number(report.latency_ms), "ms", "of the slowest image"))
    if report.batch > 1:
        rows.insert(1, ("per image", number(report.delay_per_image_ms), "ms", f"batch {report.batch}"))
    return rows


def result_tables(report: Any, *, full: bool) -> Iterator[Table]:
    """Yield what the reports of a run and of a mean image share: the modules, and the notes or their count."""
    modules = [(m, number(e["delay_ms"]), percent(e["share"])) for m, e in report.breakdown("module").items()]
    count = len(report.notes)
    hint = [f"{count} note{'s' if count > 1 else ''} on constants behind these numbers: see .notes"] if count else []
    yield Table("", ("module", "delay, ms", "share"), modules, (1, 2), () if full else hint)
    if full and count:
        yield Table("", ("behind these numbers",), [(note,) for note in report.notes])
