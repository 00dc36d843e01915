"""Results as pages for a browser: one HTML file each, which needs no network."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "SearchResult": "pivotsim.pages.results.cosearch",
    "SweepFront": "pivotsim.pages.results.front",
    "html_of": "pivotsim.pages.writer",
    "write_html": "pivotsim.pages.writer",
}
__all__ = ["SearchResult", "SweepFront", "html_of", "write_html"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.pages.results.cosearch import SearchResult
    from pivotsim.pages.results.front import SweepFront
    from pivotsim.pages.writer import html_of, write_html
