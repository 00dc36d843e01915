"""The audit of pruned and sparse ViTs: Parikh et al., EViT, DynamicViT, ViTCoD's simulator, HeatViT."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from pivotsim.models.spec import load_model
from pivotsim.published.base.audit import Findings
from pivotsim.published.base.claims import Claim, load_claims, load_expected, load_table, printed
from pivotsim.published.base.findings import CALIBRATED, INFERRED, NOT_MODELLED, REPRODUCED, Finding
from pivotsim.published.static.compression import Setting, most_compressed, settings
from pivotsim.published.static.vitcod import attention_of, ffn_cycles, linear_cycles, sparser_density
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Table
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import plan
from pivotsim.workload.transforms.token_pruning import prune_tokens

MODELS = {"DeiT-S": "deit_s", "DeiT-B": "deit_b", "LVViT-M": "lvvit_m"}
HEATVIT_ENCODERS = {"heatvit_pruned_4": 4, "heatvit_pruned_7": 7, "heatvit_pruned_10": 10}

OUTSIDE = {
    "accuracy_loss": "accuracy needs trained weights",
    "top1": "accuracy needs trained weights",
    "latency_vs_cpu": "measured against a CPU",
    "latency_vs_gpu": "measured against a GPU",
    "latency_vs_fpga": "against other designs, absolute latencies were never published",
    "vitcod_speedup": "against processors and chips that are not modelled",
    "vitcod_linear_preload": "the log's own rule for it is not known",
    "heatvit_speedup": "its accelerator and its baseline are not published",
    "heatvit_resources": "its accelerator is not published",
    "heatvit_latency": "its accelerator is not published, and the figure is second hand",
}

SETTINGS_SHOWN = 8

Judged = tuple[float | str | None, str, str]  # simulated, verdict, reason


@dataclass(frozen=True, repr=False)
class StaticAudit(Findings):
    """Findings, and every hypothesis about Parikh et al.'s settings with the ratios that it gives."""

    title: ClassVar[str] = "Pruned and sparse ViTs"

    hypotheses: list[Setting]
    published: tuple[float, float]  # compute reduction and compression

    @cached_property
    def fitting(self) -> list[Setting]:
        """The hypotheses that meet both published ratios, the nearest first; inferred."""
        return [h for h in self.nearest(len(self.hypotheses)) if h.fits(*self.published)]

    def nearest(self, count: int) -> list[Setting]:
        """Return the hypotheses that miss least."""
        return sorted(self.hypotheses, key=lambda h: h.miss_frac(*self.published))[:count]

    def tables(self) -> Iterator[Table]:
        """Yield what is printed: findings, and the settings nearest to the published ratios."""
        yield self.findings_table("Pruned and sparse ViTs: published beside simulated", folds=True)
        compute, size = self.published
        ratios = f"{compute:g}x compute, {size:g}x size"
        yield Table(
            f"Settings of Parikh et al. behind {ratios}: searched, inferred, never published",
            ("rank", "pruned", "blocks kept", "tokens kept", "in encoders", "compute", "size", "meets both"),
            [
                (rank, h.pruned, f"{h.block_density:g}", f"{h.token_keep_rate:g}", ", ".join(map(str, h.encoders)),
                 f"{h.compute_reduction:.3f}x", f"{h.compression:.3f}x", "yes" if h.fits(compute, size) else "no")
                for rank, h in enumerate(self.nearest(SETTINGS_SHOWN), start=1)
            ],
            (0, 2, 3, 5, 6),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain numbers and text, the form that ``--json`` prints."""
        return {
            **header("reproduce", hash_of([f.claim for f in self.findings])),
            "paper": "static",
            "counts": self.counts(),
            "claims": [f.to_dict() for f in self.findings],
            "settings": [
                {"rank": rank, "fits": h.fits(*self.published), **h.to_dict()}
                for rank, h in enumerate(self.nearest(10), start=1)
            ],
            "unexpected": self.unexpected,
        }


def audit_static() -> StaticAudit:
    """Audit the published numbers of pruned and sparse ViTs: Parikh et al., EViT, DynamicViT, ViTCoD, HeatViT.

    Returns
    -------
    StaticAudit
        ``findings`` (one per claim), ``hypotheses`` and ``fitting`` (settings of Parikh et al., inferred) and
        ``unexpected`` (empty when every verdict is the expected one).

    Examples
    --------
    >>> audit = audit_static()
    >>> audit.unexpected
    []
    >>> best = audit.fitting[0]
    >>> best.block_density, best.token_keep_rate, best.encoders
    (0.6, 0.5, (3, 7, 10))
    """
    claims = load_claims("static/claims.csv")
    ratios = {c.quantity: c.number or 0.0 for c in claims if c.quantity in ("compute_reduction", "compression")}
    published = ratios["compute_reduction"], ratios["compression"]
    hypotheses = settings("deit_s")
    judge = Judge(hypotheses, published)
    findings = [judge.finding(claim) for claim in claims]
    return StaticAudit(findings, load_expected("static/expected.csv"), hypotheses, published)


@dataclass(frozen=True)
class Judge:
    """Turns claims into findings; one row per quantity."""

    hypotheses: list[Setting]
    published: tuple[float, float]

    def finding(self, claim: Claim) -> Finding:
        """Return the claim with its simulated value, deviation, verdict and reason."""
        rows: dict[str, Callable[[Claim], Judged]] = {
            "compute_reduction": lambda c: self._ratio(c, "compute_reduction"),
            "compression": lambda c: self._ratio(c, "compression"),
            "gmacs_dense": _dense,
            "gmacs_evit": lambda c: _pruned(c, "evit"),
            "gmacs_dynamicvit": lambda c: _pruned(c, "dynamicvit"),
            "heatvit_selector_share": _selector_share,
            **dict.fromkeys(HEATVIT_ENCODERS, _heatvit_tokens),
            **{c: _vitcod for c in (claim.quantity,) if c.startswith("vitcod_")},
        }
        if claim.quantity in OUTSIDE:
            return Finding(claim, None, None, NOT_MODELLED, OUTSIDE[claim.quantity])
        value, verdict, why = rows[claim.quantity](claim)
        deviation = value / claim.number - 1 if isinstance(value, float) and claim.number else None
        return Finding(claim, value, deviation, verdict, why)

    def _ratio(self, claim: Claim, name: str) -> Judged:
        fits = [h for h in self.hypotheses if h.fits(*self.published)]
        if not fits:
            return None, NOT_MODELLED, "no setting of the grid meets both ratios"
        best = min(fits, key=lambda h: h.miss_frac(*self.published))
        value: float = getattr(best, name)
        others = "the only one" if len(fits) == 1 else f"the nearest of {len(fits)}"
        where = (
            f"{best.pruned} at {best.block_density:g} of the blocks, {best.token_keep_rate:g} of the tokens in encoders"
            f" {', '.join(map(str, best.encoders))}: {others} on the grid that meets both ratios, never published"
        )
        if claim.quantity == "compression":
            where += f"; pruning the MSA alone could reach {most_compressed('deit_s', 'MSA only'):.2f}x at most"
        return value, INFERRED, where


def _vitcod(claim: Claim) -> Judged:
    """Judge a figure of ViTCoD's logs: exact or not."""
    rows = load_table("static/vitcod_deit_tiny_head0_stats.csv")
    counts = [(int(row["global_tokens"]), int(row["sparse_region_kept"])) for row in rows]
    attention = attention_of(counts)
    values: dict[str, float] = {
        "preload": attention.preload_cycles,
        "decode": attention.decode_cycles,
        "compute": attention.compute_cycles,
        "attention": attention.cycles,
        "sparser_density": sparser_density(counts),
        "linear": linear_cycles(),
        "ffn": ffn_cycles(),
        "linear_and_ffn": linear_cycles() + ffn_cycles(),
    }
    value = float(values[claim.quantity.removeprefix("vitcod_")])
    if value == claim.number:
        return value, REPRODUCED, "closed form of the released simulator's accounting, from counts of its mask; exact"
    return value, NOT_MODELLED, "the closed form of the released simulator's accounting gives another value"


def _keep_rate(claim: Claim) -> float:
    found = re.search(r"keep_rate=([0-9.]+)", claim.note)
    return float(found[1]) if found else 1.0


def _dense(claim: Claim) -> Judged:
    gmacs = lower(plan(MODELS[claim.model])).macs / 1e9
    met = printed(claim.text).overlaps(printed(f"{gmacs:.6f}"))
    return gmacs, REPRODUCED if met else NOT_MODELLED, "all GEMMs, patch embedding and head included"


def _pruned(claim: Claim, method: str) -> Judged:
    """Judge the GMACs of a token-pruned model; the digits of a table may be rounded or cut."""
    trace = lower(prune_tokens(plan(MODELS[claim.model]), method, keep_rate=_keep_rate(claim)))
    gmacs = trace.macs / 1e9
    own = sum(trace.macs_of(op) for op in trace if op.module in ("predictor", "score")) / 1e9
    added = f" with {own:.2f} for the predictors ({gmacs - own:.2f} without them)" if own else ""
    exact = printed(f"{gmacs:.6f}")
    if printed(claim.text).overlaps(exact):
        return gmacs, REPRODUCED, f"token counts by the method's rule{added}; equal after rounding"
    if printed(claim.text, cut=True).overlaps(exact):
        return (
            gmacs,
            INFERRED,
            f"token counts by the method's rule{added}; only if the row's digits are cut, not rounded",
        )
    return gmacs, NOT_MODELLED, f"missed{added}"


def _heatvit_tokens(claim: Claim) -> Judged:
    """Judge HeatViT's share of pruned patches: an input, from which its token counts follow."""
    model = load_model(MODELS[claim.model])
    pruned = prune_tokens(plan(model), "heatvit")
    tokens = pruned.encoders[HEATVIT_ENCODERS[claim.quantity] - 1].attention_tokens
    package = 1
    share = 100 * (1 - (tokens - model.prefix_tokens - package) / model.patches)
    met = printed(claim.text).overlaps(printed(f"{share:.6f}"))
    why = f"an input: {tokens} tokens follow, class and package token included"
    return share, CALIBRATED if met else NOT_MODELLED, why


def _selector_share(claim: Claim) -> Judged:
    trace = lower(prune_tokens(plan(MODELS[claim.model]), "heatvit"))
    own = sum(trace.macs_of(op) for op in trace if op.module == "predictor")
    share = 100 * own / trace.macs
    met = share < float(claim.text.removeprefix("<"))
    return share, REPRODUCED if met else NOT_MODELLED, f"{own / 1e6:.1f} million MACs of three selectors"
