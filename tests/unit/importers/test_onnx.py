"""ONNX files as graphs, beside the package's own lowering and beside what a computed model multiplies."""

import numpy as np
import pytest
from onnx import TensorProto, helper

import pivotsim as ps
from pivotsim.importers.lowering import lowered
from pivotsim.importers.onnx import graph_of_file
from pivotsim.importers.request import Request
from tests.oracles.workload.onnx_products import arrays_of, macs_of
from tests.unit.importers.onnx_files import CLASSES, EXPORTERS, SCOPES, VitFile, model_of, saved, value

SMALL = ps.load_model("deit_s").replace(
    {"name": "small", "depth": 2, "image_px": 16, "patch_px": 4, "channels": 2, "width": 12, "heads": 3,
     "mlp_hidden": 20, "classes": 5, "head_features": 12}
)  # fmt: skip
IMAGE = (1, 2, 16, 16)
ONES = np.ones


def read(model, folder, sizes=None, skip=()):
    return graph_of_file(saved(model, folder), sizes or {}, Request(skip))


def rows(ops):
    return [(op.encoder, op.module, op.kind, op.m, op.k, op.n, op.repeats) for op in ops]


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_rows_are_those_of_the_model(exporter, tmp_path):
    found = lowered(read(VitFile(SMALL, exporter).model, tmp_path, {"x": IMAGE})).ops
    assert rows(found) == rows(ps.lower(ps.plan(SMALL)).ops)
    layers = {op.module: op.layer for op in found if op.encoder == 2 and op.kind == "gemm"}
    assert layers["qkv"] == "blocks.1.attn.qkv" and layers["fc2"] == "blocks.1.mlp.fc2"


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_every_shape_is_that_of_the_computed_array(exporter, tmp_path):
    model = VitFile(SMALL, exporter).model
    arrays = arrays_of(model, {"x": np.zeros(IMAGE, np.float32)})
    graph = read(model, tmp_path, {"x": IMAGE})
    shapes = {name: known.shape for name, known in graph.values.items() if name in arrays}
    assert len(shapes) > 100
    assert shapes == {name: arrays[name].shape for name in shapes}
    assert sum(op.dense_macs for op in lowered(graph).ops) == macs_of(model, arrays)


def test_layers_that_an_optimiser_lost(tmp_path):
    model = VitFile(SMALL, "torchscript").model
    for node in model.graph.node:
        if node.op_type in ("LayerNormalization", "Split", "Softmax", "Add"):
            node.name = f"{node.op_type}_{node.output[0]}"
    assert rows(lowered(read(model, tmp_path, {"x": IMAGE})).ops) == rows(ps.lower(ps.plan(SMALL)).ops)


def test_a_convolution_with_a_norm_in_it_keeps_its_own_name(tmp_path):
    node = helper.make_node("Conv", ["x", "stem.conv.weight"], ["y"])
    for key, listed in ((SCOPES, ["", "stem.bn", "batch_norm"]), (CLASSES, ["Net", "BatchNorm2d", "aten"])):
        node.metadata_props.add(key=key, value=str(listed))
    model = model_of([node], [value("x", [1, 3, 4, 4])], {"stem.conv.weight": ONES((6, 3, 1, 1), F32)})
    assert {op.layer for op in lowered(read(model, tmp_path)).ops} == {"stem.conv"}


def test_a_batch_that_the_file_leaves_open(tmp_path):
    model = VitFile(SMALL, "torchscript").model
    one, three = (lowered(read(model, tmp_path, {"x": (batch, *IMAGE[1:])})).ops for batch in (1, 3))
    assert sum(op.dense_macs for op in three) == 3 * sum(op.dense_macs for op in one)


