"""Spaces of designs: what they vary, what they keep, and what they rule out."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pivotsim.dse.space.axes import Axis
from pivotsim.dse.space.axis_kinds import HARDWARE, LOW_FRAC, description_of, unit_of
from pivotsim.dse.space.expressions import Expression
from pivotsim.dse.space.places import located
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.many_designs import RESOURCES
from pivotsim.io.spec_values import value_at
from pivotsim.models.spec import VitModel

PL_CYCLES, MEAN_PL_CYCLES = "pl_cycles", "mean_pl_cycles"
COSTS = {"delay_ms": "ms", "energy_j": "J", "edp_j_ms": "J*ms"}
DESCRIPTIONS = {
    PL_CYCLES: "Clocks of the array and of PL units, for an image.",
    MEAN_PL_CYCLES: "Clocks of the array and of PL units, for the mean image of an effort pair.",
    "delay_ms": "Delay of an image, of a pair the mean one.",
    "energy_j": "Energy of an image, of a pair the mean one.",
    "edp_j_ms": "Energy times delay.",
}


def results_of(is_pair: bool) -> dict[str, str]:
    """Return the columns of results -> unit, of one effort or of a pair."""
    return {MEAN_PL_CYCLES if is_pair else PL_CYCLES: "clocks", **COSTS}


@dataclass(frozen=True)
class Space:
    """A checked space.

    ``values`` holds the efforts that no axis varies, ``stated`` the keys of ``fixed`` that are given, ``places`` the
    lines of its file.
    """

    name: str
    hw: SystolicHardware
    models: Mapping[str, VitModel]  # '' is the fixed one
    options: Mapping[str, Any]
    values: Mapping[str, Any]
    axes: tuple[Axis, ...]
    conditions: Mapping[str, Expression]
    constraints: tuple[Expression, ...]
    stated: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    def located(self, problem: str) -> str:
        """Return a problem behind its place in the space's file."""
        return located(problem, self.places)

    def with_rules(
        self, axes: tuple[Axis, ...], conditions: Mapping[str, Expression], constraints: tuple[Expression, ...]
    ) -> "Space":
        """Return the space with its rules, and the axes with the values that they keep elsewhere."""
        return replace(self, axes=axes, conditions=conditions, constraints=constraints)

    @property
    def is_pair(self) -> bool:
        """Whether each design runs a low and a high effort."""
        return LOW_FRAC in self.values or LOW_FRAC in self.axis_names

    @property
    def axis_names(self) -> list[str]:
        """Names of the axes, outermost first."""
        return [axis.name for axis in self.axes]

    @property
    def size(self) -> int:
        """All combinations of values, before conditions and constraints."""
        total = 1
        for axis in self.axes:
            total *= len(axis)
        return total

    @property
    def results(self) -> dict[str, str]:
        """Columns of results -> unit."""
        return results_of(self.is_pair)

    @property
    def columns(self) -> dict[str, str]:
        """All columns of the table -> unit."""
        axes = {axis.name: unit_of(axis.name) for axis in self.axes}
        return {"point": "", **axes, **{name: row.unit for name, row in RESOURCES.items()}, **self.results}

    @property
    def descriptions(self) -> dict[str, str]:
        """What each column says."""
        of_axes = {axis.name: description_of(axis.name) for axis in self.axes}
        of_resources = {name: row.description for name, row in RESOURCES.items()}
        return {"point": "Number of the design among the samples.", **of_axes, **of_resources, **DESCRIPTIONS}

    def constant(self, name: str) -> Any:
        """Return a value that no axis varies."""
        if name in HARDWARE:
            return value_at(self.hw, name)
        return value_at(self.models[""], name.removeprefix("model."))

    def describe(self) -> dict[str, Any]:
        """Return everything that the results depend on, as plain JSON values."""
        axes = {a.name: [list(v) if isinstance(v, tuple) else v for v in a.values] for a in self.axes}
        return {
            "name": self.name,
            "options": dict(self.options),
            "values": dict(self.values),
            "axes": axes,
            "conditions": {name: rule.text for name, rule in self.conditions.items()},
            "constraints": [rule.text for rule in self.constraints],
            "hardware": self.hw.values(),
            "models": {key or "fixed": _described(model) for key, model in self.models.items()},
            "dram": _channels(self),
        }

    @property
    def input_hash(self) -> str:
        """16 hex digits over ``describe``."""
        return description_hash(self.describe())


def _described(model: VitModel) -> dict[str, Any]:
    return {name: value for name, value in model.described().items() if name != "source"}


def description_hash(description: Any) -> str:
    """Return 16 hex digits over what ``describe`` returned, also where it comes back from JSON."""
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()[:16]


def _channels(space: Space) -> dict[str, Any]:
    """Return what each DRAM channel that designs name says; its file may change under its name."""
    if space.options["memory"] != "hw":
        return {}
    names = next((a.values for a in space.axes if a.name == "memories.dram"), (space.hw.memories.dram,))
    found = {name: space.hw.replace({"memories.dram": name}).memories.dram_channel() for name in names}
    return {name: channel.model_dump() for name, channel in found.items() if channel is not None}
