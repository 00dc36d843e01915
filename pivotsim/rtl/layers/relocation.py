"""Relocation: one set of tables for all GEMMs of a size, with addresses that an entry moves.

An address in a table's loads and drains is relative to a base. Those that move together from entry to entry share one,
so that an entry has as many bases as its operands have pieces that lie apart.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pivotsim.units import IntArray


class Relocated(NamedTuple):
    """``slots`` int64 (addresses,), the base of each; ``relative`` (addresses,) to it; ``bases`` (entries, slots)."""

    slots: IntArray
    relative: IntArray
    bases: IntArray


def relocated(addresses: Sequence[IntArray]) -> Relocated:
    """Return the fewest bases: addresses share one where they differ by the same number of bytes in all entries.

    Parameters
    ----------
    addresses : sequence of ndarray
        int64 (addresses,) of each entry.

    >>> found = relocated([np.array([0, 8, 100]), np.array([64, 72, 100])])
    >>> found.slots, found.relative
    (array([1, 1, 0]), array([0, 8, 0]))
    >>> found.bases
    array([[100,   0],
           [100,  64]])
    """
    table = np.stack(addresses)
    _, slots = np.unique((table - table[0]).T, axis=0, return_inverse=True)
    slots = slots.reshape(-1)
    bases = np.stack([table[:, slots == slot].min(axis=1) for slot in range(slots.max() + 1)], axis=1)
    return Relocated(slots, table[0] - bases[0, slots], bases)
