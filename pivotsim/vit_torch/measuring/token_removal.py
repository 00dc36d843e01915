"""Classification by some of the tokens: the others are removed ahead of one encoder."""

import torch
from torch import Tensor

from pivotsim.errors import InputError, got
from pivotsim.units import IntArray
from pivotsim.vit_torch.measuring.extraction import check_images
from pivotsim.vit_torch.model.attention_tensors import AttentionTensors
from pivotsim.vit_torch.model.encoder import Reduced, Reducer
from pivotsim.vit_torch.model.transformer import VisionTransformer


class KeepTokens(Reducer):
    """Keeps the tokens at some places, the same in all images."""

    reads_attention = False
    reads_map = False

    def __init__(self, kept: IntArray) -> None:
        super().__init__()
        self.kept = torch.as_tensor(kept)

    def forward(self, x: Tensor, sizes: Tensor | None, tensors: AttentionTensors) -> Reduced:
        """Return the kept tokens in their order."""
        kept = self.kept.to(x.device)
        return x[:, kept], None if sizes is None else sizes[:, kept]


def check_whole(vit: VisionTransformer, encoder: int) -> None:
    """Raise InputError unless a ViT has all tokens, no masks, and such an encoder (from 1)."""
    problems = []
    if any(block.before is not None or block.between is not None for block in vit.blocks):
        problems.append("vit: reduces its tokens already; apply_plan(vit, plan(vit.model)) takes that off")
    if any(block.attn.mask is not None for block in vit.blocks):
        problems.append("vit: has attention masks, which are for all tokens; apply_plan takes them off")
    if encoder > len(vit.blocks):
        problems.append(f"vit: removal ahead of encoder {encoder} needs as many {got(len(vit.blocks))}")
    if problems:
        raise InputError(problems)


def right_with_tokens(vit: VisionTransformer, images: Tensor, labels: Tensor, kept: IntArray, encoder: int = 1) -> int:
    """Return how many images are classified right where only the tokens ``kept`` reach an encoder, from 1.

    Parameters
    ----------
    vit : VisionTransformer
        As ``check_whole`` wants it; its mode and its encoders are restored.
    images : Tensor, (B, channels, px, px)
    labels : Tensor of int, (B,)
    kept : ndarray of int64
        Places of tokens, prefix tokens first.
    encoder : int
        1: removed after the position embedding.
    """
    block, place, was_training = vit.blocks[encoder - 1], vit.pos_embed, vit.training
    vit.eval()
    block.before = KeepTokens(kept)
    try:
        with torch.inference_mode():
            logits = vit(check_images(vit, images).to(place.device, place.dtype))
    finally:
        block.before = None
        vit.train(was_training)
    return int((logits.argmax(dim=1).cpu() == labels.cpu()).sum())
