"""Admission of designs before anything is simulated: conditions, constraints on axes and on resources."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from pivotsim.dse.evaluation.cache import DesignBuilder
from pivotsim.dse.resources import RESOURCES, depends_on, resource_columns
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.expressions import Expression
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOWS

REPEATED, NOT_VALID = "repeats another point", "is not valid"
SHAPE = {"array.rows": "rows", "array.cols": "cols"}


@dataclass
class Designs:
    """Numbered designs, as places on the axes; what is dropped is counted by its reason.

    ``examples`` holds one message for each reason that has several.
    """

    space: Space
    numbers: Any
    places: dict[str, Any]
    dropped: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    _columns: dict[str, Any] = field(default_factory=dict)  # gathered since designs were last dropped

    def __len__(self) -> int:
        return len(self.numbers)

    def column(self, name: str) -> Any:
        """Return an axis' values."""
        if name not in self._columns:
            axis = next(axis for axis in self.space.axes if axis.name == name)
            self._columns[name] = axis.column[self.places[name]]
        return self._columns[name]

    def value_of(self, name: str) -> Any:
        """Return what an expression reads under a name: a column, or a constant."""
        return self.column(name) if name in self.places else self.space.constant(name)

    def values_at(self, place: int, names: Sequence[str]) -> dict[str, Any]:
        """Return the values of one design."""
        by_name = {axis.name: axis for axis in self.space.axes}
        return {name: by_name[name].at(int(self.places[name][place])) for name in names}

    def set_places(self, name: str, places: Any) -> None:
        """Move all designs along an axis."""
        self.places[name] = places
        self._columns.pop(name, None)

    def keep(self, kept: Any, reason: str, *columns: dict[str, Any]) -> None:
        """Drop the designs that are not kept, from columns too."""
        count = len(kept) - int(np.count_nonzero(kept))
        if not count:
            return
        self.dropped[reason] = self.dropped.get(reason, 0) + count
        self._columns.clear()
        self.numbers = self.numbers[kept]
        for table in (self.places, *columns):
            for name in table:
                table[name] = table[name][kept]

    def grouped_by(self, names: Sequence[str]) -> Iterator[tuple[int, Any]]:
        """Yield (one member, members) of the designs that agree on some axes."""
        if not len(self):
            return
        key = np.zeros(len(self), dtype=np.int64)
        for name in names:
            column = self.places[name]
            if (column == column[0]).all():
                continue
            key = key * (int(column.max()) + 1) + column
            if key.max() > 2**40:
                key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        changes = np.flatnonzero(key[1:] != key[:-1]) + 1
        if not len(changes):
            yield 0, slice(None)
            return
        if len(changes) > 64 or (key[1:] < key[:-1]).any():
            order = np.argsort(key, kind="stable")
            ordered = key[order]
            ends = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
            for members in np.split(order, ends):
                yield int(members[0]), members
            return
        bounds = [0, *changes.tolist(), len(self)]
        for start, stop in pairwise(bounds):
            yield start, slice(start, stop)


def stage_of(constraint: Expression, space: Space) -> str:
    """Return when a constraint can be decided: from the axes, the resources or the results."""
    if constraint.names & set(space.results):
        return "results"
    return "resources" if constraint.names & set(RESOURCES) else "axes"


def apply_conditions(designs: Designs, names: Sequence[str] | None = None) -> None:
    """Set axes whose condition does not hold to the fixed value, and keep one of the points that this makes equal."""
    for axis in designs.space.axes:
        condition = designs.space.conditions.get(axis.name)
        if condition is None or (names is not None and axis.name not in names):
            continue
        active = condition.holds({name: designs.value_of(name) for name in condition.names}, len(designs))
        kept = active | (designs.places[axis.name] == 0)
        designs.set_places(axis.name, np.where(active, designs.places[axis.name], len(axis)))
        designs.keep(kept, REPEATED)


def apply_axis_constraints(designs: Designs, constraints: Sequence[Expression]) -> None:
    """Drop the designs that a constraint on axes rules out."""
    for constraint in constraints:
        if stage_of(constraint, designs.space) == "axes":
            values = {name: designs.value_of(name) for name in constraint.names}
            designs.keep(constraint.holds(values, len(designs)), constraint.text)


def apply_resource_constraints(
    designs: Designs, constraints: Sequence[Expression], builder: DesignBuilder
) -> dict[str, Any]:
    """Drop the designs that a constraint on resources rules out; return the resources that constraints name."""
    wanted = [constraint for constraint in constraints if stage_of(constraint, designs.space) == "resources"]
    named = {name for constraint in constraints for name in constraint.names if name in RESOURCES}
    if not named:
        return {}
    table: dict[str, Any] = {
        name: np.zeros(len(designs), dtype=np.bool_ if name == "fits" else np.int64) for name in named
    }
    valid = np.ones(len(designs), dtype=np.bool_)
    grouped = [n for n in designs.places if depends_on(n) and n not in SHAPE]
    for first, members in designs.grouped_by(grouped):
        values = designs.values_at(first, grouped)
        columns = {field: designs.column(n)[members] for n, field in SHAPE.items() if n in designs.places}
        count = len(designs.numbers[members])
        try:
            hw = builder.hardware(values)
            columns["dataflow"] = DATAFLOWS.index(hw.array.dataflow)
            found = resource_columns(hw, columns, count)
        except InputError as error:
            valid[members] = False
            designs.examples.setdefault(NOT_VALID, error.problems[0])
            continue
        for name, column in table.items():
            column[members] = found[name]
    designs.keep(valid, NOT_VALID, table)
    for constraint in wanted:
        values = {n: table[n] if n in table else designs.value_of(n) for n in constraint.names}
        designs.keep(constraint.holds(values, len(designs)), constraint.text, table)
    return {name: table[name] for name in designs.space.resources if name in table}


def names_read(constraint: Expression, space: Space) -> set[str]:
    """Return the axes that a constraint depends on before anything runs."""
    axes = set(space.axis_names)
    found = set(constraint.names) & axes
    if constraint.names & set(RESOURCES):
        found |= {name for name in axes if depends_on(name)}
    return found
