"""Fig. 6b: how far the energy of PS, PE array, SRAM and periphery falls, published beside rule `activity`.

A component's energy is a sum of terms, each a constant times something of the run, so its reduction is a mean of the
terms' own reductions, weighted by the constants: it is least and greatest where every constant stands at an end of its
range. With a single constant, or terms that fall alike, the reduction does not depend on the constants at all.
"""

import itertools
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.energy.activity import CHARGES, components_j
from pivotsim.energy.usage import Usage
from pivotsim.hardware.power import ActivitySpec, ComponentPowerSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.plots.papers.pivot.bars import OTHER, PUBLISHED, SIMULATED, Series, draw_groups
from pivotsim.published.pivot.audit import Audit
from pivotsim.published.pivot.other_board import BoardComparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COMPONENTS = {"ps": "PS", "pe_array": "PE array", "sram": "SRAM", "periphery": "periphery"}
ROWS = ("PVDS-50", "PVLS-50")
COLOURS = {"PVDS-50": SIMULATED, "PVLS-50": OTHER}


class Reduction(NamedTuple):
    """Baseline's energy over the row's: at the default constants, and the least and greatest within their ranges."""

    simulated: float
    low: float
    high: float


def published_reductions(audit: Audit | BoardComparison) -> dict[str, float]:
    """Return the printed reductions, component -> factor, the same for PVDS-50 and PVLS-50 ("around")."""
    cells = {f.claim.quantity: f.claim.number for f in audit.findings}
    found = {name: cells.get(f"{name}_energy_reduction") for name in COMPONENTS}
    return {name: value for name, value in found.items() if value is not None}


def reduction_data(audit: Audit | BoardComparison) -> dict[str, dict[str, Reduction]]:
    """Return {row: {component: Reduction}}, dimensionless, without components that take no energy on the board.

    The baseline is the row's own, with its MLP ratio.
    """
    data = {}
    for row in ROWS:
        before, after = audit.bases[row].usage, audit.mixes[row].usage
        taking = [name for name in COMPONENTS if components_j(audit.hw, after)[name] > 0]
        data[row] = {name: _reduction(audit.hw, name, before, after) for name in taking}
    return data


def _reduction(hw: Hardware, component: str, base: Usage, mix: Usage) -> Reduction:
    assert isinstance(hw.power, ComponentPowerSpec)  # as every board with a systolic array
    found = [components_j(hw, base)[component] / components_j(hw, mix)[component]]
    found += _at_the_ends(hw.power.activity, component, base, mix)
    return Reduction(found[0], min(found), max(found))


def _at_the_ends(activity: ActivitySpec, component: str, base: Usage, mix: Usage) -> list[float]:
    """Return the reductions with each constant of a component at either end of its range."""
    terms = [charge for charge in CHARGES if charge.component == component]
    ends = [[getattr(end, term.constant) for end in (activity.low, activity.high)] for term in terms]
    reductions = []
    for values in itertools.product(*ends):
        before, after = (
            sum(t.joules(v, run) for t, v in zip(terms, values, strict=True)) for run in (base, mix)
        )  # fmt: skip
        if after:
            reductions.append(before / after)
    return reductions


def draw_reductions(published: dict[str, float], data: dict[str, dict[str, Reduction]], axes: "Axes") -> "Axes":
    """Draw the components' reductions side by side, with error bars over the constants' ranges."""
    series = [Series("published, both rows", [published.get(name) for name in COMPONENTS], PUBLISHED, "")]
    for row, found in data.items():
        shown = [found.get(name) for name in COMPONENTS]
        spread = [one and (one.low, one.high) for one in shown]
        values = [one and one.simulated for one in shown]
        series.append(Series(f"{row}, rule activity", values, COLOURS[row], "//", spread))
    draw_groups(list(COMPONENTS.values()), series, axes, "{:.2f}x", line=1)
    axes.set_ylabel("energy of the baseline / of the row")
    axes.set_xlabel("relative: no component was measured; error bars: ranges of the constants [estimate]", fontsize=8)
    axes.set_title("Fig. 6b: energy reduction by component (pairs inferred)", fontsize=9)
    return axes
