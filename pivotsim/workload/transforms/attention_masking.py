"""Attention masks: scores that are not computed, per head, query and key (ViTCoD, You et al., HPCA 2023)."""

import hashlib
from typing import Any

from pivotsim.errors import InputError, check_flag, check_integer, got
from pivotsim.tables import encoder_lines
from pivotsim.workload.masks.masks import Mask, drawn_mask
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan
from pivotsim.workload.transforms.attention_arrays import by_encoder, given
from pivotsim.workload.transforms.common import changed, check_keep_rate, per_encoder


def mask_attention(
    plan: Plan,
    masks: Any = None,
    *,
    density: float | None = None,
    seed: int = 0,
    pruned_is_true: bool | None = None,
) -> Plan:
    """Return the plan with attention scores left out: QK^T, softmax and SV work on the kept ones.

    Parameters
    ----------
    plan : Plan
    masks : array, mapping or path, optional
        Bool, or integers 1 and 0, (depth, heads, tokens, tokens), queries before keys; entries of skipped attentions
        are passed over. A size of 1 is for all encoders or heads, as are (heads, tokens, tokens), (depth, tokens,
        tokens) and (tokens, tokens). Or {encoder: (heads, tokens, tokens) or (tokens, tokens)}. Or an .npy file of such
        an array, or an .npz file of one such array or of one per encoder, named by its number, or the one that
        ``write_trace`` puts beside a trace.
    density : float, optional
        Instead: the kept share of the scores in (0, 1], drawn evenly over each head [assumed; trained masks are not
        even]. Nothing sees to it that every query keeps a key.
    seed : int
        Seed of the draws.
    pruned_is_true : bool, optional
        Whether true marks what is left out, as in ViTCoD's files. Left out, true marks what is kept, and masks that
        are true in more than 0.6 of the scores are refused: they may mean either.

    Returns
    -------
    Plan
        With an attention mask in every active encoder.

    Raises
    ------
    InputError
        Masks and density together or neither, masks of which it is not clear what true marks, a mask of other heads or
        tokens than the encoder's attention (prune heads and tokens first), one that keeps nothing, or an encoder that
        has a mask already.

    Examples
    --------
    >>> import pivotsim as ps
    >>> sparse = ps.lower(ps.mask_attention(ps.plan("deit_t"), density=0.1))
    >>> first = [op for op in sparse if op.encoder == 1 and op.module in ("qkt", "sv")]
    >>> [round(sparse.macs_of(op) / op.dense_macs, 4) for op in first]
    [0.1, 0.1]
    """
    check_plan(plan)
    if (masks is None) == (density is None):
        raise InputError(f"mask_attention: give masks or density{'' if masks is None else ', not both'}")
    if pruned_is_true is not None:
        check_flag("pruned_is_true", pruned_is_true)
    if masks is None:
        if pruned_is_true:
            raise InputError("pruned_is_true: goes with masks; density is the kept share (got true)")
        draws = check_integer("seed", seed, 0)

        def check(name: str, e: EncoderPlan, value: Any) -> Mask:
            return _drawn(name, plan, e, value, draws)

        found = per_encoder("density", plan, density, check, attention=True)
    else:
        if seed != 0:
            raise InputError(f"seed: nothing is drawn where masks are given {got(seed)}")
        source, invert, arrays = by_encoder(plan, masks, pruned_is_true)
        found = per_encoder(
            "masks", plan, arrays, given(plan, source, invert, not isinstance(arrays, dict)), attention=True
        )
    twice = [number for number in found if plan.encoders[number - 1].attention_mask is not None]
    if twice:
        raise InputError(encoder_lines((number, "has an attention mask already") for number in twice))
    return changed(plan, {number: {"attention_mask": mask} for number, mask in found.items()})


def _drawn(name: str, plan: Plan, e: EncoderPlan, value: Any, seed: int) -> Mask:
    share, tokens = check_keep_rate(name, value), e.attention_tokens
    own_seed = int.from_bytes(hashlib.sha256(f"{seed} {e.encoder} attention".encode()).digest()[:4], "big")
    mask = drawn_mask(
        tokens, tokens, block=1, density=share, seed=own_seed, operand="out", count=plan.heads_of(e)
    )  # fmt: skip
    if not mask.kept_blocks[0]:
        raise InputError(f"{name}: keeps none of {tokens}x{tokens} scores {got(share)}")
    return mask
