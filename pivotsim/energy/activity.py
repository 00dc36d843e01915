"""Energy rule `activity`: each component's static power times time, plus its energy per event times events.

    E = sum over components of  static_w * delay  +  active_w * busy time  +  pj_per_event * events

The components are those of PIVOT's Fig. 6b (PS, PE array, SRAM, periphery) and DRAM; where ``units.*.pj_per_element``
charges the arithmetic of PL units, that is one more. It assumes that events cost the
same whatever the data, and that nothing is switched off. The leakage of the programmable logic belongs to none of its
parts and is counted under periphery, beside a constant that is a calibrated residual: it was chosen once, so that
the DeiT-S baseline averages the paper's 7.92 W; no other run is made to. Constants and their ranges: hwconfigs.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from pivotsim.energy.usage import Usage
from pivotsim.errors import InputError, got
from pivotsim.hardware.defaults import PS_POWER
from pivotsim.hardware.power import ActivityCosts, ActivitySpec, ComponentPowerSpec, FittedOn
from pivotsim.hardware.spec import Hardware
from pivotsim.io.documents import INHERITED, inherited_from, is_inherited, stated_source
from pivotsim.units import energy_j, pj_to_j, plain_sum

RESIDUAL = "periphery_w"
DEFAULTS = "power.activity.default."
RELATIVE = "relative"
PL_UNITS = "pl_units"
MEANS_RELATIVE = (
    "relative: no component was ever measured by itself; shares compare designs, joules of a part prove nothing"
)


class Charge(NamedTuple):
    """One term: a component, the constant behind it, and the joules of a run at a value of the constant."""

    component: str
    constant: str
    joules: Callable[[Any, Usage], Any]


CHARGES = (
    Charge("ps", "ps_idle_w", lambda w, run: energy_j(w, run.delay_ms)),
    Charge("ps", "ps_active_w", lambda w, run: energy_j(w, run.ps_core_ms)),
    Charge("pe_array", "pe_array_pj_per_mac", lambda pj, run: pj_to_j(pj * run.macs)),
    Charge("sram", "sram_pj_per_byte", lambda pj, run: pj_to_j(pj * run.sram_bytes)),
    Charge("periphery", "pl_static_w", lambda w, run: energy_j(w, run.delay_ms)),
    Charge("periphery", RESIDUAL, lambda w, run: energy_j(w, run.delay_ms)),
    Charge("dram", "dram_pj_per_byte", lambda pj, run: pj_to_j(pj * run.dram_bytes)),
)
CONSTANTS = (
    *(f"{DEFAULTS}{charge.constant}" for charge in CHARGES),
    "power.activity.low",
    "power.activity.high",
)


class Interval(NamedTuple):
    """How far the total may move with the constants, in joules.

    ``low_j`` and ``high_j`` hold each constant at its own end, the periphery's too, as if none were tied to another.
    ``pinned_low_j`` and ``pinned_high_j`` move the constants through all their ranges while the periphery's follows,
    so that the run that it was fitted on keeps its mean power; what is left is what the fit cannot tell.
    """

    low_j: float
    high_j: float
    pinned_low_j: float
    pinned_high_j: float


def components_j(hw: Hardware, usage: Usage) -> dict[str, float]:
    """Return the energy of each component in joules."""
    return _components_j(_constants(hw).default, usage)


def total_j(value_of: Callable[[str], Any], usage: Usage) -> Any:
    """Return the energy at constants given by dotted path; they and the usage's entries may be arrays."""
    own = plain_sum(charge.joules(value_of(f"{DEFAULTS}{charge.constant}"), usage) for charge in CHARGES)
    return own + pj_to_j(usage.unit_pj)


def _constants(hw: Hardware) -> ActivitySpec:
    """Return a board's constants, or raise InputError for a board that has none."""
    if not isinstance(hw.power, ComponentPowerSpec):
        raise InputError(f"energy: '{hw.name}' has no constants per component; use energy 'constant' {got('activity')}")
    activity = hw.power.activity
    if hw.host is None:
        _check_ps_is_zero(activity)
    return activity


