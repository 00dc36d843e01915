"""Activations of int8 by a table of all 256: within half a step of the output's grid, the least that eight bits allow.

I-BERT's polynomial for GELU (Kim et al., ICML 2021, section 3.3) is off by up to 0.018 before it is rounded.
"""

import math
from collections.abc import Callable

import numpy as np

from pivotsim.errors import InputError, check_choice, got
from pivotsim.integer.scaling import Integers, saturated


def gelu(x: float) -> float:
    """Return x times the normal distribution's share below it (Hendrycks and Gimpel, 2016).

    >>> round(gelu(1.0), 4)
    0.8413
    """
    return x * 0.5 * math.erfc(-x / math.sqrt(2))


def silu(x: float) -> float:
    """Return x times its logistic function.

    >>> round(silu(1.0), 4)
    0.7311
    """
    return x / (1 + math.exp(-x)) if x > -700 else 0.0


ACTIVATIONS: dict[str, Callable[[float], float]] = {"gelu": gelu, "silu": silu, "relu": lambda x: max(x, 0.0)}


def activation_table(kind: str, in_scale: float, out_scale: float) -> Integers:
    """Return an activation of every byte: int8 (256,), at the place that the byte has as an unsigned number.

    Parameters
    ----------
    kind : {'gelu', 'silu', 'relu'}
    in_scale, out_scale : float
        Real value of a step of what comes and of what goes. What exceeds the grid is saturated.

    Examples
    --------
    GELU of -1 (byte 255) and of 1, in and out by steps of 1/16: -0.159 and 0.841.

    >>> table = activation_table("gelu", 1 / 16, 1 / 16)
    >>> int(table[256 - 16]), int(table[16])
    (-3, 13)
    """
    function = ACTIVATIONS[check_choice("kind", kind, ACTIVATIONS)]
    for name, scale in (("in_scale", in_scale), ("out_scale", out_scale)):
        if not (math.isfinite(scale) and scale > 0):
            raise InputError(f"{name}: more than 0 is expected {got(scale)}")
    real = np.array([function(in_scale * q) for q in np.arange(256, dtype=np.uint8).view(np.int8).tolist()])
    return saturated(np.floor(real / out_scale + 0.5), 8)


def activate(x: Integers, table: Integers) -> Integers:
    """Return the table's value of each int8; int8 of x's shape."""
    return np.asarray(table)[np.ascontiguousarray(x, dtype=np.int8).view(np.uint8)]
