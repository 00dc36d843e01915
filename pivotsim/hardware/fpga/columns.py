"""Columns of DSPs, and the unbroken cascades that fit in them.

A cascade passes sums from a slice to the one above it, through wires of its own; it ends where its column does, and at
the border of a die (SLR). A chain that does not fit in one piece continues through fabric, at the price of logic and a
clock a break.
"""

import re
from typing import NamedTuple

NOT_STATED = "not stated"
COLUMN = r"[1-9][0-9]{0,4} x [1-9][0-9]{0,3}"
PATTERN = rf"{NOT_STATED}|{COLUMN}(, {COLUMN})*"


class Cascades(NamedTuple):
    """Chains of ``rows`` slices: how many fit in unbroken columns, and how many the array needs."""

    rows: int
    fit: int
    needed: int

    @property
    def broken(self) -> int:
        """Chains that do not fit in one piece."""
        return max(0, self.needed - self.fit)


def columns_of(text: str) -> list[tuple[int, int]]:
    """Return (height, count) of each kind of column; none where they are not stated.

    >>> columns_of("168 x 11, 96 x 7")
    [(168, 11), (96, 7)]
    """
    return [(int(height), int(count)) for height, count in re.findall(r"(\d+) x (\d+)", text)]


def slices_of(text: str) -> int:
    """Return the slices in all columns.

    >>> slices_of("168 x 11, 96 x 7")
    2520
    """
    return sum(height * count for height, count in columns_of(text))


def cascades_that_fit(text: str, rows: int) -> int:
    """Return how many unbroken cascades of ``rows`` slices fit in the columns.

    >>> cascades_that_fit("168 x 11, 96 x 7", 36), cascades_that_fit("168 x 11, 96 x 7", 64)
    (58, 29)
    """
    return sum(count * (height // rows) for height, count in columns_of(text))
