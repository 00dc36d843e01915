"""Where a graph attends, and which nodes are one encoder: the product of queries and keys, softmax, and the values."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pivotsim.importers.flow import after, before, has_weight, is_depthwise
from pivotsim.importers.graph import Graph, Node

_NUMBER = re.compile(r"\d+")


class Attention(NamedTuple):
    """One attention: its products (one node where the framework has one), and the values that it reads."""

    scores: Node
    weighted: Node
    between: tuple[str, ...]  # nodes between the two products, softmax among them
    query: str
    key: str
    value: str

    @property
    def layer(self) -> str:
        """The module that holds it."""
        return self.scores.layer


def attentions_of(graph: Graph) -> list[Attention]:
    """Return the attentions of a graph in order: nodes of kind attention, and softmax between two products.

    The scores are a product of two values that no weight is; products by a small square weight between them and
    softmax mix heads (CaiT's talking heads) and are passed.
    """
    found = []
    for node in graph.nodes:
        if node.operator == "attention":
            found.append(Attention(node, node, (), *node.inputs[:3]))
        elif node.operator == "softmax" and not graph.values[node.name].is_constant:
            found += _written_out(graph, node)
    return found


def _written_out(graph: Graph, softmax: Node) -> Iterator[Attention]:
    scores, above = _nearest(graph, softmax, before)
    weighted, below = _nearest(graph, softmax, after)
    if scores is None or weighted is None:
        return
    between = tuple(dict.fromkeys([*above, softmax.name, *below]))
    made = {softmax.name, *below}
    value = next((name for name in weighted.inputs if name not in made), weighted.inputs[-1])
    yield Attention(scores, weighted, between, scores.inputs[0], scores.inputs[1], value)


def _nearest(graph: Graph, softmax: Node, look) -> tuple[Node | None, list[str]]:  # type: ignore[no-untyped-def]
    """Return the product without a weight next to softmax on one side, and the nodes between."""
    start, between = softmax, []
    for _ in range(2):  # at most one product that mixes heads on each side
        found = look(graph, start.inputs[0] if look is before else start.name, lambda _: True)
        between += [node.name for node in found.between]
        pure = [node for node in found.products if _is_pure(graph, node)]
        if pure:
            return pure[0], between
        mixing = [node for node in found.products if has_weight(graph, node) and _mixes_heads(graph, node)]
        if not mixing:
            return None, between
        start = mixing[0]
        between.append(start.name)
    return None, between


def _is_pure(graph: Graph, node: Node) -> bool:
    return node.operator in ("matmul", "einsum") and len(graph.moving(node)) == 2


def _mixes_heads(graph: Graph, node: Node) -> bool:
    shapes = [graph.shape(name) for name in node.inputs if graph.values[name].is_constant]
    return bool(shapes) and shapes[0][0] == shapes[0][1 % len(shapes[0])] and shapes[0][0] <= 64


class Blocks:
    """Encoders: the repeated modules that hold an attention, numbered from 1 in the order in which they run.

    A block is the longest prefix of the attention's path that ends in a number and holds a further product with a
    weight (an MLP), else the longest that ends in a number.
    """

    def __init__(self, graph: Graph, attentions: list[Attention]) -> None:
        own = {attention.scores.name: _own_products(graph, attention) for attention in attentions}
        weighted = [node for node in graph.nodes if has_weight(graph, node) and not is_depthwise(node)]
        prefixes = {_block(graph, attention, own[attention.scores.name], weighted) for attention in attentions} - {""}
        self.number: dict[str, int] = {}
        self.of_node: dict[str, str] = {}
        for node in graph.nodes:
            block = next((p for p in _prefixes(node.layer) if p in prefixes), "")
            self.of_node[node.name] = block
            if block and block not in self.number:
                self.number[block] = len(self.number) + 1

    def encoder(self, node: Node) -> int:
        """Return the encoder of a node, 0 outside."""
        return self.number.get(self.of_node[node.name], 0)

    def same(self, node: Node):  # type: ignore[no-untyped-def]
        """Return whether nodes lie in the block of this one, as a function."""
        block = self.of_node[node.name]
        return lambda other: self.of_node[other.name] == block


def _own_products(graph: Graph, attention: Attention) -> set[str]:
    """Return names of the products that feed an attention, and of those that read it first."""
    found = set()
    for value in (attention.query, attention.key, attention.value):
        found |= {node.name for node in before(graph, value, lambda _: True).products}
    return found | {node.name for node in after(graph, attention.weighted.name, lambda _: True).products}


def _prefixes(layer: str) -> Iterator[str]:
    """Yield the prefixes of a dotted path, the longest first.

    >>> list(_prefixes("blocks.3.attn"))
    ['blocks.3.attn', 'blocks.3', 'blocks']
    """
    while layer:
        yield layer
        layer = layer.rpartition(".")[0]


def _block(graph: Graph, attention: Attention, own: set[str], weighted: list[Node]) -> str:
    numbered = [p for p in _prefixes(attention.layer) if _NUMBER.fullmatch(p.rpartition(".")[2])]
    for prefix in numbered:
        inside = [n for n in weighted if n.layer == prefix or n.layer.startswith(prefix + ".")]
        if any(node.name not in own for node in inside):
            return prefix
    return numbered[0] if numbered else ""
