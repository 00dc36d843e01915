"""A user's checkpoint, read into a ViT."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pivotsim.errors import InputError, got, got_shape, shape_text
from pivotsim.vit_torch.model.transformer import VisionTransformer

WRAPPERS = ("state_dict", "model", "model_state", "model_ema")  # names under which training scripts keep the weights
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and of compiled modules
MAX_WRAPPERS = 8  # around each other; a file may hold a dict that holds itself
SHOWN = 8


def load_checkpoint(vit: VisionTransformer, path: str | Path) -> None:
    """Read weights into a ViT, all of them and no others; nothing of the file is run.

    The names are timm's, which the releases of DeiT and, by its published code, LV-ViT share; of LV-ViT that is
    unverified: no checkpoint of it was at hand.

    Parameters
    ----------
    vit : VisionTransformer
        Changed in place, only if everything fits.
    path : str or Path
        A file of ``torch.save``: a state dict, alone or under ``state_dict`` or ``model``.

    Raises
    ------
    InputError
        The file cannot be read, holds more than tensors, or its names or shapes are not the model's; all are told,
        up to eight of a kind.

    Examples
    --------
    >>> import tempfile
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> path, vit = Path(tempfile.mkdtemp()) / "deit_t.pth", build_vit("deit_t", seed=1)
    >>> torch.save({"model": vit.state_dict()}, path)
    >>> other = build_vit("deit_t", seed=2)
    >>> load_checkpoint(other, path)
    >>> torch.equal(other.head.weight, vit.head.weight)
    True
    """
    weights = _read(Path(path))
    own = vit.state_dict()
    problems = [f"{path}: {name}: is missing" for name in own if name not in weights][:SHOWN]
    problems += [f"{path}: {name}: is no weight of {vit.model.name}" for name in weights if name not in own][:SHOWN]
    problems += [
        f"{path}: {name}: must be a dense tensor of real numbers {got(_described(weight))}"
        for name, weight in weights.items()
        if _described(weight)
    ][:SHOWN]
    problems += [
        f"{path}: {name}: must be {shape_text(own[name].shape)} {got_shape(weight.shape)}"
        for name, weight in weights.items()
        if name in own and own[name].shape != weight.shape
    ][:SHOWN]
    if problems:
        raise InputError(problems)
    vit.load_state_dict(weights)


def _read(path: Path) -> dict[str, Tensor]:
    """Return the state dict of a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old ways to store a tensor
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except Exception as error:  # torch names no closed list of what a damaged or foreign file raises
        first = str(error).strip().splitlines()[:1]
        raise InputError(f"{path}: is no checkpoint of tensors alone: {' '.join(first)[:200]}") from None
    for _ in range(MAX_WRAPPERS):
        inner = [content[name] for name in WRAPPERS if isinstance(content, Mapping) and name in content]
        content = next((each for each in inner if isinstance(each, Mapping)), content)
    if not isinstance(content, Mapping) or not all(isinstance(weight, Tensor) for weight in content.values()):
        raise InputError(f"{path}: must hold a state dict, alone or under {' or '.join(WRAPPERS)}")
    weights = {_bare(str(name)): weight for name, weight in content.items()}
    if len(weights) < len(content):
        raise InputError(f"{path}: holds a weight twice, with and without {' or '.join(PREFIXES)} before its name")
    return weights


def _described(weight: Tensor) -> str:
    """Return what a tensor is that no weight can be copied from, '' where one can."""
    kinds = {"sparse": weight.layout != torch.strided, "without data": weight.is_meta, "complex": weight.is_complex(),
             "quantised": weight.is_quantized}  # fmt: skip
    return ", ".join(kind for kind, is_such in kinds.items() if is_such)


def _bare(name: Any) -> str:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return str(name)
