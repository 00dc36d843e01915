"""The board with systolic arrays, usually one: array, memories, FPGA, beside what all boards have."""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from pivotsim.errors import InputError, got
from pivotsim.hardware.array import ArraySpec, unpackable
from pivotsim.hardware.calls import CallsSpec
from pivotsim.hardware.fpga.dsp import DSP_KINDS
from pivotsim.hardware.fpga.spec import FpgaSpec
from pivotsim.hardware.memory import MemorySpec
from pivotsim.hardware.power import ComponentPowerSpec
from pivotsim.hardware.sourced import SourcedSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.io.specs import quantity

INT8_BITS = 8


class SystolicHardware(Hardware):
    """A board with one systolic array, or several alike, and one processor side."""

    compute: ClassVar[str] = "array"

    kind: Literal["systolic"] = quantity("", "Selects this schema.")
    array: ArraySpec
    memories: MemorySpec
    calls: CallsSpec = Field(default=CallsSpec(), description="Waits for the driver.")
    power: ComponentPowerSpec
    fpga: FpgaSpec

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Values whose sources are printed with every run."""
        return ("array.fold_overlap", "array.edge", "array.mac_latency", *self.calls.paths())

    @property
    def clock_mhz(self) -> float:
        """Clock of the array."""
        return self.array.clock_mhz

    @property
    def pes(self) -> int:
        """Processing elements of all arrays, one multiply-accumulate each."""
        return self.array.count * self.array.rows * self.array.cols

    @property
    def slices_across(self) -> int:
        """DSP slices of one row of one array: a slice holds ``mac_packing`` columns, the last perhaps fewer."""
        return -(-self.array.cols // self.array.mac_packing)

    @property
    def operand_bits(self) -> int:
        """Widest operand that a PE multiplies."""
        return self.array.operand_bits

    @property
    def packs_operands(self) -> bool:
        """Operands move as the bits that their operation states."""
        return True

    @model_validator(mode="after")
    def _constants_within_their_ranges(self) -> Self:
        for problem in self.power.activity.disorder():
            raise ValueError(f"power.activity.{problem}")
        return self

    @model_validator(mode="after")
    def _columns_may_share_slices(self) -> Self:
        if self.packing_problem:
            raise ValueError(self.packing_problem)
        return self

    @property
    def slices_problem(self) -> str:
        """Why no two products share a slice of this device, whatever ``mac_packing`` is; '' where they may."""
        kind, slices = DSP_KINDS[self.fpga.dsp_kind], self.fpga.dsp_kind
        if not kind.packed_rows:
            return f"a {slices}, whose multiplier takes {kind.multiplier[0]} bits, holds no two int8 operands"
        if self.array.operand_bits > INT8_BITS:
            return f"only 8-bit operands pack (array.operand_bits {self.array.operand_bits})"
        return ""

    @property
    def packing_problem(self) -> str:
        """Why columns do not share slices as the board states; '' where they may, or do not."""
        packing = self.array.mac_packing
        if packing == 1:
            return ""
        if self.slices_problem:
            return f"array.mac_packing: {self.slices_problem} {got(packing)}"
        problem = unpackable(packing, self.array.dataflow, self.array.cols)
        return problem and f"array.{problem}"

    def linked(self) -> Mapping[str, SourcedSpec]:
        """Return the DRAM channel that the memories name; none under `bandwidth`."""
        channel = self.memories.dram_channel()
        return {} if channel is None else {"memories.dram": channel}

    def without_memory_limits(self) -> Self:
        """Return a copy with unlimited memories, what `memory: paper` means; sources stay those of the board."""
        units = self.units.model_copy(update={"memory_bytes": 0})
        return self.model_copy(update={"memories": self.memories.unlimited(), "units": units})

    @property
    def derived(self) -> dict[str, tuple[float, str, str]]:
        """Peaks that follow from the values: name -> (value, unit, formula)."""
        factors = "array.rows * array.cols" if self.array.count == 1 else "array.count * array.rows * array.cols"
        pes: tuple[float, str, str] = (self.pes, "PEs", factors)
        return {"pes": pes, **super().derived, **self._derived_of_processor()}

    def _derived_of_processor(self) -> dict[str, tuple[float, str, str]]:
        host = self.host
        if host is None:
            return {}
        ports = host.transfer.ports * host.transfer.port_bytes_per_clock
        ns_per_clock = 1e3 / host.clock_mhz
        return {
            "transfer_gb_per_s": (ports * self.clock_mhz * 1e-3, "GB/s", "ports * bytes per clock * array.clock_mhz"),
            "softmax_paper_ns": (host.paper.of("softmax").cycles_per_element * ns_per_clock, "ns per element", "paper"),
            "softmax_full_ns": (host.full.of("softmax").cycles_per_element * ns_per_clock, "ns per element", "full"),
        }


def as_systolic(hw: Hardware, what: str) -> SystolicHardware:
    """Return a board that has a systolic array, or raise InputError for one that has none."""
    if not isinstance(hw, SystolicHardware):
        raise InputError(f"{what}: needs hardware of kind 'systolic', '{hw.name}' has no such array {got(hw.kind)}")
    return hw
