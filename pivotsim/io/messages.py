"""Lines about wrong values: what a value must be, and what was perhaps meant."""

import re
from collections.abc import Mapping
from typing import Any

from pivotsim.errors import got, got_instead_of_integer, nearest, number_text
from pivotsim.io.yaml_reader import parse_scalar


def problem_of(kind: str, value: object, context: Mapping[str, Any], meaning: str = "") -> str:
    """Return what pydantic's kind of problem asks of a value, the value, and what was perhaps meant.

    ``meaning`` is one sentence on the value, for a text that states more than one number.
    """
    found = got_instead_of_integer(value) if kind in INTEGERS else got(value)
    return f"{requirement(kind, context)} {found}{hint(kind, value, context, meaning)}"


INTEGERS = ("int_type", "int_from_float", "integer_or_unlimited")


def requirement(kind: str, context: Mapping[str, Any]) -> str:
    """Return what pydantic's kind of problem asks of a value."""
    fixed = {
        "int_type": "must be an integer",
        "int_parsing_size": "must be an integer within int64",
        "int_from_float": "must be an integer",
        "integer_or_unlimited": "must be an integer or the word unlimited",
        "size_px": "must be an integer, or two as HEIGHTxWIDTH such as 480x640",
        "float_type": "must be a number",
        "bool_type": "must be true or false",
        "string_type": "must be text",
        "finite_number": "must be a finite number",
        "interval": "must be two numbers, [low, high]",
        "model_type": "must be a group of 'key: value' lines",
        "model_attributes_type": "must be a group of 'key: value' lines",
        "group_or_none": "must be a group of 'key: value' lines, or the word none",
        "dict_type": "must be a group of 'key: value' lines",
        **dict.fromkeys(("list_type", "tuple_type", "set_type"), "must be a list"),
        "string_too_short": "must not be empty",
        "string_pattern_mismatch": "must be one line of text",
        "dsp_columns": "must be heights x counts, both from 1, as in '168 x 11, 96 x 7'",
    }
    if kind in fixed:
        return fixed[kind]
    if kind == "literal_error":
        return "must be one of " + str(context["expected"]).replace("'", "").replace(" or ", ", ")
    bounds = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le"),
              "greater_than": ("greater than", "gt"), "less_than": ("less than", "lt")}  # fmt: skip
    if kind in bounds:
        words, key = bounds[kind]
        return f"must be {words} {number_text(context[key])}"
    return "is not valid"


def hint(kind: str, value: object, context: Mapping[str, Any], meaning: str = "") -> str:
    """Return the nearest valid name, or why a YAML scalar is not what it looks like.

    ``meaning`` is one sentence on the value, for a text that states more than one number.
    """
    if kind == "literal_error":
        names = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return nearest(value, names, list_all=False)
    if isinstance(value, (list, tuple)) and kind in {"int_type", "float_type"}:
        return _one_number(meaning)
    if not isinstance(value, str) or kind == "dsp_columns":
        return ""
    if isinstance(parse_scalar(value), (int, float)):
        return "; write it without quotes"
    if value[-1:] in {";", ","} and isinstance(parse_scalar(value[:-1].strip()), (int, float)):
        return f"; leave out the '{value[-1]}' at its end"
    if re.fullmatch(r"\d{1,3}([,']\d{3})+", value):
        return "; write it without separators of thousands"
    if re.fullmatch(r"\d+,\d+", value):
        return "; write a decimal point"
    if kind != "size_px" and re.fullmatch(r"[1-9]\d*(\s*[xX*]\s*|\s+)\d+", value):
        return _one_number(meaning)
    if value[:2].lower() in {"0x", "0o", "0b"}:
        return "; write a decimal number"
    if kind == "bool_type" and value.lower() in {"on", "off", "yes", "no", "y", "n"}:
        return "; write true or false"
    if value.replace("_", "").isdigit() or value.replace(":", "").isdigit():
        return "; write a plain decimal number without leading zeros, underscores or colons"
    return "; write the bare number, its unit is part of the key's name" if value[:1].isdigit() else ""


def _one_number(meaning: str) -> str:
    return "; write one number" + (f": {meaning[:1].lower()}{meaning[1:].rstrip('.')}" if meaning else "")
