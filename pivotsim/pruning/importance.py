"""Importance of patch tokens, without training (Eliopoulos et al., section 3.3, Eq. 5 and 6).

    A   = softmax(Q K^T / sqrt(d)) per head;  a_j = sum over patch queries i of max over heads of A[i, j]
    S_A = a / max a                            attention received; prefix rows and columns are left out first
    S_V = softmax over all tokens of sum over channels of max over heads of V     (Eq. 5)
    S   = S_A + S_V                            (Eq. 6), of patch tokens only

The paper compares K and Q in V's place, and mean and sum over heads in the maximum's (Table 2). Whether its other
reductions are of both parts or of one is not said: [inferred] both. A mean and a sum give the same S_A, whose maximum
is 1 either way, and another S_V.

Eq. 5 and 6 follow the authors' released code, whose maximum in S_A runs over the whole batch, so that an image's order
depends on its neighbours. Here it is each image's own unless ``batch_max`` is set. A second difference: the released
code leaves two tokens more than the schedule asks for; here the length after pruning is exactly N - R.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pivotsim.errors import InputError, check_choice, check_flag, check_integer, got_shape, shape_text
from pivotsim.pruning.token_plans import least_tokens
from pivotsim.units import FloatArray, IntArray
from pivotsim.workload.tokens.methods import FEATURES, REDUCTIONS

HEAD_DIMENSION = -3  # of (..., heads, tokens, channels)


def token_importance(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    *,
    prefix_tokens: int = 1,
    batch_max: bool = False,
    feature: str = "v",
    reduction: str = "max",
) -> FloatArray:
    """Return the importance of every patch token, from the Q, K and V of one block.

    Parameters
    ----------
    q, k, v : array_like
        (heads, tokens, channels) of one image, or (batch, heads, tokens, channels); channels are one head's.
    prefix_tokens : int
        Class, distillation and register tokens, which come first and are not scored.
    batch_max : bool
        Divide the attention received by the maximum of the whole batch, as the released code does, not of each image.
    feature : {'v', 'k', 'q'}
        What the second part of the score is made of.
    reduction : {'max', 'mean', 'sum'}
        What heads are reduced by, in both parts.

    Returns
    -------
    ndarray
        (patches,) or (batch, patches), float64, each in (0, 2).

    Raises
    ------
    InputError
        Shapes do not fit, a value, a product or a sum is not finite, no patch token is there, or there is no such
        feature or reduction.

    Examples
    --------
    One head, no prefix: with equal queries and keys all attention is alike, and V alone tells tokens apart.

    >>> token_importance([[[1.0], [1.0]]], [[[1.0], [1.0]]], [[[0.0], [0.0]]], prefix_tokens=0).tolist()
    [1.5, 1.5]
    """
    queries, keys, values = (_tensor(name, x) for name, x in (("q", q), ("k", k), ("v", v)))
    if not queries.shape == keys.shape == values.shape:
        shapes = ", ".join(shape_text(x.shape) for x in (queries, keys, values))
        raise InputError(f"q, k, v: must have one shape (got {shapes})")
    prefix = check_integer("prefix_tokens", prefix_tokens, 0, queries.shape[-2] - 1)
    check_flag("batch_max", batch_max)
    chosen = {"q": queries, "k": keys, "v": values}[check_choice("feature", feature, FEATURES)]
    over_heads = getattr(np, check_choice("reduction", reduction, REDUCTIONS))
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is told below
        scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
        sums = over_heads(chosen, axis=HEAD_DIMENSION).sum(axis=-1)
    _check_finite("q, k: products of queries and keys", scores)
    _check_finite(f"{feature}: sums over channels", sums)
    received = over_heads(_softmax(scores), axis=HEAD_DIMENSION)[..., prefix:, prefix:].sum(axis=-2)
    largest = received.max() if batch_max else received.max(axis=-1, keepdims=True)
    received /= np.maximum(largest, np.finfo(np.float64).tiny)  # nothing may be received: all goes to the prefix
    magnitude = _softmax(sums)
    result: FloatArray = received + magnitude[..., prefix:]
    return result


class PrunedTokens(NamedTuple):
    """One image after pruning: its tokens (N - R, width), and which of the old ones stayed, which were averaged."""

    tokens: FloatArray
    kept: IntArray
    averaged: IntArray


def merge_inattentive(
    tokens: ArrayLike, importance: ArrayLike, removed: int, *, prefix_tokens: int = 1
) -> PrunedTokens:
    """Return one image's tokens with the least important patches replaced by their mean.

    Of N tokens the prefix stays, then come the T = N - R - 1 - p most important patches in descending order (of equals
    the earlier one first), then one inattentive token, the plain mean of the R + 1 others: N - R tokens. Nothing
    changes if R is 0 or T <= p.

    Parameters
    ----------
    tokens : array_like
        (N, width), after the attention's residual addition and before the MLP.
    importance : array_like
        (N - p,), of the patch tokens.
    removed : int
        R, the net reduction, 0 to N.
    prefix_tokens : int
        p, tokens that are neither scored nor removed.

    Raises
    ------
    InputError
        Shapes do not fit or R is out of bounds.

    Examples
    --------
    >>> pruned = merge_inattentive([[9.0], [1.0], [2.0], [3.0], [4.0]], [0.1, 0.9, 0.8, 0.2], 1)
    >>> pruned.tokens.ravel().tolist(), pruned.kept.tolist(), pruned.averaged.tolist()
    ([9.0, 2.0, 3.0, 2.5], [2, 3], [4, 1])
    """
    matrix, scores = np.asarray(tokens, dtype=np.float64), np.asarray(importance, dtype=np.float64)
    if matrix.ndim != 2 or not matrix.size:
        raise InputError(f"tokens: must be a matrix of tokens by channels {got_shape(matrix.shape)}")
    count = len(matrix)
    prefix = check_integer("prefix_tokens", prefix_tokens, 0, count)
    removed = check_integer("removed", removed, 0, count)
    if scores.shape != (count - prefix,) or not np.isfinite(scores).all():
        wanted = f"one finite number per patch, {count - prefix}"
        raise InputError(f"importance: must hold {wanted} {got_shape(scores.shape)}")
    order = prefix + np.argsort(-scores, kind="stable")
    if removed == 0 or count - removed < least_tokens(prefix):
        return PrunedTokens(matrix, np.arange(prefix, count), np.empty(0, dtype=np.int64))
    kept, averaged = np.split(order, [count - removed - 1 - prefix])
    mean = matrix[averaged].mean(axis=0, keepdims=True)
    return PrunedTokens(np.concatenate([matrix[:prefix], matrix[kept], mean]), kept, averaged)


def _tensor(name: str, values: ArrayLike) -> FloatArray:
    try:
        tensor = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: must be numbers of shape (batch,) heads, tokens, channels") from None
    if tensor.ndim not in (3, 4) or not tensor.size:
        raise InputError(f"{name}: must have shape (batch,) heads, tokens, channels {got_shape(tensor.shape)}")
    if not np.isfinite(tensor).all():
        raise InputError(f"{name}: must hold finite numbers")
    return tensor


def _check_finite(what: str, values: FloatArray) -> None:
    if not np.isfinite(values).all():
        raise InputError(f"{what} must stay finite")


def _softmax(values: FloatArray) -> FloatArray:
    """Return the softmax along the last axis."""
    with np.errstate(over="ignore"):  # a difference beyond float64 is -inf, and its power 0
        powers = np.exp(values - values.max(axis=-1, keepdims=True))
    result: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return result
