"""GEMMs of a lowered plan: dense, or with the mask that the plan gives them."""

from collections.abc import Mapping
from typing import TypeAlias

from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Op, mask_name
from pivotsim.workload.plans import EncoderPlan

Masks: TypeAlias = dict[tuple[str, str], Mask]  # those of a trace, filled while its operations are listed

WeightSizes: TypeAlias = Mapping[str, tuple[int, int]]  # (K, N) of an encoder's matrices, ``Plan.weight_sizes``


def gemm(encoder: int, module: str, m: int, k: int, n: int, repeats: int = 1) -> tuple[Op, Op]:
    """Return a dense GEMM with 8-bit results and the requantisation that makes them so."""
    return (
        Op(encoder, module, "gemm", m, k, n, repeats),
        Op(encoder, "requant", "requant", m, 1, n, repeats),
    )


def weights(sizes: WeightSizes, encoder: EncoderPlan, module: str, rows: int, masks: Masks) -> tuple[Op, Op]:
    """Return the GEMM of a weight matrix, with its mask where it has one, and its requantisation."""
    op, requant = gemm(encoder.encoder, module, rows, *sizes[module])
    return masked(op, encoder.weight_masks.get(module), masks), requant


def masked(op: Op, mask: Mask | None, masks: Masks, part: str = "") -> Op:
    """Return an operation that names its mask, which is noted among the trace's; ``part`` tells several apart."""
    if mask is None:
        return op
    key = f"{op.encoder}.{op.module}{part}" if mask.draw is None else mask.draw.key
    density = mask.density if mask.draw is None else mask.draw.density
    named = op._replace(density=density, mask_key=key)
    masks[mask_name(named)] = mask
    return named
