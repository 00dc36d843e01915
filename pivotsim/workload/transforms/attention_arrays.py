"""Given attention masks: arrays or files of them, for all encoders and heads or for each, fitted to a plan."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.errors import InputError, got, got_shape
from pivotsim.workload.masks.files import KeptBlocks, StoredMask, cut, read_flags
from pivotsim.workload.masks.masks import Flags, Mask, as_array, as_flags, share_text
from pivotsim.workload.plans import EncoderPlan, Plan

CLEAR_SHARE = 0.6  # [assumed] masks are made to leave scores out: true in more of them than this may mark those
_NUMBER = re.compile(r"[0-9]{1,4}")
_SCORES = re.compile(r"([0-9]{1,4})\.qkt")  # as a trace names them


def by_encoder(plan: Plan, masks: Any, pruned_is_true: bool | None) -> tuple[str, bool, Any]:
    """Return (where masks come from, whether true marks what is left out, {encoder: array} or one array for all).

    Parameters
    ----------
    plan : Plan
    masks : array, mapping or path
        As in ``mask_attention``.
    pruned_is_true : bool or None
        None where nobody says what true marks: kept scores, where the share of true is at most ``CLEAR_SHARE``.

    Raises
    ------
    InputError
        An array of another form, a file that holds no attention masks, or one of which it is not clear what true marks.
    """
    name = "masks"
    if isinstance(masks, (str, Path)):
        name, masks = str(masks), read_flags(masks, "out")
        if any(isinstance(value, KeptBlocks) for value in masks.values()):
            raise InputError(f"{name}: attention masks are .npy or .npz files")
        if any(isinstance(value, StoredMask) for value in masks.values()):
            return name, False, _of_trace(name, masks, pruned_is_true)
        if all(_NUMBER.fullmatch(key) for key in masks):
            masks = {int(key): value for key, value in masks.items()}
        elif len(masks) == 1:
            masks = next(iter(masks.values()))
        else:
            raise InputError(f"{name}: must hold one array, or one per encoder, named by its number {got(list(masks))}")
    found = dict(masks) if isinstance(masks, Mapping) else _of_all(plan, name, as_array(name, masks))
    if pruned_is_true is None:
        _check_clear(name, found.values() if isinstance(found, dict) else [found])
    return name, bool(pruned_is_true), found


def _of_all(plan: Plan, name: str, array: Any) -> Any:
    """Return {encoder: array} of one array, or the array of every encoder where one stands for all."""
    e = plan.encoders[0]
    depth, heads, tokens = len(plan.encoders), plan.heads_of(e), e.attention_tokens
    if array.ndim == 3 and array.shape[0] == depth == heads != 1:
        raise InputError(
            f"{name}: {depth} masks for {depth} encoders or for {heads} heads? Give {depth}x1x{tokens}x{tokens} or "
            f"1x{heads}x{tokens}x{tokens} {got_shape(array.shape)}"
        )
    if array.ndim == 2 or (array.ndim == 3 and array.shape[0] != depth):
        return array
    if array.ndim == 4 and array.shape[0] == 1 != depth:
        return array[0]
    if array.ndim not in (3, 4) or array.shape[0] != depth:
        wanted = f"{depth}x{heads}x{tokens}x{tokens}, or {tokens}x{tokens} for all encoders and heads"
        raise InputError(f"{name}: must be an array of {wanted} {got_shape(array.shape)}")
    return {number: array[number - 1] for number in plan.active}


def _of_trace(name: str, masks: Mapping[str, Any], pruned_is_true: bool | None) -> dict[Any, Any]:
    """Return {encoder: array} from the masks that stand beside a trace."""
    if pruned_is_true:
        raise InputError(f"pruned_is_true: {name} says what is kept, as traces have it; leave it out (got true)")
    found: dict[Any, Any] = {}
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


def _check_clear(name: str, masks: Iterable[Any]) -> None:
    """Raise InputError where true may mark what is left out: most scores, and not all of an encoder."""
    try:
        arrays = [as_flags(name, value) for value in masks]
    except InputError:
        return  # the check of each encoder's array says what is wrong
    total = sum(array.size for array in arrays)
    share = sum(int(np.count_nonzero(array)) for array in arrays) / total if total else 0.0
    if share > CLEAR_SHARE and not any(array.all() for array in arrays):
        raise InputError(
            f"{name}: true marks {share_text(share)} of the scores, kept ones or those left out? State "
            f"pruned_is_true=false (keeps {share_text(share)}), or pruned_is_true=true as for ViTCoD's files "
            f"(keeps {share_text(1 - share)})"
        )


def given(plan: Plan, source: str, invert: bool, is_for_all: bool) -> Callable[[str, EncoderPlan, Any], Mask]:
    """Return the check of one encoder's array, which makes a mask of it; a single one is for all heads.

    ``is_for_all`` says in the mask's origin that one array is for all encoders.
    """

    def check(name: str, e: EncoderPlan, value: Any) -> Mask:
        array = as_flags(name, value)
        heads, tokens = plan.heads_of(e), e.attention_tokens
        whole = _for_heads(array, heads, tokens)
        if whole.shape != (heads, tokens, tokens):
            problem = f"{heads} heads of {tokens} x {tokens} tokens"
            raise InputError(f"{name}: must have {problem}, those of the encoder's attention {got_shape(array.shape)}")
        kept = ~whole if invert else whole
        if not kept.any():
            raise InputError(f"{name}: keeps nothing; leave its encoder out of the active ones")
        origin = source if source != "masks" else "given"
        shared = [*(["encoders"] if is_for_all else []), *(["heads"] if array.size < whole.size else [])]
        origin += f" for all {' and '.join(shared)}" if shared else ""
        return Mask("out", tokens, tokens, 1, kept, f"{origin}, true = {'left out' if invert else 'kept'}")

    return check


def _for_heads(array: Flags, heads: int, tokens: int) -> Flags:
    single = array[None] if array.ndim == 2 else array
    return np.broadcast_to(single, (heads, tokens, tokens)) if single.shape == (1, tokens, tokens) else array
