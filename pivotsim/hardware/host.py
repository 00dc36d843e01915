"""The processor side as a hardware file states it: what operations cost on it, transfers, and what runs where."""

from typing import TYPE_CHECKING, Literal

from pydantic import create_model

from pivotsim.hardware.array import MAX_CLOCK_MHZ, MIN_CLOCK_MHZ
from pivotsim.io.specs import Spec, quantity
from pivotsim.operations import OPERATIONS, PS_KINDS

Profile = Literal["paper", "full"]
PsPlOverlap = Literal["serial", "heads", "images"]

PROFILES: tuple[str, ...] = ("paper", "full")
PS_PL_OVERLAPS: tuple[str, ...] = ("serial", "heads", "images")


class OpCost(Spec):
    """What one operation costs on one core of the processor side."""

    cycles_per_element: float = quantity("clocks", "Processor clocks per element.", ge=0, le=1e6)
    cycles_per_row: float = quantity("clocks", "Processor clocks per row on top.", ge=0, le=1e9)


class CallCost(Spec):
    """What every operation pays on the processor side."""

    call_us: float = quantity("us", "Per call: one per operation and encoder, all heads in one.", ge=0, le=1e6)


if TYPE_CHECKING:  # what each kind of operation adds is read by `of`
    CostOfEachKind = CallCost
    PlaceOfEachKind = Spec
else:
    CostOfEachKind = create_model(
        "CostOfEachKind",
        __base__=CallCost,
        **dict.fromkeys(PS_KINDS, (OpCost, ...)),
    )
    PlaceOfEachKind = create_model(
        "PlaceOfEachKind",
        __base__=Spec,
        **{kind: (Literal[row.places], quantity("", row.meaning)) for kind, row in OPERATIONS.items()},
    )


class HostCosts(CostOfEachKind):
    """One cost profile of the processor side, a field per kind; operations at zero are left out of the delay.

    ``sort`` is per element and level of the sort: an element of a row of n costs ceil(log2 n) times. ``entropy`` is
    no kind of operation: no trace holds it, effort combination adds it.
    """

    entropy: OpCost
    transfers: bool = quantity("", "Charge the transfers between programmable logic and processor.")

    def of(self, kind: str) -> OpCost:
        """Return the cost of a kind of operation that the processor can run."""
        cost: OpCost = getattr(self, kind)
        return cost


class TransferSpec(Spec):
    """Copies between the programmable logic and the processor's memory."""

    ports: int = quantity("", "High-performance ports in use.", ge=1, le=64)
    port_bytes_per_clock: int = quantity("B", "Bytes that a port moves in an array clock.", ge=1, le=4096)
    cache_ns_per_line: float = quantity("ns", "Cache clean or invalidate, per line.", ge=0, le=1e6)
    cache_line_bytes: int = quantity("B", "Cache line.", ge=1, le=65_536)


class HostSpec(Spec):
    """The processor side (PS)."""

    name: str = quantity("", "Processor.", min_length=1)
    clock_mhz: float = quantity("MHz", "Clock of a core.", ge=MIN_CLOCK_MHZ, le=MAX_CLOCK_MHZ)
    cores: int = quantity("", "Cores that share one operation.", ge=1, le=1024)
    multicore_efficiency_frac: float = quantity(
        "", "Speed-up over one core = cores * this, for two cores or more.", ge=0.01, le=1
    )
    ps_pl_overlap: PsPlOverlap = quantity("", "What runs on the PS while the PL works: nothing, heads, or images.")
    paper: HostCosts
    full: HostCosts
    transfer: TransferSpec


class PlacementSpec(PlaceOfEachKind):
    """Where each kind of operation runs: the array, a unit of the programmable logic (pl), the processor (ps)."""

    def of(self, kind: str) -> str:
        """Return the place of a kind of operation."""
        place: str = getattr(self, kind)
        return place
