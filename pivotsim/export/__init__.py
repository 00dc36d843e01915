"""Results in the formats of other tools."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "write_timeline": "pivotsim.export.perfetto",
}
__all__ = ["write_timeline"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.export.perfetto import write_timeline
