"""What becomes of each claim on pruned and sparse ViTs: one row per quantity."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pivotsim.models.spec import load_model
from pivotsim.published.base.claims import Claim, load_table, printed
from pivotsim.published.base.findings import INFERRED, INPUT, NOT_MET, NOT_MODELLED, REPRODUCED, Finding
from pivotsim.published.base.inference import Candidate, Inference
from pivotsim.published.static import vitcod
from pivotsim.published.static.compression import most_compressed
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import plan
from pivotsim.workload.transforms.attention_splitting import DENSE_KEY_ENTRIES
from pivotsim.workload.transforms.token_pruning import prune_tokens

MODELS = {"DeiT-S": "deit_s", "DeiT-B": "deit_b", "LVViT-M": "lvvit_m"}
HEATVIT_ENCODERS = {"heatvit_pruned_4": 4, "heatvit_pruned_7": 7, "heatvit_pruned_10": 10}
RATIOS = {"compute_reduction": "compute", "compression": "size"}

OUTSIDE = {
    "accuracy_loss": "accuracy needs the trained, pruned weights, which are not released",
    "top1": "accuracy needs the trained, pruned weights, which are not part of this package",
    "latency_vs_cpu": "an average over a CPU's latencies that were never published",
    "latency_vs_gpu": "an average over a GPU's latencies that were never published",
    "latency_vs_fpga": "against other designs, whose latencies on the same model were never published",
    "vitcod_speedup": "against processors and chips that are not modelled",
    "vitcod_ablation": "at 60 to 90 % sparsity, whose masks are not released; the log's mask is one of 95 %",
    "vitcod_data_movement": "the paper does not say of which model and mask, and the released log prints no such share",
    "vitcod_sram": "the closed form gives the released simulator's clocks without it: what is loaded is taken to fit",
    "vitcod_area": "a chip's layout is not modelled",
    "heatvit_speedup": "its accelerator and its baseline are not published",
    "heatvit_resources": "its accelerator is not published",
    "heatvit_latency": "its accelerator is not published, and the figure is second hand",
}
WITHOUT_MASK = ("vitcod_linear", "vitcod_linear_preload", "vitcod_ffn", "vitcod_linear_and_ffn")
VITCOD_INPUTS = {
    "vitcod_clock": str(vitcod.CLOCK_MHZ),
    "vitcod_dram": f"{float(vitcod.DRAM_GIB_PER_S):g}",
    "vitcod_attention_lanes": str(vitcod.PE_COLUMNS * vitcod.LANES),
    "vitcod_linear_lanes": str(vitcod.PE_COLUMNS * vitcod.LINEAR_LANES),
    "vitcod_threshold": str(DENSE_KEY_ENTRIES),
    "vitcod_encoded_share": str(vitcod.ENCODED_SHARE),
}

Judged = tuple[float | str | None, str, str]  # simulated, verdict, reason


@dataclass(frozen=True)
class Judge:
    """Turns claims into findings.

    ``heads`` holds what is open at the settings that were read in code, ``settings`` the same with rates and count open
    too, ``densities`` the reading without code.
    """

    heads: Inference
    settings: Inference
    densities: Inference

    def finding(self, claim: Claim) -> Finding:
        """Return the claim with its simulated value, deviation, verdict and reason."""
        rows: dict[str, Callable[[Claim], Judged]] = {
            **dict.fromkeys(RATIOS, self._ratio),
            "gmacs_dense": _dense,
            "gmacs_evit": lambda c: _pruned(c, "evit"),
            "gmacs_dynamicvit": lambda c: _pruned(c, "dynamicvit"),
            "heatvit_selector_share": _selector_share,
            **dict.fromkeys(HEATVIT_ENCODERS, _heatvit_tokens),
            **dict.fromkeys(VITCOD_INPUTS, _vitcod_input),
            **dict.fromkeys(vitcod_values(), _vitcod),
        }
        if claim.quantity in OUTSIDE:
            return Finding(claim, None, None, NOT_MODELLED, OUTSIDE[claim.quantity])
        value, verdict, why = rows[claim.quantity](claim)
        deviation = value / claim.number - 1 if isinstance(value, float) and claim.number else None
        return Finding(claim, value, deviation, verdict, why)

    @property
    def read(self) -> Candidate:
        """The hypothesis of preset ``parikh_code``: as many heads in every encoder, the nearest of those."""
        return next(one for one in self.heads.candidates if one.settings["more in"] == "alike")

    def _ratio(self, claim: Claim) -> Judged:
        quantity, one = RATIOS[claim.quantity], self.read
        alike = [c for c in self.heads.candidates if c.settings["more in"] == "alike"]
        counted = (
            f"linear layers of a 198-token DeiT-S, masked blocks whole, r_b = r_t = 0.5 as read in public code; "
            f"{one.settings['heads']} heads inferred: {sum(c.fits for c in alike)} of {len(alike)} with as many in "
            f"every encoder, {self.heads.counted} if encoders may differ, {self.settings.counted} with rates and count "
            "open too; digits rounded, not cut"
        )
        if claim.quantity == "compression":
            most = most_compressed("deit_s", "MSA only")
            counted += f"; pruning the MSA's weights alone could reach {most:.2f}x at most"
        meets = one.misses[quantity] <= 1
        return one.values[quantity], INFERRED if meets else NOT_MET, counted


def vitcod_values() -> dict[str, float]:
    """Return what the closed form gives for each figure of ViTCoD's logs."""
    rows = load_table("static/vitcod_deit_tiny_head0_stats.csv")
    counts = [(int(row["global_tokens"]), int(row["sparse_region_kept"])) for row in rows]
    attention = vitcod.attention_of(counts)
    return {
        "vitcod_preload": attention.preload_cycles,
        "vitcod_decode": attention.decode_cycles,
        "vitcod_compute": attention.compute_cycles,
        "vitcod_attention": attention.cycles,
        "vitcod_sparser_density": vitcod.sparser_density(counts),
        "vitcod_linear": vitcod.linear_cycles(),
        "vitcod_linear_preload": vitcod.linear_preload_cycles(),
        "vitcod_ffn": vitcod.ffn_cycles(),
        "vitcod_linear_and_ffn": vitcod.linear_cycles() + vitcod.ffn_cycles(),
    }


