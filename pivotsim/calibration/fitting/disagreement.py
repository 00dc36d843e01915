"""A row that disagrees with all others, as one in another unit does: it ruins the fit of every constant.

With such a row among them the errors of all rows are large, so each suspect is judged by a fit to the others: they
agree with each other, and the suspect does not.
"""

from collections.abc import Hashable, Sequence

import numpy as np

from pivotsim.calibration.fitting.fit import BoolArray, Problem, fitted
from pivotsim.units import FloatArray

SUSPECTS = 3  # rows farthest from what the others predict of them
TIMES_WORSE = 10.0  # than the others' median error
LEAST_FACTOR = 2.0  # beyond that of the worst other row: nearer ones are no matter of units


def suspects_among(
    problem: Problem, parameters: FloatArray, free: BoolArray, points: Sequence[Hashable], left_out: FloatArray
) -> tuple[int, float] | None:
    """Return the place of the row that disagrees with all others and by which factor, None where there is none.

    Parameters
    ----------
    problem : Problem
    parameters : float64 (P + 1,)
        The fit of all rows.
    free : bool (P + 1,)
        What is fitted.
    points : sequence of N
        Rows of one point are equal here, and are left out together.
    left_out : float64 (N,)
        As of ``left_out_predictions``.
    """
    usable = np.isfinite(left_out) & (left_out > 0)
    factors = np.ones(len(left_out))
    factors[usable] = np.exp(np.abs(np.log(left_out[usable] / problem.measured[usable])))
    near = problem._replace(start=parameters)
    found = None
    for place in np.argsort(-factors, kind="stable")[:SUSPECTS].tolist():
        others = np.array([each != points[place] for each in points])
        if factors[place] < LEAST_FACTOR or not others.any():
            continue
        rest = near.rows(others)
        predicted = rest.predict(fitted(rest, free))
        errors = np.abs(predicted - rest.measured) / np.maximum(np.abs(predicted), 1e-300)
        worst = float(np.exp(np.abs(np.log(np.maximum(predicted, 1e-300) / rest.measured))).max())
        own = abs(float(left_out[place] - problem.measured[place])) / float(left_out[place])
        is_apart = own > TIMES_WORSE * float(np.median(errors)) and factors[place] > LEAST_FACTOR * worst
        if is_apart and (found is None or factors[place] > found[1]):
            found = (place, float(factors[place]))
    return found
