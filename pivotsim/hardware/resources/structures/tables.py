"""Structures of many designs: worked out once for every combination of the values that they depend on, and looked up.

Counting the structures of a design takes a microsecond, looking them up some tens of nanoseconds. Where all
combinations are more than ``MAX_TABLE`` each term of a structure has tables over what it depends on alone: a column's
counts over the rows, how many there are over the columns, a memory's over the wider of both. Terms whose combinations
are too many even so, or more than there are designs to look up, are counted for each design.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pivotsim.hardware.resources.structures.axes import Axes, Joined
from pivotsim.hardware.resources.structures.designs import TERMS, counted
from pivotsim.hardware.resources.structures.shared_tables import Depends, Group, grouped
from pivotsim.hardware.resources.structures.sizes import Sizes
from pivotsim.hardware.resources.structures.totals import COUNTS, Pair, Totals, added, both, pair_of, summed
from pivotsim.kernels.table_rows import ADDED_SEVERAL_TIMES, ONCE, SEVERAL, sum_rows

MAX_TABLE = 2**18  # combinations
LEAST_USE = 4  # a table is made once a fourth as many designs were asked for
ARRAYS = "array.count"
SHARED = ("gb",)  # there is one of it for all arrays
LOOKED_UP = tuple(name for name in COUNTS if name != "dsp")  # DSPs are the array's and the units', in no structure


class _Tables(NamedTuple):
    """All tables, one after the other: of all that there is, and of what is not extrapolated."""

    starts: Mapping[Group, tuple[int, int]]  # where a group's counts begin, and its times
    counts: Pair  # int64 (rows, LOOKED_UP)
    times: Pair  # int64 (rows,)

    def with_group(self, group: Group, counts: Pair, times: Pair) -> "_Tables":
        """Return these tables and a group's."""

        def appended(before: Any, more: Any) -> Any:
            return np.concatenate((before, more))

        starts = {**self.starts, group: (len(self.counts[0]), len(self.times[0]))}
        return _Tables(starts, both(appended, self.counts, counts), both(appended, self.times, times))


NO_TIMES = np.zeros(0, dtype=np.int64)
NO_COUNTS = np.zeros((0, len(LOOKED_UP)), dtype=np.int64)


