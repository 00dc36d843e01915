"""Sizes of the GEMMs that one product of a graph is, from the shapes of what it reads and makes."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pivotsim.errors import InputError
from pivotsim.importers.graph import Graph, Node

Shape = tuple[int, ...]


class Gemm(NamedTuple):
    """(m, k) by (k, n), ``repeats`` times."""

    m: int
    k: int
    n: int
    repeats: int = 1


def gemms_of(graph: Graph, node: Node, experts: Sequence[int] = ()) -> list[Gemm]:
    """Return the GEMMs of a product: one, or QK^T and SV of an attention.

    Parameters
    ----------
    graph : Graph
    node : Node
        Its operator is one of ``graph.PRODUCTS``.
    experts : sequence of int, optional
        Tokens of each expert of a mixture; left out, they are spread evenly.

    Returns
    -------
    list of Gemm

    Notes
    -----
    linear       rows stack in m.
    matmul       a factor without batch dimensions folds the other's into m or n; else they are repeats.
    einsum       contracted letters make k, letters of one factor alone m or n, letters of both repeats. Where none is
                 contracted it is element-wise work, and no GEMM.
    convolution  im2col: m = positions of the result, k = channels of a group times taps, n = channels made by a
                 group, repeats = groups. A transposed one scatters: m = positions read, n = channels made times taps.
    attention    repeats = images times query heads.
    experts      m = tokens of an expert, k and n of its weight; experts of as many tokens are repeats.
    """
    shapes = [graph.shape(value) for value in node.inputs]
    result = graph.shape(node.name)
    if node.operator == "attention":
        query, key, value = shapes[:3]
        repeats = math.prod(query[:-2])
        return [
            Gemm(query[-2], query[-1], key[-2], repeats),
            Gemm(query[-2], key[-2], value[-1], repeats),
        ]
    if node.operator == "linear":
        n = result[-1] if len(shapes[1]) > 1 else 1
        rows = math.prod(result) // n
        return [Gemm(rows, math.prod(shapes[0]) // rows, n)]
    if node.operator == "convolution":
        return [_convolution(shapes[0], shapes[1], result, node)]
    if node.operator == "experts":
        return list(_experts(shapes[0], shapes[1], experts, node.layer))
    if node.operator == "einsum":
        return list(_contractions(node.options["equation"], shapes))
    return [_matmul(shapes[0], shapes[1])]


def _convolution(image: Shape, weight: Shape, result: Shape, node: Node) -> Gemm:
    groups, taps = node.options.get("groups", 1), math.prod(weight[2:])
    images = math.prod(image) // math.prod(image[-len(weight) + 1 :])
    if node.options.get("transposed"):  # weight: channels read, channels made by a group, taps
        return Gemm(images * math.prod(image[-len(weight) + 2 :]), weight[0] // groups, weight[1] * taps, groups)
    return Gemm(images * math.prod(result[-len(weight) + 2 :]), weight[1] * taps, weight[0] // groups, groups)


def _matmul(left: Shape, right: Shape) -> Gemm:
    left = (1, *left) if len(left) == 1 else left
    right = (*right, 1) if len(right) == 1 else right
    m, k, n = left[-2], left[-1], right[-1]
    of_left, of_right = math.prod(left[:-2]), math.prod(right[:-2])
    if of_right == 1:
        return Gemm(m * of_left, k, n)
    if of_left == 1:
        return Gemm(m, k, n * of_right)
    rank = max(len(left), len(right)) - 2
    batches = zip(_padded(left[:-2], rank), _padded(right[:-2], rank), strict=True)
    return Gemm(m, k, n, math.prod(max(pair) for pair in batches))


def _experts(tokens: Shape, weight: Shape, stated: Sequence[int], layer: str) -> Iterator[Gemm]:
    """Yield the GEMMs of experts that share rows, the fewest tokens last; an expert without tokens has none."""
    rows, count = tokens[0], weight[0]
    each = list(stated) or [rows // count + (i < rows % count) for i in range(count)]
    if len(each) != count or sum(each) != rows:
        wanted = f"layer '{layer}' has {count} experts for {rows:,} tokens"
        raise InputError(f"experts: {wanted} (got {len(each)} for {sum(each):,})")
    for size, times in sorted(Counter(each).items(), reverse=True):
        if size:
            yield Gemm(size, weight[1], weight[2], times)


def _padded(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + shape


def _contractions(equation: str, shapes: list[Shape]) -> Iterator[Gemm]:
    """Yield the GEMM of an einsum, none where nothing is summed; of more factors than two, those from left to right."""
    factors, result = _letters(equation, shapes)
    pairs = [list(zip(letters, shape, strict=True)) for letters, shape in zip(factors, shapes, strict=True)]
    sizes = {a: size for pair in pairs for a, size in pair if size != 1}  # an axis of one element is stretched
    left, *others = ({a for a, size in pair if size != 1} for pair in pairs)
    for place, right in enumerate(others, start=1):
        later = set(result).union(*others[place:])
        both, summed = left & right, (left | right) - later
        k, m, n, repeats = (
            math.prod(sizes[a] for a in part)
            for part in (both & summed, left - both - summed, right - both - summed, both - summed)
        )  # a letter of one factor alone that is summed is summed before
        if both & summed:
            yield Gemm(m, k, n, repeats)
        left = (left | right) - summed


def _letters(equation: str, shapes: list[Shape]) -> tuple[list[str], str]:
    """Return the letters of each factor and of the result; an ellipsis becomes capital letters of its own."""
    left, _, result = equation.replace(" ", "").partition("->")
    factors, most = left.split(","), 0
    spare = [a for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if a not in equation]
    for place, (letters, shape) in enumerate(zip(factors, shapes, strict=True)):
        if "..." in letters:
            rank = len(shape) - len(letters) + 3
            most = max(most, rank)
            factors[place] = letters.replace("...", "".join(spare[:rank][::-1]))
    ellipsis = "".join(spare[:most][::-1])
    if "->" not in equation:
        all_letters = "".join(factors)
        single = sorted(a for a in set(all_letters) if all_letters.count(a) == 1 and a not in ellipsis)
        return factors, ellipsis + "".join(single)
    return factors, result.replace("...", ellipsis)
