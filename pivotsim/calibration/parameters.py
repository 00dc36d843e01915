"""The constants of a board that measurements may set, a row of data each.

Every measured time is linear in the parameters, and their product with that of the cores' efficiency, once the array's
clock and the efficiency are turned over: a time falls with 1 / clock. What a parameter's value is on the board follows
from it by the same turn.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pivotsim.engines.base import PAPER
from pivotsim.hardware.calls import MAX_US
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.power import ComponentPowerSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.io.spec_values import leaves, value_at
from pivotsim.operations import PS_KINDS

EFFICIENCY = "host.multicore_efficiency_frac"
BOARD_W = "power.board_w"
PERIPHERY_W = "power.activity.default.periphery_w"
COSTS = ("cycles_per_element", "cycles_per_row")  # of one kind of operation
LARGEST = 1e9


class Parameter(NamedTuple):
    """A constant: its dotted path, its unit, whether times depend on 1 / value, and the bounds of its value."""

    path: str
    unit: str
    is_inverse: bool = False
    low: float = 0.0
    high: float = LARGEST

    def parameter_of(self, value: float) -> float:
        """Return what times are linear in."""
        return 1 / value if self.is_inverse else value

    def value_of(self, parameter: float) -> float:
        """Return the board's value within its bounds."""
        value = 1 / parameter if self.is_inverse and parameter > 0 else self.high if self.is_inverse else parameter
        return min(max(value, self.low), self.high)

    @property
    def kind(self) -> str:
        """The kind of operation whose cost it is, '' of what is no such cost."""
        group, _, leaf = self.path.rpartition(".")
        return group.rpartition(".")[2] if leaf in COSTS else ""

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest of what times are linear in."""
        if self.is_inverse:
            return 1 / self.high, 1 / self.low
        return self.low, self.high


def time_parameters(hw: Hardware, profile: str, memory: str) -> tuple[Parameter, ...]:
    """Return the constants that times depend on: costs of the processor under a profile, transfers, calls, the clock.

    Calls of a driver are found where the board states that they take time, be it a guess.
    The clock of the programmable logic is one where memories are unlimited; behind memories times are not linear in it.
    """
    units = {path: unit for path, unit, _ in leaves(hw)}
    return tuple(
        Parameter(path, units[path], is_inverse, low, high)
        for path, is_inverse, low, high in _time_parameters(hw, profile, memory)
        if path in units
    )


def _time_parameters(hw: Hardware, profile: str, memory: str) -> Iterator[tuple[str, bool, float, float]]:
    if hw.host is not None:
        prefix = f"host.{profile}"
        for kind in (*PS_KINDS, "entropy"):
            for leaf, high in zip(COSTS, (1e6, 1e9), strict=True):
                yield f"{prefix}.{kind}.{leaf}", False, 0.0, high
        yield f"{prefix}.call_us", False, 0.0, 1e6
        yield "host.transfer.cache_ns_per_line", False, 0.0, 1e6
        yield EFFICIENCY, True, 0.01, 1.0
    if isinstance(hw, SystolicHardware):  # of a driver that the board knows to cost time
        yield from ((path, False, 0.0, MAX_US) for path in hw.calls.paths())
    if memory == PAPER:
        yield f"{hw.compute}.clock_mhz", True, 0.001, 1e5


def power_parameters(hw: Hardware) -> tuple[Parameter, ...]:
    """Return the constants of the power: the whole board's, and what its components leave of it."""
    paths = (BOARD_W, PERIPHERY_W) if isinstance(hw.power, ComponentPowerSpec) else (BOARD_W,)
    return tuple(Parameter(path, "W", low=1e-6 if path == BOARD_W else 0.0, high=1e6) for path in paths)


def value_on(hw: Hardware, parameter: Parameter) -> float:
    """Return the value that a board states."""
    return float(value_at(hw, parameter.path))
