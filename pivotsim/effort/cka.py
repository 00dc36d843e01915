"""Centred kernel alignment (CKA) of MLP outputs with later attention outputs: which attentions are redundant.

All images at once, linear and centred (PIVOT, section 3.2, after Cortes et al., JMLR 2012):

    CKA(X, Y) = |Y'X|^2 / (|X'X| |Y'Y|)      columns of X and Y centred over the images, Frobenius norms

Minibatches, for data larger than memory (Nguyen, Raghu, Kornblith, ICLR 2021, Eq. 3): each HSIC is the mean over the
minibatches of the unbiased estimator HSIC_1 (Song et al., JMLR 2012, Eq. 5); with K~, L~ the Gram matrices XX', YY'
without their diagonals, n images in the minibatch, and 1 a vector of ones,

    HSIC_1 = (<K~, L~> + 1'K~1 * 1'L~1 / ((n-1)(n-2)) - 2 * 1'K~L~1 / (n-2)) / (n (n-3))
    CKA(X, Y) = mean HSIC_1(K, L) / sqrt(mean HSIC_1(K, K) * mean HSIC_1(L, L))

Features are flattened but for the first axis: one row per image. The paper does not say how it treats tokens.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.effort.entropy import as_array, as_float64, as_numbers
from pivotsim.errors import InputError, got, got_shape
from pivotsim.io.array_files import read_arrays
from pivotsim.units import FloatArray

MAX_FEATURES_BYTES = 4 * 2**30
MIN_MINIBATCH = 4
KINDS = ("mlp", "attention")

Features = str | Path | Mapping[str, Any]


def cka_matrix(features: Features | Iterable[Features]) -> FloatArray:
    """Return CKA of every MLP_i with every A_j, the matrix that scores paths (PIVOT, Fig. 3a).

    Parameters
    ----------
    features : path or mapping, or an iterable of them
        An .npz, or a mapping of the same names: ``mlp1`` to ``mlpD`` and ``attention1`` to ``attentionD``, the outputs
        of encoder 1 to D, each of shape (n, ...) for the same n images, n at least 2. An iterable holds minibatches of
        at least 4 images, of which one at a time is in memory.

    Returns
    -------
    array of float64, shape (D, D)
        Entry [i - 1, j - 1] is CKA(MLP_i, A_j); within 0 to 1 for all images at once, about that for minibatches.

    Raises
    ------
    InputError
        Names, shapes or values do not fit, a file cannot be read, or a feature does not vary over the images.

    Examples
    --------
    A_1 repeats MLP_1 twice as large, A_2 is unrelated to it; MLP_2 holds both features, so 1 / sqrt(2) of each.

    >>> one, two = [[1.0], [-1.0], [1.0], [-1.0]], [[1.0], [1.0], [-1.0], [-1.0]]
    >>> both = [a + b for a, b in zip(one, two)]
    >>> doubled = [[2.0], [-2.0], [2.0], [-2.0]]
    >>> cka_matrix({"mlp1": one, "attention1": doubled, "mlp2": both, "attention2": two}).round(6).tolist()
    [[1.0, 0.0], [0.707107, 0.707107]]
    """
    if isinstance(features, (str, Path, Mapping)):
        return _aligned(_layers(features, 2, scales=None)[0])
    if not isinstance(features, Iterable):
        raise InputError(f"features: must be a file, a mapping, or an iterable of minibatches {got(features)}")
    return _minibatch_matrix(features)


def _layers(features: Features, least: int, scales: list[float] | None) -> tuple[list[FloatArray], list[float]]:
    """Return the centred features (n, p), MLPs before attentions, and what they were divided by.

    Centring changes neither kind of HSIC, and a common scale cancels in CKA; both keep sums of squares in range.
    Minibatches are divided by the scales of the first one.
    """
    place = "features" if isinstance(features, Mapping) else str(features)
    if not isinstance(features, (str, Path, Mapping)):
        raise InputError(f"features: a minibatch must be a file or a mapping {got(features)}")
    arrays = features if isinstance(features, Mapping) else read_arrays(features, "fiu", MAX_FEATURES_BYTES)
    depth = max(len(arrays) // 2, 1)
    wanted = [f"{kind}{i}" for kind in KINDS for i in range(1, depth + 1)]
    if any(name not in arrays for name in wanted) or len(arrays) != len(wanted):
        expected = f"expected mlp1 to mlp{depth} and attention1 to attention{depth}"
        raise InputError(f"{place}: {expected} {got(sorted(map(str, arrays)))}")
    if scales is not None and len(scales) != len(wanted):
        raise InputError(f"{place}: minibatches differ in depth {got((len(scales) // 2, depth))}")
    layers: list[FloatArray] = []
    used: list[float] = []
    for index, name in enumerate(wanted):
        rows = _rows(f"{place}: {name}", arrays[name], least)
        if layers and len(rows) != len(layers[0]):
            raise InputError(f"{place}: {name}: must have the {len(layers[0])} images of mlp1 {got(len(rows))}")
        used.append(float(np.abs(rows).max()) or 1.0 if scales is None else scales[index])
        constant = (rows == rows[0]).all(axis=0)
        rows = rows / used[-1]
        rows -= rows.mean(axis=0)
        rows[:, constant] = 0.0  # a mean of equal numbers may round
        layers.append(rows)
    return layers, used


def _rows(place: str, values: Any, least: int) -> FloatArray:
    """Return one layer's features as float64 (n, p), or raise InputError."""
    array = as_numbers(place, values, "n, ...")
    array = as_array(place, array.reshape(len(array), -1) if array.ndim > 2 and array.size else array, "n, ...", 2)
    if len(array) < least:
        raise InputError(f"{place}: at least {least} images are needed {got(len(array))}")
    if not array.shape[1]:
        raise InputError(f"{place}: holds no feature {got_shape(array.shape)}")
    rows = as_float64(array)
    if not np.isfinite(rows).all():
        image, feature = np.argwhere(~np.isfinite(rows))[0].tolist()
        raise InputError(f"{place}: image {image}: must be finite {got(float(rows[image, feature]))}")
    return rows


