"""uncertainty(): how far a run's delay and energy may be off, and which constants make them so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pivotsim.engines.base import PAPER
from pivotsim.errors import InputError, check_choice, got
from pivotsim.hardware.kinds.pipeline import PipelineHardware
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.spec import Hardware
from pivotsim.host.loads import HostLoads, host_loads
from pivotsim.io.frames import as_frame
from pivotsim.io.spec_values import value_at
from pivotsim.propagation.constants import Constant, stated_constants
from pivotsim.propagation.costs import COUNTS, RESIDUAL_PATH, CostModel, Group, power_paths
from pivotsim.propagation.main_effects import shares_of_costs
from pivotsim.propagation.sampling import Draws, check_draws
from pivotsim.propagation.tables import constants_table, constants_to_dict, remark_lines, rest_of
from pivotsim.propagation.terms import clock_path, host_terms, pl_terms, used_paths
from pivotsim.simulation.notes.needs import need_of
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.tables import Printable, Table, counted, figures
from pivotsim.units import FloatArray
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan

if TYPE_CHECKING:
    import pandas

OUTCOMES = {"delay_ms": "ms", "energy_j": "J", "edp_j_ms": "J*ms"}
LOW, MEDIAN, HIGH = 0.025, 0.5, 0.975
DEFAULT_DRAWS = 1000
SIDE_BY_SIDE = "work side by side is no sum of counts and constants"


@dataclass(frozen=True)
class Uncertainty(Printable):
    """A run at drawn constants; ``print`` shows intervals and the constants behind them.

    Attributes
    ----------
    report : Report
        The run at the board's own values.
    draws : Draws
        Values of the constants that were drawn; ``draws.constants`` says what bounds them.
    outcomes : mapping
        ``delay_ms`` and ``energy_j`` of the whole batch, ``edp_j_ms`` of the mean image -> float64 (N,), one per draw.
    shares : mapping
        Outcome -> constant -> share of the outcome's variance that the constant alone explains (first-order Sobol).
    held : tuple of str
        Constants that count here and have no interval: they stay at their values.
    left_out : tuple of str
        Constants with an interval that would change clocks, and so are not drawn.
    follows_residual : bool
        Whether the periphery's power is what the drawn powers leave of the run that it was fitted on.
    """

    report: Report
    draws: Draws
    outcomes: Mapping[str, FloatArray]
    shares: Mapping[str, Mapping[str, float]]
    held: tuple[str, ...]
    left_out: tuple[str, ...]
    follows_residual: bool

    def quantile(self, outcome: str, share: float) -> float:
        """Return the value of an outcome below which a share of the draws lies."""
        check_choice("outcome", outcome, self.outcomes)
        return float(np.quantile(self.outcomes[outcome], share))

    def interval(self, outcome: str) -> tuple[float, float]:
        """Return the bounds between which 95 % of the draws lie."""
        return self.quantile(outcome, LOW), self.quantile(outcome, HIGH)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be said beside the numbers."""
        return tuple(remark_lines(self.draws, self.held, self.left_out, self.follows_residual))

    def value(self, outcome: str) -> float:
        """Return an outcome at the board's own values."""
        return float(getattr(self.report, outcome))

    def to_dict(self) -> dict[str, Any]:
        """Return intervals, constants and shares as plain numbers and text."""
        found: dict[str, Any] = {}
        for name in self.outcomes:
            ends = dict(
                zip(("p2_5", "p50", "p97_5"), (self.quantile(name, q) for q in (LOW, MEDIAN, HIGH)), strict=True)
            )
            shares = self.shares[name]
            found[name] = {"value": self.value(name), **ends, "first_order_share": dict(shares),
                           "rest_share": rest_of(shares)}  # fmt: skip
        return {
            "draws": self.draws.count, "seed": self.draws.seed,
            "constants": constants_to_dict(self.draws.constants), "outcomes": found, "held": list(self.held),
            "left_out": list(self.left_out), "remarks": list(self.remarks),
        }  # fmt: skip

    def to_frame(self) -> "pandas.DataFrame":
        """Return a pandas frame with a row per draw: the constants' values, then the outcomes.

        Raises
        ------
        MissingExtraError
            pandas is not installed; the message holds the command.
        """
        return as_frame({**dict(self.draws.items()), **self.outcomes})

    def tables(self) -> Iterable[Table]:
        """Yield what is printed, table by table."""
        title = f"{self.report.workload} on {self.report.hardware}, {self.draws.count:,} draws of "
        title += counted(len(self.draws), "constant")
        rows = [
            (
                name,
                *(figures(v) for v in (self.value(name), *(self.quantile(name, q) for q in (MEDIAN, LOW, HIGH)))),
                unit,
            )
            for name, unit in OUTCOMES.items()
        ]
        yield Table(title, ("outcome", "value", "median", "2.5 %", "97.5 %", "unit"), rows, (1, 2, 3, 4))
        yield constants_table(self.draws, self.shares, self.remarks, {})

    _tables = tables


