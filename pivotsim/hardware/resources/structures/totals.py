"""Sums of structures: all of them, and what of them is not extrapolated."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pivotsim.hardware.resources.recorded import EXTRAPOLATED
from pivotsim.hardware.resources.structures.sizes import Structure

COUNTS = ("lut", "ff", "half_brams", "urams", "dsp")  # of a structure
Pair = tuple[Any, Any]  # all of it, and what of it is not extrapolated: one object where all is known
Totals = dict[str, Pair]  # by count


def pair_of(amount: Any, how: Any) -> Pair:
    """Return an amount and what of it is not extrapolated."""
    known = np.asarray(how) < EXTRAPOLATED
    return amount, amount if np.all(known) else np.where(known, amount, 0)


def both(operation: Callable[[Any, Any], Any], one: Pair, other: Pair) -> Pair:
    """Return what an operation gives of all, and of what is not extrapolated."""
    whole = operation(one[0], other[0])
    return whole, whole if one[1] is one[0] and other[1] is other[0] else operation(one[1], other[1])


def summed(one: Pair, other: Pair) -> Pair:
    """Return a sum; nothing is not added, since that would copy an array."""
    if np.ndim(one[0]) == 0 and one[0] == 0:
        return other
    if np.ndim(other[0]) == 0 and other[0] == 0:
        return one
    return both(np.add, one, other)


def added(structures: Iterable[Structure], before: Totals | None = None) -> Totals:
    """Return the sums of structures and what was there before."""
    zero = np.int64(0)
    totals: Totals = dict.fromkeys(COUNTS, (zero, zero)) if before is None else dict(before)
    for found in structures:
        for name, total in totals.items():
            totals[name] = summed(total, pair_of(getattr(found, name), found.how))
    return totals
