"""Axes and fixed values of a space that have no effect, told before anything runs.

An axis that no column can depend on is refused. One that moves resources alone runs, and is named, as are fixed values
that nothing reads and a constant power that is another design's.
"""

import itertools
from collections.abc import Collection
from typing import Any

from pivotsim.dse.evaluation.cache import DesignBuilder
from pivotsim.dse.space.axis_kinds import HARDWARE, HIGH, LOW, MASKED
from pivotsim.dse.space.definition import Space
from pivotsim.energy.constant import constant_power_note
from pivotsim.errors import InputError
from pivotsim.hardware.fold_overlaps import without_loads
from pivotsim.hardware.resources.many_designs import RESOURCES, VIVADO
from pivotsim.io.spec_values import holds_no_values, value_at
from pivotsim.simulation.notes.facts import space_words
from pivotsim.simulation.notes.reading import inherited_by_board
from pivotsim.simulation.notes.requirements import requirement_of, unmet
from pivotsim.simulation.reporting.summary import inherited_lines

OF_KINDS = ("model", "tokens", "active", LOW, HIGH)  # axes that decide which kinds of operations there are
MASKS = (*MASKED, "split")  # no kind depends on them, and drawing masks takes time
MAX_VALUES = 16  # of an axis, that are looked at for further kinds
SET = "set."
DROPPING = ("array.operand_bits",)  # designs that cannot run are left out


def notes_on(space: Space) -> tuple[str, ...]:
    """Return what must be said of a space beside its numbers, a line each.

    Raises
    ------
    InputError
        No column can depend on an axis; what that needs is named.
    """
    facts = SpaceValues(space)
    problems: list[str] = []
    notes: list[str] = []
    for name in space.axis_names:
        text = _without_effect(name, facts)
        if not text:
            continue
        (notes if _resources_of(name, facts) or name in DROPPING else problems).append(f"axes.{name}: {text}")
    if problems:
        raise InputError(space.located(problem) for problem in problems)
    notes += [f"fixed.{name}: {text}" for name in space.stated if (text := _of_fixed(name, facts))]
    pairs = itertools.product(facts("array.fold_overlap") or (), facts("array.dataflow") or ())
    notes += [f"array.fold_overlap: {same}" for pair in pairs if (same := without_loads(*pair))]
    if space.options["energy"] == "constant":
        changed = [axis.name for axis in space.axes if set(axis.values) != {_own(space, axis.name)}]
        changed += [name.removeprefix(SET) for name in space.stated if name.startswith(SET)]
        power = constant_power_note(space.hw, changed)
        notes += [power] if power else []
    axes = set(space.axis_names)

    def counts(path: str) -> bool:
        return path not in axes and (unmet(path, facts) is None or bool(_resources_of(path, facts)))

    return (*notes, *inherited_lines(inherited_by_board(space.hw, counts)))


def _own(space: Space, name: str) -> Any:
    """Return the board's own value of an axis, None of what is no value of the hardware."""
    return value_at(space.hw, name) if name in HARDWARE else None


class SpaceValues:
    """Values that the designs of a space may take of a key, as ``simulation.notes.requirements`` asks for them."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._values = {axis.name: set(axis.all_values if axis.default is not None else axis.values)
                        for axis in space.axes}  # fmt: skip
        self._kinds: Any = ...  # not worked out yet

    def __call__(self, key: str) -> Collection[Any] | None:
        """Return the values, None where they are not known."""
        space = self.space
        if key in self._values:
            return self._values[key]
        if key == "kinds":
            if self._kinds is ...:
                self._kinds = _kinds_in(space)
            kinds: Collection[Any] | None = self._kinds
            return kinds
        if key == "pair":
            return (space.is_pair,)
        if key == "gate":
            return (space.options["gate"] if space.is_pair else "none",)
        if key == "interval":
            return (False,)
        if key in space.options:
            return (space.options[key],)
        return () if holds_no_values(space.hw, key) else (value_at(space.hw, key),)


def _kinds_in(space: Space) -> set[str] | None:
    """Return the kinds of operations that designs run, None where no workload could be made."""
    builder, found = DesignBuilder(space), set[str]()
    axes = [axis for axis in space.axes if axis.name not in HARDWARE and axis.name not in MASKS]
    for place in (0, -1):
        base = {axis.name: axis.values[place] for axis in axes}
        changes: list[dict[str, Any]] = [{}]
        for axis in axes:
            if axis.name in OF_KINDS or axis.name.startswith("model."):
                changes += [{axis.name: value} for value in axis.values[:MAX_VALUES]]
        for change in changes:
            try:
                works = builder.efforts({**base, **change}, space.hw)
            except InputError:  # such designs are left out
                continue
            found.update(kind for work in works for kind in work.trace.first_ops)
    return found or None


def _resources_of(name: str, facts: SpaceValues) -> list[str]:
    methods = {str(method) for method in facts("fpga.use.counted_by") or ()}
    methods |= {VIVADO} if facts.space.hw.fpga.vivado is not None else set()
    found = [resource for resource, row in RESOURCES.items() if name in row.paths_under(methods)]
    return [resource for resource in found if resource != "fits_extrapolated"]  # what decides `fits`, which is named


def _without_effect(name: str, facts: SpaceValues) -> str:
    """Return why neither delay nor energy depends on a value, '' where they may."""
    rules = (*facts.space.conditions.values(), *facts.space.constraints)
    if unmet(name, facts) is None or any(name in rule.names for rule in rules):
        return ""
    why = requirement_of(name, facts, space_words)
    resources = _resources_of(name, facts)
    if name in DROPPING:
        return why
    if not resources:
        return f"no column depends on it here: {why}"
    listed = " and ".join([", ".join(resources[:-1]), resources[-1]] if len(resources) > 1 else resources)
    only = f"only {listed} depend{'s' if len(resources) == 1 else ''} on it here"
    return f"{only}: delay and energy do not, {why}" if why.startswith("needs ") else only


def _of_fixed(name: str, facts: SpaceValues) -> str:
    """Return why a fixed value is not read, '' where it is."""
    key = name.removeprefix(SET)
    axes = {axis.name: axis for axis in facts.space.axes}
    if key in axes and axes[key].default is None:
        return "not used, it is an axis"
    return _without_effect(key, facts)
