"""Widths of values in quantised files: integers between QuantizeLinear and DequantizeLinear, or integer operators."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pivotsim.importers.graph import FREE, PRODUCTS, Graph, Node

DEFAULT = 8
_WIDTHS = {
    2: "UINT2 INT2",
    4: "UINT4 INT4 FLOAT4E2M1",
    6: "FLOAT6E2M3 FLOAT6E3M2",
    8: "UINT8 INT8 FLOAT8E4M3FN FLOAT8E4M3FNUZ FLOAT8E5M2 FLOAT8E5M2FNUZ",
    16: "UINT16 INT16",
}
_WIDTH_OF = {name: width for width, names in _WIDTHS.items() for name in names.split()}
_QUANTISERS = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")
_STEPS = 6  # between a product and what quantises its result: bias, activation, moves


def with_bits(graph: Graph, types: Mapping[str, str]) -> Graph:
    """Return a graph whose products state the widths of their operands and result, where the file quantises any.

    Parameters
    ----------
    graph : Graph
    types : mapping
        Value -> name of its type, as onnx.TensorProto has it.
    """
    widths = {value: _WIDTH_OF[name] for value, name in types.items() if name in _WIDTH_OF}
    nodes = []
    for node in graph.nodes:
        if node.operator == FREE and len(node.inputs) > 0 and node.inputs[0] in widths:
            widths.setdefault(node.name, widths[node.inputs[0]])  # dequantised, moved
        if node.operator in PRODUCTS:
            node = _stated(graph, node, widths)
        nodes.append(node)
    return replace(graph, nodes=tuple(nodes))


def without_quantisers(graph: Graph) -> Graph:
    """Return a graph without the nodes that quantise and dequantise: the values on both sides are one."""
    same: dict[str, str] = {}
    nodes = []
    for node in graph.nodes:
        inputs = tuple(same.get(name, name) for name in node.inputs)
        if node.operator == FREE and node.origin.rpartition(".")[2] in _QUANTISERS:
            same[node.name] = inputs[0]
        else:
            nodes.append(node._replace(inputs=inputs))
    return replace(graph, nodes=tuple(nodes))


def _stated(graph: Graph, node: Node, widths: Mapping[str, int]) -> Node:
    operands = [widths.get(name) for name in node.inputs[:2]]
    operands[1:] = [node.options.get("weight_bits", operands[-1])]
    result = _of_result(graph, node.name, widths)
    if operands == [None, None] and result is None:
        return node
    options = {key: value for key, value in node.options.items() if key != "weight_bits"}
    return node._replace(options={**options, "bits": tuple(width or DEFAULT for width in (*operands, result))})


def _of_result(graph: Graph, name: str, widths: Mapping[str, int]) -> int | None:
    """Return the width to which a product's result is quantised, None where it stays as it is."""
    for _ in range(_STEPS):
        if name in widths:
            return widths[name]
        readers: Sequence[Node] = graph.readers.get(name, ())
        if len(readers) != 1 or readers[0].operator in PRODUCTS or len(graph.moving(readers[0])) != 1:
            return None
        name = readers[0].name
    return None
