"""Specifications: found by name, read from YAML, validated by pydantic, every problem told at once."""

import os
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.messages import hint, requirement
from pivotsim.io.yaml_reader import Document, KeyPath, read_yaml

_PACKAGE = Path(__file__).parents[1]
SET_BY_USER = "set by the user"
SPACE_SUFFIX = "_space"
ONE_LINE = r"^[^\x00-\x1f\x7f]+$"
SpecT = TypeVar("SpecT", bound="Spec")


class Spec(BaseModel):
    """Base of all specifications: immutable, no unknown keys, strict types, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)


def quantity(unit: str, description: str, **bounds: Any) -> Any:
    """Return a pydantic field that carries its unit and a one-sentence description."""
    return Field(description=description, json_schema_extra={"unit": unit}, **bounds)


# -- finding ------------------------------------------------------------------------------------------------
def _search_folders(folder: str) -> Iterator[Path]:
    for root in os.environ.get("PIVOTSIM_PATH", "").split(os.pathsep):
        if root:
            yield Path(root) / folder
    yield _PACKAGE / "data" / folder  # a wheel
    yield _PACKAGE.parent / folder  # an editable install


def available(folder: str, what: str = "") -> list[str]:
    """Return the names of all specifications of one kind (``hwconfigs`` or ``workloads``).

    Spaces stand among the models, told apart by their names' ending: they are listed for ``what`` space alone.
    """
    found = set()
    for root in _search_folders(folder):
        if os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where a parent may not be entered
            found |= {p.relative_to(root).with_suffix("").as_posix() for p in root.rglob("*.yaml")}
    return sorted(name for name in found if name.endswith(SPACE_SUFFIX) == (what == "space"))


def find(folder: str, what: str, name: str, besides: str | None = None) -> Path:
    """Return the file of a name or a path (an argument with / or .yaml is a path if it exists).

    ``besides`` names a file that is passed over: a user's ``zcu102.yaml`` may build on the package's.
    """
    looks_like_path = "/" in name or os.sep in name or name.endswith((".yaml", ".yml"))
    if looks_like_path and os.path.exists(name):  # noqa: PTH110 - Path.exists raises on names that are too long
        return Path(name)
    beside = [Path(besides).parent] if besides is not None else []  # a file's base stands beside it first
    for root in (*beside, *_search_folders(folder)):
        candidate = str(root / f"{name}.yaml")
        is_itself = besides is not None and os.path.exists(candidate) and os.path.samefile(candidate, besides)  # noqa: PTH110, PTH121
        if name and os.path.isfile(candidate) and not is_itself:  # noqa: PTH113
            return Path(candidate)
    near = nearest(name, available(folder, what), list_all=not looks_like_path)
    if looks_like_path and not near:
        raise InputError(f"{what}: no such file {got(name)}")
    raise InputError(f"{what}: unknown name {got(name)}{near}")


# -- reading ------------------------------------------------------------------------------------------------
def load_spec(spec: type[SpecT], folder: str, what: str, source: object) -> SpecT:
    """Return a specification from a name, a path or a dict of the YAML file's form."""
    if isinstance(source, spec):
        return source
    return validate(spec, load_document(folder, what, source))


def load_document(folder: str, what: str, source: object) -> Document:
    """Return what a name, a path or a dict holds, on its base where it names one, not yet validated."""
    if isinstance(source, Mapping):
        document = Document(_plain(source), {}, what)
    elif isinstance(source, (str, Path)):
        document = read_yaml(find(folder, what, str(source)))
    else:
        raise InputError(f"{what}: must be a name, a path or a dict {got(source)}")
    if "base" in document.data:
        document = _on_base(document, folder, what)
    return document


def _plain(value: Any) -> Any:
    """Return numpy's scalars, anywhere in a mapping, as Python's."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    is_scalar = isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0)
    return value.item() if is_scalar else value


def _on_base(document: Document, folder: str, what: str) -> Document:
    """Lay a document over the one that its ``base`` names; one level, so that a reader can follow it."""
    name = document.data["base"]
    place = document.places.get(("base",), document.name)
    if not isinstance(name, str):
        raise InputError(f"{place}: base: must be a name {got(name)}")
    try:
        besides = document.name if document.places else None
        base = read_yaml(find(folder, what, name, besides))
    except InputError as error:
        raise InputError(f"{place}: base: {error.problems[0]}") from None
    if "base" in base.data:
        raise InputError(f"{place}: base: '{name}' has a base of its own; one level is allowed")
    own = {key: value for key, value in document.data.items() if key != "base"}
    changed = list(_paths(own))
    places = {**base.places, **{path: document.places.get(path, document.name) for path in changed}}
    data = _merged(base.data, own)
    sources = data.get("sources")
    if isinstance(sources, dict):  # what the base says of a value does not hold for another one
        stated = own.get("sources")
        for path in changed:
            dotted = ".".join(map(str, path))
            is_value = len(path) > 1  # values stand in groups; what stands above them only names the file
            if is_value and not (isinstance(stated, Mapping) and _is_stated(stated, dotted)):
                sources[dotted] = f"{SET_BY_USER} in {document.name}"
    return Document(data, places, document.name)


def _paths(data: Mapping[str, Any], prefix: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the key path of every single value."""
    for key, value in data.items():
        if isinstance(value, Mapping) and key != "sources":
            yield from _paths(value, (*prefix, key))
        else:
            yield (*prefix, key)


