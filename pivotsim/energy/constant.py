"""Energy rule `constant`: the board's power times the delay (PIVOT, section 3.4 and Tables 2 and 3)."""

from pivotsim.energy.counts import Usage
from pivotsim.hardware.spec import Hardware
from pivotsim.units import Number, energy_j

CONSTANTS = ("power.board_w",)


def board_j(hw: Hardware, delay_ms: Number) -> Number:
    """Return P * D in joules, with the assumption that power does not depend on what runs."""
    return energy_j(hw.power.board_w, delay_ms)


def components_j(hw: Hardware, usage: Usage) -> dict[str, float]:
    """Return the energy of each component in joules; this rule knows the whole board only."""
    return {"board": board_j(hw, usage.delay_ms)}


def interval_j(hw: Hardware, usage: Usage) -> None:
    """Return None: one published constant has no range."""


def remarks(hw: Hardware) -> dict[str, str]:
    """Return no remarks."""
    return {}
