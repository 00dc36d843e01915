"""The effort pairs behind PIVOT's PVDS and PVLS rows: searched, ranked, and inferred, for none is published.

Delay alone selects nothing (F_L is continuous), so each hypothesis is judged by all printed cells together: low and
high effort, F_L in {0.7, 0.8} (the text finds LEC 70 and 80 best), which of the three EDPs a table prints, and
whether Fig. 6a's shares are of the baseline's delay or of the row's own.

Cells that contradict the paper's own (consistency.py) are left out, and a paper prints one kind of EDP: the audit
takes the definition whose best hypotheses score lowest over all rows.

A cell's deviation counts in units of what is known about it: half a unit of its last place plus how well the
model meets the baselines. The score is the root mean square over the cells.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pivotsim.effort.mixed_report import edp_mean_of_images
from pivotsim.hardware.spec import Hardware
from pivotsim.published.base.claims import Claim
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.units import FloatArray, energy_j
from pivotsim.workload.plans import Plan
from pivotsim.workload.transforms.attention_skipping import skip_attention

LOW_FRACTIONS = (0.7, 0.8)
EDP_DEFINITIONS = ("sum over efforts", "mean image", "mean over images")
SHARE_BASES = ("baseline", "own")
FITS_BELOW = 2.0  # a score above it leaves the pair open
# quantity -> the model's own uncertainty: a fraction of the value, or percentage points
RELATIVE = {"delay": 0.005, "energy": 0.005, "edp": 0.01}
POINTS = {"softmax_share": 0.7, "attention_mac_share": 0.7, "mlp_delay_increase": 0.7}


@dataclass(frozen=True)
class Hypothesis:
    """One way to read a row: the pair, F_L, the EDP that is printed and the base of the shares."""

    low: int
    high: int
    low_frac: float
    edp_definition: str
    share_base: str
    score: float
    cells: dict[str, float]

    @property
    def fits(self) -> bool:
        """Near enough to all cells together to name the pair."""
        return self.score <= FITS_BELOW

    def __str__(self) -> str:
        text = f"({self.low}, {self.high}) at F_L {self.low_frac:.2f}, EDP {self.edp_definition}"
        return text + (f", shares of {self.share_base} delay" if self.share_base else "")


def effort_reports(whole: Plan, hw: Hardware) -> list[Report]:
    """Return one report per effort, 0 to the depth, the deepest attentions skipped first (Fig. 9).

    Encoders are alike, so delay depends on the effort alone and not on which attentions stay.
    """
    depth = len(whole.encoders)
    return [simulate(skip_attention(whole, active=range(1, effort + 1)), hw) for effort in range(depth + 1)]


def rank_pairs(cells: list[Claim], efforts: list[Report], power_w: float, scale: float = 1.0) -> list[Hypothesis]:
    """Return every hypothesis for the printed cells of one row, best first.

    Parameters
    ----------
    cells : list of Claim
        The row's delay, energy and EDP, and its cells of Fig. 6a, as far as they are to count.
    efforts : list of Report
        ``effort_reports`` of the baseline.
    power_w : float
        Energy is power times delay.
    scale : float
        Multiplies every delay: 1 judges absolute delays, published / simulated baseline judges relative ones.

    Notes
    -----
    The entropy gate is left out, as the paper does ("can be ignored", section 3.4). Equal scores are ordered by
    the larger high effort.
    """
    wanted = {c.quantity: c for c in cells if c.number is not None and c.quantity in {**RELATIVE, **POINTS}}
    bases = SHARE_BASES if any(q.endswith("_share") for q in wanted) else ("",)
    count = len(efforts)
    low, high, fraction = (
        axis.ravel() for axis in np.meshgrid(np.arange(count), np.arange(count), np.array(LOW_FRACTIONS), indexing="ij")
    )
    low, high, fraction = (axis[low < high] for axis in (low, high, fraction))
    found = []
    for definition in EDP_DEFINITIONS:
        for base in bases:
            simulated = dict(_simulated(efforts, low, high, fraction, power_w, scale, definition, base))
            score = _score(wanted, simulated)
            found += [
                Hypothesis(
                    int(low[i]), int(high[i]), float(fraction[i]), definition, base, float(score[i]),
                    {q: float(simulated[q][i]) for q in (*RELATIVE, *(POINTS if base else ()))},
                )
                for i in range(len(low))
            ]  # fmt: skip
    return sorted(found, key=lambda h: (round(h.score, 9), -h.high))


def definition_scores(rankings: list[list[Hypothesis]]) -> dict[str, float]:
    """Return, for each definition of EDP, the sum over the rows of the best score under it."""
    return {
        definition: sum(next(h.score for h in ranked if h.edp_definition == definition) for ranked in rankings)
        for definition in EDP_DEFINITIONS
    }


def _simulated(
    efforts: list[Report], low: FloatArray, high: FloatArray, fraction: FloatArray,
    power_w: float, scale: float, definition: str, base: str,
) -> Iterator[tuple[str, FloatArray]]:  # fmt: skip
    """Yield (quantity, value per hypothesis), in the units of the claims."""
    high_frac = 1 - fraction
    delays: FloatArray = np.array([report.delay_ms for report in efforts]) * scale
    energies = energy_j(power_w, delays)
    delay = delays[low] + high_frac * delays[high]
    energy = energies[low] + high_frac * energies[high]
    yield "delay", delay
    yield "energy", energy
    if definition == "sum over efforts":
        yield "edp", energies[low] * delays[low] + high_frac * energies[high] * delays[high]
    elif definition == "mean image":
        yield "edp", energy * delay
    else:
        exits, joules, times = (fraction, high_frac), (energies[low], energies[high]), (delays[low], delays[high])
        yield "edp", edp_mean_of_images(exits, joules, times)
    for group in ("softmax", "attention_mac"):
        amounts = np.array([r.breakdown("group").get(group, {"delay_ms": 0.0})["delay_ms"] for r in efforts]) * scale
        share = (amounts[low] + high_frac * amounts[high]) / (delay if base == "own" else delays[-1])
        yield f"{group}_share", 100 * share
    yield "mlp_delay_increase", 100 * high_frac


def _score(wanted: dict[str, Claim], simulated: dict[str, FloatArray]) -> FloatArray:
    squares = []
    for quantity, claim in wanted.items():
        value = claim.number or 0.0
        known = claim.resolution / 2 + POINTS.get(quantity, RELATIVE.get(quantity, 0.0) * value)
        squares.append(((simulated[quantity] - value) / known) ** 2)
    score: FloatArray = np.sqrt(np.mean(squares, axis=0))
    return score
