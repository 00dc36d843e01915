"""Specifications: documents validated by pydantic, every problem told at once."""

import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.documents import (
    load_document,
    note_name,
)
from pivotsim.io.messages import problem_of
from pivotsim.io.search_path import is_shipped
from pivotsim.io.yaml_reader import Document, KeyPath, exact_integer

NONE = "none"  # how a group that is not there is written
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
    for key, inner in _groups_and_integers(spec).items():
        if key in result:
            result[key] = _integer_stated(result[key]) if inner is None else _with_integers(inner, result[key])
    return result


@cache
def _groups_and_integers(spec: type[Spec]) -> dict[str, type[Spec] | None]:
    """Return the keys of groups with their specifications, and those of integers, which are never floats, with None."""
    found: dict[str, type[Spec] | None] = {}
    for key, field in spec.model_fields.items():
        inner = spec_in(field.annotation)
        allowed = typing.get_args(field.annotation) or (field.annotation,)
        if inner is not None or (int in allowed and float not in allowed):
            found[key] = inner
    return found


def _integer_stated(value: object) -> object:
    """Return a float as the integer that it states; anything else as it is."""
    stated = exact_integer(value)
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
        above = ".".join(map(str, path))  # of a group that checks itself; a list's own check states the whole path
        is_whole = not path or text.startswith((f"{above}.", f"{above}:"))
        return f"{_place(document, named)}: {text if is_whole else f'{above}.{text}'}"
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
        inner = spec_in(field.annotation)
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
def spec_in(annotation: object) -> type[Spec] | None:
    """Return the specification in an annotation such as ``Spec`` or ``Spec | None``."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation
    if isinstance(annotation, types.UnionType):
        return next((s for a in typing.get_args(annotation) if (s := spec_in(a))), None)
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
        owner = spec_in(field.annotation) if field is not None else None
    return owner
