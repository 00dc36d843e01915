"""Reductions by a learned predictor ahead of an encoder, as DynamicViT has them."""

import torch
from torch import Tensor, nn

from pivotsim.vit_torch.model.attention_tensors import AttentionTensors
from pivotsim.vit_torch.model.encoder import Reduced, Reducer
from pivotsim.vit_torch.reducers.dropping import split_patches


class Predictor(Reducer):
    """Keeps the patches that a small MLP scores highest (Rao et al., DynamicViT, NeurIPS 2021, section 3.2).

    LayerNorm, d to d with GELU; the second half of the channels is replaced by its mean over the patches; then d to
    d/2 to d/4 to 2 with GELU between. The first of the two outputs is the log odds to stay. Untrained weights say
    nothing about accuracy; they cost what trained ones cost.
    """

    reads_attention = False
    reads_map = False

    def __init__(self, kept: int, width: int, prefix: int) -> None:
        super().__init__()
        self.kept, self.prefix = kept, prefix
        self.local = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU())
        self.score = nn.Sequential(
            nn.Linear(width, width // 2), nn.GELU(), nn.Linear(width // 2, width // 4), nn.GELU(),
            nn.Linear(width // 4, 2),
        )  # fmt: skip

    def forward(self, x: Tensor, sizes: Tensor | None, tensors: AttentionTensors) -> Reduced:
        """Return prefix and kept patches, best first."""
        if x.shape[1] - self.prefix <= self.kept:
            return x, sizes
        own, shared = self.local(x[:, self.prefix :]).chunk(2, dim=-1)
        features = torch.cat([own, shared.mean(dim=1, keepdim=True).expand_as(own)], dim=-1)
        scores = self.score(features).log_softmax(dim=-1)[..., 0]
        return split_patches(x, scores, self.prefix, self.kept)[0], sizes
