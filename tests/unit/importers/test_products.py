"""Sizes of products, beside loops over every element that they multiply."""

import itertools
import math

import pytest

from pivotsim.errors import InputError
from pivotsim.importers.graph import Graph, Node, Value
from pivotsim.importers.products import Gemm, gemms_of
from tests.oracles.workload.products import macs_by_elements

CASES = {  # operator, options, shapes of the factors, shape of the result, the GEMMs
    "linear": ("linear", {}, [(2, 5, 4), (7, 4)], (2, 5, 7), [Gemm(10, 4, 7)]),
    "vector": ("linear", {}, [(4,), (7, 4)], (7,), [Gemm(1, 4, 7)]),
    "matmul": ("matmul", {}, [(5, 4), (4, 7)], (5, 7), [Gemm(5, 4, 7)]),
    "matmul of heads": ("matmul", {}, [(2, 3, 5, 4), (2, 3, 4, 7)], (2, 3, 5, 7), [Gemm(5, 4, 7, 6)]),
    "weight on the right": ("matmul", {}, [(2, 3, 5, 4), (4, 7)], (2, 3, 5, 7), [Gemm(30, 4, 7)]),
    "weight on the left": ("matmul", {}, [(5, 4), (2, 3, 4, 7)], (2, 3, 5, 7), [Gemm(5, 4, 42)]),
    "heads that share": ("matmul", {}, [(2, 3, 5, 4), (2, 1, 4, 7)], (2, 3, 5, 7), [Gemm(5, 4, 7, 6)]),
    "matrix by vector": ("matmul", {}, [(5, 4), (4,)], (5,), [Gemm(5, 4, 1)]),
    "einsum": ("einsum", {"equation": "bhid,bhjd->bhij"}, [(2, 3, 5, 4), (2, 3, 7, 4)], (2, 3, 5, 7), [Gemm(5, 4,
        7, 6)]),
    "einsum with dots": ("einsum", {"equation": "...ij,jk->...ik"}, [(2, 3, 5, 4), (4, 7)], (2, 3, 5, 7), [Gemm(30,
        4, 7)]),
    "einsum of unspoken result": ("einsum", {"equation": "ij,jk"}, [(5, 4), (4, 7)], (5, 7), [Gemm(5, 4, 7)]),
    "convolution": ("convolution", {"groups": 1}, [(2, 3, 8, 8), (16, 3, 3, 3)], (2, 16, 6, 6), [Gemm(72, 27, 16)]),
    "groups": ("convolution", {"groups": 2}, [(1, 4, 8, 8), (6, 2, 3, 3)], (1, 6, 4, 4), [Gemm(16, 18, 3, 2)]),
    "depthwise": ("convolution", {"groups": 4}, [(1, 4, 5, 5), (4, 1, 3, 3)], (1, 4, 5, 5), [Gemm(25, 9, 1, 4)]),
    "of a line": ("convolution", {}, [(2, 80, 100), (32, 80, 3)], (2, 32, 50), [Gemm(100, 240, 32)]),
    "transposed": ("convolution", {"transposed": True}, [(1, 4, 5, 5), (4, 6, 2, 2)], (1, 6, 10, 10), [Gemm(25, 4,
        24)]),
    "attention": ("attention", {}, [(2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 6)], (2, 3, 5, 6),
                  [Gemm(5, 4, 7, 6), Gemm(5, 7, 6, 6)]),
    "grouped queries": ("attention", {}, [(1, 6, 5, 4), (1, 2, 7, 4), (1, 2, 7, 4)], (1, 6, 5, 4),
                        [Gemm(5, 4, 7, 6), Gemm(5, 7, 4, 6)]),
}  # fmt: skip


def graph_of(
    operator: str, options: dict[str, object], shapes: list[tuple[int, ...]], result: tuple[int, ...]
) -> Graph:
    names = [f"x{i}" for i in range(len(shapes))]
    values = {name: Value(shape) for name, shape in zip(names, shapes, strict=True)}
    return Graph("one", (Node("y", operator, tuple(names), options=options),), {**values, "y": Value(result)})


