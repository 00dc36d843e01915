"""Models by name: timm's, and those that a config file of transformers describes. Weights take no memory."""

import importlib
import inspect
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from pivotsim.errors import InputError, MissingExtraError, got, nearest
from pivotsim.importers.torch.programs import on_meta
from pivotsim.importers.torchvision_stand_in import without_torchvision
from pivotsim.io.text_files import read_text

Sizes = Mapping[str, tuple[int, ...]]
MAX_BYTES = 4 * 2**20
MAX_LAYERS = 10_000  # under one name
MAX_MODULES = 50_000  # a mixture of 128 experts in 60 layers has 25,000
_COUNT = re.compile(r"layers?$|depths?$|blocks?$|stages?$|experts$|repeats?$")
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
    _check_counts(path, content)
    notes = ["quantization_config is not read"] if "quantization_config" in content else []
    with _told(str(path)), _offline(), _bounded(), on_meta():
        config = library.AutoConfig.for_model(**content)
        model = _class_of(path, content, library)(config)
        known = inspect.signature(model.forward).parameters
        keywords: dict[str, Any] = {}
        for name, shape in sizes.items():
            if name not in known:
                raise InputError(
                    f"sizes: the model reads no such input {got(name)}{nearest(name, known, list_all=False)}"
                )
            dtype = torch.float32 if name in ("pixel_values", "input_features", "input_values") else torch.int64
            keywords[name] = torch.zeros(*shape, dtype=dtype)
        needed = {
            str(model.main_input_name): True,
            "pixel_values": hasattr(config, "vision_config"),
            "decoder_input_ids": getattr(config, "is_encoder_decoder", False),
        }
        for name in (name for name, is_read in needed.items() if is_read and name in known and name not in keywords):
            keywords[name] = _default_input(name, getattr(config, "vision_config", config), notes)
        if "use_cache" in known:
            keywords["use_cache"] = False
        if hasattr(config, "use_cache"):
            config.use_cache = False  # a cache would be a result
    return Example(model, (), keywords, tuple(notes))


def _class_of(path: Path, content: Mapping[str, Any], library: Any) -> Callable[[Any], Any]:
    """Return what builds the model: the class under ``architectures``, where none is stated the base model."""
    names = content.get("architectures") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{path}: architectures: must be a list of names {got(str(names))}")
    if not names and "auto_map" not in content:
        return lambda config: library.AutoModel.from_config(config, trust_remote_code=False)
    name = names[0] if names else ""
    kind = getattr(library, name, None) if name.isidentifier() else None
    if not (isinstance(kind, type) and issubclass(kind, library.PreTrainedModel)):
        code = "; auto_map names code of the file's author, which is not run" if "auto_map" in content else ""
        models = [
            n for n in dir(library) if re.search("Model$|For[A-Z]", n) and not n.startswith(("Auto", "PreTrained"))
        ]
        near = nearest(name, models, list_all=False)
        raise InputError(f"{path}: architectures: transformers has no such model {got(name)}{near}{code}")
    return kind


def _check_counts(path: Path, content: Any, key: str = "") -> None:
    """Refuse numbers of layers that would take hours to build; libraries walk through them before any layer is made."""
    for name, value in content.items() if isinstance(content, dict) else ((key, v) for v in content):
        if isinstance(value, (dict, list)):
            _check_counts(path, value, name)
        elif isinstance(value, int) and value > MAX_LAYERS and _COUNT.search(name):
            raise InputError(f"{path}: {name}: must be at most {MAX_LAYERS:,} {got(f'{value:,}')}")


@contextmanager
def _bounded() -> Iterator[None]:
    """Stop a model that is built of more modules than any is known to have."""
    import torch

    count = itertools.count(1)

    def register(*_: Any) -> None:
        if next(count) > MAX_MODULES:
            raise InputError(f"the model has more than {MAX_MODULES:,} modules")

    handle = torch.nn.modules.module.register_module_module_registration_hook(register)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _offline() -> Iterator[None]:
    """Keep a config file from downloading what it names: a backbone, its weights."""
    constants: Any = importlib.import_module("huggingface_hub.constants")
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


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
    if name in ("input_ids", "decoder_input_ids"):
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
    except InputError as error:
        raise InputError([p if p.startswith(name) else f"{name}: {p}" for p in error.problems]) from None
    except Exception as error:  # each model has its own
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(f"{name}: cannot be built: {first[:200]}") from None
