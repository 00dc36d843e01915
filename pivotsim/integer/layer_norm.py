"""LayerNorm of an int16 residual stream: exact sums, one square root and one division a row.

    S = sum of x,  Q = sum of x^2,  W = n Q - S^2 + epsilon           exact: n^2 (variance + eps), below 2^55
    mean = (S * inverse + 2^(b-9)) >> (b - 8),  b = 24 + bits          in steps of 2^-8; inverse = round(2^b / n)
    e = floor((length of W in bits - 31) / 2)                          so that W / 4^e has 31 or 32 bits
    root = floor(sqrt(floor(W / 4^e))),  r = floor(2^31 / root)        16 bits; 2^15 to 2^16
    z = (256 x - mean) * r / 2^(27 + e - bits), a half rounded up      normalised, times 2^bits / n, in steps of 2^-12
    y = (z * multiplier + addend) / 2^shift, a half rounded up         saturated to int8

n channels lie in (2^(bits-1), 2^bits]. gamma, out_scale and n / 2^bits are folded into a multiplier of 16 bits a
channel, beta and out_scale into an addend of 32 bits. I-BERT (Kim et al., ICML 2021, section 3.5) takes the root by
Newton steps as well as the integer part of the standard deviation; here the root keeps 16 significant bits of any row.
"""

import math
from typing import NamedTuple

import numpy as np

from pivotsim.errors import InputError, got, shape_text
from pivotsim.integer.scaling import Integers, saturated

MAX_CHANNELS = 4096
MEAN_BITS = 8  # of the mean's fraction
FRACTION_BITS = 12  # of what is normalised
INVERSE_BITS = 24
_MAX_SHIFT = 31


class LayerNorm(NamedTuple):
    """Constants of a LayerNorm: of its length (``bits``, ``inverse``, ``epsilon``), and of each channel.

    ``multiplier`` int32 (n,) of 16 bits, ``addend`` int64 (n,) of 32 bits; ``shift`` is theirs.
    """

    bits: int
    inverse: int
    epsilon: int
    multiplier: Integers
    addend: Integers
    shift: int


def layer_norm_constants(gamma: Integers, beta: Integers, eps: float, in_scale: float, out_scale: float) -> LayerNorm:
    """Return the integers of a LayerNorm.

    Parameters
    ----------
    gamma, beta : ndarray
        float (n,), n from 1 to 4096.
    eps : float
        Added to the variance.
    in_scale, out_scale : float
        Real value of a step of the stream and of what goes.

    Raises
    ------
    InputError
        A shape or a scale that has no such constants.
    """
    gamma, beta = np.asarray(gamma, dtype=np.float64), np.asarray(beta, dtype=np.float64)
    if gamma.ndim != 1 or gamma.shape != beta.shape or not 1 <= gamma.size <= MAX_CHANNELS:
        expected = f"two vectors of one length, 1 to {MAX_CHANNELS}, are expected"
        shapes = f"(got {shape_text(gamma.shape)} and {shape_text(beta.shape)})"
        raise InputError(f"gamma and beta: {expected} {shapes}")
    for name, scale in (("in_scale", in_scale), ("out_scale", out_scale)):
        if not (math.isfinite(scale) and scale > 0):
            raise InputError(f"{name}: more than 0 is expected {got(scale)}")
    n = gamma.size
    bits = (n - 1).bit_length()
    if not 0 <= n * n * eps / in_scale**2 < 2**54:
        raise InputError(f"eps: at least 0 is expected, and n^2 eps below 2^54 steps of the stream {got(eps)}")
    factors = gamma / out_scale * n / 2 ** (bits + FRACTION_BITS)
    offsets = beta / out_scale
    shift = min(_shift_of(factors, 15), _shift_of(offsets, 31), _MAX_SHIFT)
    if shift < 0:
        raise InputError(f"out_scale: too small for gamma and beta {got(out_scale)}")
    return LayerNorm(
        bits, round(2 ** (INVERSE_BITS + bits) / n), max(1, round(n * n * eps / in_scale**2)),
        np.floor(np.ldexp(factors, shift) + 0.5).astype(np.int32),
        np.floor(np.ldexp(offsets, shift) + 0.5).astype(np.int64), shift,
    )  # fmt: skip


def _shift_of(values: Integers, bits: int) -> int:
    """Return the most places that all values may move left and stay below 2^bits when they are rounded."""
    most = float(np.abs(values).max())
    shift = bits - math.frexp(most)[1] if most else _MAX_SHIFT
    return shift - (math.floor(math.ldexp(most, shift) + 0.5) >> bits)


def normalised(x: Integers, constants: LayerNorm) -> Integers:
    """Return the normalised rows, along the last axis.

    Parameters
    ----------
    x : ndarray
        int16 (..., n).
    constants : LayerNorm
        Of n channels.

    Returns
    -------
    ndarray
        int8 of the same shape.

    Examples
    --------
    1, 2, 3, 6 have mean 3 and variance 3.5; out by steps of 1/32.

    >>> one = layer_norm_constants(np.ones(4), np.zeros(4), 0.0, 1.0, 1 / 32)
    >>> normalised(np.array([1, 2, 3, 6], dtype=np.int16), one)
    array([-34, -17,   0,  51], dtype=int8)
    """
    wide = np.asarray(x).astype(np.int64)
    n, b = wide.shape[-1], INVERSE_BITS + constants.bits
    sums = wide.sum(axis=-1, keepdims=True)
    w = n * (wide * wide).sum(axis=-1, keepdims=True) - sums * sums + constants.epsilon
    mean = _rounded(sums * constants.inverse, b - MEAN_BITS)
    e = (bit_length(w) - 31) >> 1
    root = _root(np.where(e >= 0, w >> (2 * np.maximum(e, 0)), w << (-2 * np.minimum(e, 0))))
    z = _rounded(((wide << MEAN_BITS) - mean) * ((1 << 31) // root), 27 + e - constants.bits)
    return saturated(_rounded(z * constants.multiplier + constants.addend, constants.shift), 8)


def bit_length(x: Integers) -> Integers:
    """Return the length of each integer in bits: int64 below 2^62, of any shape.

    >>> bit_length(np.array([0, 1, 2, 3, 4, 2**54 - 1, 2**54]))
    array([ 0,  1,  2,  2,  3, 54, 55])
    """
    high, low = np.frexp((x >> 31).astype(np.float64))[1], np.frexp((x & 0x7FFFFFFF).astype(np.float64))[1]
    return np.where(high, high + 31, low).astype(np.int64)


def _rounded(x: Integers, shift: Integers) -> Integers:
    """Return x / 2^shift with a half rounded up; as it is where shift is 0."""
    shift = np.asarray(shift, dtype=np.int64)
    return (x + ((np.int64(1) << shift) >> 1)) >> shift


def _root(x: Integers) -> Integers:
    """Return floor(sqrt(x)) of integers below 2^32: the float root is exact to far less than a step."""
    return np.floor(np.sqrt(x.astype(np.float64))).astype(np.int64)
