"""Intervals of fitted parameters: a studentised bootstrap of the residuals.

Residuals, each over the root of one minus its leverage, are drawn anew for every row and fitted again; what counts is
each draw's distance in its own standard errors (Efron and Tibshirani, An Introduction to the Bootstrap, chapters 9 and
12), so that few rows give wide intervals. Assumed: the errors of rows are independent and, weighted, alike. The fit is
taken as linear around the estimate and without bounds; the interval reaches from there and from the value within
bounds, and is cut to the bounds.
"""

from typing import NamedTuple

import numpy as np

from pivotsim.calibration.fit import BoolArray, Problem
from pivotsim.units import FloatArray

CONFIDENCE_FRAC = 0.95
DRAWS = 2000


class Ends(NamedTuple):
    """The ends of intervals (P + 1,), equal to the parameter where it was not fitted; rows beyond the parameters."""

    low: FloatArray
    high: FloatArray
    freedom: int


def bootstrap_intervals(
    problem: Problem, parameters: FloatArray, free: BoolArray, *, draws: int = DRAWS, seed: int = 0
) -> Ends | None:
    """Return 95 % intervals of the fitted parameters, None where no row is left over to tell the error.

    Parameters
    ----------
    problem : Problem
        Of the rows that were fitted.
    parameters : float64 (P + 1,)
        What ``fitted`` found.
    free : bool (P + 1,)
        What it fitted.
    draws, seed : int
        Draws of the residuals, and which.
    """
    weights = problem.weights(parameters)
    jacobian = (problem.jacobian(parameters) * weights[:, None])[:, free]
    residuals = (problem.measured - problem.predict(parameters)) * weights
    count, fitted_count = jacobian.shape
    freedom = count - fitted_count
    if freedom < 1 or not fitted_count:
        return None
    lengths = np.linalg.norm(jacobian, axis=0)
    basis, inverse = np.linalg.qr(jacobian / lengths)
    inverse = np.linalg.inv(inverse) / lengths[:, None]  # step = inverse @ basis.T @ residuals
    leverage = (basis**2).sum(axis=1)
    best = parameters[free] + inverse @ (basis.T @ residuals)  # without bounds
    spread = np.linalg.norm(inverse, axis=1)
    left = residuals - basis @ (basis.T @ residuals)
    error = np.linalg.norm(left) / np.sqrt(freedom)
    pool = left / np.sqrt(np.maximum(1 - leverage, 1e-9))
    pool = (pool - pool.mean())[leverage < 1 - 1e-9]
    drawn = pool[np.random.default_rng(seed).integers(len(pool), size=(count, draws))]
    inside = basis.T @ drawn
    errors = np.linalg.norm(drawn - basis @ inside, axis=0) / np.sqrt(freedom)
    steps = (inverse @ inside) / np.maximum(errors, 1e-300) / spread[:, None]
    tail = (1 - CONFIDENCE_FRAC) / 2
    below, above = np.quantile(steps, (1 - tail, tail), axis=1)  # a step up is an estimate above what it estimates
    low, high = parameters.copy(), parameters.copy()
    low[free] = np.minimum(best, parameters[free]) - np.maximum(below, 0) * error * spread
    high[free] = np.maximum(best, parameters[free]) - np.minimum(above, 0) * error * spread
    return Ends(np.maximum(low, problem.low), np.minimum(high, problem.high), freedom)
