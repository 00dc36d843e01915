"""calibrate(): measured rows and a board in; its constants with intervals, errors and what the rows do not tell out."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pivotsim.calibration.fitting.cross_validation import left_out_predictions
from pivotsim.calibration.fitting.disagreement import suspects_among
from pivotsim.calibration.fitting.fit import Problem, fitted
from pivotsim.calibration.fitting.identifiability import Identified, identified
from pivotsim.calibration.fitting.intervals import DRAWS, bootstrap_intervals
from pivotsim.calibration.parameters import COSTS, EFFICIENCY, Parameter, time_parameters, value_on
from pivotsim.calibration.power import fit_power
from pivotsim.calibration.predictions import Coefficients, Predictor, coefficients
from pivotsim.calibration.report import Calibration
from pivotsim.calibration.results import Constant, RowResult, State
from pivotsim.calibration.rows import MeasuredRow, read_rows, rows_of
from pivotsim.engines.registry import resolved
from pivotsim.errors import InputError, check_choice, check_integer, check_list, nearest
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.spec import Hardware
from pivotsim.simulation.run import SCOPES
from pivotsim.tables import counted, figures
from pivotsim.units import FloatArray

RELATIVE, ABSOLUTE = "relative", "absolute"
ERRORS = (RELATIVE, ABSOLUTE)
MAX_ROWS = 5_000
MAX_DRAWS = 100_000


def calibrate(
    rows: str | Path | Iterable[MeasuredRow],
    hw: Hardware | str | Path = "zcu102",
    *,
    profile: str | None = None,
    engine: str | None = None,
    memory: str | None = None,
    scope: str = "all",
    errors: str = RELATIVE,
    hold: Sequence[str] = (),
    draws: int = DRAWS,
    seed: int = 0,
) -> Calibration:
    """Return the constants of a board that measured rows tell, by least squares with bounds.

    Parameters
    ----------
    rows : str, Path or iterable of MeasuredRow
        A CSV file, see ``pivotsim.calibration.rows``, or rows; those without a result are left out and counted.
    hw : Hardware, str or Path
        The board as it is stated.
    profile : {'paper', 'full'}, optional
        Whose costs of the processor side are found. Left out, 'full', and 'paper' on a board that has no other.
    engine, memory : str, optional
        How the array's clocks are counted, as in ``simulate``.
    scope : {'encoders', 'all'}
        What a model's rows were measured of.
    errors : {'relative', 'absolute'}
        Errors of times count by their share of the time, since stopwatches err so and rows span decades, or in ms.
        Watts always count in watts.
    hold : sequence of str
        Dotted paths, ``*`` for any text, of constants that keep the board's values.
    draws, seed : int
        Draws of the bootstrap behind the intervals, and which.

    Returns
    -------
    Calibration
        ``print`` shows it, ``hardware`` is the calibrated board, ``write`` makes its file.

    Raises
    ------
    InputError
        A row is not valid or not possible on the board, an option does not fit, or the rows tell no constant.

    Examples
    --------
    >>> from pivotsim.calibration import MeasuredRow, calibrate
    >>> times = [MeasuredRow("gelu", m, 1, n, ms=0.02 + m * n * 6e-6) for m in (8, 64, 197) for n in (96, 1536)]
    >>> found = calibrate(times, "zcu102")
    >>> round(found.hardware.host.full.of("gelu").cycles_per_element, 3)
    7.2
    """
    board = load_hardware(hw)
    profile = profile or ("full" if "full" in board.profiles else board.profiles[0])
    engine, memory = resolved(board, engine, memory, profile)
    check_choice("scope", scope, SCOPES)
    check_choice("errors", errors, ERRORS)
    draws, seed = check_integer("draws", draws, 100, MAX_DRAWS), check_integer("seed", seed, 0)
    given = read_rows(Path(rows)) if isinstance(rows, (str, Path)) else rows_of(rows)
    measured = [row for row in given if row.ms is not None or row.watts is not None]
    if not measured:
        raise InputError(f"rows: none has a result; fill in ms or watts (got {counted(len(given), 'empty row')})")
    if len(measured) > MAX_ROWS:
        raise InputError(f"rows: at most {MAX_ROWS} (got {len(measured)})")
    options = {"profile": profile, "engine": engine, "memory": memory, "scope": scope}
    times = Predictor([row for row in measured if row.ms is not None], options)
    powers = Predictor([row for row in measured if row.watts is not None], options)
    for predictor in (times, powers):
        predictor.check(board)
    patterns = [str(each) for each in check_list("hold", hold, "dotted paths", "give a list such as ['*.call_us']")]
    known = time_parameters(board, profile, memory)
    for pattern in patterns:
        if not any(fnmatchcase(parameter.path, pattern) for parameter in known):
            names = [parameter.path for parameter in known]
            raise InputError(f"hold: names no constant that times depend on{nearest(pattern, names)} (got '{pattern}')")
    settings = _Settings(errors == RELATIVE, patterns, draws, seed)
    constants, results, condition, suspects = (
        _fit_times(times, board, known, settings) if times.rows else ([], [], 0.0, ())
    )
    found = Calibration(
        board, str(hw) if isinstance(hw, (str, Path)) else "", options, errors, tuple(constants), tuple(results),
        len(given) - len(measured), condition, seed, draws, suspects=suspects,
    )  # fmt: skip
    if powers.rows:
        found = fit_power(found, powers, draws, seed)
    if not found.fitted:
        raise InputError([f"rows: tell no constant of '{board.name}'", *(f"rows: {line}" for line in found.untold)])
    return found


class _Settings(NamedTuple):
    is_relative: bool
    hold: list[str]
    draws: int
    seed: int


def _fit_times(
    predictor: Predictor, hw: Hardware, known: Sequence[Parameter], settings: _Settings
) -> tuple[list[Constant], list[RowResult], float, tuple[str, ...]]:
    """Return the constants that times depend on, the rows with their predictions, the condition number, and a line for
    a row that disagrees with all others.
    """
    kinds = {row.kind for row in predictor.rows}
    alone = [p for p in known if p.path != EFFICIENCY and _is_charged(p, hw, kinds)]
    parameters = [*alone, *(p for p in known if p.path == EFFICIENCY)]
    problem = _problem(predictor, hw, alone, coefficients(predictor, hw, alone), settings.is_relative)
    is_held = [any(fnmatchcase(p.path, each) for each in settings.hold) for p in parameters]
    is_held += [True] * (len(problem.start) - len(is_held))  # a board without cores has no efficiency
    held = np.array(is_held, dtype=bool)
    told = identified(problem, ~held)
    usable = problem.rows(told.rows)
    found = fitted(usable, told.told)
    left_out = np.full(len(predictor.rows), np.nan)
    used_rows = [row for row, used in zip(predictor.rows, told.rows, strict=True) if used]
    points = [row.point for row in used_rows]
    left_out[told.rows] = left_out_predictions(usable, found, told.told, points)
    apart = suspects_among(usable, found, told.told, points, left_out[told.rows])
    suspects = () if apart is None else (_suspect(used_rows[apart[0]], apart[1]),)
    ends = bootstrap_intervals(usable, found, told.told, draws=settings.draws, seed=settings.seed)
    results = [
        RowResult(row, "ms", float(row.ms or 0.0), value, None if np.isnan(out) else float(out), bool(used))
        for row, value, out, used in zip(
            predictor.rows, problem.predict(found).tolist(), left_out, told.rows, strict=True
        )
    ]
    depends = np.abs(problem.jacobian(np.where(found > 0, found, 1.0))) > 0
    constants = [
        _constant(parameter, hw, place, found, ends, told, bool(held[place]), parameters)._replace(
            rows=tuple(int(i) for i in np.flatnonzero(depends[:, place] & told.rows))
        )
        for place, parameter in enumerate(parameters)
    ]
    return constants, results, told.condition, suspects


def _suspect(row: MeasuredRow, factor: float) -> str:
    return f"{row.place}: {row.label} disagrees with all others by {figures(factor, 3)} times: is its unit ms?"


def _is_charged(parameter: Parameter, hw: Hardware, kinds: set[str]) -> bool:
    """Whether a board charges what a parameter is of: a cost of 0 is found from rows of its own kind alone."""
    if not parameter.kind:
        return True
    group = parameter.path.rpartition(".")[0]
    return parameter.kind in kinds or any(value_on(hw, parameter._replace(path=f"{group}.{leaf}")) for leaf in COSTS)


def _problem(
    predictor: Predictor, hw: Hardware, parameters: Sequence[Parameter], of: Coefficients, is_relative: bool
) -> Problem:
    """Return the problem in the order of the parameters, the turned efficiency last: 1 without cores to share."""
    ends = [parameter.ends for parameter in parameters]
    start = [parameter.parameter_of(value_on(hw, parameter)) for parameter in parameters]
    efficiency = hw.processor().multicore_efficiency_frac if hw.host is not None else 1.0
    low, high = (np.array([*(end[i] for end in ends), (1.0, 100.0)[i]]) for i in (0, 1))
    measured = np.array([row.ms for row in predictor.rows], dtype=float)
    return Problem(of, measured, low, high, np.array([*start, 1 / efficiency]), is_relative)


def _constant(
    parameter: Parameter, hw: Hardware, place: int, found: FloatArray, ends: Any, told: Identified, is_held: bool,
    parameters: Sequence[Parameter],
) -> Constant:  # fmt: skip
    """Return what came out of one parameter."""
    old = value_on(hw, parameter)
    if not told.told[place]:
        group = next((each for each in told.groups if place in each), ())
        state = State.HELD if is_held else State.UNMEASURED if told.unmeasured[place] else State.NOT_TOLD_APART
        others = tuple(parameters[other].path for other in group if other != place)
        return Constant(parameter.path, parameter.unit, old, old, None, state, others)
    value = parameter.value_of(float(found[place]))
    interval = None
    if ends is not None:
        low, high = sorted(parameter.value_of(float(each[place])) for each in (ends.low, ends.high))
        interval = (low, high)
    return Constant(parameter.path, parameter.unit, old, value, interval, State.FITTED)
