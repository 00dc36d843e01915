"""The entropy gate: how sure a model is of an image, and the threshold below which it is believed.

    E(x) = -(1 / log K) * sum_i p_i log p_i,    p = softmax(logits)         PIVOT, Eq. 3

The paper writes pi(y|x) for "the logit output" and calls it a probability; it is taken as the softmax of the logits.
An effort classifies an image where E < Th (section 3.1). With z_i = logit_i - largest logit, r the sum of exp(z_i) over
all but the largest,

    -sum_i p_i log p_i = log(1 + r) + sum_i exp(z_i) * -z_i / (1 + r)

adds terms of one sign: nothing cancels, and no logit is too large.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from pivotsim.errors import InputError, check_integer, check_real, got, got_elements, got_shape
from pivotsim.units import FloatArray

BLOCK_ELEMENTS = 2**20  # logits in float64 at one time
KINDS = {"fiu": "real numbers", "iu": "integers", "b": "true and false"}  # kinds of numpy types, and their name
LOWEST = -800.0  # exp of it is 0 already; keeps 0 * inf away


def normalized_entropy(logits: Any) -> FloatArray:
    """Return the normalised entropy of each image: 0 is certain, 1 is uniform (PIVOT, Eq. 3).

    Parameters
    ----------
    logits : array of float, shape (n, classes)
        Of any magnitude; n at least 1, classes at least 2.

    Returns
    -------
    array of float64, shape (n,)
        Within 0 to 1.

    Raises
    ------
    InputError
        The array has another shape, no image, a single class, or a value that is not finite.

    Examples
    --------
    Two classes at 3 to 1: p = (3/4, 1/4), and 2 - 3/4 * log2(3) bits of the one bit possible.

    >>> import math
    >>> normalized_entropy([[0.0, 0.0], [math.log(3), 0.0], [1e4, -1e4]]).round(6).tolist()
    [1.0, 0.811278, 0.0]
    """
    return entropies_of("logits", logits)


def exit_threshold(entropies: Any, lec: float) -> float:
    """Return the smallest threshold at which a low effort classifies at least the fraction ``lec`` of the images.

    The paper raises Th until F_L >= LEC (section 3.3); the end of that walk is the next number above the k-th smallest
    entropy, k the smallest count with k / n >= LEC. Images whose entropies tie with it are classified too.

    Parameters
    ----------
    entropies : array of float, shape (n,)
        Normalised entropies, within 0 to 1.
    lec : float
        Low effort constraint, within 0 to 1. At 0 the threshold is 0, below which no entropy lies.

    Returns
    -------
    float
        An image leaves at an entropy below it.

    Raises
    ------
    InputError
        ``lec`` or an entropy lies outside 0 to 1, or there is no image.

    Examples
    --------
    Two of four images have to be classified, and 0.3 stands twice:

    >>> threshold = exit_threshold([0.3, 0.9, 0.1, 0.3], lec=0.5)
    >>> threshold > 0.3, [e < threshold for e in (0.3, 0.9, 0.1, 0.3)]
    (True, [True, False, True, True])
    """
    values = checked_entropies("entropies", entropies)
    count = images_needed(check_fraction("lec", lec), len(values))
    return above(float(np.partition(values, count - 1)[count - 1])) if count else 0.0


def normalized_from_per_class(value: float, classes: int) -> float:
    """Return an entropy or a threshold in the units of Eq. 3 from one in nats per class.

    PIVOT's released code takes the mean of -p_i log p_i over the K classes, H / K, where Eq. 3 has H / log K: a value
    of the one is K / log K of the other. For ImageNet that is 144.8: the code's thresholds 0.0001 to 0.0015 and 0.001
    to 0.004 are 0.0145 to 0.217 and 0.145 to 0.579 in the paper's units.

    Parameters
    ----------
    value : float
        Nats per class, from 0 to log(K) / K.
    classes : int
        K, at least 2.

    Raises
    ------
    InputError
        A number does not fit: no entropy of so many classes is as large.

    Examples
    --------
    >>> [round(normalized_from_per_class(value, 1000), 4) for value in (0.0001, 0.0015, 0.001, 0.004)]
    [0.0145, 0.2171, 0.1448, 0.5791]
    """
    k = check_integer("classes", classes, 2)
    number, largest = check_real("value", value), math.log(k) / k
    if not 0 <= number <= largest:
        raise InputError(f"value: must lie in 0 to {largest:.6g}, log({k}) / {k} {got(value)}")
    return min(number / largest, 1.0)


def entropies_of(path: str, logits: Any) -> FloatArray:
    """Return ``normalized_entropy``; its errors name ``path``."""
    return np.concatenate([_entropies(block) for block in _logit_blocks(path, logits)])


def above(value: float) -> float:
    """Return the smallest float64 above a value: the threshold that just lets it pass."""
    return math.nextafter(value, math.inf)


def images_needed(lec: float, images: int) -> int:
    """Return the smallest count with count / images >= lec, compared as floats: 7 of 100 meet 0.07."""
    count = min(math.ceil(lec * images), images)  # the product may round to either side of a whole number
    while count and (count - 1) / images >= lec:
        count -= 1
    while count / images < lec:
        count += 1
    return count


def check_fraction(path: str, value: object) -> float:
    """Return a value as float, or raise InputError unless it lies in 0 to 1."""
    fraction = check_real(path, value)
    if not 0 <= fraction <= 1:  # NaN is neither
        raise InputError(f"{path}: must lie in 0 to 1 {got(value)}")
    return fraction


def checked_entropies(path: str, entropies: Any) -> FloatArray:
    """Return entropies as float64 (n,), not copied where they are that, or raise InputError."""
    values = as_float64(as_array(path, entropies, "n,", 1))
    outside = ~((values >= 0) & (values <= 1))
    if outside.any():
        place = int(outside.argmax())
        raise InputError(f"{path}[{place}]: must lie in 0 to 1 {got(float(values[place]))}")
    return values


def as_array(path: str, values: Any, shape: str, dimensions: int, kinds: str = "fiu") -> np.ndarray[Any, Any]:
    """Return values as a non-empty array of numbers, or raise InputError; ``shape`` is its form in words."""
    array = as_numbers(path, values, shape, kinds)
    if array.ndim != dimensions:
        raise InputError(f"{path}: must have the shape ({shape}) {got_shape(array.shape)}")
    if not array.shape[0]:
        raise InputError(f"{path}: holds no image {got_shape(array.shape)}")
    return array


def as_numbers(path: str, values: Any, shape: str, kinds: str = "fiu") -> np.ndarray[Any, Any]:
    """Return values as an array of any shape, or raise InputError where they are ragged or of another kind."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        raise InputError(f"{path}: must be an array of shape ({shape})") from None
    if array.dtype.kind not in kinds:
        raise InputError(f"{path}: must hold {KINDS[kinds]} {got_elements(array.dtype)}")
    return array


