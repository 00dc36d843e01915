"""The energy rules by name; a further one is a further row."""

from collections.abc import Callable
from typing import NamedTuple

from pivotsim.energy import constant
from pivotsim.energy.usage import Usage
from pivotsim.hardware.spec import Hardware


class Rule(NamedTuple):
    """An energy rule: components in joules of a run, and the dotted paths of the constants that it reads."""

    components_j: Callable[[Hardware, Usage], dict[str, float]]
    constants: tuple[str, ...]


RULES = {"constant": Rule(constant.components_j, constant.CONSTANTS)}
