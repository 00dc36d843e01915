"""Indicators of fronts: the hypervolume that a front dominates, and what share of several fronts attains a point.

The hypervolume of two objectives is a sum over a staircase; of three it is cut into slabs along the third (Beume,
Fonseca, Lopez-Ibanez, Paquete and Vahrenhold, IEEE Trans. Evolutionary Computation 13, 2009, 1075-1082, section III).
Attainment: a point is attained by a front that has a design at least as good in both objectives (Grunert da Fonseca,
Fonseca and Hall, EMO 2001, 213-225).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.pareto import objective_points
from pivotsim.units import FloatArray

MOST_OBJECTIVES = 3


def hypervolume(
    table: Any, objectives: Sequence[str], reference: Mapping[str, float], *, maximize: Sequence[str] = ()
) -> float:
    """Return the volume between a reference point and what some rows dominate, in the product of the units.

    Parameters
    ----------
    table : mapping or DataFrame
        Column -> numbers; rows beyond the reference count nothing.
    objectives : sequence of str
        Two or three columns.
    reference : mapping
        Objective -> the worst value that counts.
    maximize : sequence of str
        Those of the objectives to maximise.

    Raises
    ------
    InputError
        As ``pareto_front``; also for one objective, or more than three, and a reference that is not whole.

    Examples
    --------
    >>> front = {"delay_ms": [1.0, 2.0], "energy_j": [2.0, 1.0]}
    >>> hypervolume(front, ["delay_ms", "energy_j"], {"delay_ms": 3, "energy_j": 3})
    3.0
    """
    objective_points(table, objectives, maximize)  # which says what is wrong with them
    if not 1 < len(objectives) <= MOST_OBJECTIVES:
        raise InputError(f"hypervolume: is of two or three objectives {got(len(objectives))}")
    missing = [name for name in objectives if name not in reference]
    if missing:
        raise InputError(f"reference: lacks {', '.join(missing)}")
    worst = np.array([-reference[n] if n in maximize else reference[n] for n in objectives], dtype=np.float64)
    columns = [np.asarray(table[name], dtype=np.float64) * (-1 if name in maximize else 1) for name in objectives]
    points = np.stack(columns, axis=1)
    inside = points[(points < worst).all(axis=1)]
    return _area(inside, worst) if len(objectives) == 2 else _volume(inside, worst)


def _area(points: FloatArray, worst: FloatArray) -> float:
    """Return the area that (n, 2) points dominate below the reference."""
    if not len(points):
        return 0.0
    order = np.lexsort((points[:, 1], points[:, 0]))
    x, y = points[order, 0], np.minimum.accumulate(points[order, 1])
    return float(((np.append(x[1:], worst[0]) - x) * (worst[1] - y)).sum())


def _volume(points: FloatArray, worst: FloatArray) -> float:
    """Return the volume that (n, 3) points dominate below the reference: slabs between neighbouring third values."""
    if not len(points):
        return 0.0
    points = points[np.argsort(points[:, 2], kind="stable")]
    levels, first = np.unique(points[:, 2], return_index=True)
    ends = np.append(first[1:], len(points))
    heights = np.append(levels[1:], worst[2]) - levels
    return float(sum(h * _area(points[:end, :2], worst[:2]) for h, end in zip(heights, ends, strict=True)))


def attainment(x: FloatArray, y: FloatArray, at: FloatArray, shares: Sequence[float]) -> FloatArray:
    """Return the second objective that a share of the draws reaches within each value of the first.

    Parameters
    ----------
    x, y : numpy array, float64 (N, D)
        Two objectives to minimise of D designs in each of N draws.
    at : numpy array, float64 (G,)
        Values of the first objective.
    shares : sequence of float
        Shares of the draws, above 0.

    Returns
    -------
    numpy array, float64 (shares, G)
        The least y so that the share of the draws has a design with x and y at most so large; inf where none is.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0]])
    >>> y = np.array([[5.0, 4.0], [5.0, 4.0]])
    >>> attainment(x, y, np.array([1.0, 2.0, 3.0]), [0.5, 1.0]).tolist()
    [[5.0, 4.0, 4.0], [inf, 5.0, 4.0]]
    """
    order = np.argsort(x, axis=1, kind="stable")
    best = np.minimum.accumulate(np.take_along_axis(y, order, axis=1), axis=1)
    ordered = np.take_along_axis(x, order, axis=1)
    reached = np.empty((len(x), len(at)))
    for draw, (row, least) in enumerate(zip(ordered, best, strict=True)):
        count = np.searchsorted(row, at, side="right")
        reached[draw] = np.where(count > 0, least[np.maximum(count - 1, 0)], np.inf)
    reached.sort(axis=0)
    places = [min(len(x), max(1, int(np.ceil(share * len(x) - 1e-9)))) - 1 for share in shares]
    found: FloatArray = reached[places]
    return found
