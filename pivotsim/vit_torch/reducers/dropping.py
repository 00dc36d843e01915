"""Reductions that drop patches by a score: single-layer training-free pruning, Top-K, EViT."""

import math

import torch
from torch import Tensor

from pivotsim.vit_torch.model.attention_tensors import AttentionTensors
from pivotsim.vit_torch.model.encoder import Reduced, Reducer
from pivotsim.vit_torch.reducers.importance import score_by_class_token, score_tokens


def split_patches(x: Tensor, scores: Tensor, prefix: int, kept: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return prefix tokens and the patches of the highest scores, best first; the others; and the others' scores.

    Equal scores stand in token order.
    """
    values, order = scores.sort(dim=1, descending=True, stable=True)
    patches = x[:, prefix:].gather(1, order[..., None].expand(-1, -1, x.shape[2]))
    return torch.cat([x[:, :prefix], patches[:, :kept]], dim=1), patches[:, kept:], values[:, kept:]


class SingleLayer(Reducer):
    """Keeps T = N - R - 1 - p patches and one inattentive token, the mean of the R + 1 others: N - R tokens.

    Nothing happens where R is 0 or T is no more than p (Eliopoulos et al., section 3.3; there with p = 1).
    """

    def __init__(
        self, removed: int, prefix: int, normalisation: str, feature: str = "v", reduction: str = "max"
    ) -> None:
        super().__init__()
        self.removed, self.prefix, self.normalisation = removed, prefix, normalisation
        self.feature, self.reduction = feature, reduction

    def forward(self, x: Tensor, sizes: Tensor | None, tensors: AttentionTensors) -> Reduced:
        """Return prefix, kept patches in descending order of importance, inattentive token."""
        kept = x.shape[1] - self.removed - 1 - self.prefix
        if self.removed == 0 or kept <= self.prefix:
            return x, sizes
        feature = {"q": tensors.query, "k": tensors.key, "v": tensors.value}[self.feature]
        scores = score_tokens(tensors.attention, feature, self.prefix, self.normalisation, self.reduction)
        stay, others, _ = split_patches(x, scores, self.prefix, kept)
        return torch.cat([stay, others.mean(dim=1, keepdim=True)], dim=1), sizes


class TopK(Reducer):
    """Keeps T = t - r - p patches beside the p prefix tokens, and drops r; does nothing where T is no more than p.

    The progressive Top-K that the paper compares with, there with p = 1; the score is the class token's attention.
    """

    def __init__(self, removed: int, prefix: int) -> None:
        super().__init__()
        self.removed, self.prefix = removed, prefix

    def forward(self, x: Tensor, sizes: Tensor | None, tensors: AttentionTensors) -> Reduced:
        """Return prefix and kept patches."""
        kept = x.shape[1] - self.removed - self.prefix
        if self.removed == 0 or kept <= self.prefix:
            return x, sizes
        return split_patches(x, score_by_class_token(tensors.attention, self.prefix), self.prefix, kept)[0], sizes


class Evit(Reducer):
    """Keeps ceil(rate * patches) by the class token's attention; the others make one token, weighted by it, or go.

    Liang et al., ICLR 2022, section 3.2. A fused token counts among the patches of the encoders after it.
    """

    def __init__(self, keep_rate: float, prefix: int, fuse: bool) -> None:
        super().__init__()
        self.keep_rate, self.prefix, self.fuse = keep_rate, prefix, fuse

    def forward(self, x: Tensor, sizes: Tensor | None, tensors: AttentionTensors) -> Reduced:
        """Return prefix, kept patches, and the fused token if asked for."""
        patches = x.shape[1] - self.prefix
        kept = math.ceil(self.keep_rate * patches)
        if kept >= patches:
            return x, sizes
        scores = score_by_class_token(tensors.attention, self.prefix)
        stay, others, weights = split_patches(x, scores, self.prefix, kept)
        if not self.fuse:
            return stay, sizes
        return torch.cat([stay, (others * weights[..., None]).sum(dim=1, keepdim=True)], dim=1), sizes
