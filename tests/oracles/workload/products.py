"""Multiply-accumulates of a product, one by one: every element of the result, and what is summed into it."""

import itertools
import math
from collections.abc import Mapping, Sequence

Shape = tuple[int, ...]


def macs_by_elements(operator: str, options: Mapping[str, object], shapes: Sequence[Shape], result: Shape) -> int:
    """Return how many pairs of elements a product multiplies."""
    if operator == "attention":
        query, key, value = shapes
        scores = (*query[:-1], key[-2])
        return _elements(scores) * query[-1] + _elements((*query[:-1], value[-1])) * key[-2]
    if operator == "einsum":
        letters = str(options["equation"]).partition("->")[0].split(",")
        if "..." in letters[0]:  # of what stands in front of the last letters
            front = len(shapes[0]) - len(letters[0].replace("...", ""))
            sizes = dict(zip(letters[0].replace("...", ""), shapes[0][front:], strict=True))
            sizes |= dict(zip(letters[1], shapes[1], strict=True))
            return _elements(tuple(sizes.values())) * math.prod(shapes[0][:front])
        sizes = {a: n for word, shape in zip(letters, shapes, strict=True) for a, n in zip(word, shape, strict=True)}
        return _elements(tuple(sizes.values()))
    if operator == "convolution":
        return _convolution(options, shapes[0], shapes[1], result)
    return _elements(result) * shapes[0][-1]  # every element of the result sums over a row of the first factor


def _elements(shape: Shape) -> int:
    return sum(1 for _ in itertools.product(*map(range, shape)))


def _convolution(options: Mapping[str, object], image: Shape, weight: Shape, result: Shape) -> int:
    groups = int(options.get("groups", 1))  # type: ignore[call-overload]
    if options.get("transposed"):
        return sum(math.prod(weight[1:]) for _ in itertools.product(*map(range, image)))
    assert weight[1] * groups == image[1]
    return sum(math.prod(weight[1:]) for _ in itertools.product(*map(range, result)))
