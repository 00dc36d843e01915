"""Power: the board's mean watts while a model runs, and what its components leave of them for the periphery."""

from typing import Any

import numpy as np

from pivotsim.calibration.fitting.cross_validation import left_out_predictions
from pivotsim.calibration.fitting.fit import Problem, fitted
from pivotsim.calibration.fitting.intervals import bootstrap_intervals
from pivotsim.calibration.parameters import BOARD_W, PERIPHERY_W, Parameter, power_parameters, value_on
from pivotsim.calibration.predictions import Coefficients, Predictor
from pivotsim.calibration.report import Calibration
from pivotsim.calibration.results import Constant, RowResult, State
from pivotsim.hardware.power import ComponentPowerSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.units import FloatArray

ACTIVITY = "power.activity"


def fit_power(found: Calibration, predictor: Predictor, draws: int, seed: int) -> Calibration:
    """Return a calibration with the constants of power added, found with the times that are calibrated already.

    The whole board's power is the mean of the rows. The periphery's is the mean of what the other components, by the
    rule `activity` and at the board's constants, leave of each row; its range becomes its interval, and the run that
    it is fitted on the mean of the rows' runs.
    """
    hw = found.hardware if found.fitted else found.board
    measured = np.array([row.watts for row in predictor.rows], dtype=float)
    constants: list[Constant] = []
    results: list[RowResult] = []
    more: list[tuple[str, Any]] = []
    for parameter in power_parameters(hw):
        rest = predictor.powers_w(hw) if parameter.path == PERIPHERY_W else np.zeros(len(measured))
        constant, predicted, left_out = _fit(parameter, hw, measured, rest, predictor, draws, seed)
        constants.append(constant)
        if parameter.path == BOARD_W:  # of the two, what rows are shown with
            results = [
                RowResult(row, "W", float(row.watts or 0.0), value, None if np.isnan(out) else float(out), True)
                for row, value, out in zip(predictor.rows, predicted.tolist(), left_out, strict=True)
            ]
        else:
            more += _around(constant, hw, predictor, measured)
    return found.with_more(tuple(constants), tuple(results), tuple(more))


def _fit(
    parameter: Parameter, hw: Hardware, measured: FloatArray, rest: FloatArray, predictor: Predictor, draws: int,
    seed: int,
) -> tuple[Constant, FloatArray, FloatArray]:  # fmt: skip
    """Return a constant that is added to a rest in every row, and the predictions, also of left-out rows."""
    count, old = len(measured), value_on(hw, parameter)
    ones, zeros = np.ones((count, 1)), np.zeros((count, 1))
    of = Coefficients(ones, zeros, rest, np.zeros(count))
    low, high = np.array([parameter.low, 1.0]), np.array([parameter.high, 1.0])
    problem = Problem(of, measured, low, high, np.array([old, 1.0]), is_relative=False)
    free = np.array([True, False])
    best = fitted(problem, free)
    ends = bootstrap_intervals(problem, best, free, draws=draws, seed=seed)
    interval = None if ends is None else (float(ends.low[0]), float(ends.high[0]))
    left_out = left_out_predictions(problem, best, free, [row.point for row in predictor.rows])
    value = parameter.value_of(float(best[0]))
    rows = tuple(range(count))
    return Constant(parameter.path, "W", old, value, interval, State.FITTED, (), rows), problem.predict(best), left_out


def _around(constant: Constant, hw: Hardware, predictor: Predictor, measured: FloatArray) -> list[tuple[str, Any]]:
    """Return the range of the periphery's constant, and the run that it is fitted on."""
    assert isinstance(hw.power, ComponentPowerSpec)
    activity = hw.power.activity
    own = (min(activity.low.periphery_w, constant.value), max(activity.high.periphery_w, constant.value))
    low, high = constant.interval or own
    usages = [report.usage for report in predictor.reports(hw)]
    delay_ms = float(np.mean([usage.delay_ms for usage in usages]))
    rates = {
        name: delay_ms * float(np.mean([getattr(usage, name) / usage.delay_ms for usage in usages]))
        for name in ("ps_core_ms", "macs", "sram_bytes", "dram_bytes")
    }
    fitted_on = {"power_w": float(measured.mean()), "delay_ms": delay_ms, "ps_core_ms": rates["ps_core_ms"]}
    counts = {name: round(rates[name]) for name in ("macs", "sram_bytes", "dram_bytes")}
    return [
        (f"{ACTIVITY}.low.periphery_w", low), (f"{ACTIVITY}.high.periphery_w", high),
        *((f"{ACTIVITY}.fitted_on.{name}", value) for name, value in {**fitted_on, **counts}.items()),
    ]  # fmt: skip