@pytest.mark.parametrize("name", CASES)
def test_sizes_and_what_they_multiply(name: str) -> None:
    operator, options, shapes, result, wanted = CASES[name]
    graph = graph_of(operator, options, shapes, result)
    found = gemms_of(graph, graph.nodes[0])
    assert found == wanted
    assert sum(math.prod(gemm) for gemm in found) == macs_by_elements(operator, options, shapes, result)


@pytest.mark.parametrize(
    ("equation", "left", "right", "result", "wanted"),
    (
        ("bij,bkj->bik", (2, 5, 4), (1, 7, 4), (2, 5, 7), [Gemm(10, 4, 7)]),  # one batch serves both
        ("bij,bkj->bik", (1, 5, 4), (3, 7, 4), (3, 5, 7), [Gemm(5, 4, 21)]),
        ("ij,jk->k", (3, 5), (5, 7), (7,), [Gemm(1, 5, 7)]),  # i is summed before
        ("i,j->ij", (3,), (5,), (3, 5), []),
        ("bi,bi->bi", (2, 3), (2, 3), (2, 3), []),
    ),
)
def test_what_an_einsum_sums(equation, left, right, result, wanted) -> None:
    """As torch multiplies: letters of one factor alone are summed first, and products that sum nothing are no GEMM."""
    graph = graph_of("einsum", {"equation": equation}, [left, right], result)
    assert gemms_of(graph, graph.nodes[0]) == wanted


def test_three_factors_multiply_from_left_to_right() -> None:
    graph = graph_of("einsum", {"equation": "ij,jk,kl->il"}, [(2, 3), (3, 5), (5, 7)], (2, 7))
    assert gemms_of(graph, graph.nodes[0]) == [Gemm(2, 3, 5), Gemm(2, 5, 7)]


def test_every_shape_of_a_batched_product() -> None:
    """Batches of one and of three, on either side, in up to two dimensions."""
    for left, right in itertools.product([(), (1,), (3,), (3, 1), (1, 3), (2, 3)], repeat=2):
        rank = max(len(left), len(right))
        padded = [(1,) * (rank - len(batch)) + batch for batch in (left, right)]
        if any(a != b and 1 not in (a, b) for a, b in zip(*padded, strict=True)):
            continue
        batch = tuple(max(pair) for pair in zip(*padded, strict=True))
        shapes, result = [(*left, 5, 4), (*right, 4, 7)], (*batch, 5, 7)
        graph = graph_of("matmul", {}, shapes, result)
        made = sum(math.prod(gemm) for gemm in gemms_of(graph, graph.nodes[0]))
        assert made == macs_by_elements("matmul", {}, shapes, result)


TOKENS, EXPERTS = (10, 4), (3, 4, 7)  # ten rows for three weights of 4 x 7


@pytest.mark.parametrize(
    ("stated", "wanted"),
    [
        ((), [Gemm(4, 4, 7), Gemm(3, 4, 7, 2)]),
        ((5, 0, 5), [Gemm(5, 4, 7, 2)]),
        ((1, 2, 7), [Gemm(7, 4, 7), Gemm(2, 4, 7), Gemm(1, 4, 7)]),
    ],
)
def test_experts_share_their_tokens(stated: tuple[int, ...], wanted: list[Gemm]) -> None:
    graph = graph_of("experts", {}, [TOKENS, EXPERTS], (10, 7))
    assert gemms_of(graph, graph.nodes[0], stated) == wanted
    assert sum(math.prod(gemm) for gemm in wanted) == 10 * 4 * 7  # each row once, whichever expert takes it


@pytest.mark.parametrize(("stated", "told"), [((5, 5), "got 2 for 10"), ((5, 4, 2), "got 3 for 11")])
def test_experts_that_do_not_fit(stated: tuple[int, ...], told: str) -> None:
    graph = graph_of("experts", {}, [TOKENS, EXPERTS], (10, 7))
    with pytest.raises(InputError, match=rf"experts: layer '' has 3 experts for 10 tokens \({told}\)"):
        gemms_of(graph, graph.nodes[0], stated)