def _vitcod(claim: Claim) -> Judged:
    """Judge a figure of ViTCoD's logs: exact or not."""
    value = float(vitcod_values()[claim.quantity])
    if value == claim.number:
        of_mask = "" if claim.quantity in WITHOUT_MASK else ", from counts of its mask"
        return value, REPRODUCED, f"closed form of the released simulator's accounting{of_mask}; exact"
    return value, NOT_MET, "the closed form of the released simulator's accounting gives another value"


def _vitcod_input(claim: Claim) -> Judged:
    """Judge what ViTCoD's simulator sets and the closed form takes."""
    value = VITCOD_INPUTS[claim.quantity]
    if value == claim.text:
        return value, INPUT, "set in the released simulator; the closed form takes it"
    return value, NOT_MET, "the closed form takes another value"


def _keep_rate(claim: Claim) -> float:
    found = re.search(r"keep_rate=([0-9.]+)", claim.note)
    return float(found[1]) if found else 1.0


def _dense(claim: Claim) -> Judged:
    gmacs = lower(plan(MODELS[claim.model])).macs / 1e9
    met = printed(claim.text).overlaps(printed(f"{gmacs:.6f}"))
    return gmacs, REPRODUCED if met else NOT_MET, "all GEMMs, patch embedding and head included"


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
    return gmacs, NOT_MET, f"token counts by the method's rule{added}; missed, rounded or cut"


def _heatvit_tokens(claim: Claim) -> Judged:
    """Judge HeatViT's share of pruned patches: an input, from which its token counts follow."""
    model = load_model(MODELS[claim.model])
    pruned = prune_tokens(plan(model), "heatvit")
    tokens = pruned.encoders[HEATVIT_ENCODERS[claim.quantity] - 1].attention_tokens
    package = 1
    share = 100 * (1 - (tokens - model.prefix_tokens - package) / model.patches)
    if printed(claim.text).overlaps(printed(f"{share:.6f}")):
        return share, INPUT, f"a rate of the method; {tokens} tokens follow, class and package token included"
    return share, NOT_MET, f"the method's default rate leaves {tokens} tokens, class and package token included"


def _selector_share(claim: Claim) -> Judged:
    trace = lower(prune_tokens(plan(MODELS[claim.model]), "heatvit"))
    own = sum(trace.macs_of(op) for op in trace if op.module == "predictor")
    share = 100 * own / trace.macs
    met = share < float(claim.text.removeprefix("<"))
    return share, REPRODUCED if met else NOT_MET, f"{own / 1e6:.1f} million MACs of three selectors"
