"""A graph's nodes as operations: every product as GEMMs, and what else takes time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pivotsim.importers.graph import FOLDED, FREE, PRODUCTS, Graph, Node
from pivotsim.importers.labels import Label, class_kind, is_norm, labels_of
from pivotsim.importers.products import gemms_of
from pivotsim.workload.ops import Op

_SCALING = ("add", "sub", "rsub", "mul", "div", "multiply", "divide", "subtract")


@dataclass
class Lowered:
    """Rows of a trace, and what an import report says of the rest."""

    ops: list[Op] = field(default_factory=list)
    free: dict[str, int] = field(default_factory=dict)  # operator -> how often it cost nothing
    folded: dict[str, int] = field(default_factory=dict)  # operator -> how often it became part of weights
    used: set[str] = field(default_factory=set)  # constants that some operation reads


class _Rows(NamedTuple):
    m: int
    n: int
    repeats: int = 1


def lowered(graph: Graph, experts: tuple[int, ...] = ()) -> Lowered:
    """Return the operations of a graph in its order.

    A product is a GEMM with 8-bit operands followed by its requantisation, as in ``lower``. Scales and sums with one
    constant per channel are part of the weights beside them, and a batch norm is; SiLU and the gate that it
    multiplies are one operation. A module whose class says that it is a norm or an activation is one operation,
    however many it is written as. ``experts`` are the tokens of each expert of a mixture, () for an even spread.
    """
    return _Lowering(graph, experts).run()


class _Lowering:
    def __init__(self, graph: Graph, experts: tuple[int, ...]) -> None:
        self.experts = experts
        self.graph, self.labels, self.result = graph, labels_of(graph), Lowered()
        self.channel_axis: dict[str, int] = {}  # value -> where its channels are, if not last
        self.whole: set[str] = set()  # modules that became one operation
        self.fused: dict[str, Node] = {}  # product with a gate -> the activation that it takes in

    def run(self) -> Lowered:
        """Return all operations."""
        for node in self.graph.nodes:
            if self.graph.values[node.name].is_constant:
                continue
            self.result.used.update(node.inputs)
            self._follow_channels(node)
            self.result.ops += self._ops(node, self.labels[node.name])
        return self.result

    def _ops(self, node: Node, label: Label) -> Iterator[Op]:
        if node.operator in PRODUCTS:
            yield from self._products(node, label)
            return
        kind = self._kind(node)
        if kind in (FREE, FOLDED):
            counts = self.result.free if kind == FREE else self.result.folded
            counts[node.origin] = counts.get(node.origin, 0) + 1
            return
        rows = self._rows(node, kind, label)
        module = label.module if kind not in ("gelu", "silu", "relu", "softmax") else kind
        yield Op(label.encoder, module, kind, rows.m, 1, rows.n, rows.repeats, layer=node.layer)

    def _products(self, node: Node, label: Label) -> Iterator[Op]:
        i, layer, bits = label.encoder, node.layer, node.options.get("bits", (8, 8))
        if not all(self.graph.values[value].size for value in (*node.inputs, node.name)):
            return
        gemms = gemms_of(self.graph, node, self.experts)
        if not gemms:  # an einsum that sums nothing
            rows = self._rows(node, "mul", label)
            yield Op(i, label.module, "mul", rows.m, 1, rows.n, rows.repeats, layer=layer)
        modules = ("qkt", "sv") if node.operator == "attention" else (label.module,) * len(gemms)
        for module, gemm in zip(modules, gemms, strict=True):
            m, k, n, repeats = gemm
            if not m * k * n * repeats:
                continue
            yield Op(i, module, "gemm", m, k, n, repeats, *bits)._replace(layer=layer)
            yield Op(i, "requant", "requant", m, 1, n, repeats, layer=layer)
            if node.operator == "attention" and module == "qkt":
                if node.options.get("has_bias"):
                    yield Op(i, "qkt", "add", m, 1, n, repeats, layer=layer)
                yield Op(i, "softmax", "softmax", m, 1, n, repeats, layer=layer)

    def _kind(self, node: Node) -> str:
        """Return what a node is once the model is deployed: its operator, or part of something else."""
        if node.operator in (FREE, FOLDED) or not self.graph.values[node.name].size:
            return node.operator if node.operator == FOLDED else FREE
        of_class = "norm" if is_norm(node) and node.operator != "norm" else class_kind(node)
        if of_class and node.operator in ("add", "mul", "pool"):
            call = node.call or node.layer
            if call in self.whole:
                return FREE
            self.whole.add(call)
            return of_class
        if node.name in self.fused:
            return "silu"
        if self._is_folded(node):
            return FOLDED
        gate = self._gate(node) if node.operator == "silu" else None
        if gate is not None:
            self.fused[gate.name] = node
            return FREE
        return node.operator

    def _is_folded(self, node: Node) -> bool:
        """Whether a node scales or shifts by one constant per channel, or by one alone."""
        base = node.origin.split(".")[1] if "." in node.origin else node.origin.lower()
        if base.rstrip("_") not in _SCALING or len(self.graph.moving(node)) != 1:
            return False
        constants = [self.graph.values[name] for name in node.inputs if self.graph.values[name].is_constant]
        shape = self.graph.shape(node.name)
        channels = shape[self._axis(node.name, len(shape))] if shape else 1
        return all(value.size == 1 or (value.size == channels and max(value.shape) == channels) for value in constants)

    def _gate(self, silu: Node) -> Node | None:
        """Return the product of two values that takes in what a SiLU makes, and nothing else does."""
        name = silu.name
        for _ in range(10):
            readers = self.graph.readers.get(name, [])
            if len(readers) != 1:
                return None
            if readers[0].operator == "mul" and len(self.graph.moving(readers[0])) == 2:
                return readers[0]
            if readers[0].operator != FREE:
                return None
            name = readers[0].name
        return None

    def _axis(self, name: str, rank: int) -> int:
        return self.channel_axis.get(name, rank - 1) if rank else 0

    def _follow_channels(self, node: Node) -> None:
        shape = self.graph.shape(node.name)
        if node.operator == "convolution":
            self.channel_axis[node.name] = len(shape) - len(self.graph.shape(node.inputs[1])) + 1
            return
        moving = self.graph.moving(node)
        before = self.channel_axis.get(moving[0]) if moving else None
        if before is None or node.operator in PRODUCTS:
            return
        axes = node.options.get("axes")
        if axes:
            before = axes.index(before)
        elif len(shape) != len(self.graph.shape(moving[0])):
            flattened = len(shape) < len(self.graph.shape(moving[0])) and before < len(shape) - 1
            if not flattened or shape[before] != self.graph.shape(moving[0])[before]:
                return
        if before != len(shape) - 1:
            self.channel_axis[node.name] = before

    def _rows(self, node: Node, kind: str, label: Label) -> _Rows:
        """Return rows and elements of a row: channels beside each other, or scores of a query."""
        shape = self.graph.shape(node.name)
        if kind == "pool" or (kind == "sort"):
            read = self.graph.shape(self.graph.moving(node)[0])
            axis = self._axis(self.graph.moving(node)[0], len(read))
            size, n = math.prod(read), read[axis] if read else 1
            return _Rows(size // n, n)
        size = math.prod(shape)
        if label.module in ("qkt", "softmax", "sv") and len(shape) > 2:
            return _Rows(shape[-2], shape[-1], math.prod(shape[:-2]))
        n = shape[self._axis(node.name, len(shape))] if shape else 1
        return _Rows(size // n, n)
