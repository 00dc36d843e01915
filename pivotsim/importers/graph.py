"""The small graph that every reader writes and one lowering reads: values with shapes, nodes in order of execution."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

# What a node may be. A reader maps its own operators to these, and refuses what it cannot map.
PRODUCTS = ("linear", "matmul", "einsum", "convolution", "attention", "experts")  # they multiply and accumulate
ELEMENTWISE = ("softmax", "norm", "gelu", "silu", "relu", "add", "mul", "pool", "sort")  # work without a product
FREE = "free"  # moves, views and names: no arithmetic
FOLDED = "folded"  # part of the weights before it once a model is deployed: a batch norm
OPERATORS = (*PRODUCTS, *ELEMENTWISE, FREE, FOLDED)


class Value(NamedTuple):
    """What flows between nodes: its shape, and whether it is known before a run (a weight, a constant)."""

    shape: tuple[int, ...]
    is_constant: bool = False

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)


class Node(NamedTuple):
    """One operator of a model.

    Attributes
    ----------
    name : str
        Its result, one of the graph's values; results of several parts are taken apart by nodes that cost nothing.
    operator : str
        One of ``OPERATORS``.
    inputs : tuple of str
        Values that it reads, weights included.
    layer : str
        Dotted path of the module that runs it, as its author named it; '' where the file does not say.
    module_class : str
        Class of that module; '' where the file does not say.
    call : str
        Names one call of that module, where it is called several times.
    origin : str
        The reader's own name of the operator, for reports and messages.
    options : mapping
        What the operator needs beside shapes: ``equation`` of an einsum; ``groups`` and ``transposed`` of a
        convolution; ``axes`` of a permutation; ``bits`` of a product whose operands are quantised.
    """

    name: str
    operator: str
    inputs: tuple[str, ...]
    layer: str = ""
    module_class: str = ""
    call: str = ""
    origin: str = ""
    options: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Graph:
    """Nodes in order of execution, the shapes of all values, and the weights by name."""

    name: str
    nodes: tuple[Node, ...]
    values: Mapping[str, Value]
    weights: Mapping[str, str] = field(default_factory=dict)  # value -> the name that the file gives the weight

    @cached_property
    def by_name(self) -> dict[str, Node]:
        """Value -> the node that makes it."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def readers(self) -> dict[str, list[Node]]:
        """Value -> the nodes that read it, in order."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for value in dict.fromkeys(node.inputs):
                found.setdefault(value, []).append(node)
        return found

    def shape(self, value: str) -> tuple[int, ...]:
        """Return the shape of a value."""
        return self.values[value].shape

    def moving(self, node: Node) -> list[str]:
        """Return a node's inputs that are no constants."""
        return [value for value in node.inputs if not self.values[value].is_constant]
