"""Sums of structures: all of them, and what of them is not extrapolated."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from pivotsim.hardware.resources.recorded import EXTRAPOLATED
from pivotsim.hardware.resources.structures.sizes import Structure

COUNTS = ("lut", "ff", "half_brams", "urams", "dsp")  # of a structure
Totals = dict[str, tuple[Any, Any]]  # count -> all of it, and what of it is not extrapolated


def added(structures: Iterable[Structure], before: Totals | None = None) -> Totals:
    """Return the sums of structures and what was there before; known counts are all counts where all is known."""
    zero = np.int64(0)
    totals: Totals = dict.fromkeys(COUNTS, (zero, zero)) if before is None else dict(before)
    for found in structures:
        known = np.asarray(found.how) < EXTRAPOLATED
        all_known = bool(np.all(known))
        for name, (total, so_far) in totals.items():
            amount = getattr(found, name)
            more = total + amount
            if all_known and so_far is total:
                totals[name] = (more, more)
            else:
                totals[name] = (more, so_far + (amount if all_known else np.where(known, amount, 0)))
    return totals
