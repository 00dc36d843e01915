"""Token reductions put on a ViT: one method at a time, numbers checked."""

import math
from collections.abc import Callable, Iterable, Mapping

import torch

from pivotsim.errors import InputError, check_choice, check_flag, check_integer, check_real, got
from pivotsim.vit_torch.model.encoder import Reducer
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.reducers.dropping import Evit, SingleLayer, TopK
from pivotsim.vit_torch.reducers.head_selecting import HeadSelector
from pivotsim.vit_torch.reducers.importance import NORMALISATIONS
from pivotsim.vit_torch.reducers.merging import MergePairs
from pivotsim.vit_torch.reducers.selecting import Predictor
from pivotsim.workload.tokens.methods import FEATURES, REDUCTIONS

STAGES = (4, 7, 10)  # EViT, DynamicViT and HeatViT on 12 encoders
TDM_ENCODERS = (3, 7, 10)  # Parikh et al.


def prune_single(
    vit: VisionTransformer,
    *,
    encoder: int,
    removed: int,
    normalisation: str = "image",
    feature: str = "v",
    reduction: str = "max",
) -> None:
    """Prune R tokens in one encoder, between attention and MLP, without training (Eliopoulos et al.).

    The attention of the encoder sees N tokens; its MLP and everything later N - R.

    Parameters
    ----------
    vit : VisionTransformer
        Changed in place.
    encoder : int
        From 1; the paper takes 25 % of the depth, which for DeiT is 4.
    removed : int
        R, net of the inattentive token that R + 1 patches make; 0 or one too large for the tokens does nothing.
    normalisation : {'image', 'batch'}
        See ``pivotsim.vit_torch.reducers.importance.score_tokens``.
    feature : {'v', 'k', 'q'}
        What the second part of the score is made of (Table 2).
    reduction : {'max', 'mean', 'sum'}
        What heads are reduced by (Table 2).

    Raises
    ------
    InputError
        A number does not fit, the encoder's attention is skipped, or the ViT has a reduction already.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> prune_single(vit, encoder=4, removed=69)
    >>> vit.forward_features(torch.zeros(1, 3, 224, 224)).shape[1]
    128
    """
    check_integer("removed", removed, 0)
    check_choice("normalisation", normalisation, NORMALISATIONS)
    check_choice("feature", feature, FEATURES)
    check_choice("reduction", reduction, REDUCTIONS)
    prefix = vit.model.prefix_tokens
    _install(vit, "between", [encoder], lambda i: SingleLayer(int(removed), prefix, normalisation, feature, reduction))


def prune_top_k(vit: VisionTransformer, *, removed: int, encoders: Iterable[int] | None = None) -> None:
    """Drop the r patches per encoder that the class token attends to least; all encoders by default.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> prune_top_k(vit, removed=6)
    >>> vit.forward_features(torch.zeros(1, 3, 224, 224)).shape[1]
    125
    """
    check_integer("removed", removed, 0)
    _needs_class_token(vit, "Top-K")
    _install(vit, "between", encoders, lambda i: TopK(int(removed), vit.model.prefix_tokens))


def prune_evit(
    vit: VisionTransformer, *, keep_rate: float, fuse: bool = True, encoders: Iterable[int] | None = STAGES
) -> None:
    """Keep a share of the patches at some encoders, the others fused into one token or dropped (EViT).

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> prune_evit(vit, keep_rate=0.7)
    >>> vit.forward_features(torch.zeros(1, 3, 224, 224)).shape[1]
    72
    """
    rate = _check_rate(keep_rate)
    check_flag("fuse", fuse)
    _needs_class_token(vit, "EViT")
    _install(vit, "between", encoders, lambda i: Evit(rate, vit.model.prefix_tokens, bool(fuse)))


def prune_tdm(vit: VisionTransformer, *, keep_rate: float, encoders: Iterable[int] | None = TDM_ENCODERS) -> None:
    """Keep ceil(r_t * patches) and one fused token at some encoders, after the attention's residual (Parikh et al.).

    The token dropping module of FCCM 2024, by the authors' public files: patches are ranked by the class token's row of
    the attention, mean over heads; the others make one token, their sum weighted by that row, not divided by the
    weights' sum. ceil(r_t (N - 1)) + 2 of N leave. It is EViT's rule with the others fused, at other encoders.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> prune_tdm(vit, keep_rate=0.5)
    >>> vit.forward_features(torch.zeros(1, 3, 224, 224)).shape[1]
    28
    """
    prune_evit(vit, keep_rate=keep_rate, fuse=True, encoders=encoders)


def merge_tokens(vit: VisionTransformer, *, removed: int, encoders: Iterable[int] | None = None) -> None:
    """Merge r pairs of patches per encoder, at most half of them (ToMe); all encoders by default.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> merge_tokens(vit, removed=17)
    >>> vit.forward_features(torch.zeros(1, 3, 224, 224)).shape[1]
    8
    """
    check_integer("removed", removed, 0)
    _install(vit, "between", encoders, lambda i: MergePairs(int(removed), vit.model.prefix_tokens))


