"""Contradictions: cells of the paper that do not follow from each other; those of its text are found in ``prose``.

A cell is off if the interval that its digits stand for does not meet what the paper's own rules and cells imply:
energy = power * delay, FPS/W = 1 / (power * delay), EDP by any of the three definitions in use, a stated factor
as the ratio of its two cells, parts that a total must lie between. Nothing here is simulated; hits are not listed.

Digits may be rounded or cut: PIVOT prints 1.739 as 1.73 and 2.179 as 2.17. What only rounding would make off is
told apart (``cut_explains``) and never called a contradiction.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pivotsim.published.base.claims import Claim, Interval, printed
from pivotsim.published.base.hits import Hit, hit_of, implied_interval
from pivotsim.published.pivot.consistency.prose import prose_hits
from pivotsim.published.pivot.statements import BASELINES, Values

HIGHEST_FRACTION = 0.4  # of images at high effort: the paper's LEC runs from 60 (section 4.4) to 100
COMPONENTS = tuple(f"{part}_energy_reduction" for part in ("ps", "pe_array", "sram", "periphery"))
# factor: (cell, the baseline's cell stands above the fraction bar)
FACTORS = {
    "energy_reduction": ("energy", True),
    "delay_reduction": ("delay", True),
    "edp_reduction": ("edp", True),
    "fps_per_watt_gain": ("fps_per_watt", False),
}


def find_hits(claims: list[Claim]) -> list[Hit]:
    """Return every cell that is off, in the claims' order."""
    hits = {hit.id: replace(hit, cut_explains=True) for hit in _find(claims, cut=False)}
    hits |= {hit.id: hit for hit in _find(claims, cut=True)}
    order = {claim.id: i for i, claim in enumerate(claims)}
    return sorted(hits.values(), key=lambda hit: order[hit.id])


def _find(claims: list[Claim], cut: bool) -> Iterator[Hit]:
    """Yield the cells that are off where digits are rounded, or where they may be cut as well."""
    cells: Cells = {}
    for claim in claims:
        if claim.number is not None:
            cells.setdefault((claim.model, claim.quantity), claim)  # a table's, which the text may repeat
    values = {key: printed(c.text, cut=cut) for key, c in cells.items()}
    yield from _table_hits(cells, values)
    yield from _factor_hits(claims, values, cut)
    yield from _component_hits(claims, values)
    yield from _word_hits(claims)
    yield from prose_hits(claims, values, cut=cut)


Cells = dict[tuple[str, str], Claim]


def _table_hits(cells: Cells, values: Values) -> Iterator[Hit]:
    for model in dict.fromkeys(model for model, quantity in cells if quantity == "power"):
        power, delay = values[model, "power"], values[model, "delay"]
        mean_image = implied_interval(lambda p, d: p * d * d * 1e-3, power, delay)
        rules = {
            "energy": (implied_interval(lambda p, d: p * d * 1e-3, power, delay), "power * delay"),
            "fps_per_watt": (implied_interval(lambda p, d: 1e3 / (p * d), power, delay), "1 / (power * delay)"),
        }
        baseline = BASELINES.get(model)
        if baseline is None:
            rules["edp"] = (mean_image, "power * delay^2")
        else:
            attention = values.get((baseline, "attention_share"), Interval(100, 100, 100))
            floor = (1 - attention.high / 100) * values[baseline, "delay"].low
            reach = _reachable_edp(power, delay, floor, values[baseline, "delay"].high)
            rules["edp"] = (
                reach,
                f"no effort pair reaches it: {reach.low:.4g} to {reach.high:.4g} by all three definitions",
            )
        for quantity, (implied, rule) in rules.items():
            yield from hit_of(cells[model, quantity], values[model, quantity], implied, rule)


def _reachable_edp(power: Interval, delay: Interval, floor_ms: float, longest_ms: float) -> Interval:
    """Return the EDPs that an effort pair of a given mean delay can have, by any of the three definitions.

    D = D_L + F * D_H, with F_H = F up to HIGHEST_FRACTION, D_L no shorter than the baseline without attention and
    D_H no longer than the baseline. At F = 0 all three definitions are that of the mean image.
    """
    values = []
    for d in (delay.low, delay.value, delay.high):
        fraction, high = np.meshgrid(np.linspace(0, HIGHEST_FRACTION, 201), np.linspace(floor_ms, longest_ms, 201))
        low = d - fraction * high
        possible = (low >= floor_ms) & (low <= high)
        over_efforts = low**2 + fraction * high**2
        over_images = (1 - fraction) * low**2 + fraction * (low + high) ** 2
        values += [d * d, *over_efforts[possible].tolist(), *over_images[possible].tolist()]
    return Interval(
        power.value * delay.value**2 * 1e-3, power.low * min(values) * 1e-3, power.high * max(values) * 1e-3
    )


def _factor_hits(claims: list[Claim], cells: Values, cut: bool) -> Iterator[Hit]:
    for claim in claims:
        if claim.quantity in FACTORS and claim.model in BASELINES:
            cell, baseline_above = FACTORS[claim.quantity]
            own, base = cells[claim.model, cell], cells[BASELINES[claim.model], cell]
            implied = implied_interval(lambda a, b: a / b, *((base, own) if baseline_above else (own, base)))
            yield from hit_of(claim, printed(claim.text, cut=cut), implied, f"ratio of the printed {cell} cells")


def _component_hits(claims: list[Claim], values: Values) -> Iterator[Hit]:
    """Judge reductions of components against the total's: an additive total lies between its parts."""
    parts = [c for c in claims if c.quantity in COMPONENTS]
    if not parts:
        return
    intervals = [values[c.model, c.quantity] for c in parts]
    for model in parts[0].model.split(" and "):
        total, least = values[model, "energy_reduction"], min(i.low for i in intervals)
        if total.high < least:
            for part, interval in zip(parts, intervals, strict=True):
                size = interval.value / total.value - 1
                rule = f"{model}'s total falls {total.value:g}x: not every part can fall at least {least:g}x"
                yield Hit(part.id, part.text, f"some part <= {total.value:g}", size, rule)
    for claim in claims:
        if claim.quantity == "resource_energy_reduction":  # stated as a lower bound on every part
            bound = values[claim.model, claim.quantity].value
            weakest, part = min(zip(intervals, parts, strict=True), key=lambda pair: pair[0].value)
            if weakest.high <= bound:
                yield Hit(claim.id, f">{claim.text}", part.text, bound / weakest.value - 1, f"{part.id} is below it")


def _word_hits(claims: list[Claim]) -> Iterator[Hit]:
    """Judge words: one quantity, stated twice, must be the same; the table stands, the prose is off."""
    words = [c for c in claims if c.number is None and c.quantity == "dataflow"]
    for first, other in itertools.pairwise(words):
        if first.text != other.text:
            yield Hit(other.id, other.text, first.text, None, f"{first.id} says otherwise")
