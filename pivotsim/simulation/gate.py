"""The entropy gate after a run: what one image pays where efforts are combined (PIVOT, Eq. 3 and section 3.4)."""

from collections.abc import Mapping
from typing import NamedTuple

from pivotsim.energy.rules import RULES
from pivotsim.energy.usage import Usage, usage_of
from pivotsim.engines.counts import Counts
from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import entropy_ms


class Gate(NamedTuple):
    """One gate: its delay, None where it cannot run, its times, and its energy by component."""

    delay_ms: float | None
    usage: Usage
    components_j: Mapping[str, float]


def gate_of(hw: Hardware, profile: str, energy: str, classes: int | None) -> Gate:
    """Return the gate over ``classes`` outputs; it cannot run without a processor or where their number is unknown."""
    delay_ms = None if classes is None or hw.host is None else entropy_ms(hw, profile, classes)
    usage = usage_of(delay_ms or 0.0, 0.0, delay_ms or 0.0, hw.ps_cores, Counts())
    return Gate(delay_ms, usage, RULES[energy].components_j(hw, usage))
