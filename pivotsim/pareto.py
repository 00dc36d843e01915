"""pareto_front(): the rows of a table that no other row beats in every objective at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pivotsim.errors import InputError, check_list, got, got_elements, nearest
from pivotsim.units import FloatArray, IntArray

SIEVE_FROM = 20_000  # points; below, sorting them all is quicker than a sieve
SAMPLE, MAX_RIVALS = 4096, 64
EXACT = 2**53  # float64 holds every integer up to it
REMEDY = "write ['delay_ms', 'energy_j']"


def pareto_front(table: Any, objectives: Sequence[str], *, maximize: Iterable[str] = ()) -> IntArray:
    """Return the places of all rows that no other row dominates, int64, ascending.

    A row dominates another if it is at least as good in every objective and better in one; rows that are equal in all
    objectives stay together. Integers of any size are compared exactly.

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
        A column is missing, not numeric, holds NaN, or differs in length; objectives are no list of columns.

    Examples
    --------
    >>> table = {"delay_ms": [3.0, 1.0, 2.0, 2.0], "energy_j": [1.0, 3.0, 2.0, 2.5]}
    >>> pareto_front(table, ["delay_ms", "energy_j"]).tolist()
    [0, 1, 2]
    """
    points = objective_points(table, objectives, maximize)
    places: IntArray = np.arange(len(points), dtype=np.int64)
    if len(points) > SIEVE_FROM:
        places = _sieved(points)
        points = np.ascontiguousarray(points[places])
    kept = front_mask(points)
    front: IntArray = places[kept]
    return front


def objective_points(table: Any, objectives: Sequence[str], maximize: Iterable[str]) -> FloatArray:
    """Return the objectives as (N, d) float64 to minimise."""
    wanted = check_list("objectives", objectives, "columns", REMEDY)
    if not wanted:
        raise InputError(f"objectives: must be a list of columns {got(wanted)}")
    greater = check_list("maximize", maximize, "columns", REMEDY)
    names = table.keys() if isinstance(table, Mapping) else getattr(table, "columns", None)
    if names is None:
        raise InputError(f"table: must map columns to numbers, or be a DataFrame {got(table)}")
    columns = [str(name) for name in names]
    problems = [f"objectives: no column {got(name)}{nearest(name, columns)}" for name in wanted if name not in columns]
    problems += [
        f"maximize: is no objective {got(name)}{nearest(name, map(str, wanted))}"
        for name in greater
        if name not in wanted
    ]
    if problems:
        raise InputError(problems)
    vectors = []
    for name in wanted:
        try:
            values = _vector(name, table[name])
            vectors.append(-values if name in greater else values)
        except InputError as error:
            problems += error.problems
    if len({len(v) for v in vectors}) > 1:
        problems.append(f"objectives: columns differ in length {got([len(v) for v in vectors])}")
    if problems:
        raise InputError(problems)
    return np.ascontiguousarray(np.stack(vectors, axis=1))


def _vector(name: str, column: Any) -> FloatArray:
    """Return a column as float64 in the same order: the numbers, or the ranks of what float64 would round."""
    try:
        values = np.asarray(column)
    except ValueError:
        raise InputError(f"{name}: must be a vector of numbers, its rows differ in length") from None
    is_listed = isinstance(column, (list, tuple)) and values.dtype.kind == "f"  # numpy rounds integers beyond int64
    if values.ndim == 1 and (is_listed or values.dtype.kind == "O") and all(type(v) is int for v in column):
        values = np.array(column, dtype=np.object_)
    elif values.ndim != 1 or values.dtype.kind not in "iuf":
        raise InputError(f"{name}: must be a vector of numbers {got_elements(values)}")
    elif np.isnan(values).any():
        raise InputError(f"{name}: holds NaN, which has no place in an order")
    elif values.dtype.itemsize <= 8 and not _is_rounded(values):
        return values.astype(np.float64)
    ranks: FloatArray = np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.float64)
    return ranks


def _is_rounded(values: Any) -> bool:
    """Whether there are integers that float64 may round."""
    return values.dtype.kind in "iu" and len(values) > 0 and max(int(values.max()), -int(values.min())) > EXACT


def _sieved(points: FloatArray) -> IntArray:
    """Return the places of points that a few good ones of a sample do not dominate; no point of the front is lost."""
    from pivotsim.kernels.pareto import drop_dominated_by

    sample = points[:: max(1, len(points) // SAMPLE)]
    rivals = np.ascontiguousarray(sample[front_mask(np.ascontiguousarray(sample))])
    scaled = rivals - rivals.min(axis=0)
    spread = scaled.max(axis=0)
    # the most central rivals dominate most: smallest product of what each leaves
    order = np.argsort((scaled / np.where(spread > 0, spread, 1) + 1e-3).prod(axis=1), kind="stable")
    kept = np.ones(len(points), dtype=np.bool_)
    drop_dominated_by(points, np.ascontiguousarray(rivals[order[:MAX_RIVALS]]), kept)
    places: IntArray = np.flatnonzero(kept)
    return places


def fronts_of_draws(points: FloatArray) -> Any:
    """Return which of (N, n, d) points are on the front of each of N draws, bool (N, n), for some hundred points."""
    from pivotsim.kernels.pareto import front_of_many

    kept = np.zeros(points.shape[:2], dtype=np.bool_)
    room, found = np.zeros(points.shape[1], dtype=np.int64), np.zeros(points.shape[1], dtype=np.bool_)
    for draw, each in enumerate(points):
        order = np.lexsort(each.T[::-1])
        front_of_many(np.ascontiguousarray(each[order]), room, found)
        kept[draw, order] = found
    return kept


def front_mask(points: FloatArray) -> Any:
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
