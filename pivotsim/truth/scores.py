"""How far predicted values are from measured ones, and the constants that make them least so."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pivotsim.units import FloatArray


class Score(NamedTuple):
    """Errors of some rows; None where there is no row, or of R^2 where fewer than two values differ.

    Attributes
    ----------
    rows : int
    mape_frac : float
        Mean of |predicted / measured - 1|.
    worst_frac : float
        The error farthest from 0, with its sign.
    r2 : float
        1 - sum of squared errors / sum of squared distances from the measured mean.
    """

    rows: int
    mape_frac: float | None
    worst_frac: float | None
    r2: float | None


def score(measured: Sequence[float], predicted: Sequence[float]) -> Score:
    """Return the errors of predicted values.

    >>> score([1.0, 2.0], [1.1, 2.0]).rows, round(score([1.0, 2.0], [1.1, 2.0]).mape_frac, 3)
    (2, 0.05)
    """
    if not measured:
        return Score(0, None, None, None)
    true, found = np.array(measured), np.array(predicted)
    errors = found / true - 1
    spread = float(((true - true.mean()) ** 2).sum())
    r2 = 1 - float(((found - true) ** 2).sum()) / spread if spread > 0 else None
    return Score(len(true), float(np.abs(errors).mean()), float(errors[np.abs(errors).argmax()]), r2)


def fitted_constants(terms: FloatArray, rest: FloatArray, measured: FloatArray) -> FloatArray:
    """Return the constants c that make (terms @ c + rest) / measured closest to 1 in least squares.

    Parameters
    ----------
    terms : float64 (N, T)
        What each constant is multiplied by.
    rest : float64 (N,)
        What is predicted without them.
    measured : float64 (N,)
    """
    found = np.linalg.lstsq(terms / measured[:, None], (measured - rest) / measured, rcond=None)[0]
    return found.astype(np.float64)
