"""Table of evaluated designs: every number is the one that ``simulate`` and ``combine`` give for the design alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pivotsim.dse.evaluation.admission import Designs, admit, stage_of
from pivotsim.dse.evaluation.cache import Work
from pivotsim.dse.evaluation.design_groups import REASONS, Context, Costs, DesignGroup
from pivotsim.dse.evaluation.strategies import strategy_of
from pivotsim.dse.space.axes import Axis
from pivotsim.dse.space.axis_kinds import LOW_FRAC
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.sampling import Points
from pivotsim.energy.rules import whole_j
from pivotsim.errors import InputError
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.many_designs import RESOURCES
from pivotsim.host.costs import check_gate
from pivotsim.simulation.gate import gate_of
from pivotsim.units import plain_sum

Totals = tuple[Any, Any, Any]  # PL clocks, ms, J: numbers or vectors


@dataclass(frozen=True)
class Table:
    """Outcome of some points: the columns of those that are left, and how many others were dropped, and why."""

    columns: dict[str, Any]
    dropped: dict[str, int]
    examples: dict[str, str]


class Coded(NamedTuple):
    """A column of text: distinct words, and the place of each row's word."""

    words: Any
    codes: Any


def _stored(axis: Axis, designs: Designs) -> Any:
    """Return an axis' column, text as ``Coded``."""
    if axis.words is None:
        return designs.column(axis.name)
    return Coded(axis.words[0], axis.words[1][designs.places[axis.name]])


class Evaluator:
    """Evaluates points of one space; what designs share is kept between calls."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.context = Context(space)
        self.strategy = strategy_of(space)

    def run(self, points: Points, start: int, stop: int) -> Table:
        """Return the table of samples ``start`` up to ``stop``."""
        space = self.space
        places = dict(zip(space.axis_names, points.places(start, stop), strict=True))
        designs = Designs(space, np.arange(start, stop, dtype=np.int64), places)
        table = admit(designs, space.constraints, self.context.builder)
        table |= self._costs(designs, table)
        for constraint in space.constraints:
            if stage_of(constraint, space) == "results":
                values = {n: table[n] if n in table else designs.value_of(n) for n in constraint.names}
                designs.keep(constraint.holds(values, len(designs)), constraint.text, table)
        if not RESOURCES.keys() <= table.keys():
            table |= self.context.builder.resources.columns(designs.places, len(designs))
        axes = {axis.name: _stored(axis, designs) for axis in space.axes}
        columns = {"point": designs.numbers, **axes, **table}
        return Table({name: columns[name] for name in space.columns}, designs.dropped, designs.examples)

    def _costs(self, designs: Designs, resources: dict[str, Any]) -> dict[str, Any]:
        """Return the columns of results; designs that cannot run are dropped, from ``resources`` too."""
        clocks, *_ = self.space.results
        table = {name: np.zeros(len(designs)) for name in self.space.results}
        if not self.space.is_pair:
            table[clocks] = np.zeros(len(designs), dtype=np.int64)
        reasons = np.zeros(len(designs), dtype=np.int8)
        names = [name for name in self.space.axis_names if name not in self.strategy.vectors]
        for first, members in designs.grouped_by(names):
            group = DesignGroup(self.context, designs, members, designs.values_at(first, names))
            try:
                costs = [self._totals(group, each) for each in self.strategy.run(group)]
                found = self._mean_image(group, costs) if self.space.is_pair else costs[0]
            except InputError as error:
                group.drop(slice(None), error)
            else:
                for name, values in zip((clocks, "delay_ms", "energy_j"), found, strict=True):
                    table[name][members] = values
            reasons[members] = group.reasons
        np.multiply(table["energy_j"], table["delay_ms"], out=table["edp_j_ms"])
        for code, reason in enumerate(REASONS):
            if code:
                kept = reasons != code
                designs.keep(kept, reason, table, resources)
                reasons = reasons[kept]
        return table

    def _totals(self, group: DesignGroup, costs: Costs) -> Totals:
        pl_cycles, usage = costs
        return pl_cycles, usage.delay_ms, whole_j(self.space.options["energy"], group.hw, usage)

    def _mean_image(self, group: DesignGroup, costs: Sequence[Totals]) -> Totals:
        """Return the mean image as ``effort.mixed_report`` does: low + (1 - low_frac) * high, the gate after low."""
        (low_clocks, low_ms, low_j), (clocks, ms, joules) = costs
        gate_ms, gate_j = self._gate(group.works[0], group.hw)
        reach = 1 - self.low_frac(group)
        return (
            low_clocks + reach * np.asarray(clocks, dtype=np.float64),
            (low_ms + gate_ms) + reach * ms,
            (low_j + gate_j) + reach * joules,
        )

    def low_frac(self, group: DesignGroup) -> Any:
        """Return the share of images that leave after the low effort: a number, or one for each member."""
        return group.column(LOW_FRAC) if LOW_FRAC in group.designs.places else self.space.values[LOW_FRAC]

    def _gate(self, work: Work, hw: SystolicHardware) -> tuple[float, float]:
        options = self.space.options
        if options["gate"] == "none":
            return 0.0, 0.0
        if work.classes is None:
            raise InputError("gate: the number of classes is unknown; use gate 'none'")
        check_gate(hw)
        gate = gate_of(hw, options["profile"], options["energy"], work.classes)
        return gate.delay_ms or 0.0, plain_sum(gate.components_j.values())
