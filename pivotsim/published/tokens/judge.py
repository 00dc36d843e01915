"""The verdict on each claim of the token-pruning paper, with its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pivotsim.hardware.kinds.gpu import GpuSpec
from pivotsim.published.base.claims import printed
from pivotsim.published.base.findings import (
    CALIBRATED,
    CONTRADICTS,
    INFERRED,
    INPUT,
    NOT_MET,
    NOT_MODELLED,
    RECOMPUTED,
    UNVALIDATED,
    Finding,
)
from pivotsim.published.base.hits import Hit
from pivotsim.published.base.inference import Inference
from pivotsim.published.tokens import first_layer
from pivotsim.published.tokens.claims import BASELINE, Table, TokenClaim
from pivotsim.published.tokens.contradictions import change_pct
from pivotsim.published.tokens.inverse import InverseCheck
from pivotsim.published.tokens.latency import fitted_to, plan_of, scoring_encoders, unscored_ms
from pivotsim.published.tokens.one_token import OneToken
from pivotsim.published.tokens.prose import recomputed, remark
from pivotsim.published.tokens.unstated_batch import latency_name, whole_name
from pivotsim.tables import counted

VERDICTS = (RECOMPUTED, INPUT, CALIBRATED, INFERRED, UNVALIDATED, NOT_MET, CONTRADICTS, NOT_MODELLED)
WAVE = "wave model, fitted on few points: not validated"
ACCURACY = "accuracy on ImageNet, which needs its images and the models' trained weights"
BATCH_RULES = ("implied baseline", "one alpha")  # what they find, an unstated batch explains

# quantity -> (verdict, reason) where nothing is computed
STATED = {
    "top1": (NOT_MODELLED, ACCURACY),
    "degradation": (NOT_MODELLED, ACCURACY),
    "ram": (INPUT, "a fact of the device; nothing here depends on it"),
    "max_power": (INPUT, "a fact of the device; nothing here depends on it"),
    "alpha": (INPUT, "a weight"),
    "hyperparameter": (INPUT, "of the row"),
    "layer": (INPUT, "pruning_encoder(), counted from 1"),
}
Judged = tuple[float | None, str, str]  # what is found, verdict, reason


@dataclass(frozen=True)
class Judge:
    """All that verdicts are made of."""

    table: Table
    gpus: dict[str, GpuSpec]
    predicted: Callable[[TokenClaim], float | None]
    hits: Sequence[tuple[str, Hit]]
    batch: Inference
    inverse: Sequence[InverseCheck]
    one_token: OneToken

    def finding(self, claim: TokenClaim) -> Finding:
        """Return the finding on a claim; a contradiction outranks what is computed."""
        value, verdict, why = self._judged(claim)
        deviation = None if value is None or not claim.number else value / claim.number - 1
        for name, hit in self.hits:
            if hit.id != claim.id or self.explains(name):
                continue
            if hit.marked:
                size = "" if hit.size_frac is None else f" ({100 * hit.size_frac:+.1f} %)"
                verdict, why = CONTRADICTS, f"the paper's own cells imply {hit.implied}{size}: {hit.rule}"
            else:
                why += f"; {hit.implied} elsewhere: {hit.rule}"
        return Finding(claim, value, deviation, verdict, why)

    def explains(self, rule: str) -> bool:
        """Tell whether the inferred batch, of which no other row is printed, explains what a rule finds."""
        return rule in BATCH_RULES and bool(self.batch.fitting)

    def _judged(self, claim: TokenClaim) -> Judged:
        by_quantity: dict[str, Callable[[TokenClaim], Judged]] = {
            "latency": self._latency, "change": self._change, "removed": self._removed,
            "one_token_change": self._one_token, "sms": self._device, "cuda_cores": self._device,
            "first_layer_decrease": self._first_layer,
        }  # fmt: skip
        if claim.quantity in by_quantity:
            return by_quantity[claim.quantity](claim)
        if claim.quantity in STATED:
            return (None, *STATED[claim.quantity])
        return recomputed(claim, self.table), RECOMPUTED, "from the tables' cells" + remark(claim, self.table)

    def _device(self, claim: TokenClaim) -> Judged:
        sm = self.gpus[claim.device].sm
        return float(sm.count * (sm.cores if claim.quantity == "cuda_cores" else 1)), INPUT, "hwconfigs/gpu"

    def _latency(self, claim: TokenClaim) -> Judged:
        if claim.batch is None:
            return self._with_inferred_batch(claim)
        value, found, fitted = self.predicted(claim), plan_of(claim), fitted_to(claim)
        if fitted:
            return value, CALIBRATED, f"the wave model's {fitted} is fitted to it"
        if claim.method == BASELINE or found is None:
            return value, UNVALIDATED, WAVE
        scoring, plain = scoring_encoders(claim, found), unscored_ms(claim, self.gpus[claim.device])
        where = "every block" if all(scoring) else counted(sum(scoring), "block")
        how = f"scores in {where}, {plain:.4g} ms without; {found.encoders[-1].mlp_tokens} tokens left"
        return value, UNVALIDATED, f"{WAVE}; {how}{claim.marks}"

    def _with_inferred_batch(self, claim: TokenClaim) -> Judged:
        value = self.batch.best.values[latency_name(claim)]
        if not self.batch.fitting:
            return value, NOT_MET, f"no batch that was tried meets the row ({self.batch.counted}); {WAVE}"
        return value, INFERRED, f"{self.batch.best} ({self.batch.counted}); {WAVE}"

    def _change(self, claim: TokenClaim) -> Judged:
        base = self.table.baseline(claim)
        latency = self.table.one("latency", where=claim.where, setting=claim.setting)
        if latency is not None and base is None:
            return self._change_at_inferred_batch(latency)
        assert base is not None and latency is not None  # every row with a change has a latency
        change = change_pct(printed(latency.text), printed(base.text))
        return change.value, RECOMPUTED, f"{latency.text} against {base.text} ms{claim.marks}"

    def _change_at_inferred_batch(self, latency: TokenClaim) -> Judged:
        """Return the wave model's change: the row's batch is inferred, and no baseline of it is printed."""
        values = self.batch.best.values
        own, whole = values[latency_name(latency)], values[whole_name(latency)]
        how = f"{self.batch.best} ({self.batch.counted}), of which no baseline is printed; {WAVE}"
        return 100 * (own / whole - 1), UNVALIDATED, f"{how}: {own:.2f} against {whole:.2f} ms"

    def _first_layer(self, claim: TokenClaim) -> Judged:
        row = self.table.one("latency", where="table5", batch=first_layer.BATCH, encoder=1)
        predicted_ms = None if row is None else self.predicted(row)
        value, why = first_layer.first_layer_saving(claim, self.table, self.gpus, predicted_ms)
        return value, UNVALIDATED, f"{WAVE}; {why}"

    def _removed(self, claim: TokenClaim) -> Judged:
        check = next((check for check in self.inverse if check.about(claim)), None)
        asked = "" if check is None else check.about(claim)
        if check is None or not check.is_possible(claim):
            return None, NOT_MET, f"no accuracy makes it the best at its alphas: {asked}"
        return None, INFERRED, f"{asked}; the paper's accuracy table is not published"

    def _one_token(self, claim: TokenClaim) -> Judged:
        return self.one_token.change_pct, UNVALIDATED, f"{WAVE}; {self.one_token}"
