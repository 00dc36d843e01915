"""What the structures of a design depend on, and a structure: for one design, or for vectors of designs."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.resources.recorded import EXACT, Curve, SynthesisRow, curve_of

OVERLAP = {name: code for code, name in enumerate(FOLD_OVERLAPS)}
MOST = float(2**50)  # a count beyond it is not told apart


class Sizes(NamedTuple):
    """What the structures of a design depend on: integers, or int64 arrays of one shape.

    ``os`` is 1 where sums stay in place, ``overlap`` the place of the fold overlap in ``FOLD_OVERLAPS``. ``lanes`` are
    the bytes that move in a clock, ``opmem_words`` the sums of a column in a half. A memory of 0 bytes is not there.
    ``bias_lanes`` are the bytes of biases that a drain's word takes, 0 without biases. ``ultra`` says which memories
    lie in UltraRAM, a bit each, as the parameter of that name does (rtl/verilog/accelerator/accelerator.v).
    """

    rows: Any
    cols: Any
    os: Any
    overlap: Any
    mac_latency: Any
    mac_packing: Any
    lanes: Any
    ipmem_bytes: Any
    wtmem_bytes: Any
    gb_bytes: Any
    opmem_words: Any
    opmem_halves: Any
    bias_lanes: Any
    ultra: Any


class Structure(NamedTuple):
    """A structure: its LUTs, flip-flops, half block RAMs and UltraRAM, int64 each, and how they are known.

    ``how`` is a place in ``recorded.HOW``. There is one of it for all arrays where ``shared``, else one for each.
    ``dsp`` are slices beside the array's.
    """

    name: str
    lut: Any
    ff: Any
    half_brams: Any
    how: Any
    urams: Any = 0
    shared: bool = False
    dsp: Any = 0


class Times(NamedTuple):
    """How many times a design has something, int64, and how that is known, a place in ``recorded.HOW``."""

    number: Any
    how: Any = EXACT


def once(_: Sizes) -> Times:
    """Return that a design has something once."""
    return Times(np.int64(1))


class Term(NamedTuple):
    """A term of what a structure takes: counts, as many times as a design has it.

    Counts depend on few sizes and how many times on others, so that many designs look both up in small tables.
    """

    structure: str
    counts: Callable[[Sizes], Structure]
    times: Callable[[Sizes], Times] = once


def in_slices(sizes: Sizes) -> Any:
    """Return whether all of an element but passing operands lies in a DSP48E2 slice, its own or one of two columns."""
    overlap = np.asarray(sizes.overlap)
    return (np.asarray(sizes.os) == 0) & ((overlap == OVERLAP["none"]) | (overlap == OVERLAP["settled"]))


def bits_of(count: Any) -> Any:
    """Return the bits that tell so many things apart, at least one; exact below 2**53."""
    _, exponent = np.frexp(np.maximum(np.asarray(count, dtype=np.float64) - 1.0, 1.0))
    return exponent.astype(np.int64)


def whole(amount: Any) -> Any:
    """Return an amount rounded up to a whole number, int64."""
    return np.ceil(np.minimum(amount, MOST) - 1e-6).astype(np.int64)


def on_curve(name: str, size: Any, part: str, of: Callable[[SynthesisRow], float]) -> Structure:
    """Return a structure whose counts lie on curves over one size."""
    lut, ff = (_curve_of(part, of, count) for count in ("lut", "ff"))
    found = whole(lut.at(size))
    return Structure(name, found, whole(ff.at(size)), 0 * found, lut.how(size))


@cache
def _curve_of(part: str, of: Callable[[SynthesisRow], float], count: str) -> Curve:
    return curve_of(part, of, count)
