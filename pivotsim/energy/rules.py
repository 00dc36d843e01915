"""The energy rules by name; a further one is a further row."""

from collections.abc import Callable
from typing import Any, NamedTuple

from pivotsim.energy import activity, constant
from pivotsim.energy.activity import Interval
from pivotsim.energy.usage import Usage
from pivotsim.hardware.spec import Hardware

CONSTANT, ACTIVITY = "constant", "activity"


class Rule(NamedTuple):
    """An energy rule.

    Components in joules of a run; their sum at constants that a function gives by dotted path, arrays or numbers; how
    far it may move, None where the rule cannot say; the dotted paths of the constants that it reads; and component ->
    remark, for what must be said wherever a component is printed.
    """

    components_j: Callable[[Hardware, Usage], dict[str, float]]
    total_j: Callable[[Callable[[str], Any], Usage], Any]
    interval_j: Callable[[Hardware, Usage], Interval | None]
    constants: tuple[str, ...]
    remarks: Callable[[Hardware], dict[str, str]]


RULES = {
    CONSTANT: Rule(constant.components_j, constant.total_j, constant.interval_j, constant.CONSTANTS, constant.remarks),
    ACTIVITY: Rule(activity.components_j, activity.total_j, activity.interval_j, activity.CONSTANTS, activity.remarks),
}


def whole_j(energy: str, hw: Hardware, usage: Usage) -> Any:
    """Return the joules of a run, or of many whose usage is in vectors: its components from left to right."""
    first, *others = RULES[energy].components_j(hw, usage).values()
    total: Any = first
    for joules in others:
        total = total + joules
    return total
