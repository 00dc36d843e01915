"""Energy rule `constant`: the board's power times the delay (PIVOT, section 3.4 and Tables 2 and 3)."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from pivotsim.energy.usage import Usage
from pivotsim.hardware.power import ComponentPowerSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.io.documents import SET_BY_USER, inherited_from
from pivotsim.units import Number, energy_j

BOARD_W = "power.board_w"
CONSTANTS = (BOARD_W,)
NO_PART = (".operand_bits", ".rules")  # of the array's values: they say what fits and how clocks are counted


def board_j(hw: Hardware, delay_ms: Number) -> Number:
    """Return P * D in joules, with the assumption that power does not depend on what runs."""
    return energy_j(hw.power.board_w, delay_ms)


def components_j(hw: Hardware, usage: Usage) -> dict[str, float]:
    """Return the energy of each component in joules; this rule knows the whole board only."""
    return {"board": board_j(hw, usage.delay_ms)}


def total_j(value_of: Callable[[str], Any], usage: Usage) -> Any:
    """Return the energy at a power given by its dotted path; it and the delay may be arrays."""
    return energy_j(value_of(BOARD_W), usage.delay_ms)


def constant_power_note(hw: Hardware, varied: Collection[str] = (), read: Collection[str] = ()) -> str:
    """Return what must be said of the power where another array or clock has the constant of a board's own.

    Parameters
    ----------
    hw : Hardware
        Gives the constant.
    varied : collection of str
        Dotted paths of the values that an exploration varies.
    read : collection of str
        Dotted paths of the values that count; all of them where it is empty.

    Returns
    -------
    str
        One line; '' where the array and its clock are those that the power was stated for.

    Examples
    --------
    >>> import pivotsim as ps
    >>> constant_power_note(ps.load_hardware("zcu102"), ["array.rows"])
    'power.board_w: 7.92 W is that of zcu102 with its own array and clock; energy activity scales with the design'
    >>> constant_power_note(ps.load_hardware("zcu102"), ["host.cores"])
    ''
    """
    array = f"{hw.compute}."
    is_varied = BOARD_W not in varied and any(path.startswith(array) and not path.endswith(NO_PART) for path in varied)
    if not is_varied and not any(not read or path in read for path in _stated_after(hw, array)):
        return ""
    owner = inherited_from(hw.source(BOARD_W)) or hw.name
    of_owner = f"{BOARD_W}: {hw.power.board_w:g} W is that of {owner} with its own array and clock"
    has_components = isinstance(hw.power, ComponentPowerSpec)
    return f"{of_owner}; energy activity scales with the design" if has_components else of_owner


def _stated_after(hw: Hardware, array: str) -> Iterator[str]:
    """Yield the paths of the array's values that were stated after the board's power, and by another file or setting.

    Sources stand in the order in which values were stated: what a file or a setting changes comes last.
    """
    power = _origin(hw.source(BOARD_W))
    owner = next((path for path in (BOARD_W, "power") if path in hw.sources), "")
    is_after = not owner
    for path, source in hw.sources.items():
        is_after = is_after or path == owner
        if is_after and path.startswith(array) and not path.endswith(NO_PART) and _origin(source) != power:
            yield path


def _origin(source: str) -> str:
    """Return who stated a value: the base that a source names, a setting, or the board's own file."""
    return inherited_from(source) or (SET_BY_USER if source.startswith(f"{SET_BY_USER} (") else "")


def interval_j(hw: Hardware, usage: Usage) -> None:
    """Return None: one published constant has no range."""


def remarks(hw: Hardware) -> dict[str, str]:
    """Return no remarks."""
    return {}
