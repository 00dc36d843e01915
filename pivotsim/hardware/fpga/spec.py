"""An FPGA's resources, and how a design uses them."""

import re
from typing import Literal

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from pivotsim.hardware.fpga.columns import NOT_STATED, PATTERN
from pivotsim.io.specs import NONE, ONE_LINE, Spec, quantity
from pivotsim.units import INT64_MAX

CountedBy = Literal["fitted", "synthesis"]
DspKindName = Literal["DSP48E1", "DSP48E2", "DSP58"]


class UseSpec(Spec):
    """How a design's resources follow from its array; its memories follow from their sizes and ports."""

    counted_by: CountedBy = quantity(
        "", "`synthesis`: structures of the Verilog that ships; `fitted`: the constants below, fitted to one paper.",
        default="synthesis",
    )  # fmt: skip
    lut_per_pe: float = quantity("LUTs", "Look-up tables of one PE, under `fitted`.", ge=0, le=1e6)
    ff_per_pe: float = quantity("FFs", "Flip-flops of one PE, under `fitted`.", ge=0, le=1e6)
    ff_fixed: int = quantity("FFs", "Flip-flops beside the PEs, under `fitted`.", ge=0, le=INT64_MAX)
    bram36_fixed: int = quantity("BRAM36", "Block RAMs beside the memories, under `fitted`.", ge=0, le=INT64_MAX)
    uram_from_bytes: int = quantity(
        "B",
        "Memories of this size or larger are built of UltraRAM; 0 builds none of it.",
        ge=0,
        le=INT64_MAX,
        default=0,
    )


class VivadoSpec(Spec):
    """What Vivado reports of a design that was built: `measure vivado` writes it, and `fit` prefers it.

    It holds for that design alone: ``design`` states what its counts depend on.
    """

    report: str = quantity("", "The report's file.", pattern=ONE_LINE)
    tool: str = quantity("", "Version of Vivado.", pattern=ONE_LINE)
    state: str = quantity("", "Of the design, such as Synthesized or Routed.", pattern=ONE_LINE)
    design: str = quantity("", "The values that its counts depend on, path=value.", pattern=ONE_LINE)
    dsp: int = quantity("", "DSP slices.", ge=0, le=INT64_MAX)
    lut: int = quantity("LUTs", "Look-up tables.", ge=0, le=INT64_MAX)
    ff: int = quantity("FFs", "Flip-flops.", ge=0, le=INT64_MAX)
    bram36: float = quantity("BRAM36", "Block RAMs; one of 18 Kb is a half.", ge=0, le=1e9, multiple_of=0.5)
    uram: int = quantity("", "UltraRAM blocks.", ge=0, le=INT64_MAX, default=0)
    wns_ns: float | None = quantity("ns", "Worst negative slack of its timing report.", ge=-1e6, le=1e6, default=None)


class FpgaSpec(Spec):
    """What the device has, and how a design uses it."""

    device: str = quantity("", "Part.", min_length=1)
    dsp: int = quantity("", "DSP slices.", ge=0, le=INT64_MAX)
    bram36: int = quantity("", "Block RAMs of 36 Kb.", ge=0, le=INT64_MAX)
    lut: int = quantity("", "Look-up tables.", ge=0, le=INT64_MAX)
    ff: int = quantity("", "Flip-flops.", ge=0, le=INT64_MAX)
    uram: int = quantity("", "UltraRAM blocks of 288 Kb.", ge=0, le=INT64_MAX, default=0)
    dsp_kind: DspKindName = quantity("", "Kind of DSP slice.", default="DSP48E2")
    dsp_columns: str = quantity(
        "", "Columns of DSPs, height x count, as in 168 x 11, 96 x 7; one ends at the border of a die.",
        default=NOT_STATED,
    )  # fmt: skip
    clock_regions: int = quantity(
        "", "Clock regions from bottom to top; 0 where it is unknown.", ge=0, le=1000, default=0
    )
    slrs: int = quantity("", "Dies side by side (super logic regions).", ge=1, le=64, default=1)
    hbm_bytes: int = quantity("B", "High-bandwidth memory in the package.", ge=0, le=INT64_MAX, default=0)
    use: UseSpec
    vivado: VivadoSpec | None = quantity("", "What Vivado reports of the design, or none.", default=None)

    @field_validator("vivado", mode="before")
    @classmethod
    def _none_is_a_word(cls, value: object) -> object:
        return None if value == NONE else value

    @field_validator("dsp_columns")
    @classmethod
    def _heights_and_counts(cls, value: str) -> str:
        if not re.fullmatch(PATTERN, value):
            raise PydanticCustomError("dsp_columns", "heights x counts")
        return value
