"""Published numbers: claims as data, and the audits that put simulated ones beside them."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "Findings": "pivotsim.published.base.audit",
    "Inference": "pivotsim.published.base.inference",
    "PAPERS": "pivotsim.published.registry",
    "infer_settings": "pivotsim.published.hidden_settings.search",
    "reproduce": "pivotsim.published.registry",
}
__all__ = ["PAPERS", "Findings", "Inference", "infer_settings", "reproduce"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.published.base.audit import Findings
    from pivotsim.published.base.inference import Inference
    from pivotsim.published.hidden_settings.search import infer_settings
    from pivotsim.published.registry import PAPERS, reproduce
