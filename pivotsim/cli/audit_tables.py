"""What the tables of all audits share."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pivotsim.published.base.hits import Hit


def mark(hit: "Hit") -> str:
    """Return what a table says of a hit: marked, explained by cut digits, or nothing."""
    return "marked" if hit.marked else "cut digits explain it" if hit.cut_explains else ""
