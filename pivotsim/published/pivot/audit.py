"""The audit of PIVOT (DAC'24): every claim beside what the simulator says, with one verdict and one reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar

from pivotsim.effort.combination import combine
from pivotsim.effort.mixed_report import MixedReport
from pivotsim.hardware.kinds.systolic import SystolicHardware, as_systolic
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.spec import Hardware
from pivotsim.models.spec import VitModel, load_model
from pivotsim.published.base.audit import Findings
from pivotsim.published.base.claims import Claim, load_claims, load_expected
from pivotsim.published.base.hits import Hit
from pivotsim.published.pivot.consistency.contradictions import find_hits
from pivotsim.published.pivot.consistency.energy_sums import Additive, judge_additive
from pivotsim.published.pivot.effort_pairs import RowPairs, definition_counts, effort_reports, search_rows
from pivotsim.published.pivot.hypotheses import Hypothesis, Search
from pivotsim.published.pivot.judge import Judge
from pivotsim.published.pivot.lvvit_variants import VariantSearch, search_variants, variant_report
from pivotsim.published.pivot.other_board import BoardComparison, compare_board
from pivotsim.published.pivot.other_systems import ROW, System, compare_systems, system_table
from pivotsim.published.pivot.paper_board import differences, paper_board
from pivotsim.published.pivot.statements import BASELINES, MODELS
from pivotsim.published.pivot.tables import additive_table, definition_table, hit_table, pair_table
from pivotsim.simulation.report import Report
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Table
from pivotsim.workload.plans import plan

# MLP ratios that the efforts of a model are tried with: the released model's, and the one that meets Table 3
MLP_RATIOS: dict[str, tuple[float, ...]] = {"DeiT-S": (0.0,), "LVViT-S": (3.0, 4.0)}
SHOWN = 5  # hypotheses of a row, in JSON
Efforts = Mapping[tuple[str, float], Sequence[Report]]


@dataclass(frozen=True, repr=False)
class Audit(Findings):
    """Findings for every claim, hits of the consistency rules, what was tried for effort pairs and for LV-ViT-S, and
    whether energies can add up.

    ``baselines`` holds the released models' reports, ``bases`` those that each row of pairs is compared with, ``mixes``
    the rows' mean images.
    """

    title: ClassVar[str] = "PIVOT (DAC'24)"
    headlines: ClassVar[tuple[str, ...]] = ("delay",)

    hw: Hardware
    hits: list[Hit]
    searches: list[Search]
    baselines: dict[str, Report]
    mixes: dict[str, MixedReport]
    bases: Mapping[str, Report]
    variants: VariantSearch
    additive: list[Additive]

    @property
    def definition_counts(self) -> dict[str, int]:
        """Definition of EDP -> pairs that hold a row's delay, energy and EDP; the one of most is used for all rows."""
        return definition_counts({search.row: search.counts for search in self.searches})

    @cached_property
    def other_systems(self) -> list[System]:
        """The systems of Table 4 on this board, beside DeiT-S and PVDS-50."""
        best = next(search.best for search in self.searches if search.row == ROW)
        claims = [finding.claim for finding in self.findings]
        return compare_systems(self.hw, self.mixes[ROW], (best.low, best.high), claims)

    def tables(self) -> Iterator[Table]:
        """Yield what is printed: findings, contradictions, energy sums, pairs, EDPs, variants, other systems."""
        yield self.findings_table(f"PIVOT (DAC'24) on {self.hw.name}: published beside simulated", folds=True)
        yield hit_table(self.hits)
        yield additive_table(self.additive)
        yield pair_table(self.searches)
        yield definition_table(self.definition_counts)
        yield self.variants.table()
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
            "edp_definition_counts": self.definition_counts,
            "effort_pairs": [
                {"row": s.row, "inferred": True, "tried": s.pairs * len(s.ratios), "counted": s.counted,
                 "used": h is s.best, **h.to_dict()}
                for s in self.searches
                for h in s.shown(SHOWN)
            ],
            "lvvit_s_variants": self.variants.to_dict(),
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
        ``searches`` (effort pairs, inferred), ``variants`` (of LV-ViT-S, inferred) and ``unexpected`` (empty when
        every verdict is the expected one).
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
    >>> print(audit.searches[0].best, "-", audit.searches[0].counted)
    (6, 12) at F_H 0.1999..0.2001 - 1 of 66 pairs holds delay, energy and EDP
    >>> audit_pivot("zcu102_ws").judged
    False
    """
    board = as_systolic(load_hardware(hw), "reproduce pivot")
    differing = differences(board)
    if not differing:
        return judge_board(board)
    return compare_board(judge_of(board, *_papers_searches()), differing)


def judge_board(hw: SystolicHardware) -> Audit:
    """Return the audit of a board as if it were the paper's."""
    judge = judge_of(hw)
    findings = [judge.finding(claim) for claim in judge.claims]
    additive = list(judge_additive(judge.claims, judge.bases, judge.mixes, hw))
    return Audit(
        findings, load_expected(), hw, judge.hits, judge.searches, dict(judge.baselines), dict(judge.mixes),
        judge.bases, judge.variants, additive,
    )  # fmt: skip


@cache
def _papers_searches() -> tuple[list[Search], VariantSearch]:
    """Return what was found on the paper's board: effort pairs, and variants of LV-ViT-S."""
    judge = judge_of(as_systolic(paper_board(), "reproduce pivot"))
    return judge.searches, judge.variants


def judge_of(
    hw: SystolicHardware, searches: list[Search] | None = None, variants: VariantSearch | None = None
) -> Judge:
    """Return what compares the claims with a board; what was found on another board is taken where it is given."""
    claims = load_claims()
    efforts: Efforts = {
        (name, ratio): effort_reports(plan(_with_ratio(name, ratio)), hw)
        for name, ratios in MLP_RATIOS.items()
        for ratio in ratios
    }
    hits = find_hits(claims)
    searches = _searches(claims, hits, efforts) if searches is None else searches
    baselines = {name: efforts[name, ratios[0]][-1] for name, ratios in MLP_RATIOS.items()}
    if variants is None:
        variants = search_variants(claims, hw)
    of_table = variant_report(variants.of_table, hw) if variants.of_table else None
    own = {s.row: efforts[BASELINES[s.row], s.best.mlp_ratio] for s in searches}
    bases = {row: reports[-1] for row, reports in own.items()}
    mixes = {s.row: _mix(s.best, own[s.row]) for s in searches}
    return Judge(hw, claims, hits, searches, variants, baselines, of_table, bases, mixes)


def _with_ratio(name: str, ratio: float) -> VitModel:
    """Return a model with an MLP ratio, or as it is (0)."""
    model = load_model(MODELS[name])
    return model.replace({"mlp_hidden": int(ratio * model.width)}) if ratio else model


def _searches(claims: list[Claim], hits: list[Hit], efforts: Efforts) -> list[Search]:
    """Search the pairs of every row; a row whose energy is marked contradicts its own delay."""
    off = {hit.id for hit in hits if hit.marked}
    energies = {c.model: c.id for c in claims if c.quantity == "energy"}
    rows = {
        row: [RowPairs(row, claims, efforts[name, ratio], ratio) for ratio in MLP_RATIOS[name]]
        for row, name in BASELINES.items()
    }
    return search_rows(rows, lambda row: energies[row] in off)


def _mix(best: Hypothesis, efforts: Sequence[Report]) -> MixedReport:
    exits = [best.low_frac, 1 - best.low_frac]
    return combine([efforts[best.low], efforts[best.high]], exits, gate="none")
