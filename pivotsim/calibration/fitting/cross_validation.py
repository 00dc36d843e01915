"""Cross-validation: every measured point predicted by a fit to the others.

Repetitions of one point are left out together. A point without which the others no longer tell what it depends on
cannot be predicted, and is counted.
"""

from collections.abc import Hashable, Sequence

import numpy as np

from pivotsim.calibration.fitting.fit import BoolArray, Problem, fitted
from pivotsim.calibration.fitting.identifiability import flat_directions
from pivotsim.units import FloatArray

REACH = 1e-6  # share of a row in directions that the others do not tell, above which they cannot predict it


def left_out_predictions(
    problem: Problem, parameters: FloatArray, free: BoolArray, points: Sequence[Hashable]
) -> FloatArray:
    """Return the prediction of each row by a fit without its point (N,), nan where the others cannot predict it.

    Parameters
    ----------
    problem : Problem
    parameters : float64 (P + 1,)
        The fit of all rows: where the fits begin.
    free : bool (P + 1,)
        What is fitted.
    points : sequence of N
        Rows of one point are equal here.
    """
    found = np.full(len(problem.measured), np.nan)
    jacobian = (problem.jacobian(parameters) * problem.weights(parameters)[:, None])[:, free]
    lengths = np.linalg.norm(jacobian, axis=0)
    scaled = jacobian / np.where(lengths > 0, lengths, 1.0)
    near = problem._replace(start=parameters)
    for point in dict.fromkeys(points):
        out = np.array([each == point for each in points])
        flat = flat_directions(scaled[~out])
        columns = np.linalg.norm(scaled[~out], axis=0)
        seen = scaled[out] / np.where(columns > 0, columns, 1.0)  # as the directions are scaled
        if np.linalg.norm(seen @ flat) > REACH * np.linalg.norm(seen):
            continue
        found[out] = near.rows(out).predict(fitted(near.rows(~out), free))
    return found
