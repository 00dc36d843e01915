"""The wave model beside the published latencies: qualitative, fitted to one baseline per device, not validated.

The released code scores tokens in every block, pruned or not, and gives up fused attention for it; rows of the paper's
own method are predicted so. Table 5's slope over the pruning layer is where the share for it comes from.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pivotsim.hardware.gpu import GpuSpec, load_gpu
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.token_plans import pruned_at
from pivotsim.published.tokens.claims import BASELINE, GPUS, MODELS, OURS, Table, TokenClaim
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import Plan, plan

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


def plan_of(claim: TokenClaim) -> Plan | None:
    """Return the plan behind a latency; None where its token counts are another method's, or its batch is unknown."""
    if claim.model not in MODELS or claim.batch is None:
        return None
    whole = plan(MODELS[claim.model])
    if claim.method == BASELINE:
        return whole
    if claim.method == OURS and claim.removed is not None and claim.encoder is not None:
        return pruned_at(whole, claim.encoder, claim.removed)
    return None


def wave_predictor(gpus: dict[str, GpuSpec]) -> Callable[[TokenClaim], float | None]:
    """Return a function from a latency's claim to what the wave model says, None where it says nothing."""

    @cache
    def predicted(claim: TokenClaim) -> float | None:
        found = plan_of(claim)
        if found is None or claim.device not in gpus:
            return None
        device = GpuWave(gpus[claim.device], scored=claim.method == OURS)
        return device.latency_ms(found, claim.batch or 1)

    return predicted


def unscored_ms(claim: TokenClaim, gpu: GpuSpec) -> float:
    """Return the wave model's latency of a row if no block scored its tokens."""
    found = plan_of(claim)
    return math.nan if found is None else GpuWave(gpu).latency_ms(found, claim.batch or 1)


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
