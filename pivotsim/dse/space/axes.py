"""Axes of a space: a list of values, a range, or a range of equal ratios; each is a list in the end."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pivotsim.errors import InputError, check_integer, check_real, got, nearest

MAX_VALUES = 1_000_000  # of one axis
EXACT = 2**53  # float64 holds every integer up to it
RANGE, LOG_RANGE = {"start", "stop", "step"}, {"start", "stop", "points"}


@dataclass(frozen=True)
class Axis:
    """One axis: its name, its values, and the value that it takes where its condition does not hold.

    A place beyond the last value stands for ``default``.
    """

    name: str
    values: tuple[Any, ...]
    default: Any = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def all_values(self) -> tuple[Any, ...]:
        """The values by place, the default last."""
        return (*self.values, self.values[0] if self.default is None else self.default)

    @cached_property
    def column(self) -> Any:
        """Values and default as a numpy vector, lists of encoders as text."""
        values = self.all_values
        if all(isinstance(v, bool) for v in values):
            return np.array(values, dtype=np.bool_)
        if all(isinstance(v, int) and not isinstance(v, bool) for v in values):
            return np.array(values, dtype=np.int64)
        if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
            return np.array(values, dtype=np.float64)
        return np.array([value_text(v) for v in values], dtype=np.str_)

    @cached_property
    def words(self) -> "tuple[Any, Any] | None":
        """(Distinct words, their place in that list by place on the axis) of a column of text, None of numbers."""
        if self.column.dtype.kind != "U":
            return None
        words, codes = np.unique(self.column, return_inverse=True)
        return words, codes.astype(np.int32)

    def at(self, place: int) -> Any:
        """Return the value at a place."""
        return self.default if place == len(self.values) else self.values[place]


def value_text(value: Any) -> str:
    """Return a value as a table shows it: encoders as ``1,2,3``.

    >>> value_text([1, 2, 3]), value_text("is")
    ('1,2,3', 'is')
    """
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def as_stated(value: Any) -> Any:
    """Return a value as a space file states it: encoders as a list."""
    return list(value) if isinstance(value, tuple) else value


def axis_values(path: str, stated: Any) -> tuple[Any, ...]:
    """Return the values that a space file states for one axis.

    Parameters
    ----------
    path : str
        What an error message starts with.
    stated : list or mapping
        Values, {start, stop, step}: start, start + step, ... up to stop inclusive, or {start, stop, points}: that
        many values of equal ratios, ends included, rounded to integers (without repeats) where both ends are.

    Raises
    ------
    InputError
        Nothing is stated, a value stands twice, or a range is not valid.

    Examples
    --------
    >>> axis_values("rows", {"start": 8, "stop": 20, "step": 4})
    (8, 12, 16, 20)
    >>> axis_values("bytes", {"start": 1024, "stop": 8192, "points": 4})
    (1024, 2048, 4096, 8192)
    """
    if isinstance(stated, Mapping):
        keys = set(stated)
        if keys not in (RANGE, LOG_RANGE):
            wrong = sorted(map(str, keys - RANGE - LOG_RANGE))
            hint = nearest(wrong[0], RANGE | LOG_RANGE) if wrong else ""
            raise InputError(
                f"{path}: must be a list, {{start, stop, step}} or {{start, stop, points}}"
                f" {got(sorted(map(str, keys)))}{hint}"
            )
        values = _range(path, stated) if keys == RANGE else _log_range(path, stated)
    elif isinstance(stated, Sequence) and not isinstance(stated, (str, bytes)):
        values = [tuple(v) if isinstance(v, list) else v for v in stated]
    else:
        raise InputError(f"{path}: must be a list, or a range of start, stop and step or points {got(stated)}")
    if not values:
        raise InputError(f"{path}: has no values")
    if len(values) > MAX_VALUES:
        raise InputError(f"{path}: has more than {MAX_VALUES:,} values {got(len(values))}")
    seen = set()
    for value in values:
        parts = value if isinstance(value, tuple) else (value,)
        if not all(isinstance(v, (bool, int, float, str)) and v == v for v in parts):  # NaN is not equal to itself
            problem = f"{path}: must hold numbers, words, true or false, or lists of encoders"
            raise InputError(f"{problem} {got(as_stated(value))}")
        key = (type(value).__name__, value) if isinstance(value, bool) else value
        if key in seen:
            raise InputError(f"{path}: a value stands twice {got(as_stated(value))}")
        seen.add(key)
    return tuple(values)


def _range(path: str, stated: Mapping[str, Any]) -> list[Any]:
    start, stop, step = (_number(f"{path}.{key}", stated[key]) for key in ("start", "stop", "step"))
    if step <= 0:
        raise InputError(f"{path}.step: must be greater than 0 {got(step)}")
    if stop < start:
        return []
    # half a billionth: 0.1, 0.2, 0.3 reaches a stop of 0.3
    steps = (stop - start) / step + 5e-10
    if not steps < EXACT:
        raise InputError(f"{path}.step: makes more than {MAX_VALUES:,} values {got(step)}")
    count = math.floor(steps) + 1
    if count > MAX_VALUES:
        raise InputError(f"{path}: has more than {MAX_VALUES:,} values {got(count)}")
    return [start + i * step for i in range(count)]


def _log_range(path: str, stated: Mapping[str, Any]) -> list[Any]:
    start, stop = (_number(f"{path}.{key}", stated[key]) for key in ("start", "stop"))
    points = check_integer(f"{path}.points", stated["points"], 1, MAX_VALUES)
    if not 0 < start <= stop:
        raise InputError(f"{path}: start must be greater than 0 and at most stop (got {start} and {stop})")
    if points == 1:
        return [start]
    if not math.isfinite(stop / start):
        raise InputError(f"{path}: stop is too many times start for equal ratios (got {start} and {stop})")
    ratios = (i / (points - 1) for i in range(points))
    values: list[Any] = [start * (stop / start) ** r for r in ratios]
    values[-1] = stop
    if isinstance(start, int) and isinstance(stop, int):
        values = list(dict.fromkeys(round(v) for v in values))
    return values


def _number(path: str, value: Any) -> Any:
    number = check_real(path, value)
    if not math.isfinite(number):
        raise InputError(f"{path}: must be a finite number {got(value)}")
    return value
