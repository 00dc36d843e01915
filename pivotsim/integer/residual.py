"""Residual stream of 16 bits: what a block computed is brought to the stream's scale and added.

Sixteen bits, so that the noise of eight is not added twice in every encoder.
"""

import numpy as np

from pivotsim.integer.scaling import Integers, Scale, rescale, saturated


def add(stream: Integers, x: Integers, scale: Scale) -> Integers:
    """Return the stream with what a block computed added: saturated after it is rescaled, and after the addition.

    Parameters
    ----------
    stream : ndarray
        int16.
    x : ndarray
        int8 to int32 of the same shape, or one that broadcasts (position embeddings).
    scale : Scale
        A step of x over a step of the stream.

    Returns
    -------
    ndarray
        int16.

    Examples
    --------
    >>> from pivotsim.integer.scaling import scale_of
    >>> add(np.array([100, 32_767, -5], dtype=np.int16), np.array([10, 10, -3], dtype=np.int8), scale_of(2.5))
    array([  125, 32767,   -12], dtype=int16)
    """
    return saturated(np.asarray(stream).astype(np.int64) + rescale(x, scale, 16), 16)
