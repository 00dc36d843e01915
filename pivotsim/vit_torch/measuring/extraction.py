"""Features and logits of a ViT on images: the layers' outputs for CKA, and the logits for entropies."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from pivotsim.errors import InputError, check_flag, check_integer, got
from pivotsim.units import FloatArray
from pivotsim.vit_torch.model.transformer import VisionTransformer

Images: TypeAlias = "Tensor | Iterable[Tensor]"


def features(
    vit: VisionTransformer, images: Images, *, after_residual: bool = False, batch: int = 128
) -> dict[str, FloatArray]:
    """Return the outputs of every MLP and every attention: what ``cka_matrix`` takes (PIVOT, section 3.2).

    Parameters
    ----------
    vit : VisionTransformer
        Every attention active.
    images : Tensor (n, channels, px, px), or an iterable of them
        The paper takes 256 images.
    after_residual : bool
        False: the outputs of the modules, as they are added to the tokens. True: the tokens after the addition. The
        paper says "MLP output" and "attention output", which may be read either way.
    batch : int
        Images of a tensor that pass at one time.

    Returns
    -------
    dict of str to array of float32, shape (n, N, D)
        ``mlp1`` to ``mlpD`` and ``attention1`` to ``attentionD``.

    Raises
    ------
    InputError
        An attention is skipped, the images do not fit, or there is none.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> seen = features(build_vit("deit_t"), torch.zeros(1, 3, 224, 224))
    >>> len(seen), seen["mlp1"].shape
    (24, (1, 197, 192))
    """
    check_flag("after_residual", after_residual)
    skipped = [i for i, block in enumerate(vit.blocks, start=1) if not block.attention_active]
    if skipped:
        raise InputError(f"vit: every attention must be active for its output {got(skipped)}")
    kept: dict[str, list[Tensor]] = {f"{kind}{i}": [] for kind in ("mlp", "attention")
                                     for i in range(1, len(vit.blocks) + 1)}  # fmt: skip
    hooks = [hook for i, block in enumerate(vit.blocks, start=1)
             for hook in _watch(block, kept[f"mlp{i}"], kept[f"attention{i}"], after_residual)]  # fmt: skip
    try:
        _passed(vit, images, batch)
    finally:
        for hook in hooks:
            hook.remove()
    return {name: torch.cat(parts).numpy() for name, parts in kept.items()}


def logits_of(vit: VisionTransformer, images: Images, *, batch: int = 128) -> FloatArray:
    """Return the logits of images, in evaluation mode: what ``effort<e>`` of a logits.npz holds.

    Parameters
    ----------
    vit : VisionTransformer
    images : Tensor (n, channels, px, px), or an iterable of them
    batch : int
        Images of a tensor that pass at one time.

    Returns
    -------
    array of float32, shape (n, classes)

    Raises
    ------
    InputError
        The images do not fit, or there is none.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> logits_of(build_vit("deit_t"), torch.zeros(2, 3, 224, 224)).shape
    (2, 1000)
    """
    logits: FloatArray = torch.cat(_passed(vit, images, batch)).numpy()
    return logits


def _watch(block: nn.Module, mlp: list[Tensor], attention: list[Tensor], after_residual: bool) -> Iterator[Any]:
    """Hook an encoder: its modules' outputs, or the tokens ahead of norm2 (attention added) and at its end."""

    def keep(into: list[Tensor]) -> Callable[[Any, Any, Any], None]:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
            seen = (inputs[0] if module is block.norm2 else output[0]) if after_residual else output
            into.append(seen.detach().float().cpu())

        return hook

    yield (block.norm2 if after_residual else block.attn).register_forward_hook(keep(attention))
    yield (block if after_residual else block.mlp).register_forward_hook(keep(mlp))


def _passed(vit: VisionTransformer, images: Images, batch: int) -> list[Tensor]:
    """Return the logits of each part of the images; the ViT's mode is restored."""
    check_integer("batch", batch, 1)
    parts = images.split(int(batch)) if isinstance(images, Tensor) else images
    place, was_training = vit.pos_embed, vit.training
    vit.eval()
    try:
        with torch.inference_mode():
            seen = [vit(check_images(vit, part).to(place.device, place.dtype)).float().cpu() for part in parts]
    finally:
        vit.train(was_training)
    if not any(len(part) for part in seen):
        raise InputError("images: there is none")
    return seen


def check_images(vit: VisionTransformer, images: Any) -> Tensor:
    """Return images, or raise InputError unless they are a tensor of the model's shape."""
    wanted = (vit.model.channels, *vit.model.image_sides)
    if not isinstance(images, Tensor) or tuple(images.shape[1:]) != wanted:
        shape = tuple(images.shape) if isinstance(images, (Tensor, np.ndarray)) else type(images).__name__
        raise InputError(f"images: must be a tensor of shape (n, {', '.join(map(str, wanted))}) {got(shape)}")
    return images
