"""Intervals and ranges of a hardware file: within which bounds a value lies, by dotted path.

An interval is one of 95 % confidence, as a calibration finds it. A range is what a source gives as the least and the
most, or an estimate of them, with no confidence. Either belongs to the value that it was found with: a file on a base,
or ``replace``, that states the value anew drops it. No run depends on them, so they are not part of a result's hash;
draws of uncertain constants do.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from pivotsim.errors import got, nearest, number_text
from pivotsim.io.spec_values import leaves, value_at
from pivotsim.io.specs import Spec

CONFIDENCE_FRAC = 0.95  # of every interval in a hardware file
A_OR_AN = {"interval": "an", "range": "a"}


def _as_pair(value: object) -> object:
    """Return a list of two numbers as a tuple; anything else is told in words."""
    is_pair = isinstance(value, (list, tuple)) and len(value) == 2
    if not is_pair or any(isinstance(end, bool) or not isinstance(end, (int, float)) for end in value):  # type: ignore[attr-defined]
        raise PydanticCustomError("interval", "must be two numbers, [low, high]")
    return tuple(map(float, value))  # type: ignore[call-overload]


Interval = Annotated[tuple[float, float], BeforeValidator(_as_pair)]
Intervals = dict[str, Interval]


def intervals_field() -> Any:
    """Return the field of a specification that holds intervals; a file may leave it out."""
    return Field(default_factory=dict, description="Dotted path of a value -> [low, high] of its 95 % interval.")


def ranges_field() -> Any:
    """Return the field of a specification that holds ranges; a file may leave it out."""
    return Field(default_factory=dict, description="Dotted path of a value -> [low, high], no confidence stated.")


def disorder(spec: Spec, intervals: Mapping[str, tuple[float, float]], group: str = "intervals") -> Iterator[str]:
    """Yield 'GROUP.PATH: problem' for each interval that names no number or does not hold its value."""
    known = [path for path, _, _ in leaves(spec)] if intervals else []
    noun = group.removesuffix("s")
    for path, (low, high) in intervals.items():
        value = value_at(spec, path) if path in known else None
        if path not in known:
            yield f"{group}.{path}: names no value{nearest(path, known)}"
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            yield f"{group}.{path}: only a number has {A_OR_AN[noun]} {noun}, the value is none {got(value)}"
        elif not low <= value <= high:
            problem = "low is above high" if low > high else f"must hold the value, {number_text(value)}"
            yield f"{group}.{path}: {problem} {got((low, high))}"


def with_intervals(
    rows: Iterable[tuple[str, object, str, str, str]], intervals: Mapping[str, tuple[float, float]],
    ranges: Mapping[str, tuple[float, float]],
) -> list[tuple[str, object, str, str, str]]:  # fmt: skip
    """Return rows of (path, value, unit, source, description), their sources followed by what bounds each value."""
    found = {path: _text("range", ends) for path, ends in ranges.items()}
    found |= {path: _text("95 % interval", ends) for path, ends in intervals.items()}
    return [
        (path, value, unit, f"{source}; {found[path]}" if path in found else source, description)
        for path, value, unit, source, description in rows
    ]


def _text(what: str, ends: tuple[float, float]) -> str:
    low, high = ends
    return f"{what} {low:.6g} to {high:.6g}"
