"""Units of the programmable logic as synthesised, where ``placement`` asks for them.

Rows of synthesis.csv are for the rows of DeiT-S (197 scores, 384 channels) at some widths; between and beyond them lie
straight lines. There is one of each unit, however many arrays there are. A kind that no Verilog is written for has no
count.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from pivotsim.hardware.resources.recorded import EXACT, HOW, Curve, SynthesisRow, curve_of, rows_of
from pivotsim.hardware.resources.structures.byte_memories import HALVES
from pivotsim.hardware.resources.structures.sizes import Structure, whole
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import OPERATIONS, PL

# unit, which is named as its kind of operation -> part of synthesis.csv
PARTS = {
    "softmax": "softmax",
    "gelu": "activation",
    "silu": "activation",
    "relu": "activation",
    "norm": "layer norm",
    "add": "residual addition",
}
BUILT_FOR = "rows of 197 scores and 384 channels"
PLACE, LANES = "placement.{}", "units.{}.elements_per_clock"
PLACES: dict[str, Sequence[str]] = {PLACE.format(unit): OPERATIONS[unit].places for unit in PARTS}
UNIT_PATHS = (*PLACES, *map(LANES.format, PARTS))


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
            one = _unit(unit, lanes)
            brams = int(one.half_brams) / HALVES
            yield UnitCount(unit, lanes, int(one.dsp), int(one.lut), int(one.ff), brams, HOW[int(one.how)])


def unit_structures(of: Callable[[str], Any]) -> Iterator[Structure]:
    """Yield the units that some of many designs place, of which those that do not have nothing.

    ``of`` gives a number, or a vector of them, by dotted path; a place is its number among those of its kind.
    """
    for unit in PARTS:
        placed = np.asarray(of(PLACE.format(unit))) == PLACES[PLACE.format(unit)].index(PL)
        if np.any(placed):
            one = _unit(unit, of(LANES.format(unit)))
            lut, ff, halves, dsp = (
                np.where(placed, amount, 0) for amount in (one.lut, one.ff, one.half_brams, one.dsp)
            )
            how = np.where(placed, one.how, EXACT)
            yield one._replace(lut=lut, ff=ff, half_brams=halves, dsp=dsp, how=how)


def unit_levels(name: str, lanes: int) -> int:
    """Return the levels of logic of the narrowest recorded unit that is as wide, else of the widest."""
    runs = sorted(rows_of(PARTS[name]), key=_lanes)
    return next((row.levels for row in runs if _lanes(row) >= lanes), runs[-1].levels)


def _unit(unit: str, lanes: Any) -> Structure:
    part = PARTS[unit]
    lut, ff, brams, dsp = (_curve(part, count).at(lanes) for count in ("lut", "ff", "bram36", "dsp48e2"))
    how = _curve(part, "lut").how(lanes)
    return Structure(f"{unit} unit", whole(lut), whole(ff), whole(HALVES * brams), how, shared=True, dsp=whole(dsp))


@cache
def _curve(part: str, count: str) -> Curve:
    return curve_of(part, _lanes, count)


def _lanes(row: SynthesisRow) -> float:
    return row.parameters["LANES"]
