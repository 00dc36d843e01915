"""One encoder: attention that may be skipped, token reduction, MLP."""

import torch
from torch import Tensor, nn

from pivotsim.models.spec import VitModel
from pivotsim.vit_torch.model.attention import Attention
from pivotsim.vit_torch.model.attention_tensors import AttentionTensors
from pivotsim.vit_torch.model.feed_forward import Mlp, SwiGlu

NORM_EPS = 1e-6
Reduced = tuple[Tensor, Tensor | None]
LVVIT_RESIDUAL_DIVISOR = 2.0  # LV-ViT's release divides both branches by 2 (its S and M sizes)


class LayerScale(nn.Module):
    """A learned factor per channel. It starts at 1, as DINOv2's release loads its weights into."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return x times the factor of each channel."""
        y: Tensor = x * self.gamma
        return y


class Reducer(nn.Module):
    """Base of token reductions: (tokens, sizes, tensors) to (fewer tokens, sizes).

    ``sizes`` (B, N) says how many patches each token stands for; None is one each.
    """

    reads_attention = True  # needs an attention ahead of it
    reads_map = True  # needs its map, too, at the cost of the fused kernel

    def forward(self, x: Tensor, sizes: Tensor | None, tensors: AttentionTensors) -> Reduced:
        """Return the tokens that stay, prefix tokens first."""
        raise NotImplementedError


class Encoder(nn.Module):
    """norm1, attention, residual; then the reduction ``between``; then norm2, MLP, residual. Names are timm's.

    Skipped attention drops norm1 to residual1: x passes to the MLP (PIVOT, section 3). ``before`` reduces
    tokens ahead of the whole encoder.
    """

    def __init__(self, model: VitModel) -> None:
        super().__init__()
        d = model.width
        self.attention_active = True
        self.before: Reducer | None = None
        self.between: Reducer | None = None
        self.divisor = LVVIT_RESIDUAL_DIVISOR if model.stem == "lvvit_4_2" else 1.0
        self.norm1 = nn.LayerNorm(d, eps=NORM_EPS)
        self.attn = Attention(d, model.heads, model.qkv_bias)
        self.ls1 = LayerScale(d) if model.layer_scale else nn.Identity()
        self.norm2 = nn.LayerNorm(d, eps=NORM_EPS)
        hidden = model.mlp_hidden
        self.mlp = SwiGlu(d, hidden) if model.gated_mlp else Mlp(d, hidden, model.activation)
        self.ls2 = LayerScale(d) if model.layer_scale else nn.Identity()

    def forward(self, x: Tensor, sizes: Tensor | None = None) -> Reduced:
        """Return the tokens after the encoder, and their sizes."""
        if self.before is not None:
            x, sizes = self.before(x, sizes, AttentionTensors(with_map=False))
        tensors = AttentionTensors(with_map=self.between is not None and self.between.reads_map)
        if self.attention_active:
            x = x + self._branch(self.ls1(self.attn(self.norm1(x), sizes, tensors)))
        if self.between is not None:
            x, sizes = self.between(x, sizes, tensors)
        return x + self._branch(self.ls2(self.mlp(self.norm2(x)))), sizes

    def _branch(self, y: Tensor) -> Tensor:
        return y if self.divisor == 1.0 else y / self.divisor
