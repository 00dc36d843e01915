"""Shapes of all values of an ONNX graph, node by node; arithmetic on shapes is computed, nothing else is."""

import math
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnx.reference
import onnx.shape_inference

from pivotsim.errors import InputError
from pivotsim.importers.onnx import contrib
from pivotsim.importers.onnx.operators import TWINS
from pivotsim.units import INT64_MAX

MAX_COMPUTED = 4096  # elements of a value that is computed: sizes, positions, indices
_COMPUTED = {
    "Constant", "Shape", "Size", "ConstantOfShape", "Identity", "Cast", "Gather", "Slice", "Concat", "Split",
    "Squeeze", "Unsqueeze", "Reshape", "Transpose", "Expand", "Range", "Where", "Equal", "Less", "LessOrEqual",
    "Greater", "GreaterOrEqual", "And", "Or", "Not", "Add", "Sub", "Mul", "Div", "Mod", "Neg", "Abs", "Min",
    "Max", "Floor", "Ceil", "Round", "Sqrt", "Pow", "Reciprocal", "ReduceProd", "ReduceSum", "ReduceMax",
    "ReduceMin", "Tile", "ScatterND", "ScatterElements", "CumSum", "Flatten",
}  # fmt: skip
_KEEPING = {
    "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Cast", "DepthToSpace", "SpaceToDepth",
}  # fmt: skip


class Known(NamedTuple):
    """What is known of a value: its type (one of onnx.TensorProto's numbers), shape, and perhaps what it holds."""

    elem_type: int
    shape: tuple[int, ...]
    data: "np.ndarray[Any, np.dtype[Any]] | None" = None

    @property
    def text(self) -> str:
        """Its shape in a message."""
        return "x".join(map(str, self.shape)) or "a single value"


def results_of(
    node: Any,
    inputs: Mapping[str, Known],
    versions: Mapping[str, int],
    stated: Mapping[str, Known],
    *,
    is_known: bool = True,
) -> dict[str, Known]:
    """Return what is known of a node's results.

    Parameters
    ----------
    node : onnx.NodeProto
    inputs : mapping
        Values that it may read, those that it does read among them.
    versions : mapping
        Domain -> version of its operators.
    stated : mapping
        Shapes that the file states, used where nothing else tells one.
    is_known : bool, optional
        False for an operator that was left out, of which the file alone tells shapes.

    Returns
    -------
    dict
        Result -> its type, shape, and what it holds where that follows from shapes and small constants alone.

    Raises
    ------
    InputError
        Sizes do not fit each other, or a result's size depends on more than shapes; without the layer's name.
    """
    read = {name: inputs[name] for name in node.input if name}
    found = _inferred(node, read, versions) if is_known else {}
    results: dict[str, Known] = {}
    for name in filter(None, node.output):
        known = found.get(name) or stated.get(name)
        if known is None:
            raise InputError("the size of its result depends on what the model reads, or is not known here")
        if min(known.shape, default=0) < 0 or math.prod(known.shape) > INT64_MAX:
            raise InputError(f"its result cannot have such a size ({known.text})")
        results[name] = known
    if not _fits(node, list(read.values()), list(results.values())):
        raise _misfit(read)
    return _computed(node, read, results, versions)


def _fits(node: Any, read: list[Known], results: list[Known]) -> bool:
    """Whether sizes keep what ONNX's own rules leave open: elements of a reshape, groups of a convolution."""
    if node.op_type in _KEEPING:
        return math.prod(read[0].shape) == math.prod(results[0].shape)
    if node.op_type == "Conv" and not node.domain:
        groups = contrib.attributes_of(node).get("group", 1)
        image, weight = read[0].shape, read[1].shape
        return bool(groups > 0 and image[1] == weight[1] * groups and weight[0] % groups == 0)
    if node.op_type == "ConvTranspose":
        return bool(contrib.attributes_of(node).get("group", 1) > 0 and read[0].shape[1] == read[1].shape[0])
    return True


