"""Units of the programmable logic as synthesised, where ``placement`` asks for them.

Rows of synthesis.csv are for the rows of DeiT-S (197 scores, 384 channels) at some widths; between them lie straight
lines. A kind that no Verilog is written for has no count.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pivotsim.hardware.resources.recorded import HOW, SynthesisRow, curve_of
from pivotsim.hardware.spec import Hardware

# unit -> part of synthesis.csv
PARTS = {
    "softmax": "softmax",
    "gelu": "activation",
    "silu": "activation",
    "relu": "activation",
    "norm": "layer norm",
    "add": "residual addition",
}
COUNTS = ("dsp48e2", "lut", "ff", "bram36")


class UnitCount(NamedTuple):
    """What a unit takes: its lanes, DSPs, LUTs, flip-flops, block RAMs, and how they are known."""

    unit: str
    lanes: int
    dsp: int
    lut: int
    ff: int
    bram36: float
    how: str

    def __str__(self) -> str:
        amounts = f"{self.dsp} DSP, {self.lut:,} LUT, {self.ff:,} FF, {self.bram36:g} BRAM36"
        return f"{self.unit} of {self.lanes} lanes {amounts} ({self.how})"


def unit_counts(hw: Hardware, units: Iterable[str]) -> Iterator[UnitCount]:
    """Yield what synthesis counted of those units that are written, before place and route."""
    for unit in units:
        if unit in PARTS:
            lanes = getattr(hw.units, unit).elements_per_clock
            curves = [curve_of(PARTS[unit], _lanes, count) for count in COUNTS]
            dsp, lut, ff, brams = (float(curve.at(lanes)) for curve in curves)
            how = HOW[int(curves[0].how(lanes))]
            yield UnitCount(unit, lanes, round(dsp), round(lut), round(ff), round(2 * brams) / 2, how)


def _lanes(row: SynthesisRow) -> float:
    return row.parameters["LANES"]
