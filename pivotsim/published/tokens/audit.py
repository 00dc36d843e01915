"""The audit of Eliopoulos et al. (arXiv 2407.05941): every number with one verdict and one reason."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from pivotsim.hardware.gpu import GpuSpec
from pivotsim.models.spec import load_model
from pivotsim.published.base.audit import Findings
from pivotsim.published.base.claims import load_expected, load_table, printed
from pivotsim.published.base.findings import (
    CALIBRATED,
    CONTRADICTS,
    INFERRED,
    INPUT,
    NOT_MET,
    NOT_MODELLED,
    Finding,
)
from pivotsim.published.base.hits import Hit
from pivotsim.published.tokens.claims import BASELINE, MODELS, Table, TokenClaim, load_token_claims
from pivotsim.published.tokens.contradictions import RULES, change_pct
from pivotsim.published.tokens.latency import (
    Precision,
    fitted_to,
    load_gpus,
    precisions,
    unscored_ms,
    wave_predictor,
)
from pivotsim.published.tokens.prose import recomputed, remark
from pivotsim.published.tokens.tables import contradiction_table, hit_table, rate_table
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Table as PrintedTable

RECOMPUTED, UNVALIDATED = "recomputed", "not validated"
VERDICTS = (RECOMPUTED, INPUT, CALIBRATED, INFERRED, UNVALIDATED, NOT_MET, CONTRADICTS, NOT_MODELLED)

# quantity -> (verdict, reason) where nothing is computed
STATED = {
    "top1": (NOT_MODELLED, "accuracy needs trained weights"),
    "degradation": (NOT_MODELLED, "accuracy needs trained weights"),
    "ram": (NOT_MODELLED, "the wave model knows no memory"),
    "max_power": (NOT_MODELLED, "the wave model knows no power"),
    "alpha": (INPUT, "a weight"),
    "hyperparameter": (INPUT, "of the row"),
    "layer": (INPUT, "pruning_encoder(), counted from 1"),
    "removed": (NOT_MODELLED, "needs the paper's accuracy table and its measured staircase; neither is published"),
    "one_token_change": (NOT_MODELLED, "read off a figure"),
    "first_layer_decrease": (INFERRED, "no baseline at batch 1 is printed; this number implies one of 114.0 ms"),
}


@dataclass(frozen=True, repr=False)
class TokenAudit(Findings):
    """Findings for every claim, hits of the rules, the known contradictions, and the precision behind the latencies."""

    title: ClassVar[str] = "Token pruning by the tail effect (arXiv 2407.05941)"
    found: ClassVar[str] = "found"
    verdicts: ClassVar[tuple[str, ...]] = VERDICTS

    hits: list[tuple[str, Hit]]
    contradictions: list[dict[str, str]]
    precision: list[Precision]
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
        yield hit_table(self.hits)
        yield contradiction_table(self.contradictions)
        yield rate_table(self.precision)

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
    findings = [_finding(claim, table, predicted, gpus, hits) for claim in table.claims]
    known = load_table("tokens/contradictions.csv")
    expected = load_expected("tokens/expected.csv")
    return TokenAudit(findings, expected, hits, known, list(precisions(table, gpus)), gpus)


def _finding(
    claim: TokenClaim,
    table: Table,
    predicted: Callable[[TokenClaim], float | None],
    gpus: dict[str, GpuSpec],
    hits: list[tuple[str, Hit]],
) -> Finding:
    value: float | None = None
    if claim.quantity == "latency":
        value = predicted(claim)
        verdict, why = _latency_verdict(claim, value, gpus)
    elif claim.quantity == "change":
        value, verdict, why = _change_verdict(claim, table)
    elif claim.quantity in ("sms", "cuda_cores"):
        sm = gpus[claim.device].sm
        value = float(sm.count * (sm.cores if claim.quantity == "cuda_cores" else 1))
        verdict, why = INPUT, "hwconfigs/gpu"
    elif claim.quantity in STATED:
        verdict, why = STATED[claim.quantity]
    else:
        value = recomputed(claim, table)
        verdict, why = RECOMPUTED, "from the tables' cells" + remark(claim, table)
    deviation = None if value is None or not claim.number else value / claim.number - 1
    for _, hit in hits:
        if hit.id == claim.id and hit.marked:
            size = "" if hit.size_frac is None else f" ({100 * hit.size_frac:+.1f} %)"
            verdict, why = CONTRADICTS, f"the paper's own cells imply {hit.implied}{size}: {hit.rule}"
        elif hit.id == claim.id:
            why += f"; {hit.implied} elsewhere: {hit.rule}"
    return Finding(claim, value, deviation, verdict, why)


def _latency_verdict(claim: TokenClaim, predicted: float | None, gpus: dict[str, GpuSpec]) -> tuple[str, str]:
    if predicted is None:
        no_batch = "the row's batch is not stated" if claim.batch is None else "token counts of another method"
        return NOT_MODELLED, no_batch
    fitted = fitted_to(claim)
    if fitted:
        return CALIBRATED, f"the wave model's {fitted} is fitted to it"
    if claim.method == BASELINE:
        return UNVALIDATED, "wave model, fitted on few points: not validated"
    tokens = load_model(MODELS[claim.model]).tokens - (claim.removed or 0)
    plain = unscored_ms(claim, gpus[claim.device])
    how = f"scores in every block, {plain:.4g} ms without; {tokens} tokens left"
    return UNVALIDATED, f"wave model, fitted on few points: not validated; {how}{claim.marks}"


def _change_verdict(claim: TokenClaim, table: Table) -> tuple[float | None, str, str]:
    base = table.baseline(claim)
    latency = table.one("latency", where=claim.where, setting=claim.setting)
    if base is None or latency is None:
        return None, INFERRED, "no baseline of this batch is printed"
    change = change_pct(printed(latency.text), printed(base.text))
    return change.value, RECOMPUTED, f"{latency.text} against {base.text} ms{claim.marks}"