def _misfit(read: Mapping[str, Known]) -> InputError:
    return InputError(f"what it reads does not fit ({', '.join(known.text for known in read.values()) or 'nothing'})")


def known_tensor(tensor: Any) -> Known:
    """Return what is known of a constant; what it holds is read only if it is small and in the file."""
    known = Known(tensor.data_type, tuple(tensor.dims))
    if min(known.shape, default=0) < 0 or not math.prod(known.shape) <= MAX_COMPUTED:
        return known
    try:
        return known._replace(data=onnx.numpy_helper.to_array(tensor))
    except Exception:  # external data, text, or a tensor that holds less than it states
        return known


def known_type(type_proto: Any) -> Known | None:
    """Return the type and shape that a file states, None where a size is left open."""
    tensor = type_proto.tensor_type
    if not tensor.HasField("shape"):
        return None
    sizes = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
    return Known(tensor.elem_type, tuple(sizes)) if min(sizes, default=0) >= 0 else None


def _inferred(node: Any, read: Mapping[str, Known], versions: Mapping[str, int]) -> dict[str, Known]:
    """Return shapes by ONNX's own rules, or by those of ONNX Runtime's operators."""
    if node.domain in ("", "ai.onnx"):
        return _by_schema(node, read, versions.get("", 1))
    kind = contrib.kind_of(node, [read[name].elem_type if name else None for name in node.input])
    twin = TWINS.get(f"{node.domain}.{node.op_type}")
    if twin is None:
        shapes = contrib.shapes_of(node, [read[name].shape if name else None for name in node.input])
        return {name: Known(kind, shape) for name, shape in zip(node.output, shapes, strict=False) if name}
    if max(twin[1]) >= len(node.input):
        raise _misfit(read)
    factors = {node.input[p]: read[node.input[p]]._replace(elem_type=onnx.TensorProto.FLOAT) for p in twin[1]}
    found = _by_schema(contrib.twin_of(node, *twin), factors, onnx.defs.onnx_opset_version())
    return {name: known._replace(elem_type=kind) for name, known in found.items()}


def _by_schema(node: Any, read: Mapping[str, Known], version: int) -> dict[str, Known]:
    try:
        try:
            schema = onnx.defs.get_schema(node.op_type, version, "")
        except onnx.defs.SchemaError:  # ONNX Runtime takes some in files of versions that have none
            schema = onnx.defs.get_schema(node.op_type)
        types = {n: onnx.helper.make_tensor_type_proto(known.elem_type, known.shape) for n, known in read.items()}
        data = {n: onnx.numpy_helper.from_array(k.data, n) for n, k in read.items() if k.data is not None}
        inferred = onnx.shape_inference.infer_node_outputs(schema, node, types, data)
    except Exception:  # of onnx: sizes that do not fit, attributes that are missing or of a wrong kind
        raise _misfit(read) from None
    return {name: known for name, t in inferred.items() if (known := known_type(t)) is not None}


def _computed(
    node: Any, read: Mapping[str, Known], results: dict[str, Known], versions: Mapping[str, int]
) -> dict[str, Known]:
    """Return results with what they hold, where that follows from shapes and small constants."""
    if node.domain or node.op_type not in _COMPUTED or any(math.prod(r.shape) > MAX_COMPUTED for r in results.values()):
        return results
    of_shape = node.op_type in ("Shape", "Size")
    values = {n: np.broadcast_to(np.int8(0), k.shape) if of_shape else k.data for n, k in read.items()}
    if any(value is None for value in values.values()):
        return results
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            computed = onnx.reference.ReferenceEvaluator(node, opsets=dict(versions)).run(None, values)
    except Exception:  # what cannot be computed stays unknown
        return results
    made = (name for name in node.output if name)
    return {
        name: results[name]._replace(data=np.asarray(value))
        if np.shape(value) == results[name].shape
        else results[name]
        for name, value in zip(made, computed, strict=False)
    }
