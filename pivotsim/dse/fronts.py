"""Analysis of a dataset: its Pareto front, the front's knee, and the best of each pair of values."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pivotsim.dse.dataset import Columns, Dataset
from pivotsim.errors import InputError, check_list
from pivotsim.pareto import REMEDY, pareto_front
from pivotsim.units import IntArray


def front_rows(
    dataset: Dataset, objectives: Sequence[str], *, maximize: Sequence[str] = (), where: Sequence[str] = ()
) -> Columns:
    """Return the rows of the Pareto front, in the order of their points; ``where`` are expressions that rows must meet.

    The front of all rows is the front of the chunks' fronts.
    """
    objectives = check_list("objectives", objectives, "columns", REMEDY)
    maximize = check_list("maximize", maximize, "columns", REMEDY)
    dataset.check_columns("objectives", [*objectives, *maximize])
    filters = dataset.filters(where)
    front: Columns = {}
    for table in dataset.tables(where=filters):
        own = _rows(table, pareto_front(table, objectives, maximize=maximize))
        front = own if not front else {name: np.concatenate([front[name], own[name]]) for name in own}
        front = _rows(front, pareto_front(front, objectives, maximize=maximize))
    if not front or not len(front["point"]):
        raise InputError("front: no row is left; a constraint, or where, rules out everything stored")
    return _rows(front, np.argsort(front["point"], kind="stable"))


def _rows(table: Columns, places: Any) -> Columns:
    return {name: column[places] for name, column in table.items()}


class Ties(NamedTuple):
    """Designs of a front that share all objectives.

    Attributes
    ----------
    distinct : int
        Different combinations of objectives.
    least, most : int
        Designs that share one.
    axes : tuple of str
        What designs that share one differ in.
    """

    distinct: int
    least: int
    most: int
    axes: tuple[str, ...]


def ties_in(front: Columns, objectives: Sequence[str], axes: Sequence[str]) -> Ties:
    """Return which designs of a front are the same in all objectives.

    Examples
    --------
    >>> front = {"ms": np.array([1.0, 1.0, 2.0, 2.0]), "rows": np.array([8, 8, 4, 4]), "kib": np.array([1, 2, 1, 2])}
    >>> ties_in(front, ["ms"], ["rows", "kib"])
    Ties(distinct=2, least=2, most=2, axes=('kib',))
    """
    _, group, counts = np.unique(_codes(front, objectives), axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    differing = []
    for axis in axes:
        values = np.unique(front[axis], return_inverse=True)[1].reshape(-1)
        if len(np.unique(np.column_stack([group, values]), axis=0)) > len(counts):
            differing.append(axis)
    return Ties(len(counts), int(counts.min()), int(counts.max()), tuple(differing))


def alike_rows(front: Columns, objectives: Sequence[str]) -> tuple[IntArray, IntArray]:
    """Return the first place of each combination of objectives, ascending, and how many designs share it.

    Examples
    --------
    >>> first, designs = alike_rows({"ms": np.array([3.0, 1.0, 1.0]), "dsp": np.array([1, 2, 2])}, ["ms", "dsp"])
    >>> first.tolist(), designs.tolist()
    ([0, 1], [1, 2])
    """
    _, first, counts = np.unique(_codes(front, objectives), axis=0, return_index=True, return_counts=True)
    order = np.argsort(first)
    return first[order], counts[order]


def _codes(front: Columns, objectives: Sequence[str]) -> IntArray:
    """Return the rank of each objective's value, a row per design."""
    return np.column_stack([np.unique(front[name], return_inverse=True)[1].reshape(-1) for name in objectives])


def knee_place(front: Columns, objectives: Sequence[str], *, maximize: Sequence[str] = ()) -> int:
    """Return the place of the front's knee: nearest to the ideal point, each objective scaled to the front's range.

        knee = argmin_i sum_o ((y_io - best_o) / (worst_o - best_o))**2

    Ties go to the first. An objective that is the same all along the front counts nothing.

    Examples
    --------
    >>> knee_place({"a": np.array([0.0, 1.0, 10.0]), "b": np.array([10.0, 1.0, 0.0])}, ["a", "b"])
    1
    """
    distance = np.zeros(len(front[objectives[0]]))
    for name in objectives:
        y = np.asarray(front[name], dtype=np.float64)
        y = -y if name in maximize else y
        spread = y.max() - y.min()
        if spread > 0:
            distance += ((y - y.min()) / spread) ** 2
    return int(np.argmin(distance))


def best_by_pair(
    dataset: Dataset, x: str, y: str, result: str, *, where: Sequence[str] = ()
) -> tuple[list[Any], list[Any], Any]:
    """Return (values of x, values of y, least result of each pair, float64 (y, x), NaN where there is no row)."""
    dataset.check_columns("axes", [x, y, result])
    best: dict[tuple[Any, Any], float] = {}
    for table in dataset.tables([x, y, result], dataset.filters(where)):
        xs, of_x = np.unique(table[x], return_inverse=True)
        ys, of_y = np.unique(table[y], return_inverse=True)
        least = np.full((len(ys), len(xs)), np.inf)
        np.minimum.at(least, (of_y, of_x), table[result])
        for i, j in np.argwhere(least < np.inf).tolist():
            key = (xs[j].item(), ys[i].item())
            best[key] = min(best.get(key, np.inf), float(least[i, j]))
    columns, rows = sorted({k[0] for k in best}), sorted({k[1] for k in best})
    grid = np.full((len(rows), len(columns)), np.nan)
    for (a, b), value in best.items():
        grid[rows.index(b), columns.index(a)] = value
    return columns, rows, grid
