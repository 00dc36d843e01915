"""pareto_front(): the rows of a table that no other row beats in every objective at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pivotsim.errors import InputError, got, nearest
from pivotsim.units import FloatArray, IntArray

SIEVE_FROM = 20_000  # points; below, sorting them all is quicker than a sieve
SAMPLE, MAX_RIVALS = 4096, 64


def pareto_front(table: Any, objectives: Sequence[str], *, maximize: Iterable[str] = ()) -> IntArray:
    """Return the places of all rows that no other row dominates, int64, ascending.

    A row dominates another if it is at least as good in every objective and better in one; rows that are equal in all
    objectives stay together.

    Parameters
    ----------
    table : mapping or DataFrame
        Column name -> numbers, all of one length N.
    objectives : sequence of str
        Columns to minimise, at least one.
    maximize : iterable of str
        Those of them to maximise instead.

    Returns
    -------
    numpy array of int64
        Places of the front's rows.

    Raises
    ------
    InputError
        A column is missing, not numeric, holds NaN, or differs in length.

    Examples
    --------
    >>> table = {"delay_ms": [3.0, 1.0, 2.0, 2.0], "energy_j": [1.0, 3.0, 2.0, 2.5]}
    >>> pareto_front(table, ["delay_ms", "energy_j"]).tolist()
    [0, 1, 2]
    """
    points = _points(table, objectives, set(maximize))
    places: IntArray = np.arange(len(points), dtype=np.int64)
    if len(points) > SIEVE_FROM:
        places = _sieved(points)
        points = np.ascontiguousarray(points[places])
    kept = _front(points)
    front: IntArray = places[kept]
    return front


def _points(table: Any, objectives: Sequence[str], maximize: set[str]) -> FloatArray:
    """Return the objectives as (N, d) float64 to minimise."""
    if isinstance(objectives, str) or not len(objectives):
        raise InputError(f"objectives: must be a list of columns {got(objectives)}")
    columns = [str(c) for c in (table.keys() if isinstance(table, Mapping) else table.columns)]
    problems = [
        f"objectives: no column {got(name)}{nearest(name, columns)}" for name in objectives if name not in columns
    ]
    problems += [
        f"maximize: is no objective {got(name)}{nearest(name, objectives)}" for name in maximize - {*objectives}
    ]
    if problems:
        raise InputError(problems)
    vectors = []
    for name in objectives:
        values = np.asarray(table[name])
        if values.ndim != 1 or values.dtype.kind not in "iuf":
            problems.append(f"{name}: must be a vector of numbers (got {values.dtype}, shape {values.shape})")
        elif np.isnan(values.astype(np.float64)).any():
            problems.append(f"{name}: holds NaN, which has no place in an order")
        else:
            vectors.append(-values.astype(np.float64) if name in maximize else values.astype(np.float64))
    if len({len(v) for v in vectors}) > 1:
        problems.append(f"objectives: columns differ in length {got([len(v) for v in vectors])}")
    if problems:
        raise InputError(problems)
    return np.ascontiguousarray(np.stack(vectors, axis=1))


def _sieved(points: FloatArray) -> IntArray:
    """Return the places of points that a few good ones of a sample do not dominate; no point of the front is lost."""
    from pivotsim.kernels.pareto import drop_dominated_by

    sample = points[:: max(1, len(points) // SAMPLE)]
    rivals = np.ascontiguousarray(sample[_front(np.ascontiguousarray(sample))])
    scaled = rivals - rivals.min(axis=0)
    spread = scaled.max(axis=0)
    # the most central rivals dominate most: smallest product of what each leaves
    order = np.argsort((scaled / np.where(spread > 0, spread, 1) + 1e-3).prod(axis=1), kind="stable")
    kept = np.ones(len(points), dtype=np.bool_)
    drop_dominated_by(points, np.ascontiguousarray(rivals[order[:MAX_RIVALS]]), kept)
    places: IntArray = np.flatnonzero(kept)
    return places


def _front(points: FloatArray) -> Any:
    """Return which of (n, d) points are on the front, bool (n,)."""
    from pivotsim.kernels import pareto as kernels

    order = np.lexsort(points.T[::-1])
    ordered = np.ascontiguousarray(points[order])
    kept = np.zeros(len(points), dtype=np.bool_)
    if not len(points):
        return kept
    if points.shape[1] == 1:
        kept[:] = ordered[:, 0] == ordered[0, 0]
    elif points.shape[1] == 2:
        kernels.front_of_two(ordered, kept)
    elif points.shape[1] == 3:
        ranks = (
            np.stack([np.unique(column, return_inverse=True)[1] for column in ordered.T], axis=1).astype(np.int64) + 1
        )
        tree = np.full(len(ranks) + 2, len(ranks) + 1, dtype=np.int64)
        kernels.front_of_three(np.ascontiguousarray(ranks), tree, kept)
    else:
        kernels.front_of_many(ordered, np.zeros(len(points), dtype=np.int64), kept)
    out = np.zeros(len(points), dtype=np.bool_)
    out[order] = kept
    return out
