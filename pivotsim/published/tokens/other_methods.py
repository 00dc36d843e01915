"""Errors of the wave model on Top-K, ToMe and DynamicViT, by what of a method's work is charged.

Three ways to charge were tried, and all are printed: which one is right, few points cannot tell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from pivotsim.hardware.kinds.gpu import GpuSpec
from pivotsim.pruning.token_plans import without_steps
from pivotsim.published.tokens.claims import Table, TokenClaim
from pivotsim.published.tokens.latency import METHODS, latency_ms, plan_of, scoring_encoders
from pivotsim.tables import Table as PrintedTable
from pivotsim.tables import percent
from pivotsim.units import ns_to_ms
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan

# [assumed] vendors' data sheets, bytes per ns: the RAM that a method's element-wise work goes through
RAM_BYTES_PER_NS = {"TX2": 59.7, "AGX Orin": 204.8, "A100": 1935.0}
BYTES_MOVED = 8  # of an element: read and written once, 32 bits
OWN_MODULES = ("score", "sort", "gather", "merge", "predictor")
NOT_ON_A_GPU = "requant"


@dataclass(frozen=True)
class MethodErrors:
    """One way to charge a method's work: predicted over published latency - 1, of every claim, in the claims' order."""

    charged: str
    errors_frac: Mapping[str, float]  # claim -> error
    settings: int  # distinct ones: Table 8 repeats Table 6

    @property
    def spread(self) -> tuple[float, float, float]:
        """Least, median and greatest error."""
        errors = list(self.errors_frac.values())
        return min(errors), median(errors), max(errors)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and text."""
        least, middle, most = self.spread
        return {
            "charged": self.charged, "claims": len(self.errors_frac), "settings": self.settings,
            "least_frac": least, "median_frac": middle, "greatest_frac": most,
        }  # fmt: skip


def element_work_ms(trace: Trace, device: str) -> float:
    """Return the time that the elements of a method's own operations take through the RAM; products are waves."""
    moved = sum(
        op.elements * BYTES_MOVED for op in trace if op.module in OWN_MODULES and op.kind not in ("gemm", NOT_ON_A_GPU)
    )
    return ns_to_ms(moved / RAM_BYTES_PER_NS[device])


def _tokens_alone(claim: TokenClaim, found: Plan, gpu: GpuSpec) -> float:
    return latency_ms(without_steps(found), claim.batch or 1, gpu)


def _counted(claim: TokenClaim, found: Plan, gpu: GpuSpec) -> float:
    own = element_work_ms(lower(found, claim.batch or 1), claim.device)
    return latency_ms(found, claim.batch or 1, gpu) + own


def _with_share(claim: TokenClaim, found: Plan, gpu: GpuSpec) -> float:
    return latency_ms(found, claim.batch or 1, gpu, scoring_encoders(claim, found))


CHARGES: dict[str, Callable[[TokenClaim, Plan, GpuSpec], float]] = {
    "fewer tokens alone": _tokens_alone,
    "own products in waves, other elements through the RAM": _counted,
    "own products, share for scoring where a block scores": _with_share,
}


def method_errors(table: Table, gpus: Mapping[str, GpuSpec]) -> list[MethodErrors]:
    """Return the errors on every latency of another method, for each way to charge its work."""
    claims = [claim for claim in table.of("latency") if claim.method in METHODS]
    plans = {claim: plan for claim in claims if (plan := plan_of(claim)) is not None}
    settings = len({claim.setting for claim in claims})
    return [
        MethodErrors(
            name,
            {c.id: charge(c, plan, gpus[c.device]) / (c.number or 1.0) - 1 for c, plan in plans.items()},
            settings,
        )
        for name, charge in CHARGES.items()
    ]


def error_table(errors: list[MethodErrors]) -> PrintedTable:
    """Return a row per way to charge a method's work; the last one is the findings'."""
    return PrintedTable(
        "Latencies of Top-K, ToMe and DynamicViT: error of the wave model by what is charged",
        ("charged", "claims", "settings", "least", "median", "greatest"),
        [(e.charged, len(e.errors_frac), e.settings, *(percent(x, sign=True) for x in e.spread)) for e in errors],
        (1, 2, 3, 4, 5),
        ("The findings have the last row's. The time to launch small kernels is in none of them.",),
    )
