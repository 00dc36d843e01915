"""Places of designs in tables over the values that vary, and all combinations of them."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np


class Joined(NamedTuple):
    """A number that two values give together, of which none counts as less than 1, and two values that give it."""

    paths: tuple[str, str]
    of: Callable[[Any, Any], Any]  # grows with both
    pair: Callable[[Any], tuple[Any, Any]]


class Axes:
    """Values that vary, by path, and numbers that two of them give together, by name."""

    def __init__(self, values: Mapping[str, Any], joined: Mapping[str, Joined]) -> None:
        self.values, self._joined = values, joined
        self._span: dict[str, tuple[int, int]] = {}  # the least it can be, and how many there are from it to the most
        self._below_1: set[str] = set()  # paths of joined numbers with a value that counts as 1
        for name, one in joined.items():
            if all(path in values for path in one.paths):
                first, second = (np.maximum(values[path], 1) for path in one.paths)
                least = int(one.of(first.min(), second.min()))
                self._below_1.update(path for path in one.paths if np.any(values[path] < 1))
                self._span[name] = least, int(one.of(first.max(), second.max())) + 1 - least

    def varying(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those that vary: a joined number stands for its two values where it takes fewer than they do.

        They are in the order of the values, so that designs of a grid that follow one another look up rows that do.
        """
        found: set[str] = set()
        for name in names:
            paths = tuple(path for path in self.paths((name,)) if path in self.values)
            is_joined = name in self._span and self.size((name,)) < self.size(paths)
            found.update((name,) if is_joined else paths)
        return tuple(name for name in (*self.values, *self._span) if name in found)

    def paths(self, axes: Iterable[str]) -> tuple[str, ...]:
        """Return the paths of the values that axes stand for."""
        every = (path for axis in axes for path in (self._joined[axis].paths if axis in self._joined else (axis,)))
        return tuple(dict.fromkeys(every))

    def size(self, axes: Iterable[str]) -> int:
        """Return how many combinations a table over axes has."""
        return math.prod(self._span[axis][1] if axis in self._span else len(self.values[axis]) for axis in axes)

    def index(self, axes: Iterable[str], places: Mapping[str, Any], of: Callable[[str], Any]) -> Any:
        """Return designs' places in a table over axes, from each one's place and value by path."""
        index: Any = None
        for axis in axes:
            place = self._joined_place(axis, of) if axis in self._span else places[axis]
            index = place if index is None else index * self.size((axis,)) + place
        return np.int64(0) if index is None else index

    def _joined_place(self, name: str, of: Callable[[str], Any]) -> Any:
        one, (least, _) = self._joined[name], self._span[name]
        first, second = (np.maximum(of(path), 1) if path in self._below_1 else of(path) for path in one.paths)
        return one.of(first, second) - least

    def points(self, axes: Iterable[str]) -> dict[str, Any]:
        """Return the values of every combination of axes by path, in the order of a table."""
        axes = tuple(axes)
        grids = np.meshgrid(*map(self._every, axes), indexing="ij")
        found: dict[str, Any] = {}
        for axis, grid in zip(axes, grids, strict=True):
            numbers = grid.reshape(-1)
            if axis in self._span:
                found |= zip(self._joined[axis].paths, self._joined[axis].pair(numbers), strict=True)
            else:
                found[axis] = numbers
        return found

    def _every(self, axis: str) -> Any:
        if axis not in self._span:
            return self.values[axis]
        least, count = self._span[axis]
        return np.arange(least, least + count)
