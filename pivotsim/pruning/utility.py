"""Utilities of keeping n tokens (Eliopoulos et al., Eq. 2 to 4).

    U_L(n) = 1 - L(n) / max L        U_A(n) = A(n) / max A        U(n) = alpha * U_L(n) + (1 - alpha) * U_A(n)

The maxima run over the grid. This is scaling by the maximum, not between minimum and maximum: the best latency does not
reach 1. The equations' printed form is not in the text that we have; this is what the authors' released code computes,
and every sentence of the paper agrees with it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pivotsim.errors import InputError, check_real, got
from pivotsim.units import FloatArray, IntArray

MOST_ACCURACY_PCT = 100.0


class Utilities(NamedTuple):
    """The three utilities of each grid point, float64 (G,): of latency, of accuracy, and their weighted sum."""

    latency: FloatArray
    accuracy: FloatArray
    total: FloatArray


def utilities(latency_ms: ArrayLike, accuracy_pct: ArrayLike, alpha: float = 0.5) -> Utilities:
    """Return the utilities of a grid of token counts.

    Parameters
    ----------
    latency_ms : array_like
        Latency of each grid point in milliseconds, (G,), not negative.
    accuracy_pct : array_like
        Accuracy of each grid point in percent, (G,), 0 to 100.
    alpha : float
        Weight of latency, 0 to 1.

    Returns
    -------
    Utilities
        Where all latencies, or all accuracies, are 0, that utility is 0.

    Raises
    ------
    InputError
        The vectors are empty, differ in length, hold what is not a number or out of bounds, or alpha is.

    Examples
    --------
    >>> utilities([40.0, 20.0], [80.0, 60.0], alpha=0.5).total.tolist()
    [0.5, 0.625]
    """
    alpha = check_alpha(alpha)
    latency, accuracy = _vector("latency_ms", latency_ms), _vector("accuracy_pct", accuracy_pct)
    if len(latency) != len(accuracy):
        raise InputError(f"accuracy_pct: must be as long as latency_ms {got((len(accuracy), len(latency)))}")
    if accuracy.max() > MOST_ACCURACY_PCT:
        raise InputError(f"accuracy_pct: must be at most 100 {got(float(accuracy.max()))}")
    slowest, highest = latency.max(), accuracy.max()
    of_latency = 1 - latency / slowest if slowest else np.zeros_like(latency)
    of_accuracy = accuracy / highest if highest else np.zeros_like(accuracy)
    return Utilities(of_latency, of_accuracy, alpha * of_latency + (1 - alpha) * of_accuracy)


def check_alpha(alpha: object) -> float:
    """Return alpha as float, or raise InputError unless it lies in 0 to 1."""
    value = check_real("alpha", alpha)
    if not 0 <= value <= 1:
        raise InputError(f"alpha: must lie in 0 to 1 {got(value)}")
    return value


def _vector(path: str, values: ArrayLike) -> FloatArray:
    try:
        vector = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{path}: must be a vector of numbers {got(values)}") from None
    if vector.ndim != 1 or not vector.size:
        raise InputError(f"{path}: must be a vector of at least one number {got(values)}")
    if not np.isfinite(vector).all() or vector.min() < 0:
        bad = vector[~(np.isfinite(vector) & (vector >= 0))][0]
        raise InputError(f"{path}: must hold finite numbers, none negative {got(float(bad))}")
    return vector


def best_tokens(tokens: IntArray, utility: FloatArray) -> int:
    """Return n*, the token count of the greatest utility; of equals the one with more tokens.

    >>> best_tokens(np.array([36, 128, 64]), np.array([0.7, 0.7, 0.6]))
    128
    """
    return int(tokens[utility == utility.max()].max())