class StructureTables:
    """What the structures of designs take that differ in some values.

    Parameters
    ----------
    values, constants : mapping
        Numbers by path: those that designs take, and those that all have.
    depends : mapping
        Term of a structure -> what its counts and times depend on.
    joined : mapping
        Name -> a number that two values give together.
    sizes_of : callable
        The sizes of designs from their numbers by path.
    """

    def __init__(
        self, values: Mapping[str, Any], constants: Mapping[str, Any], depends: Mapping[str, Depends],
        joined: Mapping[str, Joined], sizes_of: Callable[[Callable[[str], Any]], Sizes],
    ) -> None:  # fmt: skip
        self._axes, self._constants, self._sizes_of = Axes(values, joined), constants, sizes_of
        is_one = ARRAYS not in values and constants[ARRAYS] == 1  # then nothing is shared
        shared = {term: one for term, one in depends.items() if term in SHARED and not is_one}
        each = {term: one for term, one in depends.items() if term not in shared}
        self._shared, self._each = (tuple(grouped(own, self._axes, MAX_TABLE)) if own else () for own in (shared, each))
        self._tables = _Tables({}, (NO_COUNTS, NO_COUNTS), (NO_TIMES, NO_TIMES))
        self._asked, self._lock = 0, threading.Lock()

    def totals(
        self, places: Mapping[str, Any], of: Callable[[str], Any], count: int, *, is_known_asked: bool = True
    ) -> Totals:  # fmt: skip
        """Return the sums of designs, from each one's place among the values that vary.

        What is not extrapolated may be as much as all that there is where nobody asks for it.
        """
        tables = self._tables_for(count)
        if not is_known_asked:
            tables = tables._replace(counts=tables.counts[:1] * 2, times=tables.times[:1] * 2)
        shared, each = (self._sums(tables, groups, places, of, count) for groups in (self._shared, self._each))
        arrays = of(ARRAYS)
        if np.ndim(arrays) or arrays != 1:
            each = {name: both(np.multiply, amounts, (arrays, arrays)) for name, amounts in each.items()}
        return {name: summed(amounts, shared[name]) for name, amounts in each.items()}

    def _sums(
        self, tables: _Tables, groups: Sequence[Group], places: Mapping[str, Any], of: Callable[[str], Any], count: int
    ) -> Totals:  # fmt: skip
        """Return the sums of some terms, looked up or counted."""
        terms = [TERMS[name] for group in groups if group not in tables.starts for name in group.terms]
        totals = added([])
        if terms:
            sizes = self._sizes_of(of)
            totals = added(counted(term, sizes) for term in terms)
        looked_up = [group for group in groups if group in tables.starts]
        if looked_up:
            columns = self._looked_up(tables, looked_up, places, of, count)
            totals |= {name: summed(totals[name], column) for name, column in zip(LOOKED_UP, columns, strict=True)}
        return totals

    def _looked_up(
        self, tables: _Tables, groups: Sequence[Group], places: Mapping[str, Any], of: Callable[[str], Any], count: int
    ) -> list[Pair]:  # fmt: skip
        """Return the sums of groups that have tables, for each of ``LOOKED_UP``."""
        used = (*(group.axes for group in groups), *(group.times for group in groups if group.times))
        every = list(dict.fromkeys(used))
        index = np.empty((len(every), count), dtype=np.int64)
        for row, axes in zip(index, every, strict=True):
            row[:] = self._axes.index(axes, places, of)
        once, several = [], []
        for group in groups:
            counts, times = tables.starts[group]
            if group.times:
                several.append((counts, every.index(group.axes), times, every.index(group.times)))
            else:
                once.append((counts, every.index(group.axes)))

        def sums(counts: Any, times: Any) -> Any:
            found = np.empty((len(LOOKED_UP), count), dtype=np.int64)
            sum_rows(counts, times, index, _array(once, ONCE), _array(several, SEVERAL), found)
            return found

        of_all, known = both(sums, tables.counts, tables.times)
        rows = list(of_all)
        return list(zip(rows, rows if known is of_all else known, strict=True))

    def _tables_for(self, count: int) -> _Tables:
        """Return the tables, with those that so many further designs are worth."""
        with self._lock:
            self._asked += count
            for group in (*self._shared, *self._each):
                size = max(self._axes.size(group.axes), self._axes.size(group.times))
                if group not in self._tables.starts and size <= min(MAX_TABLE, LEAST_USE * self._asked):
                    self._tables = self._tables.with_group(group, *self._made(group))
            return self._tables

    def _made(self, group: Group) -> tuple[Pair, Pair]:
        """Return a group's counts and its times, of all that there is, and of what is not extrapolated."""
        terms, sizes = [TERMS[name] for name in group.terms], self._sizes_over(group.axes)
        if not group.times:
            return self._rows(group, added(counted(term, sizes) for term in terms)), (NO_TIMES, NO_TIMES)
        (term,) = terms
        rows = self._rows(group, added([term.counts(sizes)]))
        assert not np.any(rows[0][:, ADDED_SEVERAL_TIMES:]), f"{term.structure}: no memory is added several times"
        return rows, pair_of(*term.times(self._sizes_over(group.times)))

    def _rows(self, group: Group, totals: Totals) -> Pair:
        size = self._axes.size(group.axes)
        of_all, known = (
            np.stack([np.broadcast_to(totals[name][place], size) for name in LOOKED_UP], axis=1) for place in (0, 1)
        )
        return of_all, of_all if np.array_equal(of_all, known) else known

    def _sizes_over(self, axes: tuple[str, ...]) -> Sizes:
        """Return the sizes of designs with every combination of axes, the last value of all others."""
        points, values = self._axes.points(axes), self._axes.values

        def of(path: str) -> Any:
            if path in points:
                return points[path]
            return values[path][-1] if path in values else self._constants[path]

        return self._sizes_of(of)


def _array(numbers: Sequence[tuple[int, ...]], width: int) -> Any:
    return np.array(numbers, dtype=np.int64).reshape(-1, width)
