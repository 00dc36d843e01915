"""What a board's model says of measured rows, and how that depends on the board's constants.

The prediction of every row is evaluated by the simulation itself, on boards that differ in one constant: it is linear
in each, so that differences are its coefficients. Nothing of a cost's formula is written a second time.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np

from pivotsim.calibration.parameters import EFFICIENCY, PERIPHERY_W, Parameter, value_on
from pivotsim.calibration.rows import GEMM, TRANSFER, MeasuredRow
from pivotsim.errors import InputError, got, nearest
from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import operation_ms, transfer_ms
from pivotsim.io.documents import BOUNDS, intervals_kept
from pivotsim.io.spec_values import value_at
from pivotsim.io.specs import Spec
from pivotsim.models.spec import load_model
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.units import FloatArray, us_to_ms
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.ops import Op, Trace
from pivotsim.workload.plans import plan

SpecT = TypeVar("SpecT", bound=Spec)
ROUNDING = 1e-12  # share of a time below which a change is none


class Coefficients(NamedTuple):
    """Times of N rows in ms: ``offset + alone @ p + e * (offset_shared + shared @ p)``.

    p are the P parameters, e is one over the cores' efficiency; what cores share of a row stands in ``shared``.

    Attributes
    ----------
    alone, shared : float64 (N, P)
    offset, offset_shared : float64 (N,)
    """

    alone: FloatArray
    shared: FloatArray
    offset: FloatArray
    offset_shared: FloatArray


@dataclass(frozen=True)
class Predictor:
    """Predicts measured rows on boards; ``options`` are those of ``simulate`` for rows of models and of GEMMs."""

    rows: Sequence[MeasuredRow]
    options: Mapping[str, str | None]
    traces: dict[str, Trace] = field(default_factory=dict)

    @property
    def profile(self) -> str:
        """The cost profile of the processor side."""
        return str(self.options["profile"])

    def check(self, hw: Hardware) -> None:
        """Raise InputError, a line per row, for rows that the board cannot have."""
        problems = []
        for row in self.rows:
            problem = _problem_of(row, hw)
            if problem:
                problems.append(f"{row.place}: {problem}")
        if problems:
            raise InputError(problems)

    @property
    def kinds(self) -> set[str]:
        """The kinds of operations in the rows, those of their models included."""
        own = {row.kind for row in self.rows if row.kind}
        return own.union(*(self._trace(row).first_ops for row in self.rows if row.model))

    def times_ms(self, hw: Hardware) -> FloatArray:
        """Return the predicted time of each row in ms, float64 (N,)."""
        runs: dict[tuple[str, int], Report] = {}
        return np.array([self._time_ms(row, hw, runs) for row in self.rows])

    def powers_w(self, hw: Hardware) -> FloatArray:
        """Return the watts that the components but for the periphery's constant take in each row's run (N,)."""
        runs: dict[tuple[str, int], Report] = {}
        found = []
        for row in self.rows:
            report = self._run(row, hw, runs, energy="activity")
            found.append(report.energy_j / report.delay_ms * 1e3 - float(value_at(hw, PERIPHERY_W)))
        return np.array(found)

    def reports(self, hw: Hardware) -> list[Report]:
        """Return the run of each row, a model's."""
        runs: dict[tuple[str, int], Report] = {}
        return [self._run(row, hw, runs, energy="activity") for row in self.rows]

    def _time_ms(self, row: MeasuredRow, hw: Hardware, runs: dict[tuple[str, int], Report]) -> float:
        board = on_cores(hw, row.cores)
        if row.kind and not row.calls:
            return self._time_ms(row._replace(calls=1), hw, runs) - us_to_ms(hw.host_costs(self.profile).call_us)
        if row.kind == TRANSFER:
            return transfer_ms(row.m * row.n * row.repeats, board, self.profile)
        if row.kind == GEMM:
            trace = Trace((Op(1, "fc1", GEMM, row.m, row.k, row.n, row.repeats),))
            return simulate(trace, board, engine=self.options["engine"], memory=self.options["memory"]).pl_ms
        if row.kind:
            return operation_ms(row.kind, row.m * row.repeats, row.n, board, self.profile)
        report = self._run(row, hw, runs)
        if not row.module:
            return report.delay_ms
        times = [each.delay_ms for each in report.rows if each.module == row.module]
        if not times:
            known = sorted({each.module for each in report.rows})
            more = f"'{row.module}' takes no time in {row.model} under profile '{self.profile}'"
            raise InputError(f"{row.place}: module: {more}{nearest(row.module, known)} {got(row.module)}")
        return math.fsum(times)

    def _run(
        self, row: MeasuredRow, hw: Hardware, runs: dict[tuple[str, int], Report], energy: str = "constant"
    ) -> Report:
        key = (row.model, row.cores)
        if key not in runs:
            runs[key] = simulate(
                self._trace(row), on_cores(hw, row.cores), engine=self.options["engine"],
                memory=self.options["memory"], profile=self.profile, scope=self.options["scope"], energy=energy,
                ps_pl_overlap="serial" if hw.host is not None else None,
            )  # fmt: skip
        return runs[key]

    def _trace(self, row: MeasuredRow) -> Trace:
        if row.model not in self.traces:
            try:
                self.traces[row.model] = lower(plan(load_model(row.model)))
            except InputError as error:
                raise InputError(f"{row.place}: model: {problem}" for problem in error.problems) from None
        return self.traces[row.model]


