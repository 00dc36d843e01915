"""Integer inference of a Vision Transformer: every bit of every operation defined, in numpy."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "integer_model": "pivotsim.integer.weights.calibration",
    "classify": "pivotsim.integer.gate",
    "read_images": "pivotsim.integer.images",
    "IntegerModel": "pivotsim.integer.weights.model",
    "read_integer_model": "pivotsim.integer.weights.model",
    "steps_of": "pivotsim.integer.plan_steps",
    "quantise": "pivotsim.integer.weights.quantisation",
    "random_model": "pivotsim.integer.weights.random_weights",
    "execute": "pivotsim.integer.inference",
    "run": "pivotsim.integer.inference",
}
__all__ = [
    "IntegerModel", "classify", "execute", "integer_model", "quantise", "random_model", "read_images",
    "read_integer_model", "run", "steps_of",
]  # fmt: skip
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.integer.gate import classify
    from pivotsim.integer.images import read_images
    from pivotsim.integer.inference import execute, run
    from pivotsim.integer.plan_steps import steps_of
    from pivotsim.integer.weights.calibration import integer_model
    from pivotsim.integer.weights.model import IntegerModel, read_integer_model
    from pivotsim.integer.weights.quantisation import quantise
    from pivotsim.integer.weights.random_weights import random_model
