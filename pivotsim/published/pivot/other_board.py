"""PIVOT's published figures beside another board than the paper's: values and ratios, and no verdict.

Verdicts ask whether the model meets what the paper says of its own design. Of another board the paper says nothing, so
its cells are only set beside the board's: the effort pairs are those inferred on the paper's board.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pivotsim.effort.mixed_report import MixedReport
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.resources.device_fit import fit_to_dict
from pivotsim.hardware.spec import Hardware
from pivotsim.published.base.audit import Findings
from pivotsim.published.base.claims import Claim
from pivotsim.published.base.findings import NO_VERDICT, Finding
from pivotsim.published.pivot.cells import CELLS
from pivotsim.published.pivot.hypotheses import Hypothesis
from pivotsim.published.pivot.judge import Judge
from pivotsim.published.pivot.reasons import RESOURCES
from pivotsim.simulation.notes.needs import not_used_by
from pivotsim.simulation.notes.reading import Reading, inherited_by_board
from pivotsim.simulation.report import Report
from pivotsim.simulation.reporting.summary import fits_row, inherited_lines, not_used_lines
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Table, as_text

DIFFERENCES_SHOWN = 6


@dataclass(frozen=True, repr=False)
class BoardComparison(Findings):
    """The claims beside another board's values, in what that board differs, and the effort pairs behind its rows."""

    title: ClassVar[str] = "PIVOT (DAC'24) beside another board"
    verdicts: ClassVar[tuple[str, ...]] = ()
    judged: ClassVar[bool] = False
    headlines: ClassVar[tuple[str, ...]] = ("delay", "energy")

    hw: Hardware
    differing: list[tuple[str, object, object]]
    pairs: Mapping[str, Hypothesis]
    baselines: Mapping[str, Report]
    mixes: Mapping[str, MixedReport]
    bases: Mapping[str, Report]

    def tables(self) -> Iterator[Table]:
        """Yield what is printed: a row per claim that has a simulated value."""
        yield self._table(self.findings)

    def summary(self) -> Iterator[Table]:
        """Yield what is printed first: the delays and energies of the paper's tables."""
        yield self._table([f for f in self.findings if f.claim.quantity in self.headlines])

    def _table(self, findings: Sequence[Finding]) -> Table:
        rows = [
            (f.claim.id, f.claim.text, f.shown, _times(f.ratio), f.claim.unit)
            for f in findings
            if f.simulated is not None
        ]
        title = f"PIVOT's published figures beside {self.hw.name} (another board than the paper's: no verdicts)"
        columns = ("claim", "published", self.found, "ratio", "unit")
        left_out = sum(f.simulated is None for f in self.findings)
        return Table(title, columns, rows, (1, 2, 3), tuple(self._closing(left_out)))

    def _closing(self, left_out: int) -> Iterator[str]:
        shown = [f"{path} = {_text(own)} (paper: {_text(its)})" for path, own, its in self.differing]
        more = f", and {len(shown) - DIFFERENCES_SHOWN} more" if len(shown) > DIFFERENCES_SHOWN else ""
        yield f"Not as in the paper: {', '.join(shown[:DIFFERENCES_SHOWN])}{more}."
        pairs = [f"{row} {best}" for row, best in self.pairs.items()]
        yield f"Effort pairs, inferred on the paper's board: {'; '.join(pairs)}."
        yield f"Claims without a simulated value, left out: {left_out}."
        _, fits, _, why = fits_row(next(iter(self.baselines.values())).fit)
        yield f"Fits: {fits}, {why}."
        yield from inherited_lines(self.inherited)
        yield from not_used_lines(self.not_used)

    @property
    def reading(self) -> Reading:
        """What the baselines' runs have read of the board."""
        first, *others = self.baselines.values()
        return first.reading.with_more(path for report in others for path in report.reading.run)

    @property
    def inherited(self) -> dict[str, list[str]]:
        """Board -> the values of it that the baselines' runs, or the fit, have read."""
        read = self.reading
        return inherited_by_board(self.hw, lambda path: path in read.run or path in read.fit)

    @property
    def not_used(self) -> dict[str, str]:
        """Settings of the board that changed nothing of the baselines' runs, by dotted path: what they need."""
        return not_used_by(list(self.baselines.values()), self.reading)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain numbers and text, the form that ``--json`` prints."""
        return {
            **header("reproduce", hash_of([report.input_hash for report in self.baselines.values()])),
            "paper": "pivot",
            "judged": False,
            "hardware": self.hw.name,
            "differs": [{"path": path, "value": value, "paper": paper} for path, value, paper in self.differing],
            "claims": [
                {"id": f.claim.id, "where": f.claim.where, "model": f.claim.model, "quantity": f.claim.quantity,
                 "published": f.claim.text, "unit": f.claim.unit, "simulated": f.simulated, "ratio": f.ratio,
                 "note": f.reason}
                for f in self.findings
            ],
            **fit_to_dict(next(iter(self.baselines.values())).fit),
            "inherited": self.inherited,
            "not_used": self.not_used,
            "effort_pairs": [
                {"row": row, "inferred": True, "low": h.low, "high": h.high, "low_frac": h.low_frac,
                 "mlp_ratio": h.mlp_ratio or None, "edp_definition": h.edp_definition, "share_base": h.share_base}
                for row, h in self.pairs.items()
            ],
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.findings)} claims beside {self.hw.name}, no verdicts>"

    def __str__(self) -> str:
        return as_text(self.tables())


def compare_board(judge: Judge, differing: list[tuple[str, object, object]]) -> BoardComparison:
    """Return the claims beside what a judge simulates, without asking it for verdicts.

    Parameters
    ----------
    judge : Judge
        Its ``searches`` are those of the paper's board, its reports those of the other.
    differing : list of (path, value, value of the paper's board)
    """
    pairs = {search.row: search.best for search in judge.searches}
    findings = [_finding(judge, claim, pairs) for claim in judge.claims]
    return BoardComparison(findings, {}, judge.hw, differing, pairs, judge.baselines, judge.mixes, judge.bases)


def _finding(judge: Judge, claim: Claim, pairs: Mapping[str, Hypothesis]) -> Finding:
    value = _value(judge, claim)
    deviation = value / claim.number - 1 if isinstance(value, float) and claim.number else None
    best = pairs.get(claim.model)
    is_of_pair = best is not None and value is not None and claim.quantity in CELLS
    note = f"pair {best}, inferred on the paper's board" if is_of_pair else ""
    return Finding(claim, value, deviation, NO_VERDICT, note)


def _value(judge: Judge, claim: Claim) -> float | str | None:
    if claim.quantity == "dataflow":  # the board's own; which one would explain the paper's shares is not asked here
        return DATAFLOW[judge.hw.array.dataflow].words
    if claim.quantity in judge.in_words:
        return judge.in_words[claim.quantity](claim)[0]
    try:
        simulated, _ = judge.simulated(claim)
    except InputError:
        if claim.quantity in RESOURCES:  # memories without limits have no count of block RAMs
            return None
        raise
    return None if simulated is None else float(simulated)


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _times(ratio: float | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio:.2f}x" if 0.1 <= ratio < 1000 else f"{ratio:.3g}x"
