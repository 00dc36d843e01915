"""Hits: cells of a paper that do not follow from its other cells."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pivotsim.published.base.claims import Claim, Interval

MARKED_FROM_FRAC = 0.025


@dataclass(frozen=True)
class Hit:
    """One cell that does not follow: its size is printed / implied - 1, None where words differ.

    ``cut_explains``: digits that are cut instead of rounded would explain it; ``rounding_explains``: rounding would.
    """

    id: str
    printed: str
    implied: str
    size_frac: float | None
    rule: str
    cut_explains: bool = False
    rounding_explains: bool = False

    @property
    def marked(self) -> bool:
        """Above the size that the audit calls a contradiction, and not explained by digits cut off."""
        large = self.size_frac is None or abs(self.size_frac) > MARKED_FROM_FRAC
        return large and not (self.cut_explains or self.rounding_explains)

    @property
    def remark(self) -> str:
        """What a table says of it: marked, explained by cut digits, or nothing."""
        if self.cut_explains or self.rounding_explains:
            return f"{'rounded' if self.rounding_explains else 'cut'} digits explain it"
        return "marked" if self.marked else ""


def implied_interval(function: Callable[..., float], *cells: Interval) -> Interval:
    """Return the interval of a function that is monotone in each of its cells."""
    corners = [function(*corner) for corner in itertools.product(*((c.low, c.high) for c in cells))]
    return Interval(function(*(c.value for c in cells)), min(corners), max(corners))


def hit_of(claim: Claim, cell: Interval, implied: Interval, rule: str) -> Iterator[Hit]:
    """Yield a hit where a printed cell does not meet what other cells imply."""
    if not cell.overlaps(implied):
        yield Hit(claim.id, claim.text, f"{implied.value:.4g}", cell.value / implied.value - 1, rule)
