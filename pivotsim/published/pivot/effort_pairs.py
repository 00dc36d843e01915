"""The effort pairs behind PIVOT's PVDS and PVLS rows: searched and inferred, for none is published.

F_H is solved for: for every pair of 1 to the depth each printed cell allows an interval of F_H, and a pair holds the
cells where the intervals meet. Digits may be cut as well as rounded, as the paper's are.

Delay, energy and EDP are the cells; factors and FPS/W follow from them. Which EDP is printed is not known: the one of
three definitions under which most pairs of the rows that do not contradict themselves hold is used for all. Where
energy and delay contradict each other (energy = power * delay), either is left out in turn; a delay cell that is left
out reads as the target, which phase 2 meets within 5 % (section 3.3).

What the paper states of efforts (section 4.1) and LECs (section 4.4) ranks the pairs that hold, and names the pair; it
is no part of the search.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pivotsim.hardware.spec import Hardware
from pivotsim.published.base.claims import Claim, Interval, printed
from pivotsim.published.base.fractions import Allowed, Curve, allowed_by, common
from pivotsim.published.base.inference import Cell, infer
from pivotsim.published.base.quantities import QUANTITIES, Pairs, costs_of
from pivotsim.published.pivot.hypotheses import (
    ALL_CELLS,
    BEST_LECS,
    BY_DELAY,
    BY_ENERGY,
    Count,
    Hypothesis,
    Reading,
    Search,
)
from pivotsim.published.pivot.statements import BASELINES, range_of, target_of
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.units import FloatArray
from pivotsim.workload.plans import Plan
from pivotsim.workload.transforms.attention_skipping import skip_attention

EDP_DEFINITIONS = {  # as the audit calls them -> quantity
    "sum over efforts": "edp_sum_of_efforts",
    "mean image": "edp",
    "mean over images": "edp_mean_of_images",
}
FIGURE = ("softmax_share", "attention_mac_share")  # Fig. 6a's shares, of the baseline's delay or of the row's own


def effort_reports(whole: Plan, hw: Hardware) -> list[Report]:
    """Return one report per effort, 0 to the depth, the deepest attentions skipped first (Fig. 9).

    Encoders are alike, so delay depends on the effort alone and not on which attentions stay.
    """
    depth = len(whole.encoders)
    return [simulate(skip_attention(whole, active=range(1, effort + 1)), hw) for effort in range(depth + 1)]


class RowPairs:
    """All pairs of efforts behind one row, with one variant of its baseline.

    Parameters
    ----------
    row : str
        PVDS-50, PVDS-35, PVLS-50 or PVLS-35.
    claims : list of Claim
        The paper's.
    reports : sequence of Report
        ``effort_reports`` of the baseline.
    mlp_ratio : float
        Of the variant; 0 for the model as it is.
    """

    def __init__(self, row: str, claims: list[Claim], reports: Sequence[Report], mlp_ratio: float = 0.0) -> None:
        own = {c.quantity: c for c in claims if c.model == row and c.number is not None}
        self.row, self.ratio = row, mlp_ratio
        self.texts = {quantity: own[quantity].text for quantity in ALL_CELLS.quantities}
        self.figure = {quantity: own[quantity].number or 0.0 for quantity in FIGURE if quantity in own}
        self.target = target_of(row, claims)
        depth, costs = len(reports) - 1, costs_of(reports)
        low, high = (axis.ravel() for axis in np.meshgrid(np.arange(1, depth), np.arange(2, depth + 1), indexing="ij"))
        self.low, self.high = low[low < high], high[low < high]
        self._found: dict[tuple[str, Interval], Allowed] = {}
        self.pairs = Pairs(costs.take(self.low), costs.take(self.high))
        self.baseline_ms = float(costs.delay_ms[-1])
        first, last = range_of(claims, BASELINES[row], "efforts", (1, depth))
        self.listed = np.array([first <= effort <= last or effort == depth for effort in range(depth + 1)])
        self.lecs = tuple(lec / 100 for lec in range_of(claims, "PVDS and PVLS", "lec", (0, 100)))

    def __len__(self) -> int:
        return len(self.low)

    def solved(self, reading: Reading, definition: str, *, cut: bool) -> Allowed:
        """Return the F_H that hold the cells of a reading, for all pairs."""
        cells = self._cells(reading, cut=cut).items()
        return common((self._allowed(_named(q, definition), of) for q, of in cells), len(self))

    def count(self, reading: Reading, definition: str) -> Count:
        """Return how many pairs hold the cells of a reading."""
        return Count(*(int(self.solved(reading, definition, cut=cut).holds.sum()) for cut in (True, False)))

    def hypotheses(self, reading: Reading, definition: str) -> Iterator[Hypothesis]:
        """Yield every pair with its F_H."""
        cut, rounded = (self.solved(reading, definition, cut=cut) for cut in (True, False))
        lows, highs = (np.where(rounded.holds, *ends) for ends in zip(rounded[:2], cut[:2], strict=True))
        high_frac = _preferred(lows, highs)
        high_frac = np.where(cut.holds, high_frac, cut.nearest)
        cells = [Cell(quantity, interval) for quantity, interval in self._cells(reading, cut=True).items()]
        values = {q: self._curve(_named(q, definition))(high_frac) for q in ALL_CELLS.quantities}
        inside = (self.lecs[0] <= 1 - lows) & (1 - highs <= self.lecs[1])
        inside = np.where(cut.holds, inside, (self.lecs[0] <= 1 - high_frac) & (1 - high_frac <= self.lecs[1]))
        in_paper = inside & self.listed[self.low] & self.listed[self.high]
        for one in infer(cells, [{"at": at} for at in range(len(self))], values).candidates:
            at = one.settings["at"]
            yield Hypothesis(
                int(self.low[at]), int(self.high[at]), float(1 - high_frac[at]),
                (float(lows[at]), float(highs[at])) if cut.holds[at] else None,
                "rounded" if rounded.holds[at] else "cut" if cut.holds[at] else "",
                self.ratio, reading, definition, bool(in_paper[at]), one.values, one.score,
            )  # fmt: skip

    def share_base(self, best: Hypothesis) -> str:
        """Return whose delay Fig. 6a's shares are of: the base under which they are nearer; '' of a row without any."""
        if not self.figure:
            return ""
        at = int(np.flatnonzero((self.low == best.low) & (self.high == best.high))[0])
        misses = {"baseline": 0.0, "own": 0.0}
        for quantity, number in self.figure.items():
            own = float(QUANTITIES[quantity].value(self.pairs, np.full(len(self), 1 - best.low_frac))[at])
            of_baseline = own * best.cells["delay"] / self.baseline_ms
            misses["own"] += (own - number) ** 2
            misses["baseline"] += (of_baseline - number) ** 2
        return min(misses, key=lambda base: misses[base])

    def _cells(self, reading: Reading, *, cut: bool) -> dict[str, Interval]:
        """Return the cells that count, with what their digits stand for; a target with what phase 2 accepts."""
        cells = {name: printed(self.texts[name], cut=cut) for name in reading.quantities}
        return {**cells, "delay": self.target} if reading.by_target else cells

    def _allowed(self, name: str, interval: Interval) -> Allowed:
        """Return the F_H that one cell allows, found once: readings and definitions share most cells."""
        if (name, interval) not in self._found:
            self._found[name, interval] = allowed_by(self._curve(name), interval, len(self))
        return self._found[name, interval]

    def _curve(self, name: str) -> Curve:
        return lambda high_frac: QUANTITIES[name].value(self.pairs, high_frac)


