"""Vision Transformers as validated data: their sizes."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "VitModel": "pivotsim.models.spec",
    "load_model": "pivotsim.models.spec",
}
__all__ = ["VitModel", "load_model"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.models.spec import VitModel, load_model