def _problem_of(row: MeasuredRow, hw: Hardware) -> str:
    """Return why a board cannot have a row, '' where it can."""
    on_processor = bool(row.kind) and row.kind != GEMM
    if hw.host is None and (on_processor or row.cores):
        return f"'{hw.name}' has no processor (host: none) {got(row.kind or row.cores)}"
    if row.cores and (row.kind == GEMM or row.kind == TRANSFER):
        return f"cores: no core shares a {row.kind} {got(row.cores)}"
    if row.model and not row.module and row.ms is not None and hw.ps_pl_overlap != "serial":
        return f"the time of a whole model is no sum under host.ps_pl_overlap '{hw.ps_pl_overlap}'; give its modules"
    return ""


def coefficients(predictor: Predictor, hw: Hardware, parameters: Sequence[Parameter]) -> Coefficients:
    """Return how predicted times depend on a board's parameters, without the cores' efficiency."""
    has_cores = hw.host is not None and any(
        row.cores > 1 or (not row.cores and hw.ps_cores > 1) for row in predictor.rows
    )
    whole = _linear(predictor, with_value(hw, EFFICIENCY, 1.0) if has_cores else hw, parameters)
    if not has_cores:
        return Coefficients(whole[0], np.zeros_like(whole[0]), whole[1], np.zeros_like(whole[1]))
    half = _linear(predictor, with_value(hw, EFFICIENCY, 0.5), parameters)
    shared, offset_shared = half[0] - whole[0], half[1] - whole[1]
    return Coefficients(whole[0] - shared, shared, whole[1] - offset_shared, offset_shared)


def _linear(predictor: Predictor, hw: Hardware, parameters: Sequence[Parameter]) -> tuple[FloatArray, FloatArray]:
    """Return (N, P) coefficients and the (N,) rest, by differences from a board that charges everything measured."""
    own = [value_on(hw, parameter) for parameter in parameters]
    board = hw
    for parameter, value in zip(parameters, own, strict=True):
        if not value and parameter.path.endswith(".cycles_per_element"):
            board = with_value(board, parameter.path, 1.0)  # what costs nothing is no call either
    base_ms = predictor.times_ms(board)
    columns = np.zeros((len(base_ms), len(parameters)))
    start = np.zeros(len(parameters))
    kinds = predictor.kinds
    for number, parameter in enumerate(parameters):
        value = value_on(board, parameter)
        start[number] = parameter.parameter_of(value)
        if parameter.kind and parameter.kind not in kinds:
            continue
        other = value / 2 if parameter.is_inverse else value + 1.0
        changed_ms = predictor.times_ms(with_value(board, parameter.path, other))
        change_ms = np.where(np.abs(changed_ms - base_ms) > ROUNDING * base_ms, changed_ms - base_ms, 0.0)
        columns[:, number] = change_ms / (parameter.parameter_of(other) - start[number])
    return columns, base_ms - columns @ start


def on_cores(hw: Hardware, cores: int) -> Hardware:
    """Return a board whose operations are shared by so many cores, 0 for its own number."""
    return with_value(hw, "host.cores", cores) if cores else hw


def with_value(hw: Hardware, path: str, value: object) -> Hardware:
    """Return a board with one value changed, unchecked: what is tried here leaves no trace."""
    found = _with_value(hw, path.split("."), value)
    bounds = {group: intervals_kept(getattr(hw, group), [path]) for group in BOUNDS}
    return found.model_copy(update=bounds)


def _with_value(spec: SpecT, path: Sequence[str], value: object) -> SpecT:
    first, *rest = path
    return spec.model_copy(update={first: _with_value(getattr(spec, first), rest, value) if rest else value})