def _named(quantity: str, definition: str) -> str:
    """Return the quantity that a cell prints, under a definition of EDP."""
    return EDP_DEFINITIONS[definition] if quantity == "edp" else quantity


def _preferred(lows: FloatArray, highs: FloatArray) -> FloatArray:
    """Return the middle of what holds, or F_H of the best LEC that lies within."""
    found: FloatArray = (lows + highs) / 2
    for lec in reversed(BEST_LECS):
        high_frac = round(1 - lec, 12)
        found = np.where((lows <= high_frac) & (high_frac <= highs), high_frac, found)
    return found


def search_rows(
    rows: Mapping[str, Sequence[RowPairs]], contradicts: Callable[[str], bool]
) -> list[Search]:  # fmt: skip
    """Return the ranked pairs of all rows, under one definition of EDP.

    Parameters
    ----------
    rows : mapping
        Row -> its pairs, for each variant of its baseline.
    contradicts : callable
        Row -> whether its energy contradicts its delay: each is then left out in turn.
    """
    readings = {row: (BY_DELAY, BY_ENERGY) if contradicts(row) else (ALL_CELLS,) for row in rows}
    counts = {
        row: {
            (name, reading.name): Count(*map(sum, zip(*(one.count(reading, name) for one in tries), strict=True)))
            for name in EDP_DEFINITIONS
            for reading in readings[row]
        }
        for row, tries in rows.items()
    }
    definition = max(EDP_DEFINITIONS, key=lambda name: definition_counts(counts)[name])
    return [_search(row, tries, readings[row], definition, counts[row]) for row, tries in rows.items()]


def definition_counts(counts: Mapping[str, Mapping[tuple[str, str], Count]]) -> dict[str, int]:
    """Return definition of EDP -> pairs that hold delay, energy and EDP together, over all rows that allow it."""
    return {
        name: sum(
            of_row[name, ALL_CELLS.name].holding for of_row in counts.values() if (name, ALL_CELLS.name) in of_row
        )
        for name in EDP_DEFINITIONS
    }


def _search(
    row: str, tries: Sequence[RowPairs], readings: tuple[Reading, ...], definition: str,
    counts: Mapping[tuple[str, str], Count],
) -> Search:  # fmt: skip
    found = [h for reading in readings for one in tries for h in one.hypotheses(reading, definition)]
    found.sort(key=_rank)
    of_best = next(one for one in tries if one.ratio == found[0].mlp_ratio)
    found[0] = replace(found[0], share_base=of_best.share_base(found[0]))
    return Search(row, len(tries[0]), tuple(one.ratio for one in tries), readings, definition, counts, found)


def _rank(one: Hypothesis) -> tuple[bool, bool, bool, float, int]:
    nearness = one.lec_distance if one.holds else one.miss
    return not one.fits, not one.in_paper, not one.holds, round(nearness, 9), -one.high
