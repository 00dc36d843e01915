"""Structures of many designs: worked out once for every combination of the values that they depend on, and looked up.

Counting the structures of a design takes a microsecond, looking them up some ten nanoseconds. Structures whose
combinations are more than ``MAX_TABLE``, or more than there are designs to look up, are counted for each design.
"""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pivotsim.hardware.resources.structures.designs import STRUCTURES
from pivotsim.hardware.resources.structures.sizes import Sizes
from pivotsim.hardware.resources.structures.totals import COUNTS, Totals, added

MAX_TABLE = 2**18  # combinations
LEAST_USE = 4  # a table is made once a fourth as many designs were asked for
SHARED = ("gb",)  # there is one of it for all arrays


class _Group(NamedTuple):
    """Structures that depend on the same of the values that vary, all of them in each array or all once."""

    names: tuple[str, ...]
    axes: tuple[str, ...]
    is_shared: bool


class StructureTables:
    """What the structures of designs take that differ in some values.

    Parameters
    ----------
    values, constants : mapping
        Numbers by path: those that designs take, and those that all have.
    depends : mapping
        Structure -> paths of the values that its counts depend on.
    sizes_of : callable
        The sizes of designs from their numbers by path.
    """

    def __init__(
        self, values: Mapping[str, Any], constants: Mapping[str, Any], depends: Mapping[str, Sequence[str]],
        sizes_of: Callable[[Callable[[str], Any]], Sizes],
    ) -> None:  # fmt: skip
        self._values, self._constants, self._depends, self._sizes_of = values, constants, depends, sizes_of
        self._groups = tuple(self._grouped())
        self._tables: dict[_Group, Totals] = {}
        self._asked, self._lock = 0, threading.Lock()

    def totals(self, places: Mapping[str, Any], of: Callable[[str], Any], arrays: Any, count: int) -> Totals:
        """Return the sums of designs of so many arrays each, from each one's place among the values that vary."""
        with self._lock:
            self._asked += count
            for group in self._groups:
                size = self._size(group.axes)
                if group not in self._tables and size <= min(MAX_TABLE, LEAST_USE * self._asked):
                    self._tables[group] = self._table(group)
        zero = np.int64(0)
        totals: Totals = dict.fromkeys(COUNTS, (zero, zero))
        sizes = None
        for group in self._groups:
            if group in self._tables:
                index: Any = 0
                for path in group.axes:
                    index = index * len(self._values[path]) + places[path]
                found = {name: _at(pair, index) for name, pair in self._tables[group].items()}
            else:
                sizes = self._sizes_of(of) if sizes is None else sizes
                found = added(STRUCTURES[name](sizes) for name in group.names)
            times = 1 if group.is_shared else arrays
            for name, (amount, known) in found.items():
                total, so_far = totals[name]
                more = total + amount * times
                totals[name] = (more, more if known is amount and so_far is total else so_far + known * times)
        return totals

    def _grouped(self) -> list[_Group]:
        """Return the structures by what they depend on; those that a larger table may hold join it."""
        found: list[_Group] = []
        for is_shared in (False, True):
            own = {
                name: tuple(path for path in paths if path in self._values)
                for name, paths in self._depends.items()
                if (name in SHARED) == is_shared
            }
            every = tuple(dict.fromkeys(path for axes in own.values() for path in axes))
            if self._size(every) <= MAX_TABLE:
                found.append(_Group(tuple(own), every, is_shared))
                continue
            merged: dict[tuple[str, ...], list[str]] = {}
            for name, axes in sorted(own.items(), key=lambda item: -self._size(item[1])):
                home = next(
                    (other for other in merged if set(axes) <= set(other) and self._size(other) <= MAX_TABLE), axes
                )
                merged.setdefault(home, []).append(name)
            found += [_Group(tuple(names), axes, is_shared) for axes, names in merged.items()]
        return found

    def _size(self, axes: Sequence[str]) -> int:
        return math.prod(len(self._values[path]) for path in axes)

    def _table(self, group: _Group) -> Totals:
        grids = np.meshgrid(*(self._values[path] for path in group.axes), indexing="ij")
        points = {path: grid.reshape(-1) for path, grid in zip(group.axes, grids, strict=True)}

        def of(path: str) -> Any:
            if path in points:
                return points[path]
            return self._values[path][-1] if path in self._values else self._constants[path]

        sizes = self._sizes_of(of)
        return added(STRUCTURES[name](sizes) for name in group.names)


def _at(pair: tuple[Any, Any], index: Any) -> tuple[Any, Any]:
    """Return what the tables of all and of known counts hold at places; often they are one."""
    whole = pair[0][index] if np.ndim(pair[0]) else pair[0]
    if pair[1] is pair[0]:
        return whole, whole
    return whole, pair[1][index] if np.ndim(pair[1]) else pair[1]
