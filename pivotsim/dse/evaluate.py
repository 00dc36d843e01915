"""Designs in, table out: every number is the one that ``simulate`` and ``combine`` give for the design alone.

Designs that agree on everything but the array's fields run as one vector through the engine `analytic`; others run one
by one. Equal multiplications behind equal memories run once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pivotsim.designs import design_totals
from pivotsim.dse.axes import Axis
from pivotsim.dse.fields import HARDWARE, LOW_FRAC, VECTORS
from pivotsim.dse.points import Points
from pivotsim.dse.rules import (
    NOT_VALID,
    Designs,
    apply_axis_rules,
    apply_conditions,
    apply_resource_rules,
    stage_of,
)
from pivotsim.dse.setups import Setups, Shelf, Work
from pivotsim.dse.space import Space
from pivotsim.energy.counts import Counts, counts_by_level
from pivotsim.energy.rules import RULES
from pivotsim.energy.usage import usage_of
from pivotsim.engines.analytic import coded_columns, column_codes, design_row
from pivotsim.engines.masked_folds import mapped
from pivotsim.engines.memory import MemoryResult, run_gemm
from pivotsim.engines.memory_fit import DoesNotFit
from pivotsim.engines.memory_limits import limits_of
from pivotsim.errors import InputError
from pivotsim.hardware.systolic import SystolicHardware
from pivotsim.host.costs import entropy_ms
from pivotsim.simulation import simulate
from pivotsim.units import cycles_to_ms, plain_sum

DOES_NOT_FIT = "does not fit the memories"
MAX_CYCLES = 2**63 - 1
MAX_GEMMS_KEPT = 8192

Costs = tuple[Any, Any, Any]  # PL clocks, ms, J: numbers or vectors


class DoesNotFitError(InputError):
    """A multiplication has a unit that no buffer holds."""


@dataclass(frozen=True)
class Table:
    """What became of some points: the columns of those that are left, and how many others were dropped, and why."""

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
        self.setups = Setups(space)
        self.runner = runner_of(space)
        self.gemms, self.limits = Shelf(), Shelf()
        self.codes = {
            axis.name: column_codes(axis.name.removeprefix("array."), axis.column)
            for axis in space.axes
            if axis.name in self.runner.vectors and axis.name != LOW_FRAC
        }

    def run(self, points: Points, start: int, stop: int) -> Table:
        """Return the table of samples ``start`` up to ``stop``."""
        space = self.space
        places = dict(zip(space.axis_names, points.places(start, stop), strict=True))
        designs = Designs(space, np.arange(start, stop, dtype=np.int64), places)
        apply_conditions(designs)
        apply_axis_rules(designs, space.constraints)
        table = apply_resource_rules(designs, space.constraints, self.setups)
        table |= self._costs(designs, table)
        for rule in space.constraints:
            if stage_of(rule, space) == "results":
                values = {n: table[n] if n in table else designs.value_of(n) for n in rule.names}
                designs.keep(rule.holds(values, len(designs)), rule.text, table)
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
        names = [name for name in self.space.axis_names if name not in self.runner.vectors]
        for first, members in designs.groups(names):
            try:
                found = self._group(designs, designs.values_at(first, names), members)
            except InputError as error:
                is_misfit = isinstance(error, DoesNotFitError)
                reasons[members] = 2 if is_misfit else 1
                designs.examples.setdefault(DOES_NOT_FIT if is_misfit else NOT_VALID, error.problems[0])
                continue
            for name, values in zip((clocks, "delay_ms", "energy_j"), found, strict=True):
                table[name][members] = values
        np.multiply(table["energy_j"], table["delay_ms"], out=table["edp_j_ms"])
        for code, reason in ((1, NOT_VALID), (2, DOES_NOT_FIT)):
            kept = reasons != code
            designs.keep(kept, reason, table, resources)
            reasons = reasons[kept]
        return table

    def _group(self, designs: Designs, values: dict[str, Any], members: Any) -> Costs:
        """Return the costs of designs that agree on ``values``: of their only effort, or of the mean image."""
        hw = self.setups.hardware(values)
        works = self.setups.efforts({n: v for n, v in values.items() if n not in HARDWARE}, hw)
        columns = {n.removeprefix("array."): self._coded(designs, n)[members] for n in self.codes}
        costs = [self.runner.run(self, work, hw, columns) for work in works]
        if not self.space.is_pair:
            return costs[0]
        frac = designs.column(LOW_FRAC)[members] if LOW_FRAC in designs.places else self.space.values[LOW_FRAC]
        return self._mean_image(costs, works[0], hw, frac)

    def _coded(self, designs: Designs, name: str) -> Any:
        """Return a field of the array as the kernel reads it; numbers are their own codes."""
        is_number = designs.column(name).dtype == np.int64
        return designs.column(name) if is_number else self.codes[name][designs.places[name]]

    def _mean_image(self, costs: Sequence[Costs], low: Work, hw: SystolicHardware, low_frac: Any) -> Costs:
        """Return the mean image as ``effort.mixed_report`` does: low + (1 - low_frac) * high, the gate after low."""
        (low_clocks, low_ms, low_j), (clocks, ms, joules) = costs
        gate_ms, gate_j = self._gate(low, hw)
        reach = 1 - low_frac
        return (
            low_clocks + reach * np.asarray(clocks, dtype=np.float64),
            (low_ms + gate_ms) + reach * ms,
            (low_j + gate_j) + reach * joules,
        )

    def _gate(self, work: Work, hw: SystolicHardware) -> tuple[float, float]:
        options = self.space.options
        if options["gate"] == "none":
            return 0.0, 0.0
        if work.classes is None:
            raise InputError("gate: the number of classes is unknown; use gate 'none'")
        gate_ms = entropy_ms(hw, options["profile"], work.classes)
        usage = usage_of(gate_ms, 0.0, gate_ms, hw.host.cores, Counts())
        return gate_ms, plain_sum(RULES[options["energy"]].components_j(hw, usage).values())


def _analytic(of: Evaluator, work: Work, hw: SystolicHardware, columns: Mapping[str, Any]) -> Costs:
    """Many arrays at once."""
    options = of.space.options
    vectors = coded_columns(hw.array, columns)
    return design_totals(
        work.trace, hw, vectors, profile=options["profile"], energy=options["energy"], is_parallel=False
    )


def _memory(of: Evaluator, work: Work, hw: SystolicHardware, columns: Mapping[str, Any]) -> Costs:
    """One array behind its memories."""
    units, ps_ms = of.setups.host(work, hw)
    pl_cycles, moved = units, dict[str, int]()
    for size, repeats in work.sizes.items():
        result = _memory_gemm(of, size, hw)
        pl_cycles += repeats * result.cycles
        for level, amount in result.moved_bytes.items():
            moved[level] = moved.get(level, 0) + repeats * amount
    if pl_cycles > MAX_CYCLES:
        raise InputError("gemm: sizes too large, the cycles would exceed int64 with their repeats")
    pl_ms = cycles_to_ms(float(pl_cycles), hw.array.clock_mhz)
    delay_ms = pl_ms + ps_ms
    counts = counts_by_level(work.trace.macs, moved)
    usage = usage_of(delay_ms, pl_ms, ps_ms, hw.host.cores, counts)
    return pl_cycles, delay_ms, plain_sum(RULES[of.space.options["energy"]].components_j(hw, usage).values())


def _memory_gemm(of: Evaluator, size: tuple[int, int, int], hw: SystolicHardware) -> MemoryResult:
    """Return one multiplication behind the memories, from the shelf where it ran before."""
    memories, clock_mhz = hw.memories, hw.array.clock_mhz
    limits = of.limits.get_or_make((memories, clock_mhz), lambda: limits_of(memories, clock_mhz))
    design = tuple(design_row(hw.array).tolist())

    def run() -> MemoryResult | DoesNotFit:
        chunk = min(memories.chunk, mapped(*size, hw.array.dataflow)[2])
        return run_gemm(*size, hw.array, limits, loop_order=memories.loop_order, chunk=chunk)

    result = of.gemms.get_or_make((size, design, memories, clock_mhz), run, MAX_GEMMS_KEPT)
    if isinstance(result, DoesNotFit):
        raise DoesNotFitError(f"memories: gemm {'x'.join(map(str, size))}: {m}" for m in result.misfits)
    assert isinstance(result, MemoryResult)
    return result


def _simulated(of: Evaluator, work: Work, hw: SystolicHardware, columns: Mapping[str, Any]) -> Costs:
    """One design by ``simulate`` itself."""
    names = ("engine", "memory", "profile", "energy", "scope")
    report = simulate(work.plan, hw, **{name: of.space.options[name] for name in names})
    return report.pl_cycles, report.delay_ms, report.energy_j


class Runner(NamedTuple):
    """One way to run designs, and the axes along which it takes vectors."""

    run: Callable[[Evaluator, Work, SystolicHardware, Mapping[str, Any]], Costs]
    vectors: tuple[str, ...]


RUNNERS = {
    ("analytic", "paper"): Runner(_analytic, VECTORS),
    ("memory", "hw"): Runner(_memory, (LOW_FRAC,)),
}
ONE_BY_ONE = Runner(_simulated, (LOW_FRAC,))


def runner_of(space: Space) -> Runner:
    """Return how a space's designs run."""
    overlaps = next((a.values for a in space.axes if a.name == "host.ps_pl_overlap"), (space.hw.host.ps_pl_overlap,))
    if "heads" in overlaps:
        return ONE_BY_ONE
    return RUNNERS.get((space.options["engine"], space.options["memory"]), ONE_BY_ONE)
