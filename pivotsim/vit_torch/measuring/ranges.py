"""The largest |x| of what a ViT multiplies, norms and adds: what scales of rounded numbers are made of."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import Tensor, nn

from pivotsim.vit_torch.measuring.extraction import Images, logits_of
from pivotsim.vit_torch.model.attention import Attention
from pivotsim.vit_torch.model.transformer import VisionTransformer

READ, MADE, SCORES = "in", "out", "scores"
OBSERVED = (nn.Linear, nn.Conv2d, nn.LayerNorm)
Ranges = dict[str, float]


def observed_ranges(vit: VisionTransformer, images: Images) -> Ranges:
    """Return the largest |x| that images show, by the name of the module.

    ``NAME.in`` and ``NAME.out`` of every linear layer, convolution and LayerNorm, and ``NAME.scores`` of every
    attention: Q K^T / sqrt(d), before softmax. What does not run, such as a skipped attention, has none.

    Parameters
    ----------
    vit : VisionTransformer
        Stays as it is.
    images : Tensor (n, channels, px, px), or an iterable of them

    Examples
    --------
    >>> import torch
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> found = observed_ranges(build_vit("deit_t"), torch.ones(1, 3, 224, 224))
    >>> found["patch_embed.proj.in"], len(found)
    (1.0, 162)
    """
    found: Ranges = {}
    hooks = []
    for name, module in vit.named_modules():
        if isinstance(module, OBSERVED):
            hooks.append(module.register_forward_hook(_noting(found, name)))
        if isinstance(module, Attention):
            hooks.append(module.qkv.register_forward_hook(_noting_scores(found, name, module.heads)))
    try:
        logits_of(vit, images)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def joined_ranges(several: Iterable[Mapping[str, float]]) -> Ranges:
    """Return the largest of several, such as those of the plans that one set of weights runs.

    >>> joined_ranges([{"head.in": 1.0}, {"head.in": 2.0, "norm.in": 3.0}])
    {'head.in': 2.0, 'norm.in': 3.0}
    """
    found: Ranges = {}
    for ranges in several:
        for name, largest in ranges.items():
            found[name] = max(found.get(name, 0.0), largest)
    return found


def _note(found: Ranges, name: str, x: Tensor) -> None:
    found[name] = max(found.get(name, 0.0), float(x.abs().max()))


def _noting(found: Ranges, name: str) -> Callable[..., Any]:
    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        _note(found, f"{name}.{READ}", inputs[0])
        _note(found, f"{name}.{MADE}", output)

    return note


def _noting_scores(found: Ranges, name: str, heads: int) -> Callable[..., Any]:
    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        query, key, _ = output.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
        _note(found, f"{name}.{SCORES}", query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1))

    return note
