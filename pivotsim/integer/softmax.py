"""Softmax of int8 scores: maximum, table of exponentials, sum, one division a row, product.

    e_i = table[max - x_i]                          16 bits; table[d] = round(65535 * exp(-d * score_scale))
    r   = floor(127 * 2^24 / sum of e)              15 bits
    p_i = (e_i * r + 2^23) >> 24                    0 to 127, a step is 1/127

As I-BERT's (Kim et al., ICML 2021, section 3.4) the maximum is taken away first and the row divided once. Scores of 8
bits have 256 differences, so a table is exact where I-BERT's polynomial is within 1.9e-3. A probability is within 0.506
steps (0.004) of softmax of the same scores: half a step is rounding, 2^-8 the reciprocal's, the rest the table's.
"""

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.integer.scaling import Integers

ONE = 127  # probability 1
MOST = 65_535  # exponential of 0
FRACTION_BITS = 24
MAX_ELEMENTS = 65_536  # whose sum stays below 2^32


def softmax_table(score_scale: float) -> Integers:
    """Return the exponentials of all differences of two int8 scores: uint16 (256,).

    Parameters
    ----------
    score_scale : float
        Real value of a step of the scores, 1/sqrt(d) included.

    Examples
    --------
    >>> softmax_table(1.0)[:4]
    array([65535, 24109,  8869,  3263], dtype=uint16)
    """
    if not (np.isfinite(score_scale) and score_scale > 0):
        raise InputError(f"score_scale: more than 0 is expected {got(score_scale)}")
    return np.floor(MOST * np.exp(-score_scale * np.arange(256)) + 0.5).astype(np.uint16)


def probabilities(scores: Integers, table: Integers) -> Integers:
    """Return the probabilities of scores along the last axis.

    Parameters
    ----------
    scores : ndarray
        int8 (..., n), n from 1 to 65,536.
    table : ndarray
        uint16 (256,), of ``softmax_table``.

    Returns
    -------
    ndarray
        int8 of the same shape, 0 to 127 for 0 to 1; a row sums to about 127: each is rounded on its own.

    Examples
    --------
    exp(0), exp(-1) and exp(-1) over their sum are 0.576, 0.212 and 0.212.

    >>> probabilities(np.array([3, 2, 2], dtype=np.int8), softmax_table(1.0))
    array([73, 27, 27], dtype=int8)
    """
    wide = np.asarray(scores).astype(np.int64)
    e = np.asarray(table).astype(np.int64)[wide.max(axis=-1, keepdims=True) - wide]
    reciprocal = (ONE << FRACTION_BITS) // e.sum(axis=-1, keepdims=True)
    return ((e * reciprocal + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS).astype(np.int8)
