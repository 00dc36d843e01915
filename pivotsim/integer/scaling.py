"""Scales between integer grids: a multiplication and a shift (Jacob et al., CVPR 2018, section 2.2).

    rescale(x) = (x * multiplier + 2^(shift - 1)) >> shift, then saturated

A half is rounded up, as AMD's AP_RND does (UG1399); where nothing is shifted there is no half. gemmlowp rounds a half
away from zero, ONNX' QuantizeLinear to even. A multiplier of 16 bits whose first bit is set is within 2^-16 of the real
factor, relative.
"""

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from pivotsim.errors import InputError, got

Integers: TypeAlias = Any  # an ndarray of the integer type that the docstring says

MULTIPLIER_BITS = 16
MAX_SHIFT = 62
_LEAST = 1 << (MULTIPLIER_BITS - 1)


class Scale(NamedTuple):
    """A factor ``multiplier / 2^shift``: multiplier 0 or 2^15 to 2^16 - 1, shift 0 to 62."""

    multiplier: int
    shift: int

    @property
    def real(self) -> float:
        """The factor itself."""
        return math.ldexp(self.multiplier, -self.shift)


ONE = Scale(_LEAST, MULTIPLIER_BITS - 1)  # leaves what is rescaled as it is


def scale_of(real: float) -> Scale:
    """Return the scale nearest to a factor.

    Parameters
    ----------
    real : float
        At least 0 and below 2^16. Below 2^-47 it is zero: it would bring every int32 there.

    Raises
    ------
    InputError
        A factor that no scale states.

    Examples
    --------
    0.1 = 52429 / 2^19, within 2^-17 of it.

    >>> scale_of(0.1), scale_of(1.0), scale_of(0.0)
    (Scale(multiplier=52429, shift=19), Scale(multiplier=32768, shift=15), Scale(multiplier=0, shift=0))
    """
    if not (math.isfinite(real) and 0 <= real < (1 << MULTIPLIER_BITS) - 0.5):
        raise InputError(f"scale: at least 0 and below 65535.5 is expected {got(real)}")
    if real < math.ldexp(1, MULTIPLIER_BITS - 1 - MAX_SHIFT):
        return Scale(0, 0)
    fraction, exponent = math.frexp(real)  # real = fraction * 2^exponent, fraction in [0.5, 1)
    multiplier = math.floor(math.ldexp(fraction, MULTIPLIER_BITS) + 0.5)
    if multiplier >> MULTIPLIER_BITS:
        multiplier, exponent = _LEAST, exponent + 1
    return Scale(multiplier, MULTIPLIER_BITS - exponent)


def power_of_two(shift: int) -> Scale:
    """Return the scale 2^-shift: a shift to the right alone, shift 0 to 47.

    >>> rescale(np.array([-3, -2, 1, 2, 3, 1000]), power_of_two(1))
    array([ -1,  -1,   1,   1,   2, 127], dtype=int8)
    """
    return Scale(_LEAST, shift + MULTIPLIER_BITS - 1)


def rescale(x: Integers, scale: Scale, bits: int = 8) -> Integers:
    """Return integers on another grid: multiplied, shifted with a half rounded up, saturated.

    Parameters
    ----------
    x : ndarray
        Integers of at most 33 bits: a sum of int32 and its bias. Any shape.
    scale : Scale
    bits : {8, 16, 32}
        Of what is returned.

    Returns
    -------
    ndarray
        int8, int16 or int32 of x's shape: within 0.5 + 2^-16 * |x * real| of x * real, where it is not saturated.

    Examples
    --------
    >>> rescale(np.array([3, -3, 10_000]), scale_of(0.5))
    array([  2,  -1, 127], dtype=int8)
    """
    half = 1 << (scale.shift - 1) if scale.shift else 0
    moved = (np.asarray(x).astype(np.int64) * scale.multiplier + half) >> scale.shift
    return saturated(moved, bits)


def saturated(x: Integers, bits: int) -> Integers:
    """Return integers as int8, int16 or int32, those out of range as its ends.

    >>> saturated(np.array([-200, 5, 127, 128]), 8)
    array([-128,    5,  127,  127], dtype=int8)
    """
    most = (1 << (bits - 1)) - 1
    return np.clip(x, -most - 1, most).astype(f"int{bits}")
