"""A user's checkpoint, read into a ViT."""

from pathlib import Path

from pivotsim.errors import InputError, got_shape, shape_text
from pivotsim.importers.checkpoints.tensors import check_file, without_prefixes
from pivotsim.importers.checkpoints.torch_files import state_dict
from pivotsim.vit_torch.model.transformer import VisionTransformer

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
    >>> import tempfile, torch
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> path, vit = Path(tempfile.mkdtemp()) / "deit_t.pth", build_vit("deit_t", seed=1)
    >>> torch.save({"model": vit.state_dict()}, path)
    >>> other = build_vit("deit_t", seed=2)
    >>> load_checkpoint(other, path)
    >>> torch.equal(other.head.weight, vit.head.weight)
    True
    """
    path = Path(path)
    check_file(path)
    weights = without_prefixes(path, state_dict(path))
    own = vit.state_dict()
    problems = [f"{path}: {name}: is missing" for name in own if name not in weights][:SHOWN]
    problems += [f"{path}: {name}: is no weight of {vit.model.name}" for name in weights if name not in own][:SHOWN]
    problems += [
        f"{path}: {name}: must be {shape_text(own[name].shape)} {got_shape(weight.shape)}"
        for name, weight in weights.items()
        if name in own and own[name].shape != weight.shape
    ][:SHOWN]
    if problems:
        raise InputError(problems)
    vit.load_state_dict(weights)
