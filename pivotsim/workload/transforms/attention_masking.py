"""Attention masks: scores that are not computed, per head, query and key (ViTCoD, You et al., HPCA 2023)."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pivotsim.errors import InputError, check_flag, check_integer, got, got_shape
from pivotsim.workload.masks.files import KeptBlocks, StoredMask, cut, read_flags
from pivotsim.workload.masks.masks import Mask, as_array, as_flags, drawn_mask
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan
from pivotsim.workload.transforms.common import changed, check_keep_rate, per_encoder

_NUMBER = re.compile(r"[0-9]{1,4}")
_SCORES = re.compile(r"([0-9]{1,4})\.qkt")  # as a trace names them


def mask_attention(
    plan: Plan,
    masks: Any = None,
    *,
    density: float | None = None,
    seed: int = 0,
    pruned_is_true: bool = False,
) -> Plan:
    """Return the plan with attention scores left out: QK^T, softmax and SV work on the kept ones.

    Parameters
    ----------
    plan : Plan
    masks : array, mapping or path, optional
        Bool (depth, heads, tokens, tokens), queries before keys, True = kept; entries of skipped attentions are passed
        over. Or {encoder: (heads, tokens, tokens)}. Or an .npy file of such an array, or an .npz file of one such array
        or of one per encoder, named by its number, or the one that ``write_trace`` puts beside a trace.
    density : float, optional
        Instead: the kept share of the scores in (0, 1], drawn evenly over each head [assumed; trained masks are not
        even]. Nothing sees to it that every query keeps a key.
    seed : int
        Seed of the draws.
    pruned_is_true : bool
        True marks what is left out (ViTCoD's files).

    Returns
    -------
    Plan
        With an attention mask in every active encoder.

    Raises
    ------
    InputError
        Masks and density together or neither, a mask of other heads or tokens than the encoder's attention (prune heads
        and tokens first), one that keeps nothing, or an encoder that has a mask already.

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
        raise InputError("mask_attention: give masks or density, one of the two")
    invert = check_flag("pruned_is_true", pruned_is_true)
    if masks is None:
        if invert:
            raise InputError("pruned_is_true: goes with masks; density is the kept share (got true)")
        draws = check_integer("seed", seed, 0)

        def check(name: str, e: EncoderPlan, value: Any) -> Mask:
            return _drawn(name, plan, e, value, draws)

        found = per_encoder("density", plan, density, check, attention=True)
    else:
        if seed != 0:
            raise InputError(f"seed: nothing is drawn where masks are given {got(seed)}")
        found = per_encoder("masks", plan, _by_encoder(plan, masks, invert), _given(plan, invert), attention=True)
    twice = [number for number in found if plan.encoders[number - 1].attention_mask is not None]
    if twice:
        raise InputError(f"encoder {number}: has an attention mask already" for number in twice)
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


def _by_encoder(plan: Plan, masks: Any, invert: bool) -> dict[Any, Any]:
    """Return {encoder: array} from an array of all encoders, a mapping, or a file of either."""
    name = "masks"
    if isinstance(masks, (str, Path)):
        name, masks = str(masks), read_flags(masks, "out")
        if any(isinstance(value, KeptBlocks) for value in masks.values()):
            raise InputError(f"{name}: attention masks are .npy or .npz files")
        if any(isinstance(value, StoredMask) for value in masks.values()):
            masks = _of_trace(name, masks, invert)
        elif all(_NUMBER.fullmatch(key) for key in masks):
            masks = {int(key): value for key, value in masks.items()}
        elif len(masks) == 1:
            masks = next(iter(masks.values()))
        else:
            raise InputError(f"{name}: must hold one array, or one per encoder, named by its number {got(list(masks))}")
    if isinstance(masks, Mapping):
        return dict(masks)
    array = as_array(name, masks)
    if array.ndim != 4 or array.shape[0] != len(plan.encoders):
        e = plan.encoders[0]
        wanted = (len(plan.encoders), plan.heads_of(e), e.attention_tokens, e.attention_tokens)
        raise InputError(f"{name}: must be an array of {'x'.join(map(str, wanted))} {got_shape(array.shape)}")
    return {number: array[number - 1] for number in plan.active}


def _of_trace(name: str, masks: Mapping[str, Any], invert: bool) -> dict[int, Any]:
    """Return {encoder: array} from the masks that stand beside a trace."""
    if invert:
        raise InputError(f"pruned_is_true: {name} says what is kept, as traces have it; leave it out (got true)")
    found: dict[int, Any] = {}
    problems = []
    for key, mask in masks.items():
        match = _SCORES.fullmatch(key)
        if match is None or not isinstance(mask, StoredMask) or mask.block != 1:
            problems.append(
                f"{name}: {key}: is no attention mask of an encoder; those have names such as 1.qkt, and block 1"
            )
        else:
            found[int(match[1])] = mask.kept
    if problems:
        raise InputError(cut(problems, name))
    return found


def _given(plan: Plan, invert: bool) -> Any:
    """Return the check of one encoder's array."""

    def check(name: str, e: EncoderPlan, value: Any) -> Mask:
        array = as_flags(name, value)
        heads, tokens = plan.heads_of(e), e.attention_tokens
        if array.shape != (heads, tokens, tokens):
            problem = f"{heads} heads of {tokens} x {tokens} tokens"
            raise InputError(f"{name}: must have {problem}, those of the encoder's attention {got_shape(array.shape)}")
        kept = ~array if invert else array
        if not kept.any():
            raise InputError(f"{name}: keeps nothing; skip_attention leaves an attention out")
        return Mask("out", tokens, tokens, 1, kept, f"given, encoder {e.encoder}")

    return check