F32 = np.float32
PRODUCTS = {  # operator, inputs that move, weights, attributes
    "matmul by a weight": ("MatMul", {"a": (2, 5, 4)}, {"b": ONES((4, 7), F32)}, {}),
    "weight on the left": ("MatMul", {"b": (2, 4, 7)}, {"a": ONES((5, 4), F32)}, {}),
    "matmul of values": ("MatMul", {"a": (2, 3, 5, 4), "b": (2, 1, 4, 7)}, {}, {}),
    "gemm": ("Gemm", {"a": (5, 4)}, {"b": ONES((4, 7), F32)}, {}),
    "gemm, turned": ("Gemm", {"a": (4, 5)}, {"b": ONES((7, 4), F32)}, {"transA": 1, "transB": 1}),
    "gemm of values": ("Gemm", {"a": (4, 5), "b": (7, 4)}, {}, {"transA": 1, "transB": 1}),
    "convolution": ("Conv", {"a": (2, 4, 9, 9)}, {"b": ONES((6, 2, 3, 3), F32)}, {"group": 2, "strides": [2, 2]}),
    "depthwise, of a line": ("Conv", {"a": (1, 4, 9)}, {"b": ONES((4, 1, 3), F32)}, {"group": 4, "pads": [1, 1]}),
    "transposed": ("ConvTranspose", {"a": (1, 4, 5, 5)}, {"b": ONES((4, 3, 2, 2), F32)}, {"strides": [2, 2]}),
    "einsum": ("Einsum", {"a": (2, 5, 4), "b": (2, 7, 4)}, {}, {"equation": "bik,bjk->bij"}),
    "integers": ("MatMulInteger", {"a": (5, 4)}, {"b": ONES((4, 7), np.uint8)}, {}),
    "convolution of integers": ("ConvInteger", {"a": (1, 4, 5, 5)}, {"b": ONES((6, 4, 3, 3), np.uint8)}, {}),
    "attention": ("Attention", {"a": (2, 3, 5, 4), "b": (2, 3, 7, 4), "c": (2, 3, 7, 6)}, {}, {}),
}


@pytest.mark.parametrize("case", PRODUCTS)
def test_macs_of_one_product(case, tmp_path):
    operator, moving, weights, options = PRODUCTS[case]
    kind = np.uint8 if any(w.dtype == np.uint8 for w in weights.values()) else F32
    inputs = [value(name, shape, helper.np_dtype_to_tensor_dtype(np.dtype(kind))) for name, shape in moving.items()]
    node = helper.make_node(operator, sorted({*moving, *weights}), ["y"], **options)
    model = model_of([node], inputs, weights)
    arrays = arrays_of(model, {name: np.ones(shape, kind) for name, shape in moving.items()})
    assert sum(op.dense_macs for op in lowered(read(model, tmp_path)).ops) == macs_of(model, arrays) > 0


def chain(*steps):
    """Return nodes of steps such as ``y = Mul a b``, and constants for their numbers."""
    nodes, weights = [], {}
    for step in steps:
        result, _, call = step.partition(" = ")
        operator, *inputs = call.split()
        names = []
        for name in inputs:
            if name[0].isdigit():
                weights[name] = np.float32(name)
            names.append(name)
        nodes.append(helper.make_node(operator, names, [result], name=f"/block/{operator}"))
    return nodes, weights


WRITTEN_OUT = {
    "gelu by erf": (["a = Div x 1.4", "b = Erf a", "c = Add b 1", "d = Mul x c", "y = Mul d 0.5"], ["gelu"]),
    "gelu by erf, halved first": (
        ["h = Mul x 0.5", "a = Div x 1.4", "b = Erf a", "c = Add b 1", "y = Mul h c"],
        ["gelu"],
    ),
    "gelu by tanh": (
        [
            "a = Pow x 3",
            "b = Mul a 0.04",
            "c = Add x b",
            "d = Mul c 0.8",
            "e = Tanh d",
            "f = Add e 1",
            "g = Mul x 0.5",
            "y = Mul g f",
        ],
        ["gelu"],
    ),
    "silu": (["a = Sigmoid x", "y = Mul x a"], ["silu"]),
    "hard swish": (["a = HardSigmoid x", "y = Mul x a"], ["silu"]),
    "hard swish by clip": (["a = Add x 3", "b = Clip a 0 6", "c = Mul x b", "y = Div c 6"], ["silu"]),
    "mish": (["a = Softplus x", "b = Tanh a", "y = Mul x b"], ["silu"]),
    "layer norm": (
        [
            "m = ReduceMean x",
            "d = Sub x m",
            "p = Pow d 2",
            "v = ReduceMean p",
            "e = Add v 0.1",
            "s = Sqrt e",
            "y = Div d s",
        ],
        ["norm"],
    ),
    "rms norm": (
        ["p = Pow x 2", "v = ReduceMean p", "e = Add v 0.1", "s = Sqrt e", "r = Reciprocal s", "y = Mul x r"],
        ["norm"],
    ),
    "a gate of its own": (["a = Tanh x", "y = Mul x a"], ["mul", "mul"]),
    "what something else reads before": (
        ["a = Div x 1.4", "b = Erf a", "c = Add b 1", "d = Mul x c", "y = Add d a"],
        ["mul", "mul", "add"],
    ),
    "what something else reads": (["a = Sigmoid x", "b = Mul x a", "y = Add a b"], ["mul", "mul", "add"]),
}


