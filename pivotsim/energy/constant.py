"""Energy rule `constant`: the board's power times the delay (PIVOT, section 3.4 and Tables 2 and 3)."""

from collections.abc import Collection

from pivotsim.energy.usage import Usage
from pivotsim.hardware.spec import Hardware
from pivotsim.io.documents import SET_BY_USER, is_inherited
from pivotsim.io.specs import leaves
from pivotsim.units import Number, energy_j

CONSTANTS = ("power.board_w",)


def board_j(hw: Hardware, delay_ms: Number) -> Number:
    """Return P * D in joules, with the assumption that power does not depend on what runs."""
    return energy_j(hw.power.board_w, delay_ms)


def constant_power_note(hw: Hardware, varied: Collection[str] = ()) -> str:
    """Return what must be said where a power is that of another array or clock than the one which runs, '' elsewhere.

    Parameters
    ----------
    hw : Hardware
    varied : collection of str
        Dotted paths that an exploration varies.
    """
    array = f"{hw.compute}."
    power = _origin(hw.source("power.board_w"))
    paths = [path for path, _, _ in leaves(type(hw)) if path.startswith(array)]
    is_other = any(path.startswith(array) for path in varied) or any(_origin(hw.source(p)) > power for p in paths)
    if not is_other:
        return ""
    said = f"{hw.power.board_w:g} W is the board's power with one array and clock, not with these"
    return f"power.board_w: {said}; energy rule activity scales with what runs"


def _origin(source: str) -> int:
    """Return how late a value was stated: by the base, by the board, by a setting."""
    return 0 if is_inherited(source) else 2 if source.startswith(f"{SET_BY_USER} (") else 1


def components_j(hw: Hardware, usage: Usage) -> dict[str, float]:
    """Return the energy of each component in joules; this rule knows the whole board only."""
    return {"board": board_j(hw, usage.delay_ms)}


def interval_j(hw: Hardware, usage: Usage) -> None:
    """Return None: one published constant has no range."""


def remarks(hw: Hardware) -> dict[str, str]:
    """Return no remarks."""
    return {}
