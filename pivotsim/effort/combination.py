"""Effort combination: from the reports of a cascade's efforts to its mean image (PIVOT, sections 3.1 and 3.4).

Every image runs the first effort; those that its entropy gate does not classify run the next one too, from the
start. With P_i the fraction that reaches effort i and D_i its delay:

    D = sum_i P_i * D_i          for two efforts: D_L + F_H * D_H
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pivotsim.effort.mixed_report import Effort, MixedReport
from pivotsim.errors import InputError, check_choice, check_real, got
from pivotsim.host.costs import check_gate
from pivotsim.simulation.report import Report

GATES = ("entropy", "none")
SUM_TOLERANCE = 1e-9
NAMES = {"name", "description", "source", "sources", "intervals"}


def combine(reports: Iterable[Report], exit_fractions: Iterable[float], *, gate: str = "entropy") -> MixedReport:
    """Return the mean image of a cascade of efforts.

    Parameters
    ----------
    reports : iterable of Report
        One per effort in the order in which images meet them, all of batch 1, of one model, on equal hardware, with
        the same options. Of a trace that was read or made by hand the model is not known, and not compared.
    exit_fractions : iterable of float
        The fraction of the images that each effort classifies; they sum to 1. For two efforts: F_L, F_H.
    gate : {'entropy', 'none'}
        Charge one entropy computation on the PS after every effort but the last (0.03 ms for 1000 classes), or
        ignore it as the paper's tables do (section 3.4). On a board without a processor only `none` runs.

    Returns
    -------
    MixedReport
        Delay, energy and breakdowns of the mean image; ``efforts`` holds each effort's own.

    Raises
    ------
    InputError
        The fractions do not fit, or the reports cannot be mixed.

    Examples
    --------
    The pair behind PVDS-50 (inferred): 6 of 12 attentions for 80 % of the images.

    >>> import pivotsim as ps
    >>> whole = ps.plan("deit_s")
    >>> low = ps.simulate(ps.skip_attention(whole, active=range(1, 7)))
    >>> mix = combine([low, ps.simulate(whole)], exit_fractions=[0.8, 0.2], gate="none")
    >>> round(mix.delay_ms, 2), round(mix.edp_sum_of_efforts_j_ms, 2)
    (48.47, 16.21)
    """
    check_choice("gate", gate, GATES)
    reports = _checked_reports(reports)
    exits = _checked_fractions(exit_fractions, len(reports))
    gates: list[tuple[float, Mapping[str, float]]] = [*(_gate(report, gate) for report in reports[:-1]), (0.0, {})]
    efforts = tuple(
        Effort(
            report=report,
            exit_frac=exits[i],
            reach_frac=1.0 if i == 0 else min(1.0, math.fsum(exits[i:])),
            gate_ms=gates[i][0],
            gate_components_j=gates[i][1],
        )
        for i, report in enumerate(reports)
    )
    return MixedReport(efforts, gate)


def _checked_reports(reports: Iterable[Report]) -> list[Report]:
    """Return the reports as a list, or raise InputError where they cannot be mixed."""
    if not isinstance(reports, Iterable):
        raise InputError(f"reports: must be a list of Reports {got(reports)}")
    found = list(reports)
    if not found:
        raise InputError("reports: at least one is needed (got none)")
    for number, report in enumerate(found, start=1):
        if not isinstance(report, Report):
            raise InputError(f"reports: number {number} is no Report {got(report)}")
        if report.batch != 1:
            problem = "the gate decides image by image, simulate with batch 1"
            raise InputError(f"reports: number {number}: {problem} {got(report.batch)}")
    first = found[0]
    for number, report in enumerate(found[1:], start=2):
        where = f"between number 1 and {number}"
        for name, value in report.options.items():
            if value != first.options[name]:
                values = (first.options[name], value)
                raise InputError(f"reports: {name} differs {where} {got(values)}")
        for what, pair in {
            "hardware": (first.inputs.hw, report.inputs.hw),
            "the model": (first.inputs.trace.model, report.inputs.trace.model),
        }.items():
            difference = "" if None in pair else _first_difference(*pair)
            if difference:
                raise InputError(f"reports: {what} differs {where}{difference}")
    return found


def _first_difference(a: Any, b: Any) -> str:
    """Return what two boards or models differ in: their names, else the first value; nothing where they are equal."""
    if a is b:
        return ""
    if type(a) is not type(b):  # two kinds of boards
        return f", in kind {got((a.kind, b.kind))}"
    values = [dict(_leaves(spec.model_dump(exclude=NAMES))) for spec in (a, b)]
    paths = [path for path in values[0] | values[1] if values[0].get(path) != values[1].get(path)]
    if not paths:
        return ""
    path, pair = ("name", (a.name, b.name)) if a.name != b.name else (paths[0], [v.get(paths[0]) for v in values])
    return f", in {path} {got(tuple(pair))}"


def _leaves(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted path, value) of every value; a group that is not there is one value, None."""
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _checked_fractions(exit_fractions: Iterable[float], count: int) -> list[float]:
    """Return the fractions as floats that sum to 1, or raise InputError."""
    if isinstance(exit_fractions, (str, bytes)) or not isinstance(exit_fractions, Iterable):
        raise InputError(f"exit_fractions: must be a list of numbers {got(exit_fractions)}")
    exits = [check_real("exit_fractions", value) for value in exit_fractions]
    if len(exits) != count:
        raise InputError(f"exit_fractions: expected {count}, one per effort {got(len(exits))}")
    for value in exits:
        if not 0 <= value <= 1:  # NaN is neither
            raise InputError(f"exit_fractions: each must lie in 0 to 1 {got(value)}")
    total = math.fsum(exits)
    if abs(total - 1) > SUM_TOLERANCE:
        raise InputError(f"exit_fractions: must sum to 1 {got(total)}")
    return exits


def _gate(report: Report, gate: str) -> tuple[float, Mapping[str, float]]:
    """Return (ms, J by component) of the gate after one effort."""
    if gate == "none":
        return 0.0, {}
    check_gate(report.inputs.hw)
    if report.gate_ms is None:
        raise InputError("gate: the trace has no head, so the number of classes is unknown; use gate 'none'")
    return report.gate_ms, report.gate_components_j
