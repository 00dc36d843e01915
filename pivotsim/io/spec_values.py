"""Values of a specification by dotted path: listed, read, checked one by one, and replaced."""

import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from pivotsim.errors import InputError, got, number_text
from pivotsim.io.documents import BOUNDS, SET_BY_USER, intervals_kept, plain, without_sources_below
from pivotsim.io.messages import problem_of
from pivotsim.io.specs import Spec, SpecT, spec_in, unknown_key, validate
from pivotsim.io.yaml_reader import Document, KeyPath


def leaves(spec: "type[Spec] | Spec", prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield (dotted path, unit, description) of every single value of a specification.

    Of a class these are all that there may be; of an instance those that it holds. A group that is none is one value
    itself, and so is one of a class that is none unless it is stated.
    """
    schema = spec if isinstance(spec, type) else type(spec)
    for name, field in schema.model_fields.items():
        inner: Any = spec_in(field.annotation)
        if inner is not None:
            inner = getattr(spec, name) if not isinstance(spec, type) else None if field.default is None else inner
        if inner is not None:
            yield from leaves(inner, f"{prefix}{name}.")
        elif typing.get_origin(field.annotation) is not dict:  # sources and intervals, which stand beside the values
            extra = field.json_schema_extra
            unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
            yield prefix + name, unit, field.description or ""


def changeable(spec: type[Spec]) -> tuple[str, ...]:
    """Return the dotted paths that ``replaced`` knows: every single value, and the groups that may be none."""
    return _changeable(spec)


@cache
def _changeable(spec: Any) -> tuple[str, ...]:
    unions = {n: f.annotation for n, f in spec.model_fields.items() if isinstance(f.annotation, types.UnionType)}
    return (*(path for path, _, _ in leaves(spec)), *(name for name, union in unions.items() if spec_in(union)))


@cache
def known_paths(spec: Any) -> frozenset[str]:
    """Return the dotted paths of all values that a class of specifications may hold, and of the groups above them."""
    return frozenset(with_groups(path for path, _, _ in leaves(spec)))


def with_groups(paths: Iterable[str]) -> set[str]:
    """Return dotted paths, and those of the groups above them.

    >>> sorted(with_groups(["host.full.softmax"]))
    ['host', 'host.full', 'host.full.softmax']
    """
    return {path[:end] for path in paths for end, character in enumerate(f"{path}.") if character == "."}


def check_leaf(spec: type[Spec], path: str, value: object, label: str) -> None:
    """Raise InputError unless a value fits the field at a dotted path by itself; what several values share is not seen.

    The message starts with ``label``.
    """
    try:
        _leaf_type(spec, path).validate_python(plain(value))
    except ValidationError as error:
        kind, context = error.errors()[0]["type"], error.errors()[0].get("ctx", {})
        raise InputError(f"{label}: {problem_of(kind, value, context)}") from None


@cache
def _leaf_type(spec: type[Spec], path: str) -> TypeAdapter[Any]:
    *parents, last = path.split(".")
    for key in parents:
        inner = spec_in(spec.model_fields[key].annotation)
        assert inner is not None  # the path is one of ``leaves``
        spec = inner
    field = spec.model_fields[last]
    allowed: Any = field.annotation
    for rule in field.metadata:
        allowed = Annotated[allowed, rule]
    return TypeAdapter(allowed, config=ConfigDict(strict=True, allow_inf_nan=False))


def value_at(spec: Spec, path: str) -> Any:
    """Return the value at a dotted path."""
    missing = holds_no_values(spec, path)
    if missing:
        raise InputError(f"{path}: {missing}")
    value: Any = spec
    for key in path.split("."):
        value = getattr(value, key)
    return value


def holds_no_values(spec: Spec, path: str) -> str:
    """Return why a path of the schema names nothing in a specification, '' where it does name a value."""
    value: Any = spec
    *groups, _ = path.split(".")
    for number, key in enumerate(groups, start=1):
        value = getattr(value, key)
        if value is None:
            return f"{'.'.join(groups[:number])} is none, so it holds no values"
    return ""


def _shown(value: object) -> str:
    """Return a value as a file would state it."""
    if isinstance(value, float):
        return number_text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def replaced(spec: SpecT, changes: Mapping[str, object], label: str = "replace") -> SpecT:
    """Return a copy with values at dotted paths changed and validated; their sources say so.

    Raises
    ------
    InputError
        A path is unknown or a value does not fit; the message starts with ``label``.
    """
    if not isinstance(changes, Mapping):
        raise InputError(f"{label}: must map dotted paths to values {got(changes)}")
    data = spec.stated()
    paths = changeable(type(spec))
    places: dict[KeyPath, str] = {}
    problems = []
    parts = with_groups(str(path).rpartition(".")[0] for path in changes)
    for path, value in changes.items():
        if path not in paths:
            groups = ", ".join(sorted({each.partition(".")[0] for each in paths}))
            meant = unknown_key(type(spec), str(path), paths, f"; keys begin with {groups}")
            problems.append(f"{label}: {path}: unknown key{meant}")
            continue
        problem = holds_no_values(spec, path)
        if path in parts:
            problem = "is changed as a whole and in part"
        if problem:
            problems.append(f"{label}: {path}: {problem} {got(value)}")
            continue
        *parents, last = path.split(".")
        target = data
        for key in parents:
            target = target[key]
        if "sources" in data:
            if isinstance(target[last], dict):
                data["sources"] = {**without_sources_below(data["sources"], path), path: SET_BY_USER}
            else:
                if data["sources"].get(path) is None or target[last] != value:
                    data["sources"].pop(path, None)  # values stand in the order in which they are stated
                data["sources"][path] = f"{SET_BY_USER} (was {_shown(target[last])})"
        target[last] = plain(value)
        places[tuple(path.split("."))] = label
    if problems:
        raise InputError(problems)
    for group in BOUNDS:
        if group in data:
            data[group] = intervals_kept(data[group], changes)
    return validate(type(spec), Document(data, places, label))
