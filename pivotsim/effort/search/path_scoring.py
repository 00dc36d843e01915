"""Path score: how redundant the attentions are that a path skips (PIVOT, Algorithm 1).

For every encoder i with active attention, CKA(MLP_i, A_j) of the skipped attentions j = i + 1, i + 2, ... up to the
next active one. Skipped attentions before the first active one score nothing: no active encoder stands before them.

cka.npz holds one array ``cka`` of floats, shape (D, D): entry [i - 1, j - 1] is CKA(MLP_i, A_j). Only entries with
j > i are read, and only those have to be finite.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.effort.entropy import as_array, as_float64
from pivotsim.errors import InputError, check_integer, got, got_shape
from pivotsim.io.array_files import read_arrays
from pivotsim.units import FloatArray

MAX_DEPTH = 256
MAX_CKA_BYTES = 2**21  # the widest float takes 1 MiB, the file's headers a little more


def path_score(cka: Any, active: Iterable[int]) -> float:
    """Return the score of a path, exact but for one rounding.

    Parameters
    ----------
    cka : array of float, shape (D, D), path or mapping
        Entry [i - 1, j - 1] is CKA(MLP_i, A_j), as ``cka_matrix`` returns it; or a cka.npz, or a mapping like it.
    active : iterable of int
        Numbers of the encoders, from 1 to D, whose attention is active.

    Returns
    -------
    float

    Raises
    ------
    InputError
        The matrix is not square or not finite above its diagonal, or a number is no encoder or stands twice.

    Examples
    --------
    The paper's example skips 3, 4, 9 and 10 of 12: CKA(2,3) + CKA(2,4) + CKA(8,9) + CKA(8,10). Here CKA(i, j) is
    i + j / 100, so the sum is 20 + 0.26.

    >>> cka = [[i + j / 100 for j in range(1, 13)] for i in range(1, 13)]
    >>> round(path_score(cka, active=[1, 2, 5, 6, 7, 8, 11, 12]), 12)
    20.26
    """
    matrix = checked_cka(cka)
    chosen = _checked_active(active, len(matrix))
    ends = [*chosen[1:], len(matrix) + 1]
    return math.fsum(
        matrix[i - 1, j - 1] for i, end in zip(chosen, ends, strict=False) for j in range(i + 1, end)
    )  # fmt: skip


def checked_cka(cka: Any) -> FloatArray:
    """Return a CKA matrix as float64 (D, D), from an array, a mapping or an .npz, or raise InputError."""
    place = str(cka) if isinstance(cka, (str, Path)) else "cka"
    if isinstance(cka, (str, Path)):
        cka = read_arrays(cka, "fiu", MAX_CKA_BYTES)
    if isinstance(cka, Mapping):
        if set(cka) != {"cka"}:
            names = [name or "an array without a name" for name in sorted(map(str, cka))]  # of an .npy file
            raise InputError(f"{place}: must hold one array, cka {got(names)}")
        cka, place = cka["cka"], place if place == "cka" else f"{place}: cka"
    matrix = as_float64(as_array(place, cka, "D, D", 2))
    if matrix.shape[0] != matrix.shape[1] or len(matrix) > MAX_DEPTH:
        raise InputError(f"{place}: must have the shape (D, D), D from 1 to {MAX_DEPTH} {got_shape(matrix.shape)}")
    wrong = np.argwhere(np.triu(~np.isfinite(matrix), 1))
    if len(wrong):
        i, j = wrong[0].tolist()
        raise InputError(f"{place}: CKA(MLP_{i + 1}, A_{j + 1}): must be finite {got(float(matrix[i, j]))}")
    return matrix


def _checked_active(active: Iterable[int], depth: int) -> list[int]:
    """Return encoder numbers in order, or raise InputError."""
    if isinstance(active, (str, bytes)) or not isinstance(active, Iterable):
        raise InputError(f"active: must be a list of encoder numbers {got(active)}")
    numbers = [check_integer("active", number, 1, depth) for number in active]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        raise InputError(f"active: encoder {number} stands twice" for number in twice)
    return sorted(numbers)
