"""Lowering: from a plan to the trace of its operations."""

from collections.abc import Iterable, Iterator

from pivotsim.errors import check_integer
from pivotsim.models.spec import LVVIT_STEM, LVVIT_STEM_STRIDE, LVVIT_STEM_WIDTH, VitModel
from pivotsim.workload.lowering.attention_scores import scores_and_values
from pivotsim.workload.lowering.weight_gemms import Masks, gemm, weights
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Op, Trace
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan
from pivotsim.workload.tokens.methods import TokenStep

MAX_BATCH = 2**31 - 1  # keeps every size of a lowered trace inside int64


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
    for encoder in plan.encoders:
        ops += _token_steps(plan, encoder, encoder.before, tokens, batch)
        if encoder.attention_active:
            ops += _attention(plan, encoder, batch, masks)
        ops += _token_steps(plan, encoder, encoder.between, encoder.attention_tokens, batch)
        ops += _mlp(plan, encoder, batch, masks)
        tokens = encoder.mlp_tokens
    ops += _head(plan.model, plan.encoders[-1].mlp_tokens, batch)
    return Trace(tuple(ops), plan.model.name, masks)


def _embedding(model: VitModel, batch: int) -> Iterator[Op]:
    channels, patch = model.channels, model.patch_px
    if model.stem == "lvvit_4_2":
        pixels = batch * (model.image_px // LVVIT_STEM_STRIDE) ** 2
        for kernel, _, inputs, outputs in LVVIT_STEM:
            yield from gemm(0, "patch_embed", pixels, kernel * kernel * inputs, outputs)
        channels, patch = LVVIT_STEM_WIDTH, patch // LVVIT_STEM_STRIDE
    yield from gemm(0, "patch_embed", batch * model.patches, patch * patch * channels, model.width)
    yield Op(0, "patch_embed", "add", batch * model.tokens, 1, model.width)


def _attention(plan: Plan, encoder: EncoderPlan, batch: int, masks: Masks) -> Iterator[Op]:
    i, d, rows = encoder.encoder, plan.model.width, batch * encoder.attention_tokens
    yield Op(i, "norm1", "norm", rows, 1, d)
    for module in ("qkv",) if plan.qkv == "fused" else ("q", "k", "v"):
        yield from weights(plan, encoder, module, rows, masks)
    yield from scores_and_values(plan, encoder, batch, masks)
    yield from weights(plan, encoder, "proj", rows, masks)
    yield Op(i, "residual1", "add", rows, 1, d)


def _token_steps(plan: Plan, encoder: EncoderPlan, steps: Iterable[TokenStep], tokens: int, batch: int) -> Iterator[Op]:
    """Yield what the token steps of one place cost, one after the other."""
    for step in steps:
        yield from step.ops(encoder.encoder, plan.model, plan.heads_of(encoder), tokens, batch)
        tokens = step.leaving(tokens, plan.model)


def _mlp(plan: Plan, encoder: EncoderPlan, batch: int, masks: Masks) -> Iterator[Op]:
    i, gated, rows = encoder.encoder, plan.model.gated_mlp, batch * encoder.mlp_tokens
    yield Op(i, "norm2", "norm", rows, 1, plan.model.width)
    for module in ("gate", "value") if gated else ("fc1",):
        yield from weights(plan, encoder, module, rows, masks)
    activation = "silu" if gated else plan.model.activation
    yield Op(i, activation, activation, rows, 1, plan.hidden_of(encoder))
    yield from weights(plan, encoder, "fc2", rows, masks)
    yield Op(i, "residual2", "add", rows, 1, plan.model.width)


def _head(model: VitModel, tokens: int, batch: int) -> Iterator[Op]:
    yield Op(0, "head", "norm", batch * tokens, 1, model.width)
    yield from gemm(0, "head", batch, model.head_features, model.classes)
    if model.aux_head and tokens > model.prefix_tokens:
        yield from gemm(0, "head", batch * (tokens - model.prefix_tokens), model.width, model.classes)
