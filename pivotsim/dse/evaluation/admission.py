"""Admission of designs before anything is simulated: conditions, constraints on axes and on resources."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from pivotsim.dse.evaluation.cache import DesignBuilder
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.expressions import Expression
from pivotsim.errors import InputError
from pivotsim.hardware.resources.many_designs import PATHS, RESOURCES

REPEATED, NOT_VALID = "repeats another point", "is not valid"
MEMORIES = "memories."  # some of them are valid only together


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
    return "resources" if constraint.names & RESOURCES.keys() else "axes"


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
    """Drop the designs that a constraint on resources rules out; return all resources, none where no constraint asks.

    The resources of what other constraints leave are cheaper to work out at the end.
    """
    if not any(constraint.names & RESOURCES.keys() for constraint in constraints):
        return {}
    _drop_memories_not_valid(designs, builder)
    table = builder.resources.columns(designs.places, len(designs))
    for constraint in constraints:
        if stage_of(constraint, designs.space) == "resources":
            values = {n: table[n] if n in table else designs.value_of(n) for n in constraint.names}
            designs.keep(constraint.holds(values, len(designs)), constraint.text, table)
    return table


def admit(
    designs: Designs, constraints: Sequence[Expression], builder: DesignBuilder, names: Sequence[str] | None = None
) -> dict[str, Any]:
    """Apply all rules that need no simulation, conditions of some axes or of all; return resources that were needed."""
    apply_conditions(designs, names)
    apply_axis_constraints(designs, constraints)
    return apply_resource_constraints(designs, constraints, builder)


def _drop_memories_not_valid(designs: Designs, builder: DesignBuilder) -> None:
    valid = np.ones(len(designs), dtype=np.bool_)
    names = [name for name in designs.places if name.startswith(MEMORIES)]
    for first, members in designs.grouped_by(names) if names else ():
        try:
            builder.hardware(designs.values_at(first, names))
        except InputError as error:
            valid[members] = False
            designs.examples.setdefault(NOT_VALID, error.problems[0])
    designs.keep(valid, NOT_VALID)


def names_read(constraint: Expression, space: Space) -> set[str]:
    """Return the axes that a constraint depends on before anything runs."""
    axes = set(space.axis_names)
    found = set(constraint.names) & axes
    if constraint.names & RESOURCES.keys():
        found |= {name for name in axes if name in PATHS or name.startswith(MEMORIES)}
    return found
