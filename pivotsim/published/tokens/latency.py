"""The wave model beside the published latencies: qualitative, fitted to one baseline per device, not validated.

The released code scores tokens in every block, pruned or not, and gives up fused attention for it; rows of the paper's
own method are predicted so. Table 5's slope over the pruning layer is where the share for it comes from. Top-K, ToMe
and DynamicViT are charged the same share in the blocks that score, and their own products (similarity, predictor) run
in waves like any other.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pivotsim.engines.gpu_wave import encoder_times_ms
from pivotsim.hardware.kinds.gpu import GpuSpec, load_gpu
from pivotsim.pruning.token_plans import pruned_at
from pivotsim.published.tokens.claims import BASELINE, GPUS, MODELS, OURS, Table, TokenClaim
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import Plan, plan
from pivotsim.workload.transforms.token_pruning import prune_tokens

# What of the wave model was fitted to which rows: value -> (device, model, batch, parameter, encoders or any).
FITTED: dict[str, tuple[tuple[str, str, int, str], ...]] = {
    "efficiency on this device": (
        ("TX2", "DeiT-B", 2, ""), ("AGX Orin", "DinoV2-G", 2, ""), ("A100", "DinoV2-G", 16, ""),
    ),
    "floor on this device": (("AGX Orin", "DinoV2-G", 2, "R=193"),),
}  # fmt: skip
SLOPE_FITTED = ("table5", 2)  # its slope over the pruning layer is behind overhead.scoring_frac


def fitted_to(claim: TokenClaim) -> str:
    """Return what was fitted to a row, or nothing."""
    row = (claim.device, claim.model, claim.batch, claim.parameter)
    fitted = next((value for value, rows in FITTED.items() if row in rows), "")
    return fitted or ("share for scoring" if (claim.where, claim.batch) == SLOPE_FITTED else "")


# Methods of the paper's comparison: name in its tables -> (method of prune_tokens, what its hyperparameter is there).
METHODS: dict[str, tuple[str, str, type[int] | type[float]]] = {
    "Top-K": ("top_k", "r", int), "ToMe": ("tome", "r", int), "DyViT": ("dynamicvit", "keep_rate", float),
}  # fmt: skip


def plan_of(claim: TokenClaim) -> Plan | None:
    """Return the plan behind a latency; None where a row states no model, batch or hyperparameter."""
    if claim.model not in MODELS or claim.batch is None:
        return None
    whole = plan(MODELS[claim.model])
    if claim.method == BASELINE:
        return whole
    if claim.method == OURS and claim.removed is not None and claim.encoder is not None:
        return pruned_at(whole, claim.encoder, claim.removed)
    if claim.method in METHODS:
        method, knob, number = METHODS[claim.method]
        return prune_tokens(whole, method, **{knob: number(claim.parameter.partition("=")[2])})
    return None


def scoring_encoders(claim: TokenClaim, found: Plan) -> list[bool]:
    """Return which encoders score tokens: all of the paper's own method's, as its code has it, else those with a step.

    Top-K and ToMe have a step in every encoder, also where it removes nothing any more; DynamicViT in three.
    """
    return [claim.method == OURS or bool(e.before or e.between) for e in found.encoders]


def wave_predictor(gpus: dict[str, GpuSpec]) -> Callable[[TokenClaim], float | None]:
    """Return a function from a latency's claim to what the wave model says, None where it says nothing."""

    @cache
    def predicted(claim: TokenClaim) -> float | None:
        found = plan_of(claim)
        if found is None or claim.device not in gpus:
            return None
        return latency_ms(found, claim.batch or 1, gpus[claim.device], scoring_encoders(claim, found))

    return predicted


def latency_ms(found: Plan, batch: int, gpu: GpuSpec, scored: bool | Sequence[bool] = False) -> float:
    """Return the wave model's latency of a plan whose marked encoders score tokens."""
    return math.fsum(encoder_times_ms(lower(found, batch), gpu, scored=scored).tolist())


def unscored_ms(claim: TokenClaim, gpu: GpuSpec) -> float:
    """Return the wave model's latency of a row if no block took longer for its scores."""
    found = plan_of(claim)
    return math.nan if found is None else latency_ms(found, claim.batch or 1, gpu)


def load_gpus() -> dict[str, GpuSpec]:
    """Return the paper's three devices."""
    return {device: load_gpu(name) for device, name in GPUS.items()}


@dataclass(frozen=True)
class Precision:
    """What rate a whole model's printed latency takes, beside the peak of the fp32 cores, both in TFLOP/s."""

    claim: TokenClaim
    needed_tflops: float
    fp32_tflops: float

    @property
    def possible(self) -> bool:
        """Whether fp32 cores could have done it."""
        return self.needed_tflops <= self.fp32_tflops

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and text."""
        return {
            "id": self.claim.id, "device": self.claim.device, "batch": self.claim.batch, "model": self.claim.model,
            "needed_tflops": self.needed_tflops, "fp32_tflops": self.fp32_tflops, "possible_in_fp32": self.possible,
        }  # fmt: skip


def precisions(table: Table, gpus: dict[str, GpuSpec]) -> Iterator[Precision]:
    """Yield the rate behind every baseline's latency, each device, model and batch once."""
    seen = set()
    for claim in table.of("latency", method=BASELINE):
        whole = plan_of(claim)
        if whole is None or claim.setting in seen:
            continue
        seen.add(claim.setting)
        flops = 2 * lower(whole, claim.batch or 1).macs
        yield Precision(claim, flops / ((claim.number or 1.0) * 1e9), gpus[claim.device].fp32_tflops)
