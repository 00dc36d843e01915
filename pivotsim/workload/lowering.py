"""Lowering: from a plan to the trace of its operations."""

from collections.abc import Iterable, Iterator

from pivotsim.errors import check_integer
from pivotsim.models.spec import LVVIT_STEM, LVVIT_STEM_STRIDE, LVVIT_STEM_WIDTH, VitModel
from pivotsim.workload.ops import Op, Trace
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan
from pivotsim.workload.token_methods import TokenStep

MAX_BATCH = 2**31 - 1  # keeps every size of a lowered trace inside int64


def lower(plan: Plan, batch: int = 1) -> Trace:
    """Return the trace of a plan, patch embedding and head included, for a batch of images.

    GEMMs with weights stack the images (m = batch * tokens); attention scores and values are one GEMM per head
    and image (repeats = batch * heads). A GEMM with 8-bit results is followed by its requantisation from the
    int32 sums. Convolutions of a stem are im2col GEMMs. Token steps add what their scoring and moving costs, in the
    encoders where they prune.

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
    for encoder in plan.encoders:
        ops += _token_steps(plan.model, encoder.encoder, encoder.before, tokens, batch)
        if encoder.attention_active:
            ops += _attention(plan, encoder, batch)
        ops += _token_steps(plan.model, encoder.encoder, encoder.between, encoder.attention_tokens, batch)
        ops += _mlp(plan.model, encoder, batch)
        tokens = encoder.mlp_tokens
    ops += _head(plan.model, plan.encoders[-1].mlp_tokens, batch)
    return Trace(tuple(ops), plan.model.name)


def _gemm(encoder: int, module: str, m: int, k: int, n: int, repeats: int = 1) -> Iterator[Op]:
    """Yield a GEMM with 8-bit results and the requantisation that makes them so."""
    yield Op(encoder, module, "gemm", m, k, n, repeats)
    yield Op(encoder, "requant", "requant", m, 1, n, repeats)


def _embedding(model: VitModel, batch: int) -> Iterator[Op]:
    channels, patch = model.channels, model.patch_px
    if model.stem == "lvvit_4_2":
        pixels = batch * (model.image_px // LVVIT_STEM_STRIDE) ** 2
        for kernel, _, inputs, outputs in LVVIT_STEM:
            yield from _gemm(0, "patch_embed", pixels, kernel * kernel * inputs, outputs)
        channels, patch = LVVIT_STEM_WIDTH, patch // LVVIT_STEM_STRIDE
    yield from _gemm(0, "patch_embed", batch * model.patches, patch * patch * channels, model.width)
    yield Op(0, "patch_embed", "add", batch * model.tokens, 1, model.width)


def _attention(plan: Plan, encoder: EncoderPlan, batch: int) -> Iterator[Op]:
    i, d, tokens = encoder.encoder, plan.model.width, encoder.attention_tokens
    rows, heads, head_width = batch * tokens, batch * plan.model.heads, d // plan.model.heads
    yield Op(i, "norm1", "norm", rows, 1, d)
    if plan.qkv == "fused":
        yield from _gemm(i, "qkv", rows, d, 3 * d)
    else:
        for module in ("q", "k", "v"):
            yield from _gemm(i, module, rows, d, d)
    if plan.score_bits == 8:
        yield from _gemm(i, "qkt", tokens, head_width, tokens, heads)
    else:
        yield Op(i, "qkt", "gemm", tokens, head_width, tokens, heads, out_bits=32)
    yield Op(i, "softmax", "softmax", tokens, 1, tokens, heads)
    yield from _gemm(i, "sv", tokens, tokens, head_width, heads)
    yield from _gemm(i, "proj", rows, d, d)
    yield Op(i, "residual1", "add", rows, 1, d)


def _token_steps(model: VitModel, encoder: int, steps: Iterable[TokenStep], tokens: int, batch: int) -> Iterator[Op]:
    """Yield what the token steps of one place cost, one after the other."""
    for step in steps:
        yield from step.ops(encoder, model, tokens, batch)
        tokens = step.leaving(tokens, model)


def _mlp(model: VitModel, encoder: EncoderPlan, batch: int) -> Iterator[Op]:
    i, d, hidden, rows = encoder.encoder, model.width, model.mlp_hidden, batch * encoder.mlp_tokens
    yield Op(i, "norm2", "norm", rows, 1, d)
    for module in ("gate", "value") if model.gated_mlp else ("fc1",):
        yield from _gemm(i, module, rows, d, hidden)
    activation = "silu" if model.gated_mlp else "gelu"
    yield Op(i, activation, activation, rows, 1, hidden)
    yield from _gemm(i, "fc2", rows, hidden, d)
    yield Op(i, "residual2", "add", rows, 1, d)


def _head(model: VitModel, tokens: int, batch: int) -> Iterator[Op]:
    yield Op(0, "head", "norm", batch * tokens, 1, model.width)
    yield from _gemm(0, "head", batch, model.head_features, model.classes)
    if model.aux_head and tokens > model.prefix_tokens:
        yield from _gemm(0, "head", batch * (tokens - model.prefix_tokens), model.width, model.classes)