def _is_stated(sources: Mapping[str, Any], dotted: str) -> bool:
    """Tell whether a path, or a group above it, has a source."""
    return any(dotted == key or dotted.startswith(f"{key}.") for key in sources)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = _merged(result[key], value) if both else value
    return result


def validate(spec: type[SpecT], document: Document) -> SpecT:
    """Return the validated specification, or raise one InputError with a line per problem."""
    try:
        return spec.model_validate(document.data)
    except ValidationError as error:
        raise InputError(_problem(spec, document, e) for e in error.errors()) from None
    except RecursionError:
        raise InputError(f"{document.name}: nested too deeply") from None


def _place(document: Document, path: KeyPath) -> str:
    while path and path not in document.places:
        path = path[:-1]
    return document.places.get(path, document.name)


def _problem(spec: type[Spec], document: Document, error: Any) -> str:
    path: KeyPath = tuple(error["loc"])
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "value_error":  # a check over several values; its message starts with one of their paths
        text = str(context["error"])
        named = (*path, *text.partition(":")[0].split("."))
        return f"{_place(document, named)}: {text}"
    start = f"{_place(document, path)}: {'.'.join(map(str, path)) or 'file'}: "
    if kind == "extra_forbidden":
        return start + f"unknown key{nearest(path[-1], _keys(spec, path[:-1]))}"
    if kind == "missing":
        return start + "required key is missing"
    return start + requirement(kind, context) + f" {got(value)}" + hint(kind, value, context)


# -- fields -------------------------------------------------------------------------------------------------
def _spec_of(annotation: object) -> type[Spec] | None:
    """Return the Spec class in an annotation such as ``Spec`` or ``Spec | None``."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation
    if isinstance(annotation, types.UnionType):
        return next((s for a in typing.get_args(annotation) if (s := _spec_of(a))), None)
    return None


def _keys(spec: type[Spec], path: KeyPath) -> list[str]:
    for key in path:
        field = spec.model_fields.get(str(key))
        inner = _spec_of(field.annotation) if field else None
        if inner is None:
            return []
        spec = inner
    return list(spec.model_fields)


def leaves(spec: type[Spec], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield (dotted path, unit, description) of every single value of a specification."""
    for name, field in spec.model_fields.items():
        inner = _spec_of(field.annotation)
        if inner is not None:
            yield from leaves(inner, f"{prefix}{name}.")
        elif field.annotation != dict[str, str]:
            extra = field.json_schema_extra
            unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
            yield prefix + name, unit, field.description or ""


def check_leaf(spec: type[Spec], path: str, value: object, label: str) -> None:
    """Raise InputError unless a value fits the field at a dotted path by itself; what several values share is not seen.

    The message starts with ``label``.
    """
    try:
        _leaf_type(spec, path).validate_python(_plain(value))
    except ValidationError as error:
        kind, context = error.errors()[0]["type"], error.errors()[0].get("ctx", {})
        raise InputError(f"{label}: {requirement(kind, context)} {got(value)}{hint(kind, value, context)}") from None


@cache
def _leaf_type(spec: type[Spec], path: str) -> TypeAdapter[Any]:
    *parents, last = path.split(".")
    for key in parents:
        inner = _spec_of(spec.model_fields[key].annotation)
        assert inner is not None  # the path is one of ``leaves``
        spec = inner
    field = spec.model_fields[last]
    allowed: Any = field.annotation
    for rule in field.metadata:
        allowed = Annotated[allowed, rule]
    return TypeAdapter(allowed, config=ConfigDict(strict=True, allow_inf_nan=False))


def value_at(spec: Spec, path: str) -> Any:
    """Return the value at a dotted path."""
    value: Any = spec
    for key in path.split("."):
        value = getattr(value, key)
    return value


def replaced(spec: SpecT, changes: Mapping[str, object], label: str = "replace") -> SpecT:
    """Return a copy with values at dotted paths changed and validated; their sources say so.

    Raises
    ------
    InputError
        A path is unknown or a value does not fit; the message starts with ``label``.
    """
    if not isinstance(changes, Mapping):
        raise InputError(f"{label}: must map dotted paths to values {got(changes)}")
    data = spec.model_dump()
    paths = [path for path, _, _ in leaves(type(spec))]
    places: dict[KeyPath, str] = {}
    problems = []
    for path, value in changes.items():
        if path not in paths:
            problems.append(f"{label}: {path}: unknown key{nearest(path, paths)}")
            continue
        *parents, last = path.split(".")
        target = data
        for key in parents:
            target = target[key]
        if "sources" in data:
            data["sources"][path] = f"{SET_BY_USER} (was {target[last]})"
        target[last] = _plain(value)
        places[tuple(path.split("."))] = label
    if problems:
        raise InputError(problems)
    return validate(type(spec), Document(data, places, label))
