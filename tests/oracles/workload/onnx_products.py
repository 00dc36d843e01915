"""Products of an ONNX model counted from arrays: the model is computed, and each product's arrays are looked at.

Nothing of the package is used: shapes are those that the numbers have.
"""

import math
from typing import Any

import numpy as np
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator


def arrays_of(model: Any, feeds: dict[str, Any]) -> dict[str, Any]:
    """Return every value of a model as an array."""
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer} | dict(feeds)
    computed = ReferenceEvaluator(model).run(None, feeds, intermediate=True)
    return found | {name: np.asarray(value) for name, value in computed.items() if name}


def macs_of(model: Any, arrays: dict[str, Any]) -> int:
    """Return the multiply-accumulates of a model: elements of each product's result times the terms of each."""
    return sum(_macs(node, arrays) for node in model.graph.node)


def _macs(node: Any, arrays: dict[str, Any]) -> int:
    shapes = [arrays[name].shape if name else () for name in node.input]
    result = arrays[node.output[0]].shape if node.output else ()
    stated = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type in ("MatMul", "MatMulInteger", "QLinearMatMul"):
        return math.prod(result) * shapes[0][-1]
    if node.op_type == "Gemm":
        return math.prod(result) * shapes[0][0 if stated.get("transA") else 1]
    if node.op_type in ("Conv", "ConvInteger", "QLinearConv"):
        weight = shapes[3 if node.op_type == "QLinearConv" else 1]
        return math.prod(result) * math.prod(weight[1:])
    if node.op_type == "ConvTranspose":
        return math.prod(shapes[0]) * math.prod(shapes[1][1:])
    if node.op_type == "Einsum":
        letters = stated["equation"].decode().split("->")[0].split(",")
        sizes = {a: n for term, shape in zip(letters, shapes, strict=True) for a, n in zip(term, shape, strict=True)}
        return math.prod(sizes.values())
    if node.op_type == "Attention":
        images, heads, queries, size = shapes[0]
        return images * heads * queries * shapes[1][2] * (size + shapes[2][3])
    return 0
