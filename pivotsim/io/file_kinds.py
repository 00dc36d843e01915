"""Kinds of files and of what stands in them: what is read as what, and a line for a file of another kind."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.yaml_reader import Document, read_yaml

YAML_SUFFIXES = (".yaml", ".yml")
IMPORTED_SUFFIXES = (".onnx", ".pt2")  # graphs with sizes of their own
IMPORTED_PREFIXES = ("timm:", "hf:")  # models that a library describes
HOW_TO_IMPORT = "a model of timm is read as `pivotsim run timm:NAME`"
WEIGHTS = (*IMPORTED_SUFFIXES, ".pt", ".pth", ".pkl", ".safetensors", ".ckpt", ".h5", ".tflite", ".bin")
TABLES = (".csv", ".tsv", ".xlsx", ".xls")
SETTINGS = (".json", ".toml", ".cfg", ".ini", ".conf", ".xml", ".py", ".txt", ".md", ".lib", ".v", ".sv")
ARRAYS = (".npy", ".npz", ".mat", ".parquet")
OTHER_SUFFIXES = (*WEIGHTS, *TABLES, *SETTINGS, *ARRAYS)

MAX_NAMES_LISTED = 32
# what is asked for -> its name in a sentence, how to see the values that its file states, keys that stand in it alone
NOUNS = {"hardware": "hardware", "gpu": "a GPU", "dram": "a DRAM channel", "model": "a model", "space": "a space"}
_LISTS = {
    "hardware": "`pivotsim show hw zcu102` lists its values",
    "gpu": "`pivotsim show hw gpu/a100` lists its values",
    "model": "`pivotsim show model deit_s` lists its values",
}
_KEYS = {
    "space": {"axes"},
    "dram": {"timing", "organisation", "controller"},
    "gpu": {"sm", "kernel", "overhead"},
    "hardware": {"array", "memories", "power", "placement", "fpga", "host", "units", "mpca", "serial", "pipeline"},
    "model": {"depth", "image_px", "patch_px", "width", "heads", "mlp_hidden", "prefix_tokens", "classes"},
}


def is_path(name: str) -> bool:
    """Tell whether a text names a file rather than a specification: by a slash, or by the ending of a file.

    >>> is_path("zcu102"), is_path("mine.YAML"), is_path("vit.onnx"), is_path("gpu/a100")
    (False, True, True, True)
    """
    return "/" in name or os.sep in name or name.lower().endswith((*YAML_SUFFIXES, *OTHER_SUFFIXES))


def is_file_alone(name: str) -> bool:
    """Tell whether a text names a file and no specification: its path begins with a folder, here or anywhere.

    >>> is_file_alone("./deit_s"), is_file_alone("../a/deit_s"), is_file_alone("/deit_s"), is_file_alone("gpu/a100")
    (True, True, True, False)
    """
    return name.startswith(("/", "./", "../", "~/")) or Path(name).is_absolute()


def check_suffix(what: str, name: str) -> None:
    """Raise InputError for a file whose ending says that it is none of YAML."""
    suffix = Path(name).suffix.lower()
    if os.path.isdir(name) or not suffix or suffix in YAML_SUFFIXES:  # noqa: PTH112 - a directory has a line of its own
        return
    raise InputError(_not_yaml(what, name, suffix))


def _not_yaml(what: str, name: str, suffix: str) -> str:
    remedy = f"; {_LISTS[what]}" if what in _LISTS else ""
    if suffix in TABLES and what == "model":
        remedy = f"; a trace of operations is given by --trace {name}"
    elif suffix in IMPORTED_SUFFIXES and what == "model":
        return f"{name}: a file, but {NOUNS[what]} is read from .yaml or .yml here; `pivotsim run {name}` imports it"
    elif suffix in WEIGHTS and what == "model":
        remedy = f"; weights are not read, sizes are: {_LISTS['model']}"
    return f"{name}: a file, but {NOUNS.get(what, what)} is read from .yaml or .yml{remedy}"


def not_found(what: str, name: str, valid: Iterable[str], others: Mapping[str, Iterable[str]]) -> str:
    """Return the line for a name, or a path, that names no specification of a kind.

    ``valid`` are the names of this kind, ``others`` those of further kinds.
    """
    if not name.strip():
        return f"{what}: must be a name or a YAML file {got(name)}"
    names = list(valid)
    for kind, known in others.items():
        if name in known:
            return f"{what}: '{name}' is {NOUNS[kind]}{_elsewhere(kind, what, name)}"
    if os.path.isdir(name):  # noqa: PTH112
        return f"{name}: is a directory, expected a file"
    if os.path.exists(name):  # noqa: PTH110
        return _not_yaml(what, name, Path(name).suffix.lower())
    for suffix in YAML_SUFFIXES:
        if os.path.exists(name + suffix):  # noqa: PTH110
            return f"{what}: unknown name {got(name)}; for the file write {name}{suffix}"
    if what == "model" and name.startswith(IMPORTED_PREFIXES):
        return f"model: a name or a YAML file is read here {got(name)}; `pivotsim run {name}` imports it"
    near = nearest(name, names, list_all=not is_path(name), most=MAX_NAMES_LISTED)
    if what == "model" and not is_path(name) and "nearest" not in near:
        near += f"; {HOW_TO_IMPORT}"
    if is_path(name) and not near:
        return f"{what}: no such file {got(name)}"
    return f"{what}: unknown name {got(name)}{near}"


MAX_KEYS_TOLD = 4


def kind_of(document: Document) -> str:
    """Return the kind that most of a document's keys are of, '' where none is of any."""
    found = {kind: len(keys & document.data.keys()) for kind, keys in _KEYS.items()}
    kind = max(found, key=found.__getitem__)
    return kind if found[kind] else ""


def kind_of_file(path: Path) -> str:
    """Return the kind of what a YAML file states, '' where it is of none or cannot be read."""
    try:
        return kind_of(read_yaml(path))
    except InputError:
        return ""


def check_content(what: str, document: Document) -> None:
    """Raise InputError for a file that states something else than what is asked for."""
    name, kind = document.name, kind_of(document)
    own = _KEYS.get(what, set())
    if own and not kind and document.data and not document.data.keys() & {"base", "kind", "name", *own}:
        problem = f"is no {NOUNS[what].removeprefix('a ')}, it has none of the keys"
        raise InputError(f"{name}: {problem} {', '.join(sorted(own)[:MAX_KEYS_TOLD])} {got(list(document.data))}")
    if not kind or own & document.data.keys() or {what, kind} == {"hardware", "gpu"}:
        return
    raise InputError(f"{name}: is {NOUNS[kind]}, expected {NOUNS.get(what, what)}{_elsewhere(kind, what, name)}")


def _elsewhere(kind: str, wanted: str, name: str) -> str:
    """Return where something of a kind is given instead."""
    if kind == "space":
        return f"; `pivotsim sweep {name} --out DIR` runs it"
    if kind == "dram":
        return f"; --set memories.dram={name} puts it behind a board"
    if kind == "hardware" and wanted == "model":
        return f"; give a model such as deit_s, and --hw {name}; `pivotsim show hw {name}` shows it"
    if kind == "model" and wanted == "hardware":
        return f"; a model is given by its name alone, without an option; `pivotsim show model {name}` shows it"
    return ""
