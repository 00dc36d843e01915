"""Lowering: from a plan to the trace of its operations."""

import math
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from pivotsim.errors import check_integer
from pivotsim.models.spec import VitModel
from pivotsim.models.stems import LVVIT_STEM, LVVIT_STEM_STRIDE, LVVIT_STEM_WIDTH
from pivotsim.units import IntArray
from pivotsim.workload.lowering.attention_scores import scores_and_values
from pivotsim.workload.lowering.head import head_operations
from pivotsim.workload.lowering.weight_gemms import Masks, WeightSizes, gemm, weights
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Op, Trace
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan
from pivotsim.workload.tokens.methods import TokenStep

MAX_BATCH = 2**31 - 1  # keeps every size of a lowered trace inside int64
EXACT = 2**50  # elements up to which vectors of sizes, of bytes and of float64 hold the numbers that single ones do


def lower(plan: Plan, batch: int = 1) -> Trace:
    """Return the trace of a plan, patch embedding and head included, for a batch of images.

    GEMMs with weights stack the images (m = batch * tokens); attention scores and values are one GEMM per head
    and image (repeats = batch * heads). A GEMM with 8-bit results is followed by its requantisation from the
    int32 sums. Convolutions of a stem are im2col GEMMs. Token steps add what their scoring and moving costs, in the
    encoders where they prune. Masks of the plan stand in the trace's ``masks``.

    Parameters
    ----------
    plan : Plan
    batch : int
        Images, at least 1.

    Returns
    -------
    Trace

    Raises
    ------
    InputError
        The batch is not a positive integer.

    Examples
    --------
    >>> import pivotsim as ps
    >>> [op.module for op in ps.lower(ps.plan("deit_s")) if op.encoder == 1 and op.kind == "gemm"]
    ['qkv', 'qkt', 'sv', 'proj', 'fc1', 'fc2']
    """
    batch = check_integer("batch", batch, 1, MAX_BATCH)
    check_plan(plan)
    ops, tokens = list(_embedding(plan.model, batch)), plan.model.tokens
    masks: dict[tuple[str, str], Mask] = {}
    alike: dict[Hashable, list[tuple[Any, ...]]] = {}  # encoders mostly differ in their number alone
    for encoder in plan.encoders:
        kind = _kind(encoder)
        if kind in alike:
            number = (encoder.encoder,)
            ops += [tuple.__new__(Op, number + rest) for rest in alike[kind]]  # twice as fast as Op(*number, *rest)
        else:
            found = list(_encoder(plan, encoder, tokens, batch, masks))
            ops += found
            if kind is not None:
                alike[kind] = [op[1:] for op in found]
        tokens = encoder.mlp_tokens
    ops += head_operations(plan.model, plan.encoders[-1].mlp_tokens, batch, plan.score_bits)
    return Trace(tuple(ops), plan.model.name, masks, plan.model)


def lower_at_tokens(plan: Plan, encoder: EncoderPlan, tokens: IntArray, batch: int) -> tuple[Op, ...] | None:
    """Return the operations of one encoder at many token counts: sizes that tokens change are int64 (T,).

    None where operations differ in more than their sizes, and where sizes do not fit a vector: with masks or token
    steps, with rotated patches where a count leaves none, and with too many elements.
    """
    most, least = int(tokens.max()), int(tokens.min())
    if _kind(encoder) is None or (plan.model.has_rope and least <= plan.model.leading_tokens):
        return None
    largest = _encoder(plan, replace(encoder, attention_tokens=most, mlp_tokens=most), most, batch, {})
    if max(op.elements * op.k for op in largest) > EXACT:
        return None
    at_all = EncoderPlan(**{**vars(encoder), "attention_tokens": tokens, "mlp_tokens": tokens})
    return tuple(_encoder(plan, at_all, most, batch, {}))


