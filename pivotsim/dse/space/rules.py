"""Conditions and constraints of a space: parsed, their names checked, and tried out on one design."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np

from pivotsim.dse.space.axes import Axis
from pivotsim.dse.space.axis_kinds import HARDWARE, MODEL
from pivotsim.dse.space.definition import Space, results_of
from pivotsim.dse.space.expressions import Expression, parse_expression
from pivotsim.errors import InputError, got, nearest
from pivotsim.hardware.resources.many_designs import RESOURCES


class Rules:
    """What a space file states of conditions and constraints.

    Attributes
    ----------
    problems : list of str
        A line each; where there are none, ``applied`` may be called.
    """

    def __init__(
        self, conditions: Mapping[str, Any], constraints: Iterable[Any], axis_names: Iterable[str], *, is_pair: bool
    ) -> None:
        self.problems: list[str] = []
        axes = set(axis_names)
        readable = {*axes, *HARDWARE, *(() if "model" in axes else MODEL)}
        self.conditions: dict[str, Expression] = {}
        for name, text in conditions.items():
            label = f"conditions.{name}"
            if name not in axes:
                self.problems.append(f"{label}: is no axis{nearest(name, axes)}")
            elif name not in {*HARDWARE, *MODEL}:
                self.problems.append(f"{label}: only values of hardware and model keep a fixed value elsewhere")
            rule = self._parsed(label, text, readable - {name})
            if rule is not None:
                self.conditions[name] = rule
        known = readable | RESOURCES.keys() | results_of(is_pair).keys()
        numbered = enumerate(constraints, start=1)
        found = [self._parsed(f"constraints, number {number}", text, known) for number, text in numbered]
        self.constraints = [rule for rule in found if rule is not None]

    def _parsed(self, label: str, text: object, names: set[str]) -> Expression | None:
        try:
            rule = parse_expression(label, text)
        except InputError as error:
            self.problems += error.problems
            return None
        unknown = sorted(rule.names - names)
        self.problems += [f"{label}: unknown name {got(name)}{nearest(name, names)}" for name in unknown]
        return rule

    def applied(self, space: Space) -> Space:
        """Return the space with the rules, tried out on its first design.

        Raises
        ------
        InputError
            An expression compares what has no order, or is no yes or no.
        """
        axes = {axis.name: axis for axis in space.axes}
        axes |= {name: Axis(name, axes[name].values, space.constant(name)) for name in self.conditions}
        labelled = ((f"conditions.{name}", rule) for name, rule in self.conditions.items())
        numbered = ((f"constraints, number {i}", rule) for i, rule in enumerate(self.constraints, start=1))
        problems: list[str] = []
        for label, rule in chain(labelled, numbered):
            try:
                _try_out(label, rule, axes, space)
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(problems)
        return space.with_rules(tuple(axes.values()), self.conditions, tuple(self.constraints))


def _try_out(label: str, rule: Expression, axes: Mapping[str, Axis], space: Space) -> None:
    values: dict[str, Any] = {}
    for name in rule.names:
        if name in axes:
            values[name] = axes[name].column[:1]
        elif name in HARDWARE or name in MODEL:
            values[name] = space.constant(name)
        else:
            values[name] = name.startswith("fits") or 1.0
    try:
        result = rule(values)
    except InputError as error:
        raise InputError(f"{label}: {error} {got(rule.text)}") from None
    if np.asarray(result).dtype.kind != "b":
        raise InputError(f"{label}: must compare, as in delay_ms <= 50 {got(rule.text)}")