def _check_ps_is_zero(activity: ActivitySpec) -> None:
    """Raise InputError where a processor that is not there would take power."""
    stated = {
        f"power.activity.{end}.{name}": getattr(getattr(activity, end), name)
        for end in ("default", "low", "high")
        for name in PS_POWER
    }
    problem = "must be 0, this board has no processor (host: none)"
    found = [f"energy: 'activity': {path}: {problem} {got(watts)}" for path, watts in stated.items() if watts]
    if found:
        raise InputError(found)


def _components_j(costs: ActivityCosts, usage: Usage) -> dict[str, float]:
    found: dict[str, float] = {}
    for component, constant, joules in CHARGES:
        found[component] = found.get(component, 0.0) + joules(getattr(costs, constant), usage)
    units_j = pj_to_j(usage.unit_pj)
    return {**found, PL_UNITS: units_j} if units_j else found


def interval_j(hw: Hardware, usage: Usage) -> Interval:
    """Return the least and the most that the run's energy may be, see ``Interval``."""
    activity = _constants(hw)
    low, total, high = (
        sum(_components_j(costs, usage).values()) for costs in (activity.low, activity.default, activity.high)
    )
    below = above = 0.0
    for move in _pinned_moves_j(activity, usage):
        below, above = below + min(move), above + max(move)
    return Interval(low, high, total + below, total + above)


def _pinned_moves_j(activity: ActivitySpec, usage: Usage) -> list[tuple[float, float]]:
    """Return what each constant adds at its low and high end, what the periphery then gives back included.

    A constant that is raised by d adds d * x, x being the run's events. In the fitted run, of x0 events and delay T0,
    the residual falls by d * x0 / T0 watts, hence here by d * x0 * T / T0: static power moves nothing.
    """
    fitted = fitted_usage(activity.fitted_on)
    scale = usage.delay_ms / fitted.delay_ms
    moves = []
    for _, constant, joules in CHARGES:
        if constant != RESIDUAL:
            default = getattr(activity.default, constant)
            ends = (getattr(costs, constant) - default for costs in (activity.low, activity.high))
            low, high = (joules(end, usage) - scale * joules(end, fitted) for end in ends)
            moves.append((low, high))
    return moves


def fitted_usage(fitted: FittedOn) -> Usage:
    """Return the usage of the run that the periphery's constant was fitted on."""
    return Usage(
        fitted.delay_ms, 0.0, 0.0, fitted.ps_core_ms, float(fitted.macs), float(fitted.sram_bytes),
        float(fitted.dram_bytes),
    )  # fmt: skip


def residual_w(activity: ActivitySpec, value_of: Callable[[str], Any] | None = None) -> Any:
    """Return the periphery's constant in watts that gives the fitted run its power: what the rest leaves of it.

    ``value_of`` gives the other constants by dotted path, numbers or arrays; the board's own where it is left out.
    """
    fitted = fitted_usage(activity.fitted_on)
    own = activity.default
    rest_j = sum(
        charge.joules(value_of(f"{DEFAULTS}{charge.constant}") if value_of else getattr(own, charge.constant), fitted)
        for charge in CHARGES
        if charge.constant != RESIDUAL
    )
    return activity.fitted_on.power_w - rest_j / energy_j(1.0, fitted.delay_ms)


def is_residual(hw: Hardware) -> bool:
    """Whether the periphery's constant is still the one that was fitted, and not the user's."""
    return stated_source(hw.source(f"{DEFAULTS}{RESIDUAL}")).startswith("[calibrated]")


def remarks(hw: Hardware) -> dict[str, str]:
    """Return component -> what a reader must know of it: that it is relative, and whose its constants are."""
    source = hw.source(f"{DEFAULTS}{RESIDUAL}")
    word = "a calibrated residual" if is_residual(hw) else source
    if is_inherited(source):
        word = f"{word} {INHERITED}{inherited_from(source)}]"
    found = dict.fromkeys((charge.component for charge in CHARGES), RELATIVE)
    units = f"{RELATIVE}: units.*.pj_per_element, [assumed], without an interval"
    return {**found, "periphery": f"{RELATIVE}: leakage of the programmable logic, and {word}", PL_UNITS: units}
