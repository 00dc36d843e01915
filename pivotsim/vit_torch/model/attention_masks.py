"""Fixed attention masks, one per head, as ViTCoD has them: pairs of tokens that attention leaves out."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import ArrayLike

from pivotsim.errors import InputError, check_integer, got_elements, shape_text
from pivotsim.vit_torch.model.transformer import VisionTransformer


def mask_attention(vit: VisionTransformer, masks: Mapping[int, ArrayLike]) -> None:
    """Give encoders fixed attention masks; a dense kernel computes as much with a mask as without.

    Parameters
    ----------
    vit : VisionTransformer
        Changed in place; ``apply_plan`` takes masks off again.
    masks : mapping of int to array of bool, (H, N, N)
        By encoder, from 1: True where the query (row) sees the key (column).

    Raises
    ------
    InputError
        A number is no encoder, a mask does not fit, a query sees no key, or the ViT reduces its tokens.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> mask_attention(vit, {1: np.tri(197, dtype=bool)[None].repeat(3, axis=0)})
    """
    shape = (vit.model.heads, vit.model.tokens, vit.model.tokens)
    checked, problems = {}, []
    for encoder, values in masks.items():
        number = check_integer("encoder", encoder, 1, len(vit.blocks))
        mask = np.asarray(values)
        if mask.dtype != np.bool_ or mask.shape != shape:
            wanted = f"must hold true and false, {shape_text(shape)}"
            problems.append(f"encoder {number}: the mask {wanted} {got_elements(mask)}")
        elif not mask.any(axis=-1).all():
            head, query = np.argwhere(~mask.any(axis=-1))[0]
            problems.append(f"encoder {number}: a query must see a key (got none for head {head}, query {query})")
        checked[number] = mask
    if any(block.before is not None or block.between is not None for block in vit.blocks):
        problems.append("vit: reduces its tokens, and a mask is for all of them")
    if problems:
        raise InputError(problems)
    for number, mask in checked.items():
        vit.blocks[number - 1].attn.mask = torch.tensor(mask, device=vit.pos_embed.device)
