"""The audit of pruned and sparse ViTs: Parikh et al., EViT, DynamicViT, ViTCoD's simulator, HeatViT."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from pivotsim.published.base.audit import Findings
from pivotsim.published.base.claims import load_claims, load_expected, printed
from pivotsim.published.base.inference import Candidate, Cell, Inference
from pivotsim.published.static.compression import densities
from pivotsim.published.static.judge import RATIOS, Judge
from pivotsim.published.static.kept_heads import head_hypotheses
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Table

SHOWN = 10


@dataclass(frozen=True, repr=False)
class StaticAudit(Findings):
    """Findings, and every hypothesis about Parikh et al.'s settings with the ratios that it gives.

    Attributes
    ----------
    heads : Inference
        How many heads stay, at the rates and by the count of a public training repository.
    settings : Inference
        The same with rates and count open too.
    densities : Inference
        One density for all pruned matrices, a reading that takes nothing from code.
    """

    title: ClassVar[str] = "Pruned and sparse ViTs"

    heads: Inference
    settings: Inference
    densities: Inference

    @property
    def preset(self) -> Candidate:
        """The hypothesis of preset ``parikh_code``; inferred as to its heads."""
        return Judge(self.heads, self.settings, self.densities).read

    def tables(self) -> Iterator[Table]:
        """Yield what is printed: findings, and the settings nearest to the ratios of Parikh et al."""
        yield self.findings_table("Pruned and sparse ViTs: published beside simulated", folds=True)
        yield self.heads.table("Parikh et al., settings read in code: heads that stay, inferred", SHOWN)
        yield self.settings.table("The same with kept shares of weights and tokens, and what is counted, open", SHOWN)
        yield self.densities.table("One density for all pruned matrices, nothing read in code: inferred", SHOWN)

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain numbers and text, the form that ``--json`` prints."""
        return {
            **header("reproduce", hash_of([f.claim for f in self.findings])),
            "paper": "static",
            "counts": self.counts(),
            "claims": [f.to_dict() for f in self.findings],
            "heads": _inference_dict(self.heads),
            "settings": _inference_dict(self.settings),
            "densities": _inference_dict(self.densities),
            "unexpected": self.unexpected,
        }


def _inference_dict(found: Inference) -> dict[str, Any]:
    """Return the first candidates, how many were tried and how many meet all cells."""
    listed = [
        {"rank": rank, "inferred": True, "fits": one.fits, **one.settings, **one.values}
        for rank, one in enumerate(found.candidates[:SHOWN], start=1)
    ]
    return {"tried": found.tried, "fitting": len(found.fitting), "candidates": listed}


def audit_static() -> StaticAudit:
    """Audit the published numbers of pruned and sparse ViTs: Parikh et al., EViT, DynamicViT, ViTCoD, HeatViT.

    Returns
    -------
    StaticAudit
        ``findings`` (one per claim), ``heads``, ``settings`` and ``densities`` (settings of Parikh et al., inferred)
        and ``unexpected`` (empty when every verdict is the expected one).

    Examples
    --------
    >>> audit = audit_static()
    >>> audit.unexpected
    []
    >>> audit.preset.settings["heads"], round(audit.preset.values["compute"], 2), audit.heads.counted
    ('60 of 72', 3.37, '8 of 70 tried meet all cells')
    """
    claims = load_claims("static/claims.csv")
    cells = [Cell(RATIOS[c.quantity], printed(c.text)) for c in claims if c.quantity in RATIOS]
    found = head_hypotheses(cells, is_read=True), head_hypotheses(cells, is_read=False), densities(cells)
    judge = Judge(*found)
    return StaticAudit([judge.finding(claim) for claim in claims], load_expected("static/expected.csv"), *found)
