"""Token selection by heads ahead of an encoder, as HeatViT has it: a score per head, heads weighted, a package."""

import torch
from torch import Tensor, nn

from pivotsim.vit_torch.model.attention_tensors import AttentionTensors
from pivotsim.vit_torch.model.encoder import Reduced, Reducer
from pivotsim.vit_torch.reducers.dropping import split_patches


class HeadSelector(Reducer):
    """Keeps the patches that heads agree on; the others become one package token, their mean weighted by score.

    Dong et al., HeatViT (HPCA 2023), of which no code was released. Per head, on its d = D / H channels: d to d/2 with
    GELU, beside its mean over the patches; then d to d/2 to d/4 to 2 with GELU between, and the softmax's first
    output. Per patch, the weights of the heads: channel means of each head, H to H/2 to H with GELU between, sigmoid.
    The score is the weighted mean. That heads share weights and that the H/2 is H/2 is [assumed]; a fixed number
    is kept instead of a threshold, so that all images of a batch keep as many.
    """

    reads_attention = False
    reads_map = False

    def __init__(self, kept: int, width: int, heads: int, prefix: int) -> None:
        super().__init__()
        self.kept, self.heads, self.prefix = kept, heads, prefix
        d, hidden = width // heads, max(1, heads // 2)
        self.local = nn.Sequential(nn.Linear(d, d // 2), nn.GELU())
        self.score = nn.Sequential(
            nn.Linear(d, d // 2), nn.GELU(), nn.Linear(d // 2, d // 4), nn.GELU(), nn.Linear(d // 4, 2)
        )
        self.weight = nn.Sequential(nn.Linear(heads, hidden), nn.GELU(), nn.Linear(hidden, heads), nn.Sigmoid())

    def forward(self, x: Tensor, sizes: Tensor | None, tensors: AttentionTensors) -> Reduced:
        """Return prefix, kept patches, best first, and the package; nothing changes where nothing would be dropped."""
        patches = x[:, self.prefix :]
        if patches.shape[1] <= self.kept:
            return x, sizes
        by_head = patches.unflatten(-1, (self.heads, -1))  # (B, P, H, d)
        own = self.local(by_head)
        features = torch.cat([own, own.mean(dim=1, keepdim=True).expand_as(own)], dim=-1)
        stays = self.score(features).softmax(dim=-1)[..., 0]
        weights = self.weight(by_head.mean(dim=-1))
        scores = (stays * weights).sum(dim=-1) / weights.sum(dim=-1)
        stay, others, of_others = split_patches(x, scores, self.prefix, self.kept)
        shares = of_others / of_others.sum(dim=1, keepdim=True)
        return torch.cat([stay, (others * shares[..., None]).sum(dim=1, keepdim=True)], dim=1), sizes