def uncertainty(
    workload: Plan | Trace, hw: Hardware | str = "zcu102", *, draws: int = DEFAULT_DRAWS, seed: int = 0, **options: Any
) -> Uncertainty:
    """Return a run's delay and energy at drawn constants: intervals, and the share of each constant in them.

    Constants are those with a 95 % interval (`intervals` of the hardware's file) or a range (`ranges`, and the low and
    high ends of the rule `activity`); `propagation.constants` says how each is drawn. The run is simulated once: its
    clocks and counts do not depend on them. Equal, draw by draw, to ``simulate`` on ``hw.replace(...)``.

    Parameters
    ----------
    workload, hw
        As in ``simulate``.
    draws : int
        How many, 2 to a million.
    seed : int
        Of the draws.
    **options
        Those of ``simulate``: engine, memory, profile, energy, scope, batch.

    Returns
    -------
    Uncertainty
        Outcomes of every draw, their quantiles, and the share of each constant in their variance.

    Raises
    ------
    InputError
        As ``simulate``; also where nothing that counts here has an interval, and for work side by side (pipelines).

    Examples
    --------
    >>> import pivotsim as ps
    >>> found = ps.uncertainty(ps.plan("deit_s"), "zcu102", draws=1000)
    >>> [round(end, 1) for end in found.interval("delay_ms")]
    [51.6, 179.3]
    >>> {path: round(share, 2) for path, share in found.shares["delay_ms"].items()}
    {'host.paper.softmax.cycles_per_element': 1.0}
    """
    check_draws(draws, seed)
    return uncertainty_of(simulate(workload, hw, **options), draws, seed)


def uncertainty_of(report: Report, draws: int, seed: int) -> Uncertainty:
    """Return a finished run's delay and energy at drawn constants."""
    draws, seed = check_draws(draws, seed)
    hw, options = report.inputs.hw, report.options
    mode = options["ps_pl_overlap"]
    if mode == "heads" or report.images > 1:
        raise InputError(f"ps_pl_overlap: {SIDE_BY_SIDE}; draws need serial {got(mode)}")
    check_no_pipeline(hw)
    loads = host_loads(report.inputs.trace, hw, options["profile"])
    usable = usable_paths(hw, loads, options)
    stated = stated_constants(hw, options["energy"])
    drawn = [each for each in stated if each.path in usable]
    left_out = [e.path for e in stated if e.path not in usable and not need_of(e.path, [report], report.reading)]
    check_some(drawn, left_out, hw)
    paths = {each.path for each in drawn}
    terms = pl_terms(hw, report.pl_cycles, paths).plus(host_terms(hw, loads, options["profile"], paths))
    counts = {name: getattr(report.usage, name) for name in COUNTS}
    model = CostModel.of(options["energy"], hw, 1, [Group(hw, terms, counts, slice(None))])
    values = Draws(drawn, draws, seed)

    def outcomes_of(draws: Draws) -> dict[str, FloatArray]:
        costs = model.costs(draws)
        edp_j_ms = costs.edp_j_ms[:, 0] / report.batch**2
        return {"delay_ms": costs.delay_ms[:, 0], "energy_j": costs.energy_j[:, 0], "edp_j_ms": edp_j_ms}

    outcomes = outcomes_of(values)
    shares = shares_of_costs(drawn, seed, outcomes_of, {"delay_ms": model.delay_paths()})
    held = held_paths(hw, usable, paths, follows=model.follows_residual)
    return Uncertainty(report, values, outcomes, shares, held, tuple(left_out), model.follows_residual)


def check_no_pipeline(hw: Hardware) -> None:
    """Raise InputError for a streaming pipeline: its delay is that of the last stage to end, and no sum."""
    if isinstance(hw, PipelineHardware):
        raise InputError(f"kind: {SIDE_BY_SIDE}, and stages of a pipeline are; draws need another {got(hw.kind)}")


def usable_paths(hw: Hardware, loads: HostLoads, options: Mapping[str, Any]) -> list[str]:
    """Return the constants that count in a run and change no clock of it."""
    clock = [] if options["memory"] != PAPER or waits_for_calls(hw) else [clock_path(hw)]
    return [*clock, *used_paths(hw, loads, options["profile"]), *power_paths(options["energy"])]


def waits_for_calls(hw: Hardware) -> bool:
    """Whether clocks of the array follow from its MHz: calls take a time, as DRAM does, and whole clocks of it."""
    return isinstance(hw, SystolicHardware) and any(hw.calls.paths())


def held_paths(hw: Hardware, usable: Iterable[str], drawn: Iterable[str], *, follows: bool) -> tuple[str, ...]:
    """Return the constants that count, are not drawn, and are not zero."""
    moved = {*drawn, *([RESIDUAL_PATH] if follows else [])}
    return tuple(path for path in dict.fromkeys(usable) if path not in moved and value_at(hw, path))


def check_some(drawn: Iterable[Constant], left_out: Iterable[str], hw: Hardware) -> None:
    """Raise InputError where nothing is drawn."""
    if not any(True for _ in drawn):
        others = ", ".join(left_out)
        none = f"{hw.name} states none, or the values were stated anew"
        why = f"those of {others} would change clocks" if others else none
        raise InputError(f"draws: no constant that counts here has an interval or a range: {why}")