def _aligned(layers: list[FloatArray]) -> FloatArray:
    """Return the biased CKA matrix, by images squared or features squared, whichever are fewer."""
    depth = len(layers) // 2
    if len(layers[0]) <= max(layer.shape[1] for layer in layers):
        grams = [(layer @ layer.T).ravel() for layer in layers]
        norms = _norms([float(np.linalg.norm(gram)) for gram in grams])
        cross = np.array([[mlp @ attention for attention in grams[depth:]] for mlp in grams[:depth]])
    else:
        norms = _norms([float(np.linalg.norm(layer.T @ layer)) for layer in layers])
        cross = np.array([[((y.T @ x) ** 2).sum() for y in layers[depth:]] for x in layers[:depth]])
    matrix: FloatArray = np.minimum(cross / np.outer(norms[:depth], norms[depth:]), 1.0)  # rounding alone exceeds 1
    return matrix


def _norms(values: Sequence[float]) -> FloatArray:
    """Return norms or roots of HSICs, or raise InputError for a layer that has none."""
    depth = len(values) // 2
    for index, value in enumerate(values):
        if not value > 0:
            name = f"{KINDS[index // depth]}{index % depth + 1}"
            raise InputError(f"features: {name}: varies too little over the images for a CKA {got(value)}")
    return np.array(values)


def _minibatch_matrix(minibatches: Iterable[Features]) -> FloatArray:
    """Return the CKA matrix of unbiased terms averaged over minibatches."""
    scales: list[float] | None = None
    cross_sum: Any = 0.0
    own_sum: Any = 0.0
    count = 0
    for features in minibatches:
        layers, scales = _layers(features, MIN_MINIBATCH, scales)
        cross, own = hsic_terms(layers)
        cross_sum, own_sum, count = cross_sum + cross, own_sum + own, count + 1
    if not count:
        raise InputError("features: holds no minibatch")
    depth = len(own_sum) // 2
    norms = np.sqrt(_norms((own_sum / count).tolist()))
    matrix: FloatArray = cross_sum / count / np.outer(norms[:depth], norms[depth:])
    return matrix


def hsic_terms(layers: Sequence[FloatArray]) -> tuple[Any, Any]:
    """Return HSIC_1 of each MLP with each attention (D, D), and of each layer with itself (2 D,), of one minibatch."""
    n, depth = len(layers[0]), len(layers) // 2
    grams = np.array([layer @ layer.T for layer in layers])
    grams[:, range(n), range(n)] = 0.0
    rows = grams.sum(axis=2)
    flat, sums = grams.reshape(len(layers), -1), rows.sum(axis=1)

    def unbiased(traces: Any, products: Any, of_rows: Any) -> Any:
        return (traces + products / ((n - 1) * (n - 2)) - 2 * of_rows / (n - 2)) / (n * (n - 3))

    first, second = slice(None, depth), slice(depth, None)
    cross = unbiased(flat[first] @ flat[second].T, np.outer(sums[first], sums[second]), rows[first] @ rows[second].T)
    return cross, unbiased((flat**2).sum(axis=1), sums**2, (rows**2).sum(axis=1))
