"""The share of images at high effort, F_H, solved for: for every candidate all values that meet the printed cells.

Each quantity rises or falls with F_H all the way from 0 to 1, so the values that one cell allows are an interval; those
that all cells allow are where the intervals meet. Ends are found by halving, to the last bit.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

import numpy as np

from pivotsim.published.base.claims import Interval
from pivotsim.units import FloatArray

HALVINGS = 60
BoolArray: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
Curve: TypeAlias = Callable[[FloatArray], FloatArray]  # F_H (n,) -> value (n,)


class Allowed(NamedTuple):
    """Ends (n,) of the values of F_H that are allowed, and whether every cell allows some value at all, (n,)."""

    low: FloatArray
    high: FloatArray
    each: BoolArray

    @property
    def holds(self) -> BoolArray:
        """Whether some value is allowed by all cells, (n,)."""
        return self.each & (self.low <= self.high)

    @property
    def nearest(self) -> FloatArray:
        """The middle of what is allowed, or of the gap between what single cells allow."""
        return (self.low + self.high) / 2


def solve(cells: Iterable[tuple[Curve, Interval]], count: int) -> Allowed:
    """Return the values of F_H that meet all cells.

    Parameters
    ----------
    cells : iterable of (curve, interval)
        A quantity as a function of F_H for all candidates at once, monotone on [0, 1], and the values that its printed
        number may stand for.
    count : int
        Candidates.

    Examples
    --------
    Delay 10 + 20 F_H, and 10 + 30 F_H beside it, printed as 14:

    >>> base, slope = np.array([10.0, 10.0]), np.array([20.0, 30.0])
    >>> found = solve([(lambda f: base + slope * f, Interval(14.0, 13.5, 14.5))], 2)
    >>> found.low.round(4).tolist(), found.high.round(4).tolist()
    ([0.175, 0.1167], [0.225, 0.15])
    """
    return common((allowed_by(curve, interval, count) for curve, interval in cells), count)


def common(cells: Iterable[Allowed], count: int) -> Allowed:
    """Return what cells allow together, of ``count`` candidates, from what each allows."""
    found = Allowed(np.zeros(count), np.ones(count), np.ones(count, dtype=np.bool_))
    for own in cells:
        ends = np.maximum(found.low, own.low), np.minimum(found.high, own.high)
        found = Allowed(*ends, found.each & own.each)
    return found


def allowed_by(curve: Curve, interval: Interval, count: int) -> Allowed:
    """Return what one cell allows; of a curve that never comes to it, the nearer end."""
    first, last = curve(np.zeros(count)), curve(np.ones(count))
    sign = np.where(last >= first, 1.0, -1.0)
    enters = np.where(sign > 0, interval.low, interval.high)
    leaves = np.where(sign > 0, interval.high, interval.low)
    comes = (np.maximum(first, last) >= interval.low) & (np.minimum(first, last) <= interval.high)
    return Allowed(_crossing(curve, enters, sign, count), _crossing(curve, leaves, sign, count), comes)


def _crossing(curve: Curve, level: FloatArray, sign: FloatArray, count: int) -> FloatArray:
    """Return where a curve reaches a level: 0 where it is there from the start, 1 where it never gets there."""
    below, above = np.zeros(count), np.ones(count)
    for _ in range(HALVINGS):
        middle = (below + above) / 2
        is_below = sign * (curve(middle) - level) < 0
        below, above = np.where(is_below, middle, below), np.where(is_below, above, middle)
    return (below + above) / 2
