"""Energy rule `constant`: the board's power times the delay (PIVOT, section 3.4 and Tables 2 and 3)."""

from pivotsim.hardware.spec import Hardware
from pivotsim.units import energy_j

CONSTANTS = ("power.board_w",)


def components_j(hw: Hardware, delay_ms: float) -> dict[str, float]:
    """Return the energy of each component in joules; this rule knows the whole board only.

    E = P * D, with the assumption that power does not depend on what runs.
    """
    return {"board": energy_j(hw.power.board_w, delay_ms)}
