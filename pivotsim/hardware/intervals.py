"""Intervals of a hardware file: within which bounds a value lies with 95 % confidence, by dotted path.

An interval belongs to the value that it was found with: a file on a base, or ``replace``, that states the value anew
drops it. No result depends on intervals, so they are not part of a result's hash.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from pivotsim.errors import got, nearest, number_text
from pivotsim.io.specs import Spec, leaves, value_at

CONFIDENCE_FRAC = 0.95  # of every interval in a hardware file


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


def disorder(spec: Spec, intervals: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    """Yield 'intervals.PATH: problem' for each interval that names no number or does not hold its value."""
    known = [path for path, _, _ in leaves(spec)] if intervals else []
    for path, (low, high) in intervals.items():
        value = value_at(spec, path) if path in known else None
        if path not in known:
            yield f"intervals.{path}: names no value{nearest(path, known)}"
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            yield f"intervals.{path}: only a number has an interval, the value is none {got(value)}"
        elif not low <= value <= high:
            problem = "low is above high" if low > high else f"must hold the value, {number_text(value)}"
            yield f"intervals.{path}: {problem} {got((low, high))}"


def with_intervals(
    rows: Iterable[tuple[str, object, str, str, str]], intervals: Mapping[str, tuple[float, float]]
) -> list[tuple[str, object, str, str, str]]:
    """Return rows of (path, value, unit, source, description), their sources followed by the interval of each value."""
    return [
        (path, value, unit, _followed_by(source, intervals[path]) if path in intervals else source, description)
        for path, value, unit, source, description in rows
    ]


def _followed_by(source: str, interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{source}; 95 % interval {low:.6g} to {high:.6g}"
