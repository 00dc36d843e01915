"""Designs that run together: they agree on every axis but those along which their strategy takes vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pivotsim.dse.evaluation.admission import NOT_VALID, Designs
from pivotsim.dse.evaluation.cache import Cache, DesignBuilder, Work
from pivotsim.dse.space.axis_kinds import HARDWARE
from pivotsim.dse.space.definition import Space
from pivotsim.energy.usage import Usage
from pivotsim.engines.array.designs import VECTOR_FIELDS
from pivotsim.engines.array.many_designs import coded_columns, column_codes, unpackable_designs
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.kernels.types import DesignColumns
from pivotsim.units import IntArray

DOES_NOT_FIT = "does not fit the memories"
REASONS = ("", NOT_VALID, DOES_NOT_FIT)  # why a design has no costs, by code


Costs = tuple[Any, Usage]  # PL clocks, and what an energy rule charges: numbers or vectors


class DoesNotFitError(InputError):
    """A multiplication has a unit that no buffer holds."""


class Context:
    """State that the groups of one space share; results of multiplications are kept between calls."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.builder = DesignBuilder(space)
        self.gemms, self.memories = Cache(), Cache()

    @cached_property
    def codes(self) -> dict[str, IntArray]:
        """Array axis -> the kernel's code of each of its values."""
        fields = {f"array.{field}": field for field in VECTOR_FIELDS}
        return {axis.name: column_codes(fields[axis.name], axis.column)
                for axis in self.space.axes if axis.name in fields}  # fmt: skip


@dataclass
class DesignGroup:
    """Members of some designs, and the values that they agree on; ``reasons`` (members,) holds codes of REASONS."""

    context: Context
    designs: Designs
    members: Any
    values: dict[str, Any]

    def __post_init__(self) -> None:
        self.reasons = np.zeros(len(self.designs.numbers[self.members]), dtype=np.int8)

    def __len__(self) -> int:
        return len(self.reasons)

    @cached_property
    def hw(self) -> SystolicHardware:
        """The hardware with the values that all agree on."""
        return self.context.builder.hardware(self.values)

    @cached_property
    def works(self) -> list[Work]:
        """The work of the only effort, or of the low and the high one."""
        own = {name: value for name, value in self.values.items() if name not in HARDWARE}
        return self.context.builder.efforts(own, self.hw)

    def column(self, name: str) -> Any:
        """Return an axis' values."""
        return self.designs.column(name)[self.members]

    def arrays(self) -> DesignColumns:
        """Return the arrays as the kernels read them: vectors, of length 1 if no axis is theirs."""
        columns = {}
        for name, codes in self.context.codes.items():
            is_number = self.designs.column(name).dtype == np.int64  # numbers are their own codes
            columns[name.removeprefix("array.")] = (
                self.column(name) if is_number else codes[self.designs.places[name][self.members]]
            )
        found = coded_columns(self.hw.array, columns)
        self._drop_unpackable(found)
        return found

    def _drop_unpackable(self, designs: DesignColumns) -> None:
        """Drop members whose columns cannot share slices: their dataflow, operands, slices or number forbid it."""
        packed = np.broadcast_to(designs.mac_packing > 1, len(self))
        if not packed.any():
            return
        problem = self.hw.slices_problem
        found = [(packed, f"mac_packing: {problem} {got(2)}")] if problem else unpackable_designs(designs)
        for which, told in found:
            if which.any():
                self.drop(np.broadcast_to(which, len(self)), InputError(f"array.{told}"))

    def places(self, names: Sequence[str]) -> list[IntArray]:
        """Return the members' places on some axes."""
        return [self.designs.places[name][self.members] for name in names]

    def drop(self, which: Any, error: InputError) -> None:
        """Drop members, by mask or slice, that cannot run."""
        code = REASONS.index(DOES_NOT_FIT if isinstance(error, DoesNotFitError) else NOT_VALID)
        self.reasons[which] = code
        self.designs.examples.setdefault(REASONS[code], error.problems[0])
