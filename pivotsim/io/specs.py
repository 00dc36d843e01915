"""Specifications: documents validated by pydantic, every problem told at once; their values by dotted path."""

import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from pivotsim.errors import InputError, got, nearest, number_text
from pivotsim.io.documents import (
    BOUNDS,
    SET_BY_USER,
    intervals_kept,
    load_document,
    note_name,
    plain,
    without_sources_below,
)
from pivotsim.io.messages import problem_of
from pivotsim.io.search_path import is_shipped
from pivotsim.io.yaml_reader import Document, KeyPath, exact_integer

ONE_LINE = r"^[^\x00-\x1f\x7f]+$"
SpecT = TypeVar("SpecT", bound="Spec")
MOST_MISSING = 2  # groups that are named one by one
MAX_KEYS_LISTED = 32


class Spec(BaseModel):
    """Base of all specifications: immutable, no unknown keys, strict types, finite numbers.

    ``other_names`` are names that other tools have for what a specification states, and how to state it here.
    """

    other_names: ClassVar[Mapping[str, str]] = {}
    usual_base: ClassVar[str] = ""  # what a file may build on instead of stating every key
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    def __setattr__(self, name: str, value: object) -> None:
        """Raise InputError: what has been checked is not changed in place."""
        if name not in type(self).model_fields:
            raise InputError(f"{name}: unknown field{nearest(name, type(self).model_fields)}")
        raise InputError(
            f"{name}: is not changed in place {got(value)}; replace({{path: value}}) of the whole returns a changed"
            " copy, as in hw.replace({'array.rows': 32})"
        )

    def stated(self) -> dict[str, Any]:
        """Return the values that a copy is made from; what follows from them may be left out."""
        return self.model_dump()

    def __delattr__(self, name: str) -> None:
        """Raise InputError, as for a new value."""
        raise InputError(f"{name}: is not taken away in place; replace({{path: value}}) returns a changed copy")


def quantity(unit: str, description: str, **bounds: Any) -> Any:
    """Return a pydantic field that carries its unit and a one-sentence description."""
    return Field(description=description, json_schema_extra={"unit": unit}, **bounds)


def load_spec(spec: type[SpecT], folder: str, what: str, source: object) -> SpecT:
    """Return a specification from a name, a path or a dict of the YAML file's form."""
    if isinstance(source, spec):
        return source
    document = load_document(folder, what, source)
    found = validate(spec, document)
    note_name(document)
    return found


def validate(spec: type[SpecT], document: Document) -> SpecT:
    """Return the validated specification, or raise one InputError with a line per problem."""
    try:
        return spec.model_validate(_with_integers(spec, document.data))
    except ValidationError as error:
        raise InputError(_problems(spec, document, error.errors())) from None
    except RecursionError:
        raise InputError(f"{document.name}: nested too deeply") from None


def _with_integers(spec: type[Spec], data: Any) -> Any:
    """Return a document with floats that state an integer exactly, such as 12.8e9, as integers where one is meant."""
    if not isinstance(data, Mapping):
        return data
    result = dict(data)
    for key, value in data.items():
        field = spec.model_fields.get(key) if isinstance(key, str) else None
        if field is not None:
            inner = _spec_of(field.annotation)
            result[key] = _as_meant(field.annotation, value) if inner is None else _with_integers(inner, value)
    return result


def _as_meant(annotation: object, value: object) -> object:
    """Return a float as the integer that it states where the annotation takes integers and no floats."""
    allowed = typing.get_args(annotation) or (annotation,)
    stated = exact_integer(value) if int in allowed and float not in allowed else None
    return value if stated is None else stated


def _place(document: Document, path: KeyPath) -> str:
    while path and path not in document.places:
        path = path[:-1]
    place = document.places.get(path, document.name)
    return document.name if is_shipped(place) else place  # the package's values are right but for what is laid over


def _problems(spec: type[Spec], document: Document, errors: list[Any]) -> list[str]:
    """Return a line for each problem; of many missing keys one, where a file may leave them to its base."""
    missing = [".".join(map(str, error["loc"])) for error in errors if error["type"] == "missing"]
    groups = sum(error["type"] == "missing" and len(error["loc"]) == 1 for error in errors)
    if not spec.usual_base or groups <= MOST_MISSING:
        return [_problem(spec, document, error) for error in errors]
    remedy = f"with 'base: {spec.usual_base}' a file states only what differs from that board"
    others = [_problem(spec, document, error) for error in errors if error["type"] != "missing"]
    return [f"{document.name}: lacks {', '.join(sorted(missing))}; {remedy}", *others]


