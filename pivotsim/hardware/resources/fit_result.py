"""What a fit found: each resource beside its bound, and the verdict in words."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pivotsim.hardware.fold_overlaps import OverlapRegisters
from pivotsim.hardware.fpga.columns import Cascades
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.block_rams import MemoryBlocks, amount_text
from pivotsim.hardware.resources.parts import Part, demand_of
from pivotsim.io.documents import INHERITED
from pivotsim.units import INT64_MAX

if TYPE_CHECKING:
    from pivotsim.hardware.resources.synthesis import Synthesis

READ_FROM_VIVADO = "read from Vivado"
EXTRAPOLATED = "extrapolated"  # a mark: a part is larger than any that was recorded


@dataclass(frozen=True)
class ResourceFit:
    """One resource.

    Attributes
    ----------
    demand, bound, gap : int
        What the design takes, what the device has, and what is left of it; negative where it is missing. A demand of
        2**63 - 1 is one that nothing meets: a memory is unlimited.
    mark : str
        ``checked``: follows from a stated figure without a fitted constant; ``calibrated``: a constant is fitted to
        the published total; ``estimate``; or ``set by the user``. By synthesis: ``counted`` at recorded sizes or by an
        exact formula, ``interpolated`` between, or ``extrapolated`` beyond them, whichever part is worst. ``read from
        Vivado`` where the board has a report of this very design (``fpga.vivado``), which is preferred to both.
    levers : tuple of str
        What would lower the demand.
    parts : tuple of Part
        What takes it, and how much each.
    """

    resource: str
    demand: int
    bound: int
    gap: int
    unit: str
    fits: bool
    mark: str
    formula: str
    levers: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def demand_text(self) -> str:
        """The demand, with its mark where it is extrapolated."""
        return f"{amount_text(self.demand)}{f' [{EXTRAPOLATED}]' if self.mark == EXTRAPOLATED else ''}"

    @property
    def fits_but_for_extrapolated(self) -> bool:
        """Whether it suffices for all parts whose counts are not extrapolated."""
        known = demand_of(part for part in self.parts if part.formula != EXTRAPOLATED)
        return known <= min(self.bound, INT64_MAX - 1)  # no device has room for what is unlimited


@dataclass(frozen=True)
class Fit:
    """A design against its device: each resource, the block RAMs by memory, and what stands behind the numbers.

    ``inherited_from`` names the board whose device it is where the hardware's own file states none, '' else;
    ``bounds_of`` says whose counts are in use where a device is stated without its own, '' else. ``unknown`` names the
    parts that no demand has, ``left_out`` those of them that synthesis counted, ``cascades`` the chains of DSPs where
    the columns of the device are known. What ``synthesis`` counts of ``board`` is in the demands where ``counted_by``
    says so, else beside them.
    """

    hardware: str
    device: str
    resources: tuple[ResourceFit, ...]
    memories: tuple[MemoryBlocks, ...]
    overlap: OverlapRegisters
    notes: tuple[str, ...]
    inherited_from: str
    bounds_of: str
    unknown: tuple[str, ...]
    cascades: Cascades | None
    counted_by: str
    board: SystolicHardware = field(repr=False, compare=False)
    left_out: str = ""

    @cached_property
    def synthesis(self) -> "Synthesis":
        """What a tool counts of the Verilog that ships; it is worked out when it is asked for, and brings numpy."""
        from pivotsim.hardware.resources.synthesis import synthesis_of

        return synthesis_of(self.board)

    @property
    def device_text(self) -> str:
        """The device, marked where it is another board's."""
        if self.inherited_from:
            return f"{self.device} {INHERITED}{self.inherited_from}]"
        return f"{self.device} with {self.bounds_of}" if self.bounds_of else self.device

    @property
    def fits(self) -> bool:
        """Whether every resource suffices."""
        return all(r.fits for r in self.resources)

    @property
    def verdict(self) -> str:
        """Whether the design fits, in words: where counts beyond recorded sizes decide it, that is said with it."""
        missing = [r for r in self.resources if not r.fits]
        decides = (
            all(r.fits_but_for_extrapolated for r in missing)
            if missing
            else any(r.mark == EXTRAPOLATED for r in self.resources)
        )
        without = "" if missing or not self.left_out else f", without {self.left_out}"
        return (
            f"{'DOES NOT FIT' if missing else 'fits'}{without}{', by counts that are extrapolated' if decides else ''}"
        )

    def __getitem__(self, resource: str) -> ResourceFit:
        """Return one resource: dsp, bram36, lut, ff, or uram where it is counted."""
        return next(r for r in self.resources if r.resource == resource)

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as plain numbers and text."""
        return {
            "hardware": self.hardware,
            "device": self.device,
            **({"device_inherited_from": self.inherited_from} if self.inherited_from else {}),
            "fits": self.fits,
            "counted_by": self.counted_by,
            "resources": {
                r.resource: {**asdict(r), "levers": list(r.levers), "parts": [part._asdict() for part in r.parts]}
                for r in self.resources
            },
            "memories": {m.memory: m.to_dict() for m in self.memories},
            "overlap": self.overlap.to_dict(),
            "unknown_until_synthesised": list(self.unknown),
            "cascades": None if self.cascades is None else {**self.cascades._asdict(), "broken": self.cascades.broken},
            "synthesis": self.synthesis.to_dict(),
            "notes": list(self.notes),
        }
