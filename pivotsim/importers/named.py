"""Models by name: timm's, and those that a config file of transformers describes. Weights take no memory."""

import importlib
import json
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from pivotsim.errors import InputError, MissingExtraError, got, nearest
from pivotsim.importers.torch_graph import on_meta
from pivotsim.importers.torchvision_stand_in import without_torchvision
from pivotsim.io.text_files import read_text

Sizes = Mapping[str, tuple[int, ...]]
MAX_BYTES = 4 * 2**20
TOKENS = 128  # of a text, where no size is stated


class Example(NamedTuple):
    """A module with what it is called with, and what was taken for granted."""

    model: Any
    inputs: tuple[Any, ...]
    keywords: dict[str, Any]
    notes: tuple[str, ...] = ()


def timm_model(name: str, sizes: Sizes) -> Example:
    """Return a model of timm with an image of its own size, or of the one size that is stated.

    Raises
    ------
    InputError
        timm has no such model, or cannot build it.
    """
    import torch

    with without_torchvision():
        timm = _library("timm")
    known = timm.list_models() + timm.list_models(pretrained=True)
    if name.partition(".")[0] not in {model.partition(".")[0] for model in known}:
        raise InputError(f"timm: no such model {got(name)}{_nearest_of(name.lower(), timm.list_models())}")
    with on_meta(), _told(f"timm:{name}"):
        model = timm.create_model(name, pretrained=False)
        own = (1, *model.pretrained_cfg.get("input_size", (3, 224, 224)))
        shape = _one_size(name, sizes) or own
        if len(shape) != len(own):
            raise InputError(f"sizes: timm:{name} reads images, as in x=1x3x384x384 {got('x'.join(map(str, shape)))}")
        if shape[2:] != own[2:] and hasattr(model, "set_input_size"):  # positions and windows of that size
            model.set_input_size(img_size=shape[2:])
        return Example(model, (torch.zeros(*shape),), {})


def transformers_model(path: Path, sizes: Sizes) -> Example:
    """Return the model that a config file of transformers describes, with inputs of the sizes stated.

    Raises
    ------
    InputError
        The file is none, or transformers cannot build its model without running code of the file's author.
    """
    import torch

    library = _library("transformers")
    if not path.is_file():
        raise InputError(f"{path}: no such file; hf: takes a config file that is here, such as hf:config.json")
    text = read_text(path, MAX_BYTES)
    try:
        content = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: is not valid JSON: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("model_type"), str):
        raise InputError(f"{path}: model_type: must say which model of transformers it is")
    notes: list[str] = []
    with _told(str(path)), on_meta():
        config = library.AutoConfig.for_model(**content)
        classes = content.get("architectures") or []
        kind = getattr(library, str(classes[0]), None) if classes else None
        model = library.AutoModel.from_config(config) if kind is None else kind(config)
        first = str(model.main_input_name)
        keywords: dict[str, Any] = {}
        for name, shape in sizes.items():
            dtype = torch.float32 if name in ("pixel_values", "input_features", "input_values") else torch.int64
            keywords[name] = torch.zeros(*shape, dtype=dtype)
        if first not in keywords:
            keywords[first] = _default_input(first, config, notes)
        if hasattr(config, "use_cache"):
            config.use_cache = False  # a cache would be a result
    return Example(model, (), keywords, tuple(notes))


def _nearest_of(name: str, models: list[str]) -> str:
    """Return the shortest name that begins as stated, else the nearest: names of timm end in sizes and windows."""
    longer = [model for model in models if model.startswith(name)]
    if longer:
        return f", nearest valid name: 'timm:{min(longer, key=len)}'"
    return nearest(f"timm:{name}", [f"timm:{model}" for model in models], list_all=False)


def _default_input(name: str, config: Any, notes: list[str]) -> Any:
    import torch

    if name == "pixel_values":
        edge = getattr(config, "image_size", 224)
        height, width = edge if isinstance(edge, (list, tuple)) else (edge, edge)
        return torch.zeros(1, getattr(config, "num_channels", 3), height, width)
    if name == "input_ids":
        notes.append(f"a text of {TOKENS} tokens [assumed]; state another size as {name}=1x{TOKENS}")
        return torch.zeros(1, TOKENS, dtype=torch.int64)
    raise InputError(f"sizes: state the shape of {name}, as in {name}=1x80x3000")


def _one_size(name: str, sizes: Sizes) -> tuple[int, ...]:
    if len(sizes) > 1:
        raise InputError(f"sizes: {name} reads one image, state one size {got(', '.join(sizes))}")
    return next(iter(sizes.values()), ())


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if getattr(error, "name", "") == name:
            raise MissingExtraError(name, "models", f"models of {name}") from None
        raise InputError(f"{name}: is installed and cannot be imported: {str(error)[:200]}") from None
    except (RuntimeError, AttributeError, TypeError) as error:  # torchvision and torch of different builds
        raise InputError(f"{name}: is installed and cannot be imported: {str(error)[:200]}") from None


@contextmanager
def _told(name: str) -> Any:
    """Turn what a library raises about a model into one line."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # each model has its own
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(f"{name}: cannot be built: {first[:200]}") from None
