"""Where a paper's cells do not follow from each other.

A cell is off if the interval that its digits stand for does not meet what the paper's own rules and cells imply:
energy = power * delay, FPS/W = 1 / (power * delay), EDP by any of the three definitions in use, a stated factor
as the ratio of its two cells. Nothing here is simulated, and no cell is named.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pivotsim.published.claims import Claim, Interval, printed

MARKED_FROM_FRAC = 0.025
BASELINES = {"PVDS-50": "DeiT-S", "PVDS-35": "DeiT-S", "PVLS-50": "LVViT-S", "PVLS-35": "LVViT-S"}
# factor: (cell, the baseline's cell stands above the fraction bar)
FACTORS = {
    "energy_reduction": ("energy", True),
    "delay_reduction": ("delay", True),
    "edp_reduction": ("edp", True),
    "fps_per_watt_gain": ("fps_per_watt", False),
}


@dataclass(frozen=True)
class Hit:
    """One cell that does not follow: its size is printed / implied - 1, None where words differ."""

    id: str
    printed: str
    implied: str
    size_frac: float | None
    rule: str

    @property
    def marked(self) -> bool:
        """Above the size that the audit calls a contradiction."""
        return self.size_frac is None or abs(self.size_frac) > MARKED_FROM_FRAC


def _implied(function: Callable[..., float], *cells: Interval) -> Interval:
    """Return the interval of a function that is monotone in each of its cells."""
    corners = [function(*corner) for corner in itertools.product(*((c.low, c.high) for c in cells))]
    return Interval(function(*(c.value for c in cells)), min(corners), max(corners))


def find_hits(claims: list[Claim]) -> list[Hit]:
    """Return every cell that is off, in the claims' order."""
    cells = {(c.model, c.quantity): c for c in claims if c.number is not None}
    hits = [*_table_hits(cells), *_factor_hits(cells), *_component_hits(claims), *_word_hits(claims)]
    order = {claim.id: i for i, claim in enumerate(claims)}
    return sorted(hits, key=lambda hit: order[hit.id])


def _judge(claim: Claim, implied: Interval, rule: str) -> Iterator[Hit]:
    cell = printed(claim.text)
    if not cell.overlaps(implied):
        yield Hit(claim.id, claim.text, f"{implied.value:.4g}", cell.value / implied.value - 1, rule)


def _table_hits(cells: dict[tuple[str, str], Claim]) -> Iterator[Hit]:
    for model in dict.fromkeys(model for model, quantity in cells if quantity == "power"):
        power, delay = (printed(cells[model, q].text) for q in ("power", "delay"))
        energy = _implied(lambda p, d: p * d * 1e-3, power, delay)
        yield from _judge(cells[model, "energy"], energy, "power * delay")
        per_joule = _implied(lambda p, d: 1e3 / (p * d), power, delay)
        yield from _judge(cells[model, "fps_per_watt"], per_joule, "1 / (power * delay)")
        mean_image = _implied(lambda p, d: p * d * d * 1e-3, power, delay)
        edp = cells[model, "edp"]
        baseline = BASELINES.get(model)
        if baseline is None:
            yield from _judge(edp, mean_image, "power * delay^2")
        elif not any(printed(edp.text).overlaps(i) for i in (mean_image, *_effort_edps(cells, model, baseline))):
            yield from _judge(edp, mean_image, "any of the three definitions of EDP")


def _effort_edps(cells: dict[tuple[str, str], Claim], model: str, baseline: str) -> Iterator[Interval]:
    """Yield what the two definitions over efforts can give for a mean delay, over every pair and fraction.

    D = D_L + F * D_H with D_L <= D_H <= the baseline's delay; the printed cells fix no more than that.
    """
    power, delay = cells[model, "power"].number or 0.0, cells[model, "delay"].number or 0.0
    longest = cells[baseline, "delay"].number or 0.0
    fraction, high = np.meshgrid(np.linspace(0, 1, 401), np.linspace(0, longest, 401))
    low = delay - fraction * high
    possible = (low >= 0) & (low <= high)
    over_efforts = power * (low**2 + fraction * high**2) * 1e-3
    over_images = power * ((1 - fraction) * low**2 + fraction * (low + high) ** 2) * 1e-3
    for edp in (over_efforts[possible], over_images[possible]):
        yield Interval(float(np.median(edp)), float(edp.min()), float(edp.max()))


def _factor_hits(cells: dict[tuple[str, str], Claim]) -> Iterator[Hit]:
    for (model, quantity), claim in cells.items():
        if quantity in FACTORS and model in BASELINES:
            cell, baseline_above = FACTORS[quantity]
            own, base = printed(cells[model, cell].text), printed(cells[BASELINES[model], cell].text)
            above, below = (base, own) if baseline_above else (own, base)
            yield from _judge(claim, _implied(lambda a, b: a / b, above, below), f"ratio of the printed {cell} cells")


def _component_hits(claims: list[Claim]) -> Iterator[Hit]:
    """Judge component reductions against the total's: an additive total lies between its parts (sec. 1, Fig. 6b)."""
    parts = [c for c in claims if c.id.startswith("fig6b.") and c.quantity.endswith("_energy_reduction")]
    if not parts:
        return
    least = min(printed(c.text).low for c in parts)
    for model in parts[0].model.split(" and "):
        total = next(c for c in claims if (c.model, c.quantity) == (model, "energy_reduction"))
        if printed(total.text).high < least:
            for c in parts:
                size = (c.number or 0.0) / (total.number or 1.0) - 1
                rule = f"{model}'s total falls {total.text}x: not every part can fall at least {least:g}x"
                yield Hit(c.id, c.text, f"some part <= {total.text}", size, rule)
    for claim in claims:
        if claim.quantity == "resource_energy_reduction":
            weakest = min(parts, key=lambda c: c.number or 0.0)
            size = (claim.number or 0.0) / (weakest.number or 1.0) - 1
            if size > 0:
                yield Hit(claim.id, f">{claim.text}", weakest.text, size, f"{weakest.id} is below it")


def _word_hits(claims: list[Claim]) -> Iterator[Hit]:
    """Judge words: one quantity, stated twice, must be the same; the table stands, the prose is off."""
    words = [c for c in claims if c.number is None and c.quantity == "dataflow"]
    for first, other in itertools.pairwise(words):
        if first.text != other.text:
            yield Hit(other.id, other.text, first.text, None, f"{first.id} says otherwise")
