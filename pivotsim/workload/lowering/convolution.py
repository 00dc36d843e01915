"""Convolutions as matrix multiplications (im2col): a row per output position, a column per filter.

Over any number of axes, as those of audio (1), pictures (2) and films (3). Of a grouped convolution each group is a
multiplication of its own; a depthwise one has a group per channel.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from pivotsim.errors import InputError, check_integer, got
from pivotsim.units import INT64_MAX

SAME, VALID = "same", "valid"

PerAxis = int | Sequence[int]
Padding = str | int | Sequence[int | Sequence[int]]


class ConvolutionGemm(NamedTuple):
    """``repeats`` multiplications of (m, k) by (k, n)."""

    m: int
    k: int
    n: int
    repeats: int


def convolution_gemm(
    size: Sequence[int],
    channels: int,
    filters: int,
    kernel: PerAxis,
    *,
    stride: PerAxis = 1,
    dilation: PerAxis = 1,
    padding: Padding = 0,
    groups: int = 1,
    ceil_mode: bool = False,
    batch: int = 1,
) -> ConvolutionGemm:
    """Return the multiplication that a convolution is: m output positions, k taps, n filters, repeats groups.

    Parameters
    ----------
    size : sequence of int
        The input's elements along each axis, as (height, width).
    channels, filters : int
        Channels of the input and of the output.
    kernel, stride, dilation, padding, ceil_mode
        As for ``window_positions``.
    groups : int
        Parts that channels and filters are divided into.
    batch : int
        Inputs.

    Returns
    -------
    ConvolutionGemm
        (m, k, n, repeats).

    Raises
    ------
    InputError
        A value does not fit, or the kernel is larger than the padded input.

    Examples
    --------
    The stem of ResNet-50, and a depthwise layer of MobileNet:

    >>> convolution_gemm((224, 224), 3, 64, 7, stride=2, padding=3)
    ConvolutionGemm(m=12544, k=147, n=64, repeats=1)
    >>> convolution_gemm((14, 14), 512, 512, 3, padding="same", groups=512)
    ConvolutionGemm(m=196, k=9, n=1, repeats=512)
    """
    groups = check_integer("groups", groups, 1)
    for name, count in (("channels", channels), ("filters", filters)):
        if check_integer(name, count, 1) % groups:
            raise InputError(f"{name}: must be a multiple of groups {groups} {got(count)}")
    positions = window_positions(size, kernel, stride=stride, dilation=dilation, padding=padding, ceil_mode=ceil_mode)
    taps = math.prod(_per_axis("kernel", kernel, len(positions)))
    rows = check_integer("batch", batch, 1) * math.prod(positions)
    return ConvolutionGemm(rows, channels // groups * taps, filters // groups, groups)


def window_positions(
    size: Sequence[int],
    kernel: PerAxis,
    *,
    stride: PerAxis = 1,
    dilation: PerAxis = 1,
    padding: Padding = 0,
    ceil_mode: bool = False,
) -> tuple[int, ...]:
    """Return how many places a window takes along each axis, of a convolution or a pool.

    ::

        floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1

    Parameters
    ----------
    size : sequence of int
        The input's elements along each axis.
    kernel, stride, dilation : int or sequence of int
        Taps along each axis, elements from one place to the next, elements from one tap to the next.
    padding : int, sequence or {'same', 'valid'}
        Elements on both sides of each axis, for each axis a number or a pair (before, after); ``same`` leaves
        ceil(size / stride) places, as ONNX and TensorFlow have it.
    ceil_mode : bool
        Round up instead of down; windows that would begin behind the input are left out, as PyTorch does.

    Returns
    -------
    tuple of int
        One per axis, at least 1.

    Raises
    ------
    InputError
        A value does not fit, or the window is larger than the padded input.

    Examples
    --------
    >>> window_positions((30, 30), 3, stride=2), window_positions((30, 30), 3, stride=2, ceil_mode=True)
    ((14, 14), (15, 15))
    >>> window_positions((7, 8), (3, 2), padding=((1, 0), (0, 0))), window_positions([9], 3, stride=2, padding="same")
    ((6, 7), (5,))
    """
    sizes = _per_axis("size", size, None)
    axes = len(sizes)
    taps, steps, gaps = (
        _per_axis(name, value, axes) for name, value in (("kernel", kernel), ("stride", stride), ("dilation", dilation))
    )
    if padding == SAME:
        return tuple(-(-length // step) for length, step in zip(sizes, steps, strict=True))
    pads = _padding(padding, axes)
    counts = []
    for length, tap, step, gap, (before, after) in zip(sizes, taps, steps, gaps, pads, strict=True):
        span = gap * (tap - 1) + 1
        room = length + before + after - span
        if room < 0:
            raise InputError(f"kernel: spans {span}, more than the {length + before + after} of the padded input")
        count = (-(-room // step) if ceil_mode else room // step) + 1
        counts.append(min(count, -(-(length + before) // step)) if ceil_mode else count)
    return tuple(counts)


def _per_axis(name: str, value: PerAxis, axes: int | None) -> tuple[int, ...]:
    """Return a number for each axis; of ``size``, whose axes are counted, None."""
    if axes is not None and not isinstance(value, Sequence):
        return (check_integer(name, value, 1, INT64_MAX),) * axes
    if not isinstance(value, Sequence) or isinstance(value, str) or not value or len(value) != (axes or len(value)):
        raise InputError(
            f"{name}: must be a number for each {'axis' if axes is None else f'of {axes} axes'} {got(value)}"
        )
    return tuple(check_integer(name, each, 1, INT64_MAX) for each in value)


def _padding(padding: Padding, axes: int) -> list[tuple[int, int]]:
    """Return (before, after) of each axis."""
    if padding == VALID:
        padding = 0
    if isinstance(padding, str):
        raise InputError(f"padding: must be same, valid or numbers {got(padding)}")
    each = padding if isinstance(padding, Sequence) else [padding] * axes
    if len(each) != axes:
        raise InputError(f"padding: must be a number or a pair for each of {axes} axes {got(padding)}")
    pairs = [tuple(one) if isinstance(one, Sequence) else (one, one) for one in each]
    if any(len(pair) != len(("before", "after")) for pair in pairs):
        raise InputError(f"padding: must be a number or a pair for each of {axes} axes {got(padding)}")
    return [(check_integer("padding", a, 0, INT64_MAX), check_integer("padding", b, 0, INT64_MAX)) for a, b in pairs]
