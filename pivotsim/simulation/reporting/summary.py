"""Summaries of reports: the tables that are printed, and those of a notebook.

A ``report`` is a Report, and in ``result_tables`` a MixedReport too; both import this module.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pivotsim.tables import Table, number, percent

if TYPE_CHECKING:
    from pivotsim.hardware.resources.fit_result import Fit

LISTED_PATHS = 6  # of one group; more are counted


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
    yield Table(title, ("total", "value", "unit", ""), total_rows(report), (1,), said_lines(report))
    yield from result_tables(report, full=full)


def total_rows(report: Any) -> list[tuple[str, str, str, str]]:
    """Return (total, value, unit, remark) of a run."""
    parts = f"{'PL' if report.unit_cycles else 'array'} {number(report.pl_ms)}, processor {number(report.ps_ms)}"
    if report.overlap_ms:
        parts += f", side by side {number(report.overlap_ms)}"
    array_cycles, own = report.pl_cycles - report.unit_cycles, report.details.total_rows()
    rows = [
        ("delay", number(report.delay_ms), "ms", parts),
        ("energy", number(report.energy_j, 4), "J", f"rule {report.options['energy']}"),
        ("EDP", number(report.edp_j_ms), "J*ms", "of the mean image"),
        ("FPS/W", number(report.fps_per_watt), "1/J", ""),
        *(own or [("array", f"{array_cycles:,}", "clocks", f"utilisation {percent(report.utilization_frac)}")]),
        fits_row(report.fit),
    ]
    if report.unit_cycles and not own:
        rows.append(("PL units", f"{report.unit_cycles:,}", "clocks", ""))
    if report.options["ps_pl_overlap"] == "images":
        rows.insert(1, ("latency", number(report.latency_ms), "ms", "of the slowest image"))
    if report.batch > 1:
        rows.insert(1, ("per image", number(report.delay_per_image_ms), "ms", f"batch {report.batch}"))
    return rows


def fits_row(found: "Fit | None") -> tuple[str, str, str, str]:
    """Return (total, value, unit, remark) of a design beside its FPGA: the fullest resource, or all that it lacks."""
    if found is None:
        return "fits", "-", "", "no FPGA is stated, or this kind of hardware's resources are not counted"
    missing = [r for r in found.resources if not r.fits]
    fullest = max(found.resources, key=lambda r: r.demand / r.bound if r.bound else float(r.demand > 0))
    shown = ", ".join(f"{r.demand_text} of {r.bound:,} {r.unit}" for r in missing or [fullest])
    return "fits", "NO" if missing else "yes", "", f"{shown}, {found.device_text}"


def said_lines(report: Any) -> list[str]:
    """Return what stands beside a result's totals: its remarks, then the settings that it did not read."""
    return [*report.remarks, *not_used_lines(report.not_used)]


def not_used_lines(not_used: Mapping[str, str]) -> list[str]:
    """Return a line per need with the settings that it is the need of."""
    by_need: dict[str, list[str]] = {}
    for path, need in not_used.items():
        by_need.setdefault(need, []).append(path)
    return [f"{listed_paths(paths)}: {need}" for need, paths in by_need.items()]


def inherited_lines(by_board: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a line per board that lends values, as for many designs, whose sources are too many to list."""
    listed = ((board, listed_paths(paths)) for board, paths in by_board.items())
    return [
        f"{paths}: [inherited from {board}], whose sources pivotsim show hw {board} lists" for board, paths in listed
    ]


def listed_paths(paths: Sequence[str]) -> str:
    """Return dotted paths as text; of one group more than a few are counted.

    >>> listed_paths(["array.edge", "units.softmax.fill_cycles"])
    'array.edge, units.softmax.fill_cycles'
    >>> listed_paths([f"memories.{name}_bytes" for name in "abcdefg"])
    'memories.* (7 values)'
    """
    groups: dict[str, list[str]] = {}
    for path in paths:
        groups.setdefault(path.partition(".")[0], []).append(path)
    return ", ".join(
        f"{group}.* ({len(inside)} values)" if len(inside) > LISTED_PATHS else ", ".join(inside)
        for group, inside in groups.items()
    )


def result_tables(report: Any, *, full: bool) -> Iterator[Table]:
    """Yield what the reports of a run and of a mean image share: the modules, and the notes or their count."""
    modules = [(m, number(e["delay_ms"]), percent(e["share"])) for m, e in report.breakdown("module").items()]
    count = len(report.notes)
    hint = [f"{count} note{'s' if count > 1 else ''} on constants behind these numbers: see .notes"] if count else []
    yield Table("", ("module", "delay, ms", "share"), modules, (1, 2), () if full else hint)
    if full and count:
        yield Table("", ("behind these numbers",), [(note,) for note in report.notes])
