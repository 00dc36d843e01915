"""Whether an energy that is the sum of its components can fall as a figure and a table say together.

With baseline energies e_i of the components and their reductions r_i, the total falls by sum(e_i) / sum(e_i / r_i), the
harmonic mean of the r_i weighted by e_i: whatever the weights, it lies between the least r_i and the greatest. The
components of Fig. 6b are taken to be all of the energy; a part that it does not list is asked for separately.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pivotsim.effort.mixed_report import MixedReport
from pivotsim.energy.activity import components_j
from pivotsim.hardware.spec import Hardware
from pivotsim.published.base.claims import Claim, Interval, printed
from pivotsim.published.pivot.consistency.contradictions import COMPONENTS
from pivotsim.published.pivot.statements import BASELINES
from pivotsim.simulation.report import Report

YES, BY_DIGITS, NO = "yes", "only by rounding", "no"
ATTENTION = ("attention_mac", "softmax")


@dataclass(frozen=True)
class Additive:
    """One row of the table against the components' reductions.

    Attributes
    ----------
    total_reduction : float
        The table's, as printed.
    least_reduction, greatest_reduction : float
        What any weighted harmonic mean of the printed components lies between.
    possible : {'yes', 'only by rounding', 'no'}
        Whether the total lies there: as printed, or for some values that the printed digits stand for.
    unlisted_frac : float
        The least share of the baseline's energy that a part which is not listed and does not fall would need.
    attention_published_reduction : float or None
        How far the attention's own time falls by the printed shares and delays, were each share one of its own row's
        delay: the figure may mean the attention alone (hypothesis). None where a cell is missing.
    attention_simulated_reduction : float
        The same in simulation, with the row's inferred pair.
    activity_reductions : mapping
        Component -> how far its energy falls under the rule `activity`, and the ``total``.
    """

    row: str
    total_reduction: float
    least_reduction: float
    greatest_reduction: float
    possible: str
    unlisted_frac: float
    attention_published_reduction: float | None
    attention_simulated_reduction: float
    activity_reductions: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the judgement as plain numbers and text."""
        return asdict(self)


def judge_additive(
    claims: list[Claim], bases: Mapping[str, Report], mixes: Mapping[str, MixedReport], hw: Hardware
) -> Iterator[Additive]:
    """Yield one judgement for each row that the components' claims name; ``bases`` and ``mixes`` are by row."""
    parts = [claim for claim in claims if claim.quantity in COMPONENTS]
    if not parts:
        return
    reductions = [printed(part.text, cut=True) for part in parts]
    for row in parts[0].model.split(" and "):
        cell = next(c for c in claims if (c.model, c.quantity) == (row, "energy_reduction"))
        total = printed(cell.text, cut=True)
        base, mix = bases[row], mixes[row]
        yield Additive(
            row=row,
            total_reduction=total.value,
            least_reduction=min(r.value for r in reductions),
            greatest_reduction=max(r.value for r in reductions),
            possible=possible(reductions, total),
            unlisted_frac=unlisted_frac(reductions, total),
            attention_published_reduction=_published_attention(claims, row),
            attention_simulated_reduction=_ratio(_attention_ms(base), _attention_ms(mix)),
            activity_reductions=_activity_reductions(hw, base, mix),
        )


def possible(reductions: list[Interval], total: Interval) -> str:
    """Tell whether some weights give the total: as printed, for values that the digits stand for, or never."""
    if min(r.value for r in reductions) <= total.value <= max(r.value for r in reductions):
        return YES
    reach = Interval(total.value, min(r.low for r in reductions), max(r.high for r in reductions))
    return BY_DIGITS if reach.overlaps(total) else NO


def unlisted_frac(reductions: list[Interval], total: Interval) -> float:
    """Return the least baseline share s of a part that does not fall: 1 / total = (1 - s) / least + s."""
    least = min(r.low for r in reductions)
    if total.high >= least or least <= 1:
        return 0.0
    return (1 / total.high - 1 / least) / (1 - 1 / least)


def _published_attention(claims: list[Claim], row: str) -> float | None:
    cells = {(c.model, c.quantity): c.number for c in claims}
    names = ("delay", *(f"{group}_share" for group in ATTENTION))
    times = []
    for model in (BASELINES[row], row):
        delay, *shares = (cells.get((model, name)) for name in names)
        if delay is None or None in shares:
            return None
        times.append(delay * sum(share for share in shares if share is not None))
    return _ratio(*times)


def _attention_ms(report: Report | MixedReport) -> float:
    groups = report.breakdown("group")
    return sum(groups.get(group, {"delay_ms": 0.0})["delay_ms"] for group in ATTENTION)


def _activity_reductions(hw: Hardware, base: Report, mix: MixedReport) -> dict[str, float]:
    before, after = components_j(hw, base.usage), components_j(hw, mix.usage)
    total = _ratio(sum(before.values()), sum(after.values()))
    return {**{name: _ratio(before[name], after[name]) for name in before}, "total": total}


def _ratio(before: float, after: float) -> float:
    return before / after if after else 0.0
