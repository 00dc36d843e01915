"""Tensors of a checkpoint by name: their shapes, and where they are zero, which is read when it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pivotsim.errors import InputError, got
from pivotsim.importers.checkpoints.safetensors import read_safetensors
from pivotsim.io.array_files import read_arrays
from pivotsim.workload.masks.masks import Flags

MAX_NPZ_BYTES = 2**31  # of all arrays together, as they lie in memory
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and of compiled modules
TORCH_SUFFIXES = (".pth", ".pt", ".bin")
SUFFIXES = (".safetensors", ".npz", *TORCH_SUFFIXES)


@dataclass(frozen=True)
class Tensor:
    """A tensor of a file: its shape, and ``zeros``, which reads it and returns bool of that shape, true for 0."""

    shape: tuple[int, ...]
    zeros: Callable[[], Flags]


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """Return {name: tensor} of a checkpoint; nothing of the file is run.

    Parameters
    ----------
    path : str or Path
        ``.safetensors``, ``.npz``, or a file of ``torch.save`` (``.pth``, ``.pt``, ``.bin``): a state dict, alone or
        under ``model``, ``state_dict`` and the like. Names lose ``module.`` and ``_orig_mod.`` in front.

    Returns
    -------
    dict of str to Tensor

    Raises
    ------
    InputError
        The file is missing, damaged, of another kind, or holds more than tensors of real numbers.
    MissingExtraError
        It is one of torch's, and torch is not installed.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: is no checkpoint that is read; those are {', '.join(SUFFIXES)}")
    check_file(path)
    tensors: dict[str, Tensor] = {}
    if suffix == ".safetensors":
        tensors = {name: Tensor(shape, zeros) for name, (shape, zeros) in read_safetensors(path).items()}
    elif suffix == ".npz":
        arrays = read_arrays(path, "biuf", MAX_NPZ_BYTES)
        if "" in arrays:
            raise InputError(f"{path}: must hold arrays with names; is an .npy file of one")
        tensors = {name: Tensor(array.shape, _zeros_of(array)) for name, array in arrays.items()}
    else:
        from pivotsim.importers.checkpoints import torch_files  # only here: torch is an extra

        state = torch_files.state_dict(path)
        tensors = {name: Tensor(tuple(value.shape), torch_files.zeros_of(value)) for name, value in state.items()}
    return without_prefixes(path, tensors)


def check_file(path: Path) -> None:
    """Raise InputError unless a path is an ordinary file: opening a pipe would wait for its writer."""
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a directory, expected a file")
        if path.is_file():
            return
        is_there = path.exists()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    raise InputError(f"{path}: {'is no ordinary file' if is_there else 'no such file'}")


def without_prefixes(path: Path, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return tensors under the names that they have in the model itself."""
    bare: dict[str, Any] = {}
    for name, tensor in tensors.items():
        own = name
        for prefix in PREFIXES:
            own = own.removeprefix(prefix)
        if own in bare:
            ways = " or ".join(PREFIXES)
            raise InputError(f"{path}: holds a weight twice, with and without {ways} before its name {got(own)}")
        bare[own] = tensor
    return bare


def _zeros_of(array: Any) -> Callable[[], Flags]:
    return lambda: array == 0
