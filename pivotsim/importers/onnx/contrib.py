"""Shapes of ONNX Runtime's own operators, and the heads of all operators of attention."""

import math
from collections.abc import Sequence
from typing import Any

import onnx

from pivotsim.errors import InputError

Shape = tuple[int, ...]
# operator -> the input that has its result's type, and the type where it is left out; the first input's elsewhere
_KIND_FROM = {
    "QuantizeLinear": (2, onnx.TensorProto.UINT8),
    "DequantizeLinear": (1, onnx.TensorProto.FLOAT),
    "MatMulIntegerToFloat": (2, onnx.TensorProto.FLOAT),
    "QLinearConcat": (1, onnx.TensorProto.UINT8),
    "QGemm": (8, onnx.TensorProto.FLOAT),
}


def attributes_of(node: Any) -> dict[str, Any]:
    """Return a node's attributes by name, without tensors and graphs."""
    simple = (onnx.AttributeProto.INT, onnx.AttributeProto.INTS, onnx.AttributeProto.FLOAT, onnx.AttributeProto.STRING)
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute if a.type in simple}


def kind_of(node: Any, read: Sequence[int | None]) -> int:
    """Return the type of a node's results, from those of its inputs."""
    place, otherwise = _KIND_FROM.get(node.op_type, (0, onnx.TensorProto.FLOAT))
    found = read[place] if place < len(read) else None
    return otherwise if found is None else found


def twin_of(node: Any, op_type: str, places: Sequence[int]) -> Any:
    """Return the standard operator that makes results of the same shape from some of a node's inputs."""
    known = set(onnx.defs.get_schema(op_type).attributes)
    twin = onnx.helper.make_node(op_type, [node.input[p] for p in places], node.output[:1])
    twin.attribute.extend(a for a in node.attribute if a.name in known)
    return twin


def shapes_of(node: Any, read: Sequence[Shape | None]) -> list[Shape]:
    """Return the shapes of a node's results, as far as anyone may read them.

    Raises
    ------
    InputError
        Inputs or attributes are missing or do not fit.
    """
    if not read or read[0] is None:
        raise InputError("its first input is missing")
    try:
        return _shapes(node, read, read[0])
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise error if isinstance(error, InputError) else InputError("its inputs or attributes do not fit") from None


def _shapes(node: Any, read: Sequence[Shape | None], first: Shape) -> list[Shape]:
    stated = attributes_of(node)
    if node.op_type == "FusedMatMul" and len(read) > 1 and read[1] is not None:
        return [_transposed_product(first, read[1], stated)]
    if node.op_type == "MatMulNBits":
        return [(*first[:-1], int(stated.get("N", 0)))]
    if node.op_type in ("Attention", "MultiHeadAttention", "GroupQueryAttention"):
        query, _, value = heads_of(node, read)
        return [(first[0], first[1], query[1] * value[-1])]
    if node.op_type == "QLinearConcat":  # scale and zero point of the result, then three of each input
        parts = [shape for shape in read[2::3] if shape is not None]
        axis = int(stated.get("axis", 0)) % max(len(parts[0]), 1)
        return [(*parts[0][:axis], sum(shape[axis] for shape in parts), *parts[0][axis + 1 :])]
    return [first] * len(node.output)


def _transposed_product(left: Shape, right: Shape, stated: dict[str, Any]) -> Shape:
    """Return the shape of a product whose factors may be transposed."""
    m = left[-1] if stated.get("transA") else left[-2]
    n = right[-2] if stated.get("transB") else right[-1]
    batch = left[:-2] if len(left) >= len(right) else right[:-2]
    return (*batch, m, n)


def heads_of(node: Any, read: Sequence[Shape | None]) -> tuple[Shape, Shape, Shape]:
    """Return the shapes of queries, keys and values (images, heads, tokens, elements) of an operator of attention.

    What a cache adds counts as keys and values.

    Raises
    ------
    InputError
        The number of heads is missing, or inputs do not fit.
    """
    stated = attributes_of(node)
    heads = int(stated.get("num_heads") or stated.get("q_num_heads") or 0)
    few = int(stated.get("kv_num_heads") or heads)
    given = [*read, *[None] * 8]
    query, key, value = given[:3]
    past = given[4] if node.op_type == "Attention" and not node.domain else None
    if query is None or not (heads or len(query) == 4):
        raise InputError("the number of its heads is missing")
    if node.op_type == "Attention" and node.domain:  # (images, tokens, width) by its weight
        if key is None:
            raise InputError("its weight is missing")
        widths = list(stated.get("qkv_hidden_sizes") or [key[-1] // 3] * 3)
        past = given[4][1:] if given[4] else None  # keys and values in one
        query, key, value = ((query[0], query[1], width) for width in widths)
    elif node.op_type == "MultiHeadAttention":
        past = given[6]
        if len(query) == 5:  # (images, tokens, heads, 3, elements)
            query = key = value = (query[0], query[1], query[2] * query[4])
        elif key is not None and len(key) == 5:
            key = value = (key[0], key[1], key[2] * key[4])
    elif node.op_type == "GroupQueryAttention":
        past = given[3]
        if key is None:
            size = query[-1] // (heads + 2 * few)
            query, key = (*query[:2], heads * size), (*query[:2], few * size)
            value = key
    if key is None or value is None:
        raise InputError("its keys or values are missing")
    parts = [_by_heads(query, heads), _by_heads(key, few), _by_heads(value, few)]
    if past:
        parts[1:] = [(*part[:2], part[2] + past[-2], part[3]) for part in parts[1:]]
    return parts[0], parts[1], parts[2]


def _by_heads(shape: Shape, heads: int) -> Shape:
    if len(shape) == 4:
        return shape
    if len(shape) != 3 or not heads or shape[2] % heads:
        raise InputError(f"its width does not divide into {heads} heads ({'x'.join(map(str, shape))})")
    return shape[0], heads, shape[1], math.prod(shape[2:]) // heads
