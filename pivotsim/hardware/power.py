"""Power of a board: one constant, and where they are known constants per component with their ranges and fit."""

from collections.abc import Iterator

from pivotsim.errors import got
from pivotsim.io.specs import Spec, quantity
from pivotsim.units import INT64_MAX

COSTS_UP_TO_PJ = 1e9


class ActivityCosts(Spec):
    """One set of constants of the `activity` energy rule."""

    ps_idle_w: float = quantity("W", "Processor side, always.", ge=0, le=1e6)
    ps_active_w: float = quantity("W", "Each busy core on top, while an operation runs there.", ge=0, le=1e6)
    pl_static_w: float = quantity("W", "Leakage of the programmable logic, always.", ge=0, le=1e6)
    pe_array_pj_per_mac: float = quantity("pJ", "Each multiply-accumulate.", ge=0, le=COSTS_UP_TO_PJ)
    sram_pj_per_byte: float = quantity(
        "pJ", "Each byte written to or read from an on-chip memory.", ge=0, le=COSTS_UP_TO_PJ
    )
    dram_pj_per_byte: float = quantity("pJ", "Each byte moved to or from DRAM.", ge=0, le=COSTS_UP_TO_PJ)
    periphery_w: float = quantity("W", "What the board's power leaves beside the rest, always.", ge=0, le=1e6)


class FittedOn(Spec):
    """The run, and its counts, on which the periphery's constant is the residual."""

    power_w: float = quantity("W", "Mean power that the run is to have.", ge=1e-6, le=1e6)
    delay_ms: float = quantity("ms", "Delay of the run.", ge=1e-6, le=1e12)
    ps_core_ms: float = quantity("ms", "Processor time multiplied by busy cores.", ge=0, le=1e12)
    macs: int = quantity("", "Multiply-accumulates.", ge=0, le=INT64_MAX)
    sram_bytes: int = quantity("B", "Bytes written to and read from on-chip memories.", ge=0, le=INT64_MAX)
    dram_bytes: int = quantity("B", "Bytes moved to and from DRAM.", ge=0, le=INT64_MAX)


class ActivitySpec(Spec):
    """Constants of the `activity` energy rule: defaults, the range of each, and the fit of the residual."""

    default: ActivityCosts
    low: ActivityCosts
    high: ActivityCosts
    fitted_on: FittedOn

    def disorder(self) -> Iterator[str]:
        """Yield 'constant: problem' for each constant that does not lie within its own range."""
        for name in ActivityCosts.model_fields:
            low, default, high = (getattr(costs, name) for costs in (self.low, self.default, self.high))
            if not low <= default <= high:
                bounds = f"low.{name} to high.{name}, {low:g} to {high:g}"
                yield f"default.{name}: must lie within its range {bounds} {got(default)}"


class PowerSpec(Spec):
    """Power of the whole board."""

    board_w: float = quantity("W", "Power while an inference runs, the `constant` energy rule.", ge=1e-6, le=1e6)


class ComponentPowerSpec(PowerSpec):
    """Power of the whole board, and of its components."""

    activity: ActivitySpec
