"""Operands of engine `pe`: matrices that a user gives, checked, or seeded ones."""

from typing import Any

import numpy as np

from pivotsim.errors import InputError, got, got_elements, got_shape

SEED = 20240623  # operands of GEMMs that come without any


def operand(name: str, values: object) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    """Return a matrix of int8, unchanged in value.

    Raises
    ------
    InputError
        It is not a matrix of integers (whole floats count), is empty, or holds a value outside -128 to 127 or NaN.
    """
    try:
        array = np.asarray(values)
    except (ValueError, TypeError):
        raise InputError(f"{name}: must be a matrix of integers {got(values)}") from None
    if array.ndim != 2 or array.dtype.kind not in "iuf":
        raise InputError(f"{name}: must be a matrix of integers {got_elements(array)}")
    if not array.size:
        raise InputError(f"{name}: must not be empty {got_shape(array.shape)}")
    if array.dtype != np.int8:
        bad = ~((array >= -128) & (array <= 127))  # NaN is bad too
        if array.dtype.kind == "f":
            bad |= array != np.floor(array)
        if bad.any():
            row, col = (int(i) for i in np.argwhere(bad)[0])
            raise InputError(f"{name}[{row}, {col}]: must be an integer in -128 to 127 {got(array[row, col].item())}")
    return np.ascontiguousarray(array, dtype=np.int8)


def seeded_operands(m: int, k: int, n: int, seed: int = SEED) -> tuple[Any, Any]:
    """Return random int8 matrices (m, k) and (k, n), the same ones for the same seed."""
    draw = np.random.default_rng([seed, m, k, n])
    return draw.integers(-128, 128, (m, k), dtype=np.int8), draw.integers(-128, 128, (k, n), dtype=np.int8)
