"""JSON schemas of YAML files, for editors: what a file may state, with units, of its own or on a base."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from pivotsim.io.specs import NONE, Spec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BASE = {"type": "string", "description": "File that this one builds on: it states only what differs."}
REFERENCE = "#/$defs/"
ON_BASE = "_on_base"


def editor_schema(
    kinds: Mapping[str, type[Spec]], title: str, *, default: str = "", demands: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the JSON schema of a YAML file.

    Parameters
    ----------
    kinds : mapping of str to specification
        By the file's ``kind``; one alone where there is none.
    title : str
    default : str
        The kind of a file that states none.
    demands : sequence of str, optional
        Keys that a file without a base must state, where the reader fills in others.

    Returns
    -------
    dict
        A schema of the dialect 2020-12, plain JSON values.
    """
    definitions: dict[str, Any] = {}
    for kind, spec in kinds.items():
        name = kind or "file"
        plain = _for_editors(spec.model_json_schema())
        part = _renamed(_without_demands(plain), f"{name}{ON_BASE}")
        whole = (
            _renamed(plain, name)
            if demands is None
            else {**_renamed(_without_demands(plain), name), "required": list(demands)}
        )
        part["properties"] = {"base": BASE, **part["properties"]}
        for each, own in ((name, whole), (f"{name}{ON_BASE}", part)):
            definitions |= {**own.pop("$defs", {}), each: own}
    chosen = _of_kind(default or next(iter(kinds)) or "file")
    if len(kinds) > 1:  # a file that does not state its kind has its base's
        any_kind = {"anyOf": [{"$ref": f"{REFERENCE}{kind}{ON_BASE}"} for kind in kinds]}
        chosen = {**chosen, "then": any_kind}
        for kind in kinds:
            states = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
            chosen = {"if": states, "then": _of_kind(kind), "else": chosen}
    return {"$schema": DIALECT, "title": title, "type": "object", **chosen, "$defs": definitions}


def _of_kind(name: str) -> dict[str, Any]:
    on_base, whole = ({"$ref": f"{REFERENCE}{each}"} for each in (f"{name}{ON_BASE}", name))
    return {"if": {"required": ["base"]}, "then": on_base, "else": whole}


def _renamed(schema: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Return a schema whose definitions begin with a prefix, so that several schemas stand in one file."""
    names = {f"{REFERENCE}{name}": f"{REFERENCE}{prefix}.{name}" for name in schema.get("$defs", {})}

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: names.get(inner, inner) if key == "$ref" and isinstance(inner, str) else change(inner)
                for key, inner in value.items()
            }
        return [change(inner) for inner in value] if isinstance(value, list) else value

    result: dict[str, Any] = change(schema)
    if "$defs" in result:
        result["$defs"] = {f"{prefix}.{name}": inner for name, inner in result["$defs"].items()}
    return result


def _for_editors(value: Any) -> Any:
    """Return a schema with units behind descriptions, where editors show them, and ``none`` for what is not there."""
    if isinstance(value, list):
        return [_for_editors(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if value == {"type": "null"}:
        return {"enum": [None, NONE]}
    result = {key: _for_editors(inner) for key, inner in value.items()}
    unit, text = result.get("unit"), result.get("description")
    if isinstance(unit, str) and isinstance(text, str):
        del result["unit"]
        result["description"] = f"{text} [{unit}]" if unit else text
    return result


def _without_demands(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that asks for no key: what a file on a base leaves out is its base's."""

    def change(value: Any, *, is_schema: bool = True) -> Any:
        if isinstance(value, dict):
            return {
                key: change(inner, is_schema=not is_schema if key in ("properties", "$defs") and is_schema else True)
                for key, inner in value.items()
                if not (is_schema and key == "required")
            }
        return [change(inner) for inner in value] if isinstance(value, list) else value

    result: dict[str, Any] = change(copy.deepcopy(schema))
    return result
