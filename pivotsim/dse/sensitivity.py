"""Sensitivity of results to axes: first-order Sobol indices of a sweep's rows, each with its interval.

The index of an axis x is S = Var(E[y | x]) / Var(y) (Sobol', Math. Modelling and Computational Experiments, 1993,
Eq. 14). Means of few designs differ by chance alone, which would count as an effect; of n designs in levels of n_j,

    S = (SSB - (1 - f) * sum_j (1 - n_j / n) * s_j**2) / SST

takes that part out of the sum of squares between levels: SSB has this expectation where the axis does nothing, with
the variances s_j**2 within levels (n_j - 1 in their denominator). Of equal variances it is Kelley's epsilon squared
(PNAS 21, 1935, 554-559); 1 - f, with the drawn share f of the space, is the correction for finite populations (Cochran,
Sampling Techniques, 1977, section 2.6). A full grid has f = 1: nothing is taken out, and S is the exact decomposition.

Intervals are those of a jackknife over 64 groups of rows (Wolter, Introduction to Variance Estimation, 2007, chapter
4), S -+ 2 standard errors: a bootstrap would draw designs twice, which have no variance within their level.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pivotsim.dse.dataset import Dataset
from pivotsim.dse.space.expressions import parse_expression
from pivotsim.dse.space.permutation import SAMPLING, hashed
from pivotsim.errors import InputError

GROUPS = 64
STANDARD_ERRORS = 2.0  # of the Student distribution of 63 degrees of freedom, 95 %
LEVEL_DESIGNS, MAX_LEVELS = 5, 256  # of a sample: neighbouring values are one level where there are fewer designs
DEPENDENT = "axes depend on each other through the rules: shares overlap and do not sum"
SEARCHED = "a search chose the designs: shares are of these designs, not of the space"
UNFINISHED = "the sweep is not finished: shares are of the designs so far, and do not sum"


class Share(NamedTuple):
    """A share of a result's variance, and the interval that holds it at 95 %; all the same where it is exact."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Sensitivity:
    """Shares of the variance of results.

    Attributes
    ----------
    first_order : mapping
        Axis -> result -> what the axis alone explains; None where the result never changes, or where designs are too
        few.
    rest : mapping or None
        Result -> what no axis alone explains, interactions and the rest; None where shares do not sum.
    note : str
        What must be said of the shares, '' where they are those of the whole space.
    is_exact : bool
        Whether each design of the space, or of its admitted part, is there.
    """

    first_order: Mapping[str, Mapping[str, Share | None]]
    rest: Mapping[str, Share | None] | None
    note: str
    is_exact: bool


def shares_of_variance(dataset: Dataset, results: Sequence[str], *, where: Sequence[str] = ()) -> Sensitivity:
    """Return the share of each result's variance that each axis alone explains.

    Values of an axis are levels; of a sample, neighbouring numbers are one level where a value has fewer than five
    designs, which counts changes within a level among the rest.

    Parameters
    ----------
    dataset : Dataset
        A sweep.
    results : sequence of str
        Columns of numbers.
    where : sequence of str
        Expressions that rows must meet.

    Raises
    ------
    InputError
        A name is no column, or no row is left.
    """
    dataset.check_columns("objectives", list(results))
    drawn, filters = _drawn_share(dataset), dataset.filters(where)
    rows = sum(len(t["point"]) for t in dataset.tables(["point"], filters)) if where else int(dataset.manifest["rows"])
    if not rows:
        raise InputError("sensitivity: no row is left")
    groups = 1 if drawn == 1 else GROUPS
    sums = {axis: _LevelSums(_edges(dataset, axis, rows, drawn), groups, len(results)) for axis in dataset.axes}
    shift: list[float] = []
    for table in dataset.tables(["point", *dataset.axes, *results], filters):
        if not len(table["point"]):
            continue
        shift = shift or [float(table[name][0]) for name in results]  # near zero, so that squares keep their digits
        y = [table[name].astype(np.float64) - zero for name, zero in zip(results, shift, strict=True)]
        group = (hashed(table["point"], 0, 0) % np.uint64(groups)).astype(np.int64)
        for axis, own in sums.items():
            own.add(table[axis], group, y)
    found = {axis: own.indices(1 - drawn) for axis, own in sums.items()}
    shares = {axis: dict(zip(results, _shares(values, drawn), strict=True)) for axis, values in found.items()}
    left = _shares(1 - np.sum(list(found.values()), axis=0), drawn)
    is_product = rows == math.prod(len(own.levels) for own in sums.values())
    note = _note(dataset, where, is_product if drawn == 1 else None)
    return Sensitivity(shares, None if note else dict(zip(results, left, strict=True)), note, drawn == 1)


def _drawn_share(dataset: Dataset) -> float:
    """Return which share of the space's points was drawn at random, 0 where they were drawn otherwise."""
    manifest = dataset.manifest
    if manifest["method"] == "grid":
        return 1.0 if dataset.is_complete else 0.0
    if manifest["method"] != "random" or manifest.get("sampling") != SAMPLING:
        return 0.0
    done = sum(rows + sum(dropped.values()) for rows, _, dropped in manifest["chunks"].values())
    return float(done / math.prod(map(len, manifest["space"]["axes"].values())))


