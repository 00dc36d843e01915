"""The energy rules by name; a further one is a further row."""

from collections.abc import Callable
from typing import NamedTuple

from pivotsim.energy import activity, constant
from pivotsim.energy.activity import Interval
from pivotsim.energy.counts import Usage
from pivotsim.hardware.spec import Hardware


class Rule(NamedTuple):
    """An energy rule.

    Components in joules of a run; how far their sum may move, None where the rule cannot say; the dotted paths of
    the constants that it reads; and component -> remark, for what must be said wherever a component is printed.
    """

    components_j: Callable[[Hardware, Usage], dict[str, float]]
    interval_j: Callable[[Hardware, Usage], Interval | None]
    constants: tuple[str, ...]
    remarks: Callable[[Hardware], dict[str, str]]


RULES = {
    "constant": Rule(constant.components_j, constant.interval_j, constant.CONSTANTS, constant.remarks),
    "activity": Rule(activity.components_j, activity.interval_j, activity.CONSTANTS, activity.remarks),
}
