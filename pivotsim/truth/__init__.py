"""Machines of other people: what they were measured to do, beside what is predicted."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "MACHINES": "pivotsim.truth.machines",
    "Validation": "pivotsim.truth.validation",
    "validate": "pivotsim.truth.validation",
}
__all__ = ["MACHINES", "Validation", "validate"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.truth.machines import MACHINES
    from pivotsim.truth.validation import Validation, validate