def as_float64(array: np.ndarray[Any, Any]) -> FloatArray:
    """Return an array as float64, itself where it is; what only a wider float holds becomes infinite, and is told."""
    with np.errstate(over="ignore"):
        return array.astype(np.float64, copy=False)


def _logit_blocks(path: str, logits: Any) -> Iterator[FloatArray]:
    """Yield the logits in float64, some images at a time, or raise InputError where they are not logits."""
    array = as_array(path, logits, "n, classes", 2)
    classes = array.shape[1]
    if classes < 2:
        raise InputError(f"{path}: an entropy needs at least 2 classes {got(classes)}")
    rows = max(1, BLOCK_ELEMENTS // classes)
    for start in range(0, len(array), rows):
        block = as_float64(array[start : start + rows])
        wrong = ~np.isfinite(block)
        if wrong.any():
            image, label = np.argwhere(wrong)[0].tolist()
            place = f"{path}[{start + image}, {label}]"
            raise InputError(f"{place}: must be a finite number {got(float(block[image, label]))}")
        yield block


def _entropies(block: FloatArray) -> FloatArray:
    """Return the normalised entropies of finite logits."""
    top = block.argmax(axis=1)[:, None]
    with np.errstate(over="ignore"):
        below = block - np.take_along_axis(block, top, axis=1)
    np.maximum(below, LOWEST, out=below)
    weights = np.exp(below)
    np.put_along_axis(weights, top, 0.0, axis=1)
    rest = weights.sum(axis=1)
    nats = np.log1p(rest) - (weights * below).sum(axis=1) / (1 + rest)
    entropies: FloatArray = np.minimum(nats / math.log(block.shape[1]), 1.0)  # uniform rounds to either side of 1
    return entropies
