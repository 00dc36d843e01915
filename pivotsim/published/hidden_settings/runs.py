"""Runs behind combinations of settings: each effort simulated once, whatever pairs it stands in."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pivotsim.dse.evaluation.cache import DesignBuilder
from pivotsim.dse.space.axis_kinds import HARDWARE, HIGH, LOW, LOW_FRAC
from pivotsim.dse.space.definition import Space
from pivotsim.errors import InputError
from pivotsim.published.base.quantities import Costs, Pairs, costs_of
from pivotsim.published.hidden_settings.vary import EDP, LOW_NOT_BELOW_HIGH, OPTIONS
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate

SAID_EVERY_S = 1.0
_progress = logging.getLogger("pivotsim.progress")


class Runs(NamedTuple):
    """Combinations that ran, their efforts side by side, the reports behind the first, and why others did not run."""

    settings: list[Mapping[str, Any]]
    pairs: Pairs
    reports: list[tuple[Report, ...]]
    left_out: dict[str, int]


def run_all(space_of: Callable[[Mapping[str, Any]], Space], combinations: Sequence[Mapping[str, Any]]) -> Runs:
    """Run every combination; those that are not valid are counted by their reason.

    Parameters
    ----------
    space_of : callable
        Combination -> the space that it is a design of.
    combinations : sequence of mapping
        Axis of a space, or option of a run -> value.

    Raises
    ------
    InputError
        No combination can run; the first reason says why.
    """
    workshop = _Workshop(space_of)
    ran: list[tuple[Mapping[str, Any], tuple[Report, ...]]] = []
    left_out: dict[str, int] = {}
    said = time.monotonic()
    for number, settings in enumerate(combinations):
        if time.monotonic() - said > SAID_EVERY_S:
            said = time.monotonic()
            _progress.info("infer: %s of %s combinations", f"{number:,}", f"{len(combinations):,}")
        try:
            ran.append((settings, workshop.reports(settings)))
        except InputError as error:
            reason = error.problems[0]
            left_out[reason] = left_out.get(reason, 0) + 1
    if not ran:
        raise InputError(f"vary: no combination can run: {next(iter(left_out), LOW_NOT_BELOW_HIGH)}")
    gates = [len(reports) > 1 and space_of(one).options["gate"] != "none" for one, reports in ran]
    low = costs_of([reports[0] for _, reports in ran], gates=gates)
    return Runs([one for one, _ in ran], Pairs(low, _high([reports for _, reports in ran], low)),
                [reports for _, reports in ran], left_out)  # fmt: skip


def _high(reports: Sequence[tuple[Report, ...]], low: Costs) -> Costs:
    """Return the costs of the high efforts, nothing for single runs."""
    if len(reports[0]) > 1:
        return costs_of([each[1] for each in reports])
    zero = low.delay_ms * 0
    return Costs(zero, zero, zero, {})


class _Workshop:
    """Makes reports, and keeps those that other combinations need too."""

    def __init__(self, space_of: Callable[[Mapping[str, Any]], Space]) -> None:
        self.space_of = space_of
        self.builders: dict[tuple[Any, ...], DesignBuilder] = {}
        self.kept: dict[tuple[Any, ...], Report] = {}

    def reports(self, settings: Mapping[str, Any]) -> tuple[Report, ...]:
        """Return the report of the only effort, or of the low and the high one."""
        space = self.space_of(settings)
        own = {n: v for n, v in settings.items() if n not in OPTIONS and n not in (LOW, HIGH, LOW_FRAC, EDP)}
        if not space.is_pair:
            return (self._report(space, own, {}),)
        known = {**space.values, **settings}
        return tuple(self._report(space, own, {LOW: known[n], HIGH: known[n]}) for n in (LOW, HIGH))

    def _report(self, space: Space, own: Mapping[str, Any], effort: Mapping[str, Any]) -> Report:
        options = {name: space.options[name] for name in ("engine", "memory", "profile", "energy", "scope")}
        key = (*sorted(own.items()), *effort.values(), *options.values())
        if key not in self.kept:
            builder = self.builders.setdefault(tuple(options.values()), DesignBuilder(space))
            hw = builder.hardware(own)
            work = builder.efforts({**{n: v for n, v in own.items() if n not in HARDWARE}, **effort}, hw)[0]
            self.kept[key] = simulate(work.plan, hw, **options)
        return self.kept[key]
