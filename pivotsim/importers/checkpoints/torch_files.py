"""Files of torch.save as state dicts. Needs the extra ``torch``; nothing of a file is run."""

import argparse
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.errors import InputError, MissingExtraError, got
from pivotsim.workload.masks.masks import Flags

try:
    import torch
except ImportError:
    raise MissingExtraError("torch", "torch", "reading a checkpoint of torch") from None

WRAPPERS = (
    "state_dict",
    "model",
    "model_state_dict",
    "model_state",
    "model_ema",
)  # names that scripts put weights under
MAX_WRAPPERS = 8  # around each other; a file may hold a dict that holds itself
SHOWN = 8
MAX_NAME_CHARACTERS = 1000


def state_dict(path: Path) -> dict[str, Any]:
    """Return the tensors of a file by their names; those of the format since torch 1.6 are mapped, not read.

    Releases of DeiT keep the arguments of their training beside the weights, as a Namespace of argparse: it is let in.

    Raises
    ------
    InputError
        The file cannot be read, or holds more than dense tensors of real numbers.
    """
    try:
        with path.open("rb") as file:
            can_map = file.read(4) == b"PK\x03\x04"
        with warnings.catch_warnings(), torch.serialization.safe_globals([argparse.Namespace]):
            warnings.simplefilter("ignore")  # of old ways to store a tensor
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=can_map)
    except Exception as error:  # torch names no closed list of what a damaged or foreign file raises
        first = " ".join(str(error).strip().splitlines()[:1])[:200]
        why = "".join(c if c.isprintable() else "?" for c in first)  # torch may quote the file
        raise InputError(f"{path}: is no checkpoint of tensors alone: {why}") from None
    for _ in range(MAX_WRAPPERS):
        inner = [content[name] for name in WRAPPERS if isinstance(content, Mapping) and name in content]
        content = next((each for each in inner if isinstance(each, Mapping)), content)
    is_state = isinstance(content, Mapping) and all(isinstance(value, torch.Tensor) for value in content.values())
    if not is_state or not content:
        raise InputError(f"{path}: must hold a state dict, alone or under {' or '.join(WRAPPERS)}")
    names = [name for name in content if not isinstance(name, str) or not name.isprintable()]
    if names or max(map(len, content)) > MAX_NAME_CHARACTERS:
        raise InputError(f"{path}: names must be text of at most {MAX_NAME_CHARACTERS} printable characters")
    problems = [
        f"{path}: {name}: must be a dense tensor of real numbers {got(_odd(value))}"
        for name, value in content.items()
        if _odd(value)
    ]
    if problems:
        raise InputError(problems[:SHOWN])
    return dict(content)


def _odd(tensor: Any) -> str:
    """Return what a tensor is that holds no weights of its own, '' where it does."""
    kinds = {
        "sparse": tensor.layout != torch.strided, "without data": tensor.is_meta, "complex": tensor.is_complex(),
        "quantised": tensor.is_quantized,
    }  # fmt: skip
    found = ", ".join(kind for kind, is_such in kinds.items() if is_such)
    if found or not tensor.numel():
        return found
    # a stride of 0 makes any shape of one number, and reading it would take all memory
    stored = tensor.untyped_storage().nbytes()
    return "of more elements than are stored" if tensor.numel() * tensor.element_size() > stored else ""


def zeros_of(tensor: Any) -> Callable[[], Flags]:
    """Return a function that reads where a tensor is zero, bool."""

    def read() -> Flags:
        if tensor.element_size() == 1 and tensor.is_floating_point():  # float8, which torch does not compare
            return np.asarray((tensor.view(torch.uint8) & 0x7F) == 0)
        return np.asarray(tensor.detach() == 0)

    return read
