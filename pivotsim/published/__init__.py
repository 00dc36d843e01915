"""Published numbers: claims as data, and the audits that put simulated ones beside them."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "Findings": "pivotsim.published.base.audit",
    "PAPERS": "pivotsim.published.registry",
    "reproduce": "pivotsim.published.registry",
}
__all__ = ["PAPERS", "Findings", "reproduce"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.published.base.audit import Findings
    from pivotsim.published.registry import PAPERS, reproduce
