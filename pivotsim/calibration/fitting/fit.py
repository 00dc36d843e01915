"""Least squares of measured times with bounds on the parameters.

Errors count relative to the predicted value (a stopwatch errs by a share of what it measures, and the longest row would
decide alone otherwise), or in the rows' own unit. Weights of relative errors are one over the prediction, found anew
until they stay: dividing by the measured value instead would favour rows that were measured short.
"""

from typing import NamedTuple, TypeAlias

import numpy as np

from pivotsim.calibration.predictions import Coefficients
from pivotsim.units import FloatArray

BoolArray: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
MAX_STEPS = 60
STILL = 1e-11  # share of a prediction below which a step changes nothing


class Problem(NamedTuple):
    """N measured values and how they depend on parameters: those of ``Coefficients``, and last the turned efficiency.

    Attributes
    ----------
    of : Coefficients
    measured : float64 (N,)
    low, high, start : float64 (P + 1,)
        Bounds and the board's own.
    is_relative : bool
    """

    of: Coefficients
    measured: FloatArray
    low: FloatArray
    high: FloatArray
    start: FloatArray
    is_relative: bool = True

    def predict(self, parameters: FloatArray) -> FloatArray:
        """Return the predicted values (N,)."""
        found: FloatArray = self._alone(parameters) + parameters[-1] * self._shared(parameters)
        return found

    def jacobian(self, parameters: FloatArray) -> FloatArray:
        """Return how predictions change with each parameter (N, P + 1)."""
        columns = self.of.alone + parameters[-1] * self.of.shared
        found: FloatArray = np.column_stack((columns, self._shared(parameters)))
        return found

    def weights(self, parameters: FloatArray) -> FloatArray:
        """Return the weights of errors (N,): one over the prediction where errors are relative."""
        if not self.is_relative:
            return np.ones(len(self.measured))
        predicted = self.predict(parameters)
        return np.asarray(1 / np.where(predicted > 1e-9 * self.measured, predicted, self.measured))

    def rows(self, chosen: BoolArray) -> "Problem":
        """Return the problem with some of the rows."""
        return self._replace(of=Coefficients(*(each[chosen] for each in self.of)), measured=self.measured[chosen])

    def _alone(self, parameters: FloatArray) -> FloatArray:
        found: FloatArray = self.of.offset + self.of.alone @ parameters[:-1]
        return found

    def _shared(self, parameters: FloatArray) -> FloatArray:
        found: FloatArray = self.of.offset_shared + self.of.shared @ parameters[:-1]
        return found


def fitted(problem: Problem, free: BoolArray) -> FloatArray:
    """Return the parameters (P + 1,) of the least weighted squares; those that are not ``free`` keep their start.

    Parameters
    ----------
    problem : Problem
    free : bool (P + 1,)
        What is fitted.
    """
    found = problem.start.copy()
    if not free.any():
        return found
    weights = 1 / problem.measured if problem.is_relative else np.ones(len(problem.measured))
    for _ in range(MAX_STEPS):
        predicted = problem.predict(found)
        jacobian = (problem.jacobian(found) * weights[:, None])[:, free]
        aim = (problem.measured - predicted) * weights + jacobian @ found[free]
        found = found.copy()
        found[free] = bounded_least_squares(jacobian, aim, problem.low[free], problem.high[free], found[free])
        if np.all(np.abs(problem.predict(found) - predicted) <= STILL * np.abs(problem.measured)):
            break
        weights = problem.weights(found)
    return found


def bounded_least_squares(
    matrix: FloatArray, aim: FloatArray, low: FloatArray, high: FloatArray, start: FloatArray
) -> FloatArray:
    """Return the x within bounds of least |matrix @ x - aim|, by an active set as Lawson and Hanson's.

    Steps go from a point within the bounds towards the best one with the present set of pinned values; the first bound
    on the way is pinned. A pinned value whose gradient points inwards is set free (Lawson and Hanson, Solving Least
    Squares Problems, chapter 23, with both bounds).

    Parameters
    ----------
    matrix : float64 (N, P)
    aim : float64 (N,)
    low, high, start : float64 (P,)

    Examples
    --------
    >>> eye = np.eye(2)
    >>> bounded_least_squares(eye, np.array([3.0, -1.0]), np.zeros(2), np.full(2, 9.0), np.zeros(2)).tolist()
    [3.0, 0.0]
    """
    lengths = np.linalg.norm(matrix, axis=0)
    scale = np.where(lengths > 0, lengths, 1.0)
    bounds, scaled, low, high = (low, high), matrix / scale, low * scale, high * scale
    x = np.clip(start * scale, low, high)
    pinned = np.zeros(len(x), dtype=bool)
    for _ in range(10 * len(x) + 10):
        target = x.copy()
        rest = aim - scaled[:, pinned] @ x[pinned]
        target[~pinned] = np.linalg.lstsq(scaled[:, ~pinned], rest, rcond=None)[0]
        outside = (target < low) | (target > high)
        if outside.any():
            bound = np.where(target < low, low, high)
            with np.errstate(divide="ignore", invalid="ignore"):
                shares = np.where(outside, (bound - x) / (target - x), np.inf)
            first = int(np.argmin(shares))
            x = x + max(float(shares[first]), 0.0) * (target - x)
            x[first] = bound[first]
            pinned[first] = True
            x = np.clip(x, low, high)
            continue
        x = target
        gradient = scaled.T @ (scaled @ x - aim)
        inwards = np.where(x <= low, -gradient, gradient) * pinned
        if not (inwards > 1e-12 * np.linalg.norm(aim)).any():
            break
        pinned[int(np.argmax(inwards))] = False
    found: FloatArray = np.clip(x / scale, *bounds)
    return found
