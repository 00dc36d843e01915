"""GEMMs of a lowered plan: dense, or with the mask that the plan gives them."""

from collections.abc import Iterator
from typing import TypeAlias

from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Op, mask_name
from pivotsim.workload.plans import EncoderPlan, Plan

Masks: TypeAlias = dict[tuple[str, str], Mask]  # those of a trace, filled while its operations are listed


def gemm(encoder: int, module: str, m: int, k: int, n: int, repeats: int = 1) -> Iterator[Op]:
    """Yield a dense GEMM with 8-bit results and the requantisation that makes them so."""
    yield Op(encoder, module, "gemm", m, k, n, repeats)
    yield Op(encoder, "requant", "requant", m, 1, n, repeats)


def weights(plan: Plan, encoder: EncoderPlan, module: str, rows: int, masks: Masks) -> Iterator[Op]:
    """Yield the GEMM of a weight matrix, with its mask where it has one, and its requantisation."""
    k, n = plan.weight_sizes(encoder)[module]
    op, requant = gemm(encoder.encoder, module, rows, k, n)
    yield masked(op, encoder.weight_masks.get(module), masks)
    yield requant


def masked(op: Op, mask: Mask | None, masks: Masks, part: str = "") -> Op:
    """Return an operation that names its mask, which is noted among the trace's; ``part`` tells several apart."""
    if mask is None:
        return op
    key = f"{op.encoder}.{op.module}{part}" if mask.draw is None else mask.draw.key
    density = mask.density if mask.draw is None else mask.draw.density
    named = op._replace(density=density, mask_key=key)
    masks[mask_name(named)] = mask
    return named