def _edges(dataset: Dataset, axis: str, rows: int, drawn: float) -> Any:
    """Return the numbers at which levels of several values begin, None where each value is a level."""
    values = dataset.manifest["space"]["axes"][axis]
    levels = min(MAX_LEVELS, max(2, rows // LEVEL_DESIGNS))
    is_number = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    if drawn == 1 or not is_number or len(values) <= levels:
        return None
    return np.array([sorted(values)[i * len(values) // levels] for i in range(1, levels)])


def _note(dataset: Dataset, where: Sequence[str], is_product: bool | None) -> str:
    """Return what must be said of shares; ``is_product`` says of all designs whether they are all combinations."""
    manifest = dataset.manifest
    if manifest["method"] == "optuna":
        return SEARCHED
    if is_product is None and manifest["method"] == "grid":
        return UNFINISHED
    if is_product is None:
        known = {*manifest["space"]["constraints"], *where}
        is_product = all(text in known and _is_of_one_axis(text, dataset) for text in (*manifest["dropped"], *where))
    return "" if is_product else DEPENDENT


def _is_of_one_axis(text: str, dataset: Dataset) -> bool:
    names = parse_expression("where", text).names
    return len(names) == 1 and names <= set(dataset.axes)


def _shares(values: Any, drawn: float) -> "list[Share | None]":
    """Return the share of each result from S of all rows and of all but each group, (1 + groups, results)."""
    whole, parts = values[0], values[1:]
    count = max(1, len(parts))
    spread = ((parts - parts.mean(axis=0)) ** 2).sum(axis=0) if len(parts) else np.zeros_like(whole)
    margin = STANDARD_ERRORS * np.sqrt((count - 1) / count * spread * (1 - drawn))
    ends = np.clip(np.stack([whole, whole - margin, whole + margin]), 0.0, 1.0)
    return [Share(*end) if not any(map(math.isnan, end)) else None for end in ends.T.tolist()]


class _LevelSums:
    """Count, sum and sum of squares of each result by level and group of rows."""

    def __init__(self, edges: Any, groups: int, results: int) -> None:
        self.edges, self.groups, self.width = edges, groups, 1 + 2 * results
        self.levels: dict[Any, Any] = {}

    def add(self, column: Any, group: Any, y: Sequence[Any]) -> None:
        """Add rows: an axis' values, their groups, and their results."""
        is_level = self.edges is None or column.dtype.kind not in "iuf"  # a default may be a word
        codes = column if is_level else np.searchsorted(self.edges, column, side="right")
        values, inverse = np.unique(codes, return_inverse=True)
        place, size = inverse.reshape(-1) * self.groups + group, len(values) * self.groups
        weights = [None, *y, *(v**2 for v in y)]
        parts = np.stack([np.bincount(place, w, size) for w in weights], axis=-1)
        for value, part in zip(values.tolist(), parts.reshape(len(values), self.groups, self.width), strict=True):
            self.levels[value] = self.levels[value] + part if value in self.levels else part

    def table(self) -> Any:
        """Return the sums, (levels, groups, 1 + 2 * results)."""
        return np.stack(list(self.levels.values()))

    def indices(self, not_drawn: float) -> Any:
        """Return S of all rows, and of all but each group in turn, (1 + filled groups or 1, results)."""
        table = self.table()
        whole = table.sum(axis=1)
        filled = np.flatnonzero(table[..., 0].sum(axis=0))
        parts = [whole, *(whole - table[:, g] for g in filled if len(filled) > 1)]
        return np.stack([first_order(part, not_drawn) for part in parts])


def first_order(sums: Any, not_drawn: float) -> Any:
    """Return S of each result, (results,), from (levels, 1 + 2 * results) of counts, sums and sums of squares.

    ``not_drawn`` is 1 - f. S is NaN where a result never changes, or where each design has a level of its own.

    Examples
    --------
    Means 1 and 3, variances 2 and 0 within: SSB = 4, SST = 6; all of 4, or 4 - 0.5 * 2 by chance.

    >>> sums = np.array([[2, 2.0, 4.0], [2, 6.0, 18.0]])
    >>> first_order(sums, 0.0).round(3).tolist(), first_order(sums, 1.0).round(3).tolist()
    ([0.667], [0.5])
    """
    ssb, sst = variance_parts(sums, not_drawn)
    return np.where(sst > 0, ssb / np.where(sst > 0, sst, 1.0), np.nan)


def variance_parts(sums: Any, not_drawn: float) -> tuple[Any, Any]:
    """Return (sum of squares between levels, less what comes by chance, and of all), each (results,), of such sums."""
    sums = sums[sums[:, 0] > 0]
    results = (sums.shape[1] - 1) // 2
    n, y, squares = sums[:, :1], sums[:, 1 : 1 + results], sums[:, 1 + results :]
    total = n.sum()
    sst = squares.sum(axis=0) - y.sum(axis=0) ** 2 / total
    within = np.maximum(squares - y**2 / n, 0.0)
    ssb = sst - within.sum(axis=0)
    if not_drawn:
        free = total - len(sums)
        pooled = within.sum(axis=0) / free if free else np.full(results, np.nan)
        own = np.where(n > 1, within / np.maximum(n - 1, 1), pooled)  # of one design alone nothing is known
        ssb = ssb - not_drawn * ((1 - n / total) * own).sum(axis=0)
    return ssb, sst
