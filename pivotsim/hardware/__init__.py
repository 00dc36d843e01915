"""Boards as validated data: what they are made of, and what a design takes of its device."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "load_hardware": "pivotsim.hardware.loading",
    "Fit": "pivotsim.hardware.resources.fit_result",
    "fit": "pivotsim.hardware.resources.device_fit",
    "Hardware": "pivotsim.hardware.spec",
}
__all__ = ["Fit", "Hardware", "fit", "load_hardware"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.hardware.loading import load_hardware
    from pivotsim.hardware.resources.device_fit import fit
    from pivotsim.hardware.resources.fit_result import Fit
    from pivotsim.hardware.spec import Hardware
