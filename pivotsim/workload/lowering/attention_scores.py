"""QK^T, softmax and SV of one encoder: whole, with an attention mask, or split as ViTCoD does.

With a mask, QK^T computes the kept scores (operand `out`), softmax and requantisation take those alone, and SV
multiplies by them (operand `a`). The processor's share of that is [assumed]: it finds the kept scores for nothing.

Split (ViTCoD, You et al., HPCA 2023, section III; threshold of its released code, reorder.py): per head, keys with
more kept entries than the threshold are global. Of N queries, g global keys and N - g others,

    QK^T   N x dh x g dense, then N x dh x (N - g) with the mask's other columns
    SV     N x g x dh dense, then N x (N - g) x dh; both add into the same sums, which is [assumed] to cost nothing

Pruned entries of a global key are computed and then left out of softmax. A part without keys, or without a kept
entry, is no operation.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pivotsim.workload.lowering.weight_gemms import Masks, masked
from pivotsim.workload.masks.masks import Flags, Mask
from pivotsim.workload.ops import Op
from pivotsim.workload.plans import EncoderPlan, Plan


def scores_and_values(plan: Plan, encoder: EncoderPlan, batch: int, masks: Masks) -> Iterator[Op]:
    """Yield QK^T, softmax, SV and their requantisations, for every head and image."""
    split = encoder.split_threshold is not None
    i, tokens, repeats = encoder.encoder, encoder.attention_tokens, batch * plan.heads_of(encoder)
    kept = encoder.attention_mask
    share = 1.0 if kept is None else kept.density
    yield from _split_scores(plan, encoder, batch, masks) if split else _scores(plan, encoder, repeats, masks)
    yield Op(i, "softmax", "softmax", tokens, 1, tokens, repeats, density=share)
    yield from _split_values(plan, encoder, batch, masks) if split else _values(plan, encoder, repeats, masks)
    yield Op(i, "requant", "requant", tokens, 1, plan.model.head_size, repeats)


def global_keys(kept: Flags, threshold: int) -> Flags:
    """Return which keys (columns) of one head have more kept entries than the threshold, bool (N,).

    >>> global_keys(np.array([[True, False], [True, True]]), 1).tolist()
    [True, False]
    """
    return np.asarray(kept.sum(axis=0) > threshold, dtype=np.bool_)


def _quantised(plan: Plan, op: Op, made: float) -> Iterator[Op]:
    """Yield a score GEMM, and the requantisation of the share of its results that is made."""
    yield op if plan.score_bits == 8 else op._replace(out_bits=32)
    if plan.score_bits == 8:
        yield Op(op.encoder, "requant", "requant", op.m, 1, op.n, op.repeats, density=made)


def _scores(plan: Plan, encoder: EncoderPlan, repeats: int, masks: Masks) -> Iterator[Op]:
    tokens, kept = encoder.attention_tokens, encoder.attention_mask
    op = Op(encoder.encoder, "qkt", "gemm", tokens, plan.model.head_size, tokens, repeats)
    yield from _quantised(plan, masked(op, kept, masks), 1.0 if kept is None else kept.density)


def _values(plan: Plan, encoder: EncoderPlan, repeats: int, masks: Masks) -> Iterator[Op]:
    tokens, kept = encoder.attention_tokens, encoder.attention_mask
    op = Op(encoder.encoder, "sv", "gemm", tokens, tokens, plan.model.head_size, repeats)
    yield masked(op, None if kept is None else _as_operand_a(kept), masks)


def _as_operand_a(kept: Mask) -> Mask:
    """Return the mask of QK^T's results as that of SV's left operand."""
    return replace(kept, operand="a", draw=None if kept.draw is None else replace(kept.draw, operand="a"))


def _parts(encoder: EncoderPlan) -> Iterator[tuple[str, int, Mask | None]]:
    """Yield (head, its global keys, the mask of its other keys or None where nothing of them is kept)."""
    kept, threshold = encoder.attention_mask, encoder.split_threshold
    assert kept is not None and threshold is not None  # check_plan
    for head in range(kept.count):
        wanted = kept.kept[head]
        dense = global_keys(wanted, threshold)
        rest = wanted[:, ~dense]
        mask = Mask("out", kept.height, rest.shape[1], 1, rest, kept.origin) if rest.any() else None
        yield f".{head + 1}", int(dense.sum()), mask


def _split_scores(plan: Plan, encoder: EncoderPlan, batch: int, masks: Masks) -> Iterator[Op]:
    i, tokens, dh = encoder.encoder, encoder.attention_tokens, plan.model.head_size
    for part, dense, rest in _parts(encoder):
        if dense:
            yield from _quantised(plan, Op(i, "qkt", "gemm", tokens, dh, dense, batch), 1.0)
        if rest is not None:
            op = masked(Op(i, "qkt", "gemm", tokens, dh, tokens - dense, batch), rest, masks, part)
            yield from _quantised(plan, op, rest.density)


def _split_values(plan: Plan, encoder: EncoderPlan, batch: int, masks: Masks) -> Iterator[Op]:
    i, tokens, dh = encoder.encoder, encoder.attention_tokens, plan.model.head_size
    for part, dense, rest in _parts(encoder):
        if dense:
            yield Op(i, "sv", "gemm", tokens, dense, dh, batch)
        if rest is not None:
            op = Op(i, "sv", "gemm", tokens, tokens - dense, dh, batch)
            yield masked(op, _as_operand_a(rest), masks, part)
