"""Tokens that stay: their scores, the order of a sort network, their rows, and the token that the others become.

The order is defined: the higher score first, of equal ones the lower index.
"""

import numpy as np

from pivotsim.integer.scaling import Integers, saturated

RECIPROCAL_BITS = 15


def scores(attention: Integers) -> Integers:
    """Return a score a token: the sum over heads of what the class token gives it, which orders as the mean does.

    Parameters
    ----------
    attention : ndarray
        int8 (heads, n): the class token's row of each head's softmax, without prefix tokens.

    Returns
    -------
    ndarray
        int32 (n,).
    """
    return np.asarray(attention).sum(axis=0, dtype=np.int32)


def ranked(score: Integers) -> Integers:
    """Return the tokens' indices by rank: int64 (n,).

    >>> ranked(np.array([5, 9, 5, 7]))
    array([1, 3, 0, 2])
    """
    return np.argsort(-np.asarray(score).astype(np.int64), kind="stable")


def top_k(score: Integers, k: int) -> Integers:
    """Return the indices of the k tokens with the highest scores, by rank: int64 (k,).

    >>> top_k(np.array([5, 9, 5, 7]), 3)
    array([1, 3, 0])
    """
    return ranked(score)[:k]


def gather(x: Integers, indices: Integers, prefix: int = 1) -> Integers:
    """Return the prefix tokens of x (prefix + n, d) and those patches that stay, in the order of ``indices``."""
    return np.concatenate((x[:prefix], x[prefix:][indices]))


def fuse(x: Integers, score: Integers) -> Integers:
    """Return the mean of dropped tokens, weighted by their scores: int16 (d,).

        b = length of the scores' sum in bits;  r = floor(2^(15 + b) / sum of scores)          2^15 to 2^16
        fused = (sum of score_i x_i * r + 2^(14 + b)) >> (15 + b)

    Zeros where all scores are 0. Within 1.5 of the mean: half a step is rounding, the rest the reciprocal's.

    Parameters
    ----------
    x : ndarray
        int16 (n, d).
    score : ndarray
        int32 (n,), of at least 0; their sum is below 2^21.

    Examples
    --------
    >>> fuse(np.array([[100, -8], [40, 8]], dtype=np.int16), np.array([2, 1]))
    array([80, -3], dtype=int16)
    """
    weights = np.asarray(score).astype(np.int64)
    total = int(weights.sum())
    if not total:
        return np.zeros(np.asarray(x).shape[1], dtype=np.int16)
    shift = RECIPROCAL_BITS + total.bit_length()
    products = weights @ np.asarray(x).astype(np.int64)
    return saturated((products * ((1 << shift) // total) + (1 << (shift - 1))) >> shift, 16)
