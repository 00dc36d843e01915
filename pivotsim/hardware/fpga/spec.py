"""An FPGA's resources, and how a design uses them."""

import re
from typing import Literal

from pydantic import field_validator, model_validator
from pydantic_core import PydanticCustomError

from pivotsim.errors import got
from pivotsim.hardware.fpga.columns import NOT_STATED, PATTERN
from pivotsim.hardware.fpga.dsp import DSP_KINDS
from pivotsim.io.specs import Spec, quantity
from pivotsim.units import INT64_MAX

DspKindName = Literal["DSP48E1", "DSP48E2", "DSP58"]


class UseSpec(Spec):
    """How a design's resources follow from its array; its memories follow from their sizes and ports."""

    int8_packing: bool = quantity("", "Two int8 multiply-accumulates share one DSP.")
    lut_per_pe: float = quantity("LUTs", "Look-up tables of one PE.", ge=0, le=1e6)
    ff_per_pe: float = quantity("FFs", "Flip-flops of one PE.", ge=0, le=1e6)
    ff_fixed: int = quantity("FFs", "Flip-flops beside the PEs.", ge=0, le=INT64_MAX)
    bram36_fixed: int = quantity("BRAM36", "Block RAMs beside the memories: transfer FIFOs.", ge=0, le=INT64_MAX)
    uram_from_bytes: int = quantity(
        "B",
        "Memories of this size or larger are built of UltraRAM; 0 builds none of it.",
        ge=0,
        le=INT64_MAX,
        default=0,
    )


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

    @field_validator("dsp_columns")
    @classmethod
    def _heights_and_counts(cls, value: str) -> str:
        if not re.fullmatch(PATTERN, value):
            raise PydanticCustomError("dsp_columns", "heights x counts")
        return value

    @model_validator(mode="after")
    def _two_products_fit_in_a_slice(self) -> "FpgaSpec":
        kind = DSP_KINDS[self.dsp_kind]
        if self.use.int8_packing and not kind.packed_rows:
            bits = kind.multiplier[0]
            text = f"a {self.dsp_kind}, whose multiplier takes {bits} bits, holds no two int8 operands"
            raise ValueError(f"use.int8_packing: {text} {got(True)}")
        return self