def _embedding(model: VitModel, batch: int) -> Iterator[Op]:
    channels, (height, width) = model.channels, model.patch_sides
    if model.stem == "lvvit_4_2":
        pixels = batch * math.prod(side // LVVIT_STEM_STRIDE for side in model.image_sides)
        for kernel, _, inputs, outputs in LVVIT_STEM:
            yield from gemm(0, "patch_embed", pixels, kernel * kernel * inputs, outputs)
        channels, height, width = LVVIT_STEM_WIDTH, height // LVVIT_STEM_STRIDE, width // LVVIT_STEM_STRIDE
    yield from gemm(0, "patch_embed", batch * model.patches, height * width * channels, model.width)
    if model.positioned_tokens:
        yield Op(0, "patch_embed", "add", batch * model.positioned_tokens, 1, model.width)


def _kind(encoder: EncoderPlan) -> Hashable:
    """Return what an encoder's operations depend on but for its number; None where it has masks or token steps."""
    if encoder.before or encoder.between or encoder.weight_masks or encoder.attention_mask is not None:
        return None
    return encoder.attention_active, encoder.attention_tokens, encoder.mlp_tokens, encoder.heads, encoder.mlp_hidden


def _encoder(plan: Plan, encoder: EncoderPlan, tokens: int, batch: int, masks: Masks) -> Iterator[Op]:
    """Yield the operations of one encoder, which ``tokens`` enter."""
    sizes = plan.weight_sizes(encoder)
    yield from _token_steps(plan, encoder, encoder.before, tokens, batch)
    if encoder.attention_active:
        yield from _attention(plan, encoder, sizes, batch, masks)
    yield from _token_steps(plan, encoder, encoder.between, encoder.attention_tokens, batch)
    yield from _mlp(plan, encoder, sizes, batch, masks)


def _attention(plan: Plan, encoder: EncoderPlan, sizes: WeightSizes, batch: int, masks: Masks) -> Iterator[Op]:
    i, d, rows = encoder.encoder, plan.model.width, batch * encoder.attention_tokens
    yield Op(i, "norm1", "norm", rows, 1, d)
    for module in ("qkv",) if plan.qkv == "fused" else ("q", "k", "v"):
        yield from weights(sizes, encoder, module, rows, masks)
    yield from _on_q_and_k(plan, encoder, batch)
    yield from scores_and_values(plan, encoder, batch, masks)
    yield from weights(sizes, encoder, "proj", rows, masks)
    yield Op(i, "residual1", "add", rows, 1, d)


def _on_q_and_k(plan: Plan, encoder: EncoderPlan, batch: int) -> Iterator[Op]:
    """Yield the norms of Q and K, and RoPE, which turns those of the patches: cosines and sines element by element."""
    i, model, heads = encoder.encoder, plan.model, plan.heads_of(encoder)
    if model.qk_norm:
        yield Op(i, "qk_norm", "norm", 2 * batch * encoder.attention_tokens * heads, 1, model.head_size)
    patches = encoder.attention_tokens - model.leading_tokens
    if model.has_rope and np.all(patches > 0):
        yield Op(i, "rope", "mul", batch * patches, 1, 2 * heads * model.head_size)


def _token_steps(plan: Plan, encoder: EncoderPlan, steps: Iterable[TokenStep], tokens: int, batch: int) -> Iterator[Op]:
    """Yield what the token steps of one place cost, one after the other."""
    for step in steps:
        yield from step.ops(encoder.encoder, plan.model, plan.heads_of(encoder), tokens, batch)
        tokens = step.leaving(tokens, plan.model)


def _mlp(plan: Plan, encoder: EncoderPlan, sizes: WeightSizes, batch: int, masks: Masks) -> Iterator[Op]:
    i, gated, rows = encoder.encoder, plan.model.gated_mlp, batch * encoder.mlp_tokens
    yield Op(i, "norm2", "norm", rows, 1, plan.model.width)
    for module in ("gate", "value") if gated else ("fc1",):
        yield from weights(sizes, encoder, module, rows, masks)
    activation = "silu" if gated else plan.model.activation
    yield Op(i, activation, activation, rows, 1, plan.hidden_of(encoder))
    if plan.model.mlp_norm:
        yield Op(i, "mlp_norm", "norm", rows, 1, plan.hidden_of(encoder))
    yield from weights(sizes, encoder, "fc2", rows, masks)
    yield Op(i, "residual2", "add", rows, 1, plan.model.width)