@pytest.mark.parametrize("case", WRITTEN_OUT)
def test_what_is_written_out_becomes_one_operation(case, tmp_path):
    steps, kinds = WRITTEN_OUT[case]
    nodes, weights = chain(*steps)
    for node in nodes:
        if node.op_type == "ReduceMean":
            node.attribute.append(helper.make_attribute("axes", [-1]))
    graph = read(model_of(nodes, [value("x", [2, 3, 8])], weights, opset=17), tmp_path)
    found = lowered(graph).ops
    assert [op.kind for op in found] == kinds
    assert all(op.elements == 48 for op in found if op.kind in ("gelu", "silu", "norm"))


def test_widths_of_operands_and_result(tmp_path):
    q = {"s": np.float32(0.1), "z": np.uint16(0)}
    int4 = helper.make_tensor("w", TensorProto.INT4, [4, 6], [1] * 24)
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]), helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
        helper.make_node("DequantizeLinear", ["w", "s"], ["wd"]), helper.make_node("MatMul", ["xd", "wd"], ["m"]),
        helper.make_node("Relu", ["m"], ["r"]), helper.make_node("QuantizeLinear", ["r", "s", "z8"], ["y"]),
    ]  # fmt: skip
    model = model_of(nodes, [value("x", [5, 4])], {**q, "z8": np.int16(0)})
    model.graph.initializer.append(int4)
    (gemm,) = [op for op in lowered(read(model, tmp_path)).ops if op.kind == "gemm"]
    assert (gemm.a_bits, gemm.w_bits, gemm.out_bits) == (16, 4, 16)


CONTRIB = {  # of ONNX Runtime: operator, moving inputs, weights, attributes, MACs by hand
    "Attention": ({"x": (2, 5, 12)}, {"w": (12, 36)}, {"num_heads": 3}, 2 * 5 * 12 * 36 + 2 * (2 * 3 * 5 * 5 * 4)),
    "MultiHeadAttention": (
        {"q": (2, 5, 12), "k": (2, 7, 12), "v": (2, 7, 12)}, {}, {"num_heads": 3}, 2 * (2 * 3 * 5 * 7 * 4)),
    "FusedMatMul": ({"a": (2, 4, 5), "b": (2, 7, 4)}, {}, {"transA": 1, "transB": 1}, 2 * 5 * 4 * 7),
    "MatMulNBits": ({"x": (5, 32)}, {"w": (7, 1, 16), "s": (7,)}, {"K": 32, "N": 7, "bits": 4, "block_size": 32}, 5 * 32 * 7),
    "SkipLayerNormalization": ({"x": (2, 5, 12), "y": (2, 5, 12)}, {"g": (12,)}, {}, 0),
    "FastGelu": ({"x": (2, 5, 12)}, {"b": (12,)}, {}, 0),
}  # fmt: skip


@pytest.mark.parametrize("operator", CONTRIB)
def test_operators_of_onnx_runtime(operator, tmp_path):
    moving, weights, options, macs = CONTRIB[operator]
    node = helper.make_node(operator, [*moving, *weights], ["r"], domain="com.microsoft", **options)
    inputs = [value(name, shape) for name, shape in moving.items()]
    model = model_of(
        [node, helper.make_node("Relu", ["r"], ["end"])], inputs, {n: ONES(s, F32) for n, s in weights.items()}
    )
    found = lowered(read(model, tmp_path)).ops
    assert sum(op.dense_macs for op in found) == macs
    kinds = [op.kind for op in found if op.kind not in ("gemm", "requant", "softmax")]
    assert kinds == {"SkipLayerNormalization": ["add", "norm", "relu"], "FastGelu": ["gelu", "relu"]}.get(
        operator, ["relu"]
    )


def test_a_local_function_is_written_out_under_the_name_of_its_call(tmp_path):
    body = [helper.make_node("MatMul", ["a", "w"], ["t"]), helper.make_node("Relu", ["t"], ["b"])]
    function = helper.make_function("local", "Layer", ["a", "w"], ["b"], body, [helper.make_opsetid("", 23)])
    calls = [
        helper.make_node("Layer", [f"x{i}", "w"], [f"x{i + 1}"], domain="local", name=f"/layers.{i}/Layer")
        for i in range(2)
    ]
    found = lowered(
        read(model_of(calls, [value("x0", [5, 4])], {"w": ONES((4, 4), F32)}, functions=[function]), tmp_path)
    ).ops
    assert [op.layer for op in found if op.kind == "gemm"] == ["layers.0", "layers.1"]
