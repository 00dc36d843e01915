"""The best path of every effort, exact over all C(D, e) of them (PIVOT, Phase 1).

The score of a path is a sum over its active encoders a_1 < ... < a_e: each gains CKA of the attentions skipped up to
the next one, whatever stands elsewhere. So with best(i, t) the most that encoder i, active, and t later active ones
gain,

    best(i, 0) = gain(i, D + 1)
    best(i, t) = max over k > i of gain(i, k) + best(k, t - 1)        gain(i, k) = sum of CKA(i, j) for i < j < k

one table holds the optimum of all efforts after O(D^3) steps instead of 2^D paths. Entries are taken as the exact
binary fractions that they are, so sums do not round and a tie is a tie. Among paths of one score the one whose active
encoders come first in dictionary order wins: deep attentions are skipped first, as the paper observes (Fig. 9).
"""

import itertools
import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from pivotsim.effort.search.path_scoring import checked_cka
from pivotsim.errors import InputError, check_integer, got
from pivotsim.units import FloatArray


class EffortPath(NamedTuple):
    """The active encoders of an effort, numbered from 1, and the path's score."""

    active: tuple[int, ...]
    score: float


def best_paths(cka: Any, efforts: Iterable[int] | None = None) -> dict[int, EffortPath]:
    """Return the path of highest score for each effort.

    Parameters
    ----------
    cka : array of float, shape (D, D), path or mapping
        As for ``path_score``.
    efforts : iterable of int, optional
        Numbers of active attentions, from 0 to D; all of them by default.

    Returns
    -------
    dict of int to EffortPath
        ``active`` and ``score``; equal to the best of all C(D, e) paths, scores rounded once.

    Raises
    ------
    InputError
        The matrix is not valid, or an effort is not in 0 to D or stands twice.

    Examples
    --------
    CKA(2, 3) + CKA(2, 4) = 1.5 is the most that two skipped attentions of four can score.

    >>> cka = [[0, 0.1, 0.3, 0.2], [0, 0, 0.7, 0.8], [0, 0, 0, 0.9], [0, 0, 0, 0]]
    >>> best_paths(cka, [2])
    {2: EffortPath(active=(1, 2), score=1.5)}
    """
    matrix = checked_cka(cka)
    depth = len(matrix)
    wanted = list(range(depth + 1)) if efforts is None else _checked_efforts(efforts, depth)
    gains, unit = _exact_gains(matrix)
    best, following = _table(gains, depth, max(wanted, default=0))
    found: dict[int, EffortPath] = {}
    for effort in wanted:
        if not effort:
            found[effort] = EffortPath((), 0.0)
            continue
        start = max(range(1, depth - effort + 2), key=lambda i: best[effort - 1][i])  # of equals the first
        active = [start]
        for later in range(effort - 1, 0, -1):
            active.append(following[later][active[-1]])
        found[effort] = EffortPath(tuple(active), float(Fraction(best[effort - 1][start], unit)))
    return found


def count_paths(depth: int, efforts: Iterable[int]) -> int:
    """Return how many choices of one path per effort there are: what a search without scores would face (Fig. 4b).

    Examples
    --------
    C(12, 3) * C(12, 6), the paper's 2.03 * 10^5:

    >>> count_paths(12, [3, 6])
    203280
    """
    check_integer("depth", depth, 1)
    return math.prod(math.comb(depth, check_integer("efforts", effort, 0, depth)) for effort in efforts)


def _checked_efforts(efforts: Iterable[int], depth: int) -> list[int]:
    if isinstance(efforts, (str, bytes)) or not isinstance(efforts, Iterable):
        raise InputError(f"efforts: must be a list of integers {got(efforts)}")
    wanted = [check_integer("efforts", effort, 0, depth) for effort in efforts]
    if len(set(wanted)) != len(wanted):
        raise InputError(f"efforts: one stands twice {got(wanted)}")
    return wanted


def _exact_gains(matrix: FloatArray) -> tuple[list[list[int]], int]:
    """Return gain(i, i + 1 + s) as gains[i][s], integers in units of 1 / unit; index 0 of the outer list is unused."""
    depth = len(matrix)
    rows = [[float(matrix[i, j]).as_integer_ratio() for j in range(i + 1, depth)] for i in range(depth)]
    unit = max((parts for row in rows for _, parts in row), default=1)  # powers of two: the largest is a multiple
    whole = [[count * (unit // parts) for count, parts in row] for row in rows]
    return [[], *(list(itertools.accumulate(row, initial=0)) for row in whole)], unit


def _table(gains: list[list[int]], depth: int, efforts: int) -> tuple[list[list[int]], list[list[int]]]:
    """Return best[t][i] and, for t later active encoders, the first of them: following[t][i]."""
    best = [[0, *(gains[i][depth - i] for i in range(1, depth + 1))]]
    following: list[list[int]] = [[]]
    for later in range(1, efforts):
        last, gained, chosen = best[-1], [0] * (depth + 1), [0] * (depth + 1)
        for i in range(1, depth - later + 1):
            ks = range(i + 1, depth - later + 2)  # room for the rest after it
            chosen[i] = max(ks, key=lambda k, i=i: gains[i][k - i - 1] + last[k])  # type: ignore[misc]
            gained[i] = gains[i][chosen[i] - i - 1] + last[chosen[i]]
        best.append(gained)
        following.append(chosen)
    return best, following
