"""The audit of PIVOT (DAC'24): every claim beside what the simulator says, with one verdict and one reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar

from pivotsim.effort.combination import combine
from pivotsim.effort.mixed_report import MixedReport
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.spec import Hardware
from pivotsim.hardware.systolic import SystolicHardware, as_systolic
from pivotsim.published.base.audit import Findings
from pivotsim.published.base.claims import Claim, load_claims, load_expected
from pivotsim.published.base.hits import Hit
from pivotsim.published.pivot.contradictions import BASELINES, find_hits
from pivotsim.published.pivot.effort_pairs import Hypothesis, definition_scores, effort_reports, rank_pairs
from pivotsim.published.pivot.energy_sums import Additive, judge_additive
from pivotsim.published.pivot.judge import MODELS, Judge
from pivotsim.published.pivot.other_board import BoardComparison, compare_board
from pivotsim.published.pivot.other_systems import ROW, System, compare_systems, system_table
from pivotsim.published.pivot.pair_ranking import RELATIVE, Search
from pivotsim.published.pivot.paper_board import differences, paper_board
from pivotsim.published.pivot.tables import additive_table, definition_table, hit_table, pair_table
from pivotsim.simulation.report import Report
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Table
from pivotsim.workload.plans import plan


@dataclass(frozen=True, repr=False)
class Audit(Findings):
    """Findings for every claim, hits of the consistency rule, ranked effort pairs, and whether energies can add up."""

    title: ClassVar[str] = "PIVOT (DAC'24)"

    hw: Hardware
    hits: list[Hit]
    searches: list[Search]
    baselines: dict[str, Report]
    mixes: dict[str, MixedReport]
    additive: list[Additive]

    @property
    def definition_scores(self) -> dict[str, float]:
        """Definition of EDP -> sum of the rows' best relative scores; the lowest is used for all rows."""
        return definition_scores([search.relative for search in self.searches])

    @cached_property
    def other_systems(self) -> list[System]:
        """The systems of Table 4 on this board, beside DeiT-S and PVDS-50."""
        best = next(search.best for search in self.searches if search.row == ROW)
        claims = [finding.claim for finding in self.findings]
        return compare_systems(self.hw, self.mixes[ROW], (best.low, best.high), claims)

    def tables(self) -> Iterator[Table]:
        """Yield what is printed: findings, contradictions, energy sums, pairs, definitions of EDP, other systems."""
        yield self.findings_table(f"PIVOT (DAC'24) on {self.hw.name}: published beside simulated", folds=True)
        yield hit_table(self.hits)
        yield additive_table(self.additive)
        yield pair_table(self.searches)
        yield definition_table(self.definition_scores)
        yield system_table(self.other_systems)

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain numbers and text, the form that ``--json`` prints."""
        return {
            **header("reproduce", hash_of([report.input_hash for report in self.baselines.values()])),
            "paper": "pivot",
            "hardware": self.hw.name,
            "counts": self.counts(),
            "claims": [f.to_dict() for f in self.findings],
            "contradictions": [
                {"id": h.id, "printed": h.printed, "implied": h.implied, "size_frac": h.size_frac,
                 "above_2.5_percent": h.marked, "cut_digits_explain": h.cut_explains, "rule": h.rule}
                for h in self.hits
            ],
            "additive_energy": [a.to_dict() for a in self.additive],
            "edp_definition": self.searches[0].definition,
            "edp_definition_scores": self.definition_scores,
            "effort_pairs": [
                {"row": s.row, "inferred": True, "ranking": kind, "rank": rank, "low": h.low, "high": h.high,
                 "low_frac": h.low_frac, "edp_definition": h.edp_definition, "share_base": h.share_base,
                 "score": h.score, "fits": h.fits, "used": kind == RELATIVE and h is s.best, **h.cells}
                for s in self.searches
                for kind, rank, h in s.shown(5)
            ],
            "other_systems": [system.to_dict() for system in self.other_systems],
            "unexpected": self.unexpected,
        }  # fmt: skip


def audit_pivot(hw: Hardware | str = "zcu102") -> Audit | BoardComparison:
    """Audit every published number of PIVOT (DAC'24) on the paper's board, or set them beside another board's.

    Parameters
    ----------
    hw : Hardware or str
        The board; one with other values than the package's ``zcu102`` is another board than the paper's.

    Returns
    -------
    Audit or BoardComparison
        On the paper's board an Audit: ``findings`` (one per claim), ``hits`` (cells that contradict each other),
        ``searches`` (effort pairs, inferred) and ``unexpected`` (empty when every verdict is the expected one).
        On another board a BoardComparison: ``findings`` without verdicts, ``differing`` and ``judged`` False.

    Raises
    ------
    InputError
        The hardware is unknown or not valid, or has no systolic array.

    Examples
    --------
    >>> audit = audit_pivot()
    >>> audit.unexpected
    []
    >>> str(audit.searches[0].best)
    '(6, 12) at F_L 0.80, EDP sum over efforts, shares of baseline delay'
    >>> audit_pivot("zcu102_ws").judged
    False
    """
    board = as_systolic(load_hardware(hw), "reproduce pivot")
    differing = differences(board)
    if not differing:
        return judge_board(board)
    return compare_board(judge_of(board, _papers_searches()), differing)


def judge_board(hw: SystolicHardware) -> Audit:
    """Return the audit of a board as if it were the paper's."""
    judge = judge_of(hw)
    findings = [judge.finding(claim) for claim in judge.claims]
    additive = list(judge_additive(judge.claims, judge.baselines, judge.mixes, hw))
    return Audit(findings, load_expected(), hw, judge.hits, judge.searches, judge.baselines, judge.mixes, additive)


@cache
def _papers_searches() -> list[Search]:
    """Return the ranked effort pairs of the paper's board."""
    return judge_of(as_systolic(paper_board(), "reproduce pivot")).searches


def judge_of(hw: SystolicHardware, searches: list[Search] | None = None) -> Judge:
    """Return what compares the claims with a board; its effort pairs are searched for unless ``searches`` has them."""
    claims = load_claims()
    efforts = {name: effort_reports(plan(model), hw) for name, model in MODELS.items()}
    hits = find_hits(claims)
    searches = _searches(claims, hits, efforts, hw) if searches is None else searches
    baselines = {name: reports[-1] for name, reports in efforts.items()}
    mixes = {s.row: _mix(s.best, efforts[BASELINES[s.row]]) for s in searches}
    return Judge(hw, claims, hits, searches, baselines, mixes)


def _searches(claims: list[Claim], hits: list[Hit], efforts: dict[str, list[Report]], hw: Hardware) -> list[Search]:
    """Rank the pairs of every row, without cells that contradict the paper's own, and settle on one EDP for all."""
    off = {hit.id for hit in hits if hit.marked}
    rankings = {}
    for row, baseline in BASELINES.items():
        cells = [c for c in claims if c.model == row and c.id not in off]
        published = next(c.number for c in claims if (c.model, c.quantity) == (baseline, "delay"))
        scale = (published or 0.0) / efforts[baseline][-1].delay_ms
        rankings[row] = [rank_pairs(cells, efforts[baseline], hw.power.board_w, s) for s in (1.0, scale)]
    scores = definition_scores([relative for _, relative in rankings.values()])
    definition = min(scores, key=lambda d: scores[d])
    return [Search(row, absolute, relative, definition) for row, (absolute, relative) in rankings.items()]


def _mix(best: Hypothesis, efforts: list[Report]) -> MixedReport:
    exits = [best.low_frac, 1 - best.low_frac]
    return combine([efforts[best.low], efforts[best.high]], exits, gate="none")
