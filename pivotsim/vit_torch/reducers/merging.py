"""Token merging: the most similar pairs of two sets of patches become one token each, r per encoder."""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor

from pivotsim.vit_torch.model.attention_tensors import AttentionTensors
from pivotsim.vit_torch.model.encoder import Reduced, Reducer


class MergePairs(Reducer):
    """Bipartite soft matching (Bolya et al., ToMe, ICLR 2023, section 3).

    Patches at even places of the token list form set A, at odd places set B. Each of A draws an edge to its most
    similar of B (cosine of K, mean over heads); the min(r, patches // 2) strongest edges merge their two tokens
    into the mean weighted by size. Prefix tokens never merge. Attention then adds log(size) to its keys.
    """

    reads_map = False

    def __init__(self, removed: int, prefix: int) -> None:
        super().__init__()
        self.removed, self.prefix = removed, prefix

    def forward(self, x: Tensor, sizes: Tensor | None, tensors: AttentionTensors) -> Reduced:
        """Return prefix, what stays of A in token order, B in token order; and the sizes."""
        removed = min(self.removed, (x.shape[1] - self.prefix) // 2)
        if removed <= 0:
            return x, sizes
        sizes = x.new_ones(x.shape[:2]) if sizes is None else sizes
        places = torch.arange(self.prefix, x.shape[1], device=x.device)
        a, b = places[places % 2 == 0], places[places % 2 == 1]
        metric = F.normalize(tensors.key.mean(dim=1), dim=-1)
        strength, partner = (metric[:, a] @ metric[:, b].transpose(1, 2)).max(dim=-1)
        order = strength.argsort(dim=1, descending=True, stable=True)
        merged, stays = order[:, :removed], order[:, removed:].sort(dim=1).values
        weighted = torch.cat([x * sizes[..., None], sizes[..., None]], dim=-1)  # sizes add up as sums do
        of_a, of_b = weighted[:, a], weighted[:, b]
        target = partner.gather(1, merged)
        of_b = of_b.scatter_add(1, _wide(target, of_b), of_a.gather(1, _wide(merged, of_a)))
        whole = torch.cat([weighted[:, : self.prefix], of_a.gather(1, _wide(stays, of_a)), of_b], dim=1)
        return whole[..., :-1] / whole[..., -1:], whole[..., -1]


def _wide(index: Tensor, like: Tensor) -> Tensor:
    return index[..., None].expand(-1, -1, like.shape[2])
