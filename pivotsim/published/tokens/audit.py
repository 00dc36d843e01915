"""The audit of Eliopoulos et al. (arXiv 2407.05941): every number with one verdict and one reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from pivotsim.hardware.kinds.gpu import GpuSpec
from pivotsim.published.base.audit import Findings
from pivotsim.published.base.claims import load_expected, load_table
from pivotsim.published.base.findings import Finding
from pivotsim.published.base.hits import Hit
from pivotsim.published.base.inference import Inference
from pivotsim.published.tokens.ablation import ScoringCost, ablation_table, scoring_costs
from pivotsim.published.tokens.claims import Table, TokenClaim, load_token_claims
from pivotsim.published.tokens.contradictions import RULES
from pivotsim.published.tokens.inverse import InverseCheck, inverse_checks, inverse_table
from pivotsim.published.tokens.judge import BATCH_RULES, VERDICTS, Judge
from pivotsim.published.tokens.latency import Precision, load_gpus, precisions, wave_predictor
from pivotsim.published.tokens.one_token import largest_step
from pivotsim.published.tokens.other_methods import MethodErrors, error_table, method_errors
from pivotsim.published.tokens.tables import contradiction_table, hit_table, rate_table
from pivotsim.published.tokens.unstated_batch import DEVICE, batch_table, infer_batch
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Table as PrintedTable


@dataclass(frozen=True, repr=False)
class TokenAudit(Findings):
    """Findings for every claim, hits of the rules, the known contradictions, and what stands behind the latencies."""

    title: ClassVar[str] = "Token pruning by the tail effect (arXiv 2407.05941)"
    found: ClassVar[str] = "found"
    verdicts: ClassVar[tuple[str, ...]] = VERDICTS

    hits: list[tuple[str, Hit]]
    contradictions: list[dict[str, str]]
    precision: list[Precision]
    method_errors: list[MethodErrors]
    batch: Inference
    inverse: list[InverseCheck]
    scoring: list[ScoringCost]
    gpus: dict[str, GpuSpec]

    @cached_property
    def unexpected(self) -> list[str]:
        """One line per claim whose verdict is not the expected one, and per contradiction that its rule missed."""
        found = {(name, hit.id) for name, hit in self.hits}
        missed = [
            f"contradiction {row['number']}: rule '{row['rule']}' does not find {claim}"
            for row in self.contradictions
            for claim in row["claims"].split()
            if row["rule"] != "note" and (row["rule"], claim) not in found
        ]
        return super().unexpected + missed

    def tables(self) -> Iterator[PrintedTable]:
        """Yield what is printed: findings, contradictions found and known, and the rates behind the latencies."""
        yield self.findings_table(f"{self.title}: published beside recomputed or predicted", folds=False)
        explained = BATCH_RULES if self.batch.fitting else ()
        yield hit_table(self.hits, explained)
        yield contradiction_table(self.contradictions)
        yield rate_table(self.precision)
        yield error_table(self.method_errors)
        yield batch_table(self.batch)
        yield inverse_table(self.inverse)
        yield ablation_table(self.scoring)

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain numbers and text, the form that ``--json`` prints."""
        body = {
            "paper": "tokens",
            "counts": self.counts(),
            "claims": [_finding_dict(f) for f in self.findings],
            "contradictions": [
                {"id": h.id, "printed": h.printed, "implied": h.implied, "size_frac": h.size_frac,
                 "above_2.5_percent": h.marked, "found_by": name, "rule": h.rule}
                for name, h in self.hits
            ],
            "known_contradictions": self.contradictions,
            "precision": [p.to_dict() for p in self.precision],
            "unstated_batch": {
                "device": DEVICE, "tried": self.batch.tried, **self.batch.best.settings,
                "fitting": [dict(one.settings) for one in self.batch.fitting], "found_ms": dict(self.batch.best.values),
            },
            "table_2_costs": [cost.to_dict() for cost in self.scoring],
            "inverse_check": [check.to_dict() for check in self.inverse],
            "other_methods": [e.to_dict() for e in self.method_errors],
            "wave_model": {name: list(gpu.notes) for name, gpu in self.gpus.items()},
            "unexpected": self.unexpected,
        }  # fmt: skip
        return {**header("reproduce", hash_of(body)), **body}


def _finding_dict(finding: Finding) -> dict[str, Any]:
    claim = finding.claim
    assert isinstance(claim, TokenClaim)  # all of this audit's are
    row = {"device": claim.device, "batch": claim.batch, "method": claim.method, "parameter": claim.parameter}
    return {**finding.to_dict(), **row, "encoder": claim.encoder, "inferred": list(claim.inferred)}


def audit_tokens() -> TokenAudit:
    """Audit every published number of the token-pruning paper (arXiv 2407.05941, Tables 2 to 9 and prose).

    Returns
    -------
    TokenAudit
        ``findings`` (one per claim), ``hits`` (rule and cell that contradicts others), ``contradictions`` (those known,
        each with the rule that finds it or as a cited note) and ``unexpected`` (empty when all is as expected).

    Examples
    --------
    >>> audit = audit_tokens()
    >>> audit.unexpected
    []
    >>> next(hit.implied for _, hit in audit.hits if hit.id == "table7.tx2.b1.deit_s.tome.change")
    '43.54'
    """
    table, gpus = Table(load_token_claims()), load_gpus()
    hits = [(name, hit) for name, rule in RULES.items() for hit in rule(table)]
    predicted = wave_predictor(gpus)
    batch = infer_batch(table, predicted)
    inverse = inverse_checks(table, {DEVICE: batch.cells[0].interval.value})
    step = largest_step(gpus["AGX Orin"])
    judge = Judge(table, gpus, predicted, hits, batch, inverse, step)
    return TokenAudit(
        [judge.finding(claim) for claim in table.claims],
        load_expected("tokens/expected.csv"),
        hits,
        load_table("tokens/contradictions.csv"),
        list(precisions(table, gpus)),
        method_errors(table, gpus),
        batch,
        inverse,
        list(scoring_costs(table)),
        gpus,
    )
