"""Multi-head self-attention, fused or with its map, with an optional mask and token sizes."""

import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor, nn

from pivotsim.vit_torch.model.attention_tensors import AttentionTensors


class Attention(nn.Module):
    """softmax(Q K^T / sqrt(d) + bias) V, projected; the state dict is timm's (``qkv``, ``proj``).

    The bias is 0, -inf where a mask drops a pair, and log s of each key for tokens that stand for s patches
    (ToMe, ICLR 2023, Eq. 1).
    """

    def __init__(self, width: int, heads: int, qkv_bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.fused = True
        self.qkv = nn.Linear(width, 3 * width, bias=qkv_bias)
        self.proj = nn.Linear(width, width)
        self.register_buffer("mask", None, persistent=False)

    def forward(self, x: Tensor, sizes: Tensor | None = None, tensors: AttentionTensors | None = None) -> Tensor:
        """Return the attention of tokens (B, N, D); ``tensors`` is filled where given."""
        batch, tokens, width = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        bias = self._bias(x, sizes)
        if tensors is not None:
            tensors.query, tensors.key, tensors.value = query, key, value
        if self.fused and not (tensors and tensors.with_map):
            y = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        else:
            scores = query * (width // self.heads) ** -0.5 @ key.transpose(-2, -1)
            attention = (scores if bias is None else scores + bias).softmax(dim=-1)
            y = attention @ value
            if tensors is not None:
                tensors.attention = attention
        projected: Tensor = self.proj(y.transpose(1, 2).reshape(batch, tokens, width))
        return projected

    def _bias(self, x: Tensor, sizes: Tensor | None) -> Tensor | None:
        bias = None if sizes is None else sizes.log()[:, None, None, :]  # (B, 1, 1, N)
        if self.mask is None:
            return bias
        dropped = x.new_zeros(self.mask.shape).masked_fill(~self.mask, float("-inf"))  # (H, N, N)
        return dropped if bias is None else dropped + bias