def select_tokens(
    vit: VisionTransformer, *, keep_rate: float, encoders: Iterable[int] | None = STAGES, seed: int = 0
) -> None:
    """Keep int(patches * rate^k) patches ahead of the k-th of some encoders, by random predictors (DynamicViT).

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> select_tokens(vit, keep_rate=0.7)
    >>> vit.forward_features(torch.zeros(1, 3, 224, 224)).shape[1]
    68
    """
    rate, model, stages = _check_rate(keep_rate), vit.model, _numbers(vit, encoders)
    if model.width % 4:
        raise InputError(f"vit: the predictor needs a width that 4 divides {got(model.width)}")
    kept = {number: int(model.patches * rate**k) for k, number in enumerate(stages, start=1)}
    _install_selectors(vit, kept, seed, lambda i: Predictor(kept[i], model.width, model.prefix_tokens))


def select_tokens_by_head(
    vit: VisionTransformer,
    *,
    keep_rates: Iterable[float] = (0.6, 0.26, 0.13),
    encoders: Iterable[int] | None = STAGES,
    seed: int = 0,
) -> None:
    """Keep ceil(patches * rate) patches and a package ahead of some encoders, by random selectors (HeatViT).

    The rates are shares of all patches, one per encoder; the default is what PIVOT compares with (section 4.3).

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> select_tokens_by_head(vit)
    >>> vit.forward_features(torch.zeros(1, 3, 224, 224)).shape[1]
    28
    """
    model, stages = vit.model, _numbers(vit, encoders)
    if isinstance(keep_rates, str) or not isinstance(keep_rates, Iterable):
        raise InputError(f"keep_rates: must be a list of numbers {got(keep_rates)}")
    rates = [_check_rate(rate) for rate in keep_rates]
    if len(rates) != len(stages):
        raise InputError(f"keep_rates: must be one per encoder, {len(stages)} {got(rates)}")
    if model.width // model.heads % 4:
        raise InputError(f"vit: the selector needs channels per head that 4 divides {got(model.width // model.heads)}")
    kept = {number: math.ceil(model.patches * rate) for number, rate in zip(stages, rates, strict=True)}
    _install_selectors(vit, kept, seed, lambda i: HeadSelector(kept[i], model.width, model.heads, model.prefix_tokens))


def _install_selectors(
    vit: VisionTransformer, kept: Mapping[int, int], seed: int, make: Callable[[int], Reducer]
) -> None:
    """Put learned selectors ahead of encoders, their weights drawn from a seed."""
    check_integer("seed", seed, 0)
    if kept and min(kept.values()) < 1:
        raise InputError(f"keep_rate: leaves no patch after {len(kept)} encoders {got(list(kept.values()))}")
    like = vit.pos_embed
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(seed))
        _install(vit, "before", kept, lambda i: make(i).to(like.device, like.dtype).eval())


def _check_rate(keep_rate: object) -> float:
    rate = check_real("keep_rate", keep_rate)
    if not 0 < rate <= 1:
        raise InputError(f"keep_rate: must lie above 0 and be at most 1 {got(keep_rate)}")
    return rate


def _needs_class_token(vit: VisionTransformer, method: str) -> None:
    if vit.model.prefix_tokens == 0:
        raise InputError(f"vit: {method} scores by the class token, and {vit.model.name} has none")


def _numbers(vit: VisionTransformer, encoders: Iterable[int] | None) -> list[int]:
    """Return checked encoder numbers in ascending order; all for None."""
    depth = len(vit.blocks)
    if encoders is None:
        return list(range(1, depth + 1))
    if isinstance(encoders, (str, bytes)) or not isinstance(encoders, Iterable):
        raise InputError(f"encoders: must be a list of encoder numbers {got(encoders)}")
    return sorted({check_integer("encoder", number, 1, depth) for number in encoders})


def _install(vit: VisionTransformer, slot: str, encoders: Iterable[int] | None, make: Callable[[int], Reducer]) -> None:
    """Put one new reducer into a slot of each encoder, or raise InputError and change nothing."""
    numbers = _numbers(vit, encoders)
    if any(block.before is not None or block.between is not None for block in vit.blocks):
        raise InputError("vit: has a token reduction already; apply_plan(vit, plan(vit.model)) takes it off")
    if any(block.attn.mask is not None for block in vit.blocks):
        raise InputError("vit: has attention masks, which are for all tokens; apply_plan takes them off")
    reducers = {number: make(number) for number in numbers}
    skipped = [n for n, r in reducers.items() if r.reads_attention and not vit.blocks[n - 1].attention_active]
    if skipped:
        raise InputError(f"encoders: the attention that scores tokens is skipped {got(skipped)}")
    for number, reducer in reducers.items():
        setattr(vit.blocks[number - 1], slot, reducer)
