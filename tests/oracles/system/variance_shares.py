"""Shares of variance in the slowest obvious way: loops over rows, exact fractions where numbers are integers."""

import itertools
from fractions import Fraction


def mean(values):
    values = list(values)
    return Fraction(sum(map(Fraction, values)), len(values))


def decomposition(points, y):
    """Return {axes: share} of every set of axes of a full grid: Hoeffding's functional decomposition.

    Parameters
    ----------
    points : list of tuples
        Every combination of the axes' values, once.
    y : list of numbers
        One per point.

    >>> decomposition([(0, 0), (0, 1), (1, 0), (1, 1)], [0, 0, 0, 4])[0,]
    Fraction(1, 3)
    """
    effects, shares = {}, {}
    axes = range(len(points[0]))
    total = mean((Fraction(v) - mean(y)) ** 2 for v in y)
    for size in range(len(points[0]) + 1):
        for chosen in itertools.combinations(axes, size):
            effect = {}
            for point in points:
                key = tuple(point[axis] for axis in chosen)
                same = [v for p, v in zip(points, y, strict=True) if tuple(p[axis] for axis in chosen) == key]
                below = (effects[part][tuple(point[axis] for axis in part)]
                         for k in range(size) for part in itertools.combinations(chosen, k))  # fmt: skip
                effect[key] = mean(same) - sum(below)
            effects[chosen] = effect
            if size:
                shares[chosen] = mean(effect[tuple(p[axis] for axis in chosen)] ** 2 for p in points) / total
    return shares


def estimated(levels, y, drawn=0.0):
    """Return the estimate of a first-order share from rows: each one's level, its result, and the drawn share."""
    n, centre = len(y), sum(y) / len(y)
    total = sum((v - centre) ** 2 for v in y)
    groups = [[v for v, own in zip(y, levels, strict=True) if own == level] for level in sorted(set(levels))]
    centres = [sum(group) / len(group) for group in groups]
    within = [sum((v - c) ** 2 for v in group) for group, c in zip(groups, centres, strict=True)]
    found = sum(len(group) * (c - centre) ** 2 for group, c in zip(groups, centres, strict=True))
    for group, squares in zip(groups, within, strict=True):
        variance = squares / (len(group) - 1) if len(group) > 1 else sum(within) / (n - len(groups))
        found -= (1 - drawn) * (1 - len(group) / n) * variance
    return found / total