def _problem(spec: type[Spec], document: Document, error: Any) -> str:
    path: KeyPath = tuple(error["loc"])
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "value_error":  # a check over several values; its message starts with one of their paths
        text = str(context["error"])
        start = text.partition(":")[0]
        whole = (*path, *start.split(".", 1))  # of an interval, whose key is a dotted path itself
        named = whole if whole in document.places else (*path, *start.split("."))
        return f"{_place(document, named)}: {text}"
    start = f"{_place(document, path)}: {'.'.join(map(str, path)) or 'file'}: "
    if kind == "extra_forbidden":
        groups = [name for name, inner in _groups(spec) if path[-1] in inner.model_fields] if len(path) == 1 else []
        below = f"; it stands below {' or '.join(groups)}, indented" if groups else ""
        return start + f"unknown key{below or _meant(spec, path)}"
    if kind == "missing":
        return start + "required key is missing"
    field = _field(spec, path)
    meaning = field.description if field is not None else None
    return start + problem_of(kind, value, context, meaning or "")


def _meant(spec: type[Spec], path: KeyPath) -> str:
    """Return how to state what an unknown key means, or the nearest key of its group."""
    key = str(path[-1])
    owner = _spec_of_group(spec, path[:-1])
    if owner is None:
        return ""
    remedy = owner.other_names.get(key.lower())
    group, _, last = key.rpartition(".")
    if group and _field(spec, tuple(key.split("."))) is not None:
        remedy = f"write {last} below {group}, indented, or state it with --set {key}=VALUE"
    return f"; {remedy}" if remedy else nearest(key, owner.model_fields, most=MAX_KEYS_LISTED)


def _groups(spec: type[Spec]) -> Iterator[tuple[str, type[Spec]]]:
    for name, field in spec.model_fields.items():
        inner = _spec_of(field.annotation)
        if inner is not None:
            yield name, inner


def unknown_key(spec: type[Spec], path: str, valid: Iterable[str], how: str = "") -> str:
    """Return what follows ``unknown key`` of a dotted path: how else to state it, the nearest of ``valid``, or ``how``.

    >>> from pivotsim.models.spec import VitModel
    >>> unknown_key(VitModel, "num_heads", ["heads"])
    '; the key is heads'
    """
    meant = _meant(spec, tuple(path.split(".")))
    return meant if meant.startswith(";") else nearest(path, valid, how=how)


# -- fields -------------------------------------------------------------------------------------------------
def _spec_of(annotation: object) -> type[Spec] | None:
    """Return the Spec class in an annotation such as ``Spec`` or ``Spec | None``."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation
    if isinstance(annotation, types.UnionType):
        return next((s for a in typing.get_args(annotation) if (s := _spec_of(a))), None)
    return None


def _field(spec: type[Spec], path: KeyPath) -> FieldInfo | None:
    """Return the field at a path, None where there is none."""
    owner = _spec_of_group(spec, path[:-1]) if path else None
    return None if owner is None else owner.model_fields.get(str(path[-1]))


def _spec_of_group(spec: type[Spec], path: KeyPath) -> type[Spec] | None:
    """Return the specification of the group at a path, None where there is none."""
    owner: type[Spec] | None = spec
    for key in path:
        field = owner.model_fields.get(str(key)) if owner is not None else None
        owner = _spec_of(field.annotation) if field is not None else None
    return owner


def leaves(spec: "type[Spec] | Spec", prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield (dotted path, unit, description) of every single value of a specification.

    Of a class these are all that there may be; of an instance those that it holds, where a group that is none is one
    value itself.
    """
    schema = spec if isinstance(spec, type) else type(spec)
    for name, field in schema.model_fields.items():
        inner: Any = _spec_of(field.annotation)
        if inner is not None and not isinstance(spec, type):
            inner = getattr(spec, name)
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
    return (*(path for path, _, _ in leaves(spec)), *(name for name, union in unions.items() if _spec_of(union)))


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
