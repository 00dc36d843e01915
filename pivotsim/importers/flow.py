"""Which products a value comes from, and which read it next, past everything that only moves or reshapes it."""

from collections.abc import Callable

from pivotsim.importers.graph import PRODUCTS, Graph, Node

Where = Callable[[Node], bool]


def is_depthwise(node: Node) -> bool:
    """Whether a node is a convolution in groups, which mixes positions and hardly channels."""
    return node.operator == "convolution" and node.options.get("groups", 1) > 1


def has_weight(graph: Graph, node: Node) -> bool:
    """Whether a node multiplies by a weight."""
    return node.operator in PRODUCTS and len(graph.moving(node)) == 1 and len(node.inputs) > 1


def is_product(node: Node) -> bool:
    """Whether a node mixes what it reads: a product, but no depthwise convolution."""
    return node.operator in PRODUCTS and not is_depthwise(node)


class Found:
    """Products on the way, nearest first, and what lies between them and the start."""

    def __init__(self) -> None:
        self.products: list[Node] = []
        self.between: list[Node] = []


def before(graph: Graph, value: str, inside: Where) -> Found:
    """Return the nearest products that a value comes from, among the nodes ``inside``."""
    found, waiting, seen = Found(), [value], {value}
    while waiting:
        node = graph.by_name.get(waiting.pop(0))
        if node is None or not inside(node):
            continue
        if is_product(node):
            found.products.append(node)
            continue
        found.between.append(node)
        for name in graph.moving(node):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return found


def after(graph: Graph, value: str, inside: Where) -> Found:
    """Return the nearest products that read what a value becomes, among the nodes ``inside``."""
    found, waiting, seen = Found(), [value], {value}
    while waiting:
        for node in graph.readers.get(waiting.pop(0), ()):
            if node.name in seen or not inside(node):
                continue
            seen.add(node.name)
            if is_product(node):
                found.products.append(node)
            else:
                found.between.append(node)
                waiting.append(node.name)
    return found
