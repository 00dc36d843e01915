"""An FPGA's resources, and those that one design takes."""

from pivotsim.io.specs import Spec, quantity
from pivotsim.units import INT64_MAX


class UseSpec(Spec):
    """How a design's resources follow from its array; its memories follow from their sizes and ports."""

    int8_packing: bool = quantity("", "Two int8 multiply-accumulates share one DSP.")
    lut_per_pe: float = quantity("LUTs", "Look-up tables of one PE.", ge=0, le=1e6)
    ff_per_pe: float = quantity("FFs", "Flip-flops of one PE.", ge=0, le=1e6)
    ff_fixed: int = quantity("FFs", "Flip-flops beside the PEs.", ge=0, le=INT64_MAX)
    bram36_fixed: int = quantity("BRAM36", "Block RAMs beside the memories: transfer FIFOs.", ge=0, le=INT64_MAX)


class FpgaSpec(Spec):
    """What the device has, and how a design uses it."""

    device: str = quantity("", "Part.", min_length=1)
    dsp: int = quantity("", "DSP48E2 slices.", ge=0, le=INT64_MAX)
    bram36: int = quantity("", "Block RAMs of 36 Kb.", ge=0, le=INT64_MAX)
    lut: int = quantity("", "Look-up tables.", ge=0, le=INT64_MAX)
    ff: int = quantity("", "Flip-flops.", ge=0, le=INT64_MAX)
    use: UseSpec
