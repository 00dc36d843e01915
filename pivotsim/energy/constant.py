"""Energy rule `constant`: the board's power times the delay (PIVOT, section 3.4 and Tables 2 and 3)."""

from collections.abc import Iterable

from pivotsim.energy.usage import Usage
from pivotsim.hardware.spec import Hardware
from pivotsim.units import Number, energy_j

BOARD_W = "power.board_w"
CONSTANTS = (BOARD_W,)
OF_THE_DESIGN = ("array.rows", "array.cols", "array.clock_mhz", "array.dataflow")


def board_j(hw: Hardware, delay_ms: Number) -> Number:
    """Return P * D in joules, with the assumption that power does not depend on what runs."""
    return energy_j(hw.power.board_w, delay_ms)


def components_j(hw: Hardware, usage: Usage) -> dict[str, float]:
    """Return the energy of each component in joules; this rule knows the whole board only."""
    return {"board": board_j(hw, usage.delay_ms)}


def constant_power_note(hw: Hardware, changed_paths: Iterable[str]) -> str:
    """Return what must be said of the power where another array or clock has the constant of a board's own.

    Parameters
    ----------
    hw : Hardware
        Gives the constant.
    changed_paths : iterable of str
        Dotted paths of the values that designs do not share with it.

    Returns
    -------
    str
        One line; '' where the array and its clock are the board's own, or the power is among what is changed.

    Examples
    --------
    >>> import pivotsim as ps
    >>> constant_power_note(ps.load_hardware("zcu102"), ["array.rows"])
    'power.board_w: 7.92 W is that of zcu102 with its own array and clock; energy activity scales with the design'
    >>> constant_power_note(ps.load_hardware("zcu102"), ["host.cores"])
    ''
    """
    changed = set(changed_paths)
    if BOARD_W in changed or not changed & set(OF_THE_DESIGN):
        return ""
    of_board = f"{BOARD_W}: {hw.power.board_w:g} W is that of {hw.name} with its own array and clock"
    return f"{of_board}; energy activity scales with the design"


def interval_j(hw: Hardware, usage: Usage) -> None:
    """Return None: one published constant has no range."""


def remarks(hw: Hardware) -> dict[str, str]:
    """Return no remarks."""
    return {}
