"""Intervals of fitted parameters: a studentised bootstrap of the residuals, Student's t where rows are few.

Residuals, each over the root of one minus its leverage, are drawn anew for every row and fitted again; what counts is
each draw's distance in its own standard errors (Efron and Tibshirani, An Introduction to the Bootstrap, chapters 9 and
12), so that few rows give wide intervals. Assumed: the errors of rows are independent and, weighted, alike. The fit is
taken as linear around the estimate and without bounds; the interval reaches from there and from the value within
bounds, and is cut to the bounds.

Of few residuals many draws are all alike, and their own standard errors are 0. With fewer than 5 degrees of freedom
left, and where more than 1 in 200 draws come out so, the interval is that of normal errors: the standard error times
the quantile of Student's t.
"""

import math
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from pivotsim.calibration.fitting.fit import BoolArray, Problem
from pivotsim.units import FloatArray

CONFIDENCE_FRAC = 0.95
DRAWS = 2000
LEAST_FREEDOM = 5  # of the bootstrap
ALIKE, MOST_ALIKE_FRAC = 1e-6, 0.005  # a draw's standard error over the rows' own, and the share of draws below it
# 97.5 %, of 1 to 8 degrees of freedom
T_QUANTILES = (
    12.706204736, 4.302652730, 3.182446305, 2.776445105, 2.570581836, 2.446911851, 2.364624252, 2.306004135,
)  # fmt: skip


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
    below, above = _steps(left, leverage, basis, inverse, spread, freedom, draws, seed)
    low, high = parameters.copy(), parameters.copy()
    # what is estimated lies below by as much as estimates lie above it
    low[free] = np.minimum(best, parameters[free]) - np.maximum(above, 0) * error * spread
    high[free] = np.maximum(best, parameters[free]) - np.minimum(below, 0) * error * spread
    return Ends(np.maximum(low, problem.low), np.minimum(high, problem.high), freedom)


def _steps(
    left: FloatArray, leverage: FloatArray, basis: FloatArray, inverse: FloatArray, spread: FloatArray, freedom: int,
    draws: int, seed: int,
) -> tuple[Any, Any]:  # fmt: skip
    """Return how far estimates lie below and above what they estimate, in standard errors: 2.5 and 97.5 percentiles."""
    usual = t_quantile(freedom)
    if freedom < LEAST_FREEDOM:
        return -usual, usual
    pool = left / np.sqrt(np.maximum(1 - leverage, 1e-9))
    pool = (pool - pool.mean())[leverage < 1 - 1e-9]
    drawn = pool[np.random.default_rng(seed).integers(len(pool), size=(len(left), draws))]
    inside = basis.T @ drawn
    errors = np.linalg.norm(drawn - basis @ inside, axis=0) / np.sqrt(freedom)
    is_alike = errors <= ALIKE * np.linalg.norm(left) / np.sqrt(freedom)
    if is_alike.mean() > MOST_ALIKE_FRAC:
        return -usual, usual
    tail = (1 - CONFIDENCE_FRAC) / 2
    steps = (inverse @ inside)[:, ~is_alike] / errors[~is_alike] / spread[:, None]
    return tuple(np.quantile(steps, (tail, 1 - tail), axis=1))


def t_quantile(freedom: int) -> float:
    """Return the 97.5 percentile of Student's t.

    Of 9 degrees of freedom or more by the expansion in their inverse (Abramowitz and Stegun, Handbook of Mathematical
    Functions, 1964, 26.7.5), within 0.1 %.

    >>> round(t_quantile(2), 3), round(t_quantile(10), 3)
    (4.303, 2.228)
    """
    if freedom <= len(T_QUANTILES):
        return T_QUANTILES[freedom - 1]
    z = NormalDist().inv_cdf((1 + CONFIDENCE_FRAC) / 2)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return math.fsum((z, first / freedom, second / freedom**2, third / freedom**3))
