"""The Vision Transformer in plain torch, built from a VitModel."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from pivotsim.errors import InputError, check_flag, check_integer, got
from pivotsim.models.spec import VitModel, load_model
from pivotsim.vit_torch.model.embedding import PatchEmbed
from pivotsim.vit_torch.model.encoder import NORM_EPS, Encoder

INIT_STD = 0.02
AS_DEFAULT = (  # values of a model that are built with their default alone
    "patch_edge", "register_tokens", "positions", "prefix_positions", "norm", "qk_norm", "mlp_norm", "pool", "k_bias",
)  # fmt: skip
AUX_SHARE = 0.5  # LV-ViT's release adds half of the best patch's logits


class VisionTransformer(nn.Module):
    """A ViT with timm's names: ``cls_token``, ``pos_embed``, ``patch_embed``, ``blocks.N``, ``norm``, ``head``.

    Prefix tokens after the class token are ``reg_token``, or ``dist_token`` of a distilled DeiT. The head reads
    the class token, or the class token beside the mean patch if it has twice as many inputs as the model is wide
    (DINOv2), or the mean patch if there is no class token.
    """

    def __init__(self, model: VitModel, distilled: bool = False) -> None:
        super().__init__()
        d, extra = model.width, model.prefix_tokens - 1
        self.model, self.distilled = model, distilled
        self.cls_token = nn.Parameter(torch.zeros(1, 1, d)) if model.prefix_tokens else None
        self.dist_token = nn.Parameter(torch.zeros(1, 1, d)) if distilled else None
        self.reg_token = nn.Parameter(torch.zeros(1, extra, d)) if extra > 0 and not distilled else None
        self.pos_embed = nn.Parameter(torch.zeros(1, model.tokens, d))
        self.patch_embed = PatchEmbed(model)
        self.blocks = nn.ModuleList(Encoder(model) for _ in range(model.depth))
        self.norm = nn.LayerNorm(d, eps=NORM_EPS)
        self.head = nn.Linear(model.head_features, model.classes)
        self.head_dist = nn.Linear(d, model.classes) if distilled else None
        self.aux_head = nn.Linear(d, model.classes) if model.aux_head else None
        self._draw_weights()

    @property
    def reads_patches(self) -> bool:
        """Whether the head reads patch tokens."""
        m = self.model
        return m.head_features == 2 * m.width or m.aux_head or m.prefix_tokens == 0

    def _draw_weights(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=INIT_STD)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for token in (self.cls_token, self.dist_token, self.reg_token, self.pos_embed):
            if token is not None:
                nn.init.trunc_normal_(token, std=INIT_STD)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, classes) of images (B, channels, height, width)."""
        return self.forward_head(self.forward_features(images))

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the normed tokens (B, N, D) after the last encoder, prefix tokens first."""
        patches = self.patch_embed(images)
        tokens = (self.cls_token, self.dist_token, self.reg_token)
        prefix = [t.expand(len(patches), -1, -1) for t in tokens if t is not None]
        x, sizes = torch.cat([*prefix, patches], dim=1) + self.pos_embed, None
        for block in self.blocks:
            x, sizes = block(x, sizes)
        y: Tensor = self.norm(x)
        return y

    def forward_head(self, x: Tensor) -> Tensor:
        """Return logits of normed tokens; in training those of a distilled model's two heads, (2, B, classes)."""
        p = self.model.prefix_tokens
        features = x[:, 0] if p else x.mean(dim=1)
        if self.model.head_features == 2 * self.model.width:
            features = torch.cat([features, x[:, p:].mean(dim=1)], dim=-1)
        logits: Tensor = self.head(features)
        if self.head_dist is not None:
            both = torch.stack([logits, self.head_dist(x[:, 1])])
            return both if self.training else both.mean(dim=0)
        if self.aux_head is not None:
            return logits + AUX_SHARE * self.aux_head(x[:, p:]).amax(dim=1)
        return logits


def build_vit(
    model: "VitModel | str | Path | Mapping[str, object]", *, seed: int = 0, distilled: bool = False
) -> VisionTransformer:
    """Return a ViT with random weights, in evaluation mode; the state of torch's generator stays as it was.

    Parameters
    ----------
    model : VitModel, str, Path or mapping
        A model, or what ``load_model`` takes. Its fields decide every size.
    seed : int
        Seed of the weights: normal, cut at two sigma, sigma 0.02; biases 0.
    distilled : bool
        DeiT's distilled form: the second prefix token is ``dist_token`` and has a head of its own, ``head_dist``.

    Raises
    ------
    InputError
        The model is not valid, its prefix tokens or head inputs fit no known form, or it has what is not built here:
        registers, RoPE, other norms or pooling, patches that do not tile the image, heads of a size of their own, no
        head.

    Examples
    --------
    >>> vit = build_vit("deit_s")
    >>> len(vit.state_dict()), sum(p.numel() for p in vit.parameters())
    (152, 22050664)
    """
    spec = load_model(model)
    check_integer("seed", seed, 0)
    check_flag("distilled", distilled)
    problems = [_not_built(name, getattr(spec, name)) for name in AS_DEFAULT]
    problems = [problem for problem in problems if problem]
    if spec.head_size * spec.heads != spec.width:
        problems.append(f"head_size: is built as width / heads alone {got(spec.head_size)}")
    if not spec.classes:
        problems.append("classes: is built with a head alone, so at least 2 (got 0)")
    wanted = (spec.width, 2 * spec.width) if spec.prefix_tokens else (spec.width,)
    if spec.head_features not in wanted:
        problems.append(f"head_features: must be {' or '.join(map(str, wanted))} {got(spec.head_features)}")
    if distilled and spec.prefix_tokens != 2:
        problems.append(f"distilled: prefix_tokens must be 2 {got(spec.prefix_tokens)}")
    if problems:
        raise InputError(f"{spec.name}: {problem}" for problem in problems)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(seed))  # the CPU's alone
        vit = VisionTransformer(spec, bool(distilled))
    vit.eval()
    return vit


def _not_built(name: str, value: object) -> str:
    """Return the line for a value other than the default, '' for the default."""
    default = VitModel.model_fields[name].default
    shown = str(default).lower() if isinstance(default, bool) else default
    return "" if value == default else f"{name}: is built with {shown} alone {got(value)}"
