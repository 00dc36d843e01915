"""What the ONNX reader refuses: in one line that names the file, the layer and the way out."""

import importlib
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper

from pivotsim.errors import InputError, MissingExtraError
from pivotsim.importers.onnx import graph_of_file
from pivotsim.importers.request import Request
from tests.unit.importers.onnx_files import model_of, saved, value

WEIGHT = {"w": np.ones((3, 4), np.float32)}
MATMUL = helper.make_node("MatMul", ["x", "w"], ["y"], name="/blocks/blocks.0/fc/MatMul")
GOOD = model_of([MATMUL], [value("x", [2, 3])], WEIGHT)
IMAGE = np.ones((6, 3, 1, 1), np.float32)


def refusal(path, sizes=None, skip=()):
    with pytest.raises(InputError) as error:
        graph_of_file(path, sizes or {}, Request(skip))
    assert all(len(line) < 600 and line.isprintable() for line in error.value.problems)
    return str(error.value)


def one(operator, inputs=("x",), shape=(2, 3), weights=None, name="/blocks.0/op", **options):
    return model_of(
        [helper.make_node(operator, list(inputs), ["y"], name=name, **options)], [value("x", shape)], weights
    )


BYTES = {
    "empty": (b"", "is empty"),
    "text": (b"model: vit\n", "is damaged or no ONNX file"),
    "cut short": (GOOD.SerializeToString()[:-3], "is damaged or no ONNX file"),
    "a claim of 2 GB": (b"\x3a\xff\xff\xff\xff\x07" + b"\0" * 64, "is damaged or no ONNX file"),
    "names that are no text": (
        GOOD.SerializeToString().replace(b"MatMul", b"MatM\xff\xfe"),
        "is damaged: a name in it is no UTF-8 text",
    ),
    "another message": (b"\x08\x01", "is no ONNX model: it states no operator set"),
}


@pytest.mark.parametrize("case", BYTES)
def test_files_that_hold_no_model(case, tmp_path):
    content, problem = BYTES[case]
    (tmp_path / "m.onnx").write_bytes(content)
    assert refusal(tmp_path / "m.onnx").startswith(f"{tmp_path / 'm.onnx'}: {problem}")


def test_messages_that_nest_without_end(tmp_path):
    inner = b""
    for _ in range(2000):
        size, length = len(inner), b""
        while size > 127:
            length, size = length + bytes([size & 127 | 128]), size >> 7
        inner = b"\x3a" + length + bytes([size]) + inner  # field 7, a message: graph, then type after type
    (tmp_path / "m.onnx").write_bytes(inner)
    assert "ONNX" in refusal(tmp_path / "m.onnx")


def test_paths_that_are_no_files(tmp_path):
    assert refusal(tmp_path).endswith("is a directory, expected an ONNX file")
    assert refusal(tmp_path / "none.onnx").endswith("no such file")


MODELS = {
    "a loop": (one("Loop", name="/encoder/Loop"), "layer 'encoder': operator Loop is not known here"),
    "an LSTM": (one("LSTM", name="lstm_1"), "layer 'lstm_1': operator LSTM, a recurrent layer, is not known here"),
    "a condition": (one("If"), "layer 'blocks.0': operator If is not known here"),
    "another domain": (one("Foo", domain="my.own"), "operator my.own.Foo is not known here"),
    "sizes that do not fit": (one("MatMul", ("x", "w"), (2, 5), WEIGHT), "operator MatMul: what it reads does not fit (2x5, 3x4)"),
    "a reshape to more": (one("Reshape", ("x", "s"), weights={"s": np.array([7])}), "operator Reshape: what it reads does not fit"),
    "groups of none": (one("Conv", ("x", "w"), (1, 3, 4, 4), {"w": IMAGE}, group=0), "operator Conv: what it reads does not fit"),
    "groups that leave some": (one("Conv", ("x", "w"), (1, 3, 4, 4), {"w": IMAGE}, group=2), "operator Conv: what it reads"),
    "a size from values": (one("NonZero"), "operator NonZero: the size of its result depends on what the model reads"),
    "what nothing makes": (one("Add", ("x", "lost")), "reads 'lost', which nothing before it makes"),
    "a result twice": (
        model_of([helper.make_node("Relu", ["x"], ["y"])] * 2, [value("x", [2])]), "makes 'y', which is there before it"),
    "more elements than counted": (one("Expand", ("x", "s"), (1,), {"s": np.array([2**40, 2**40])}), "cannot have such a size"),
    "heads that are missing": (one("Attention", ("x", "w"), (1, 2, 3), WEIGHT, domain="com.microsoft"), "number of its heads is missing"),
    "a twin without inputs": (one("QGemm", domain="com.microsoft"), "operator com.microsoft.QGemm: what it reads does not fit"),
    "a sequence": (
        model_of([helper.make_node("Relu", ["x"], ["y"])], [helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, [1])]),
        "input 'x': is a sequence or a map, expected a tensor"),
}  # fmt: skip


@pytest.mark.parametrize("case", MODELS)
def test_models_that_are_refused(case, tmp_path):
    model, problem = MODELS[case]
    assert problem in refusal(saved(model, tmp_path))


SIZES = {  # the file's, the user's, the message
    "open": (["N", 3, "H", None], {}, "leaves sizes open (Nx3xHx?); give all, for example sizes x=1x3x224x224"),
    "contradicted": (["N", 3], {"x": (1, 4)}, "the file states the sizes Nx3 (got 1x4)"),
    "of another rank": (["N", 3], {"x": (1, 3, 3)}, "the file states the sizes Nx3 (got 1x3x3)"),
    "of no input": (
        [2, 3],
        {"X": (2, 3)},
        "sizes: the model has no input of that name (got 'X'), nearest valid name: 'x'",
    ),
}


@pytest.mark.parametrize("case", SIZES)
def test_sizes(case, tmp_path):
    stated, given, problem = SIZES[case]
    assert problem in refusal(saved(model_of([MATMUL], [value("x", stated)], WEIGHT), tmp_path), given)


def test_sizes_of_the_only_input_need_no_name(tmp_path):
    path = saved(model_of([MATMUL], [value("x", ["N", 3])], WEIGHT), tmp_path)
    assert graph_of_file(path, {"": (5, 3)}, Request()).shape("y") == (5, 4)


def test_a_layer_left_out_needs_the_shape_that_the_file_states(tmp_path):
    model = one("Loop", name="/encoder/Loop")
    assert "the size of its result" in refusal(saved(model, tmp_path), skip=["encoder"])
    model.graph.value_info.append(value("y", [2, 7]))
    graph = graph_of_file(saved(model, tmp_path), {}, Request(["encoder"]))
    assert graph.shape("y") == (2, 7) and [node.operator for node in graph.nodes] == ["free"]
    assert "no layer has this name" in refusal(saved(GOOD, tmp_path), skip=["nowhere"])


def function(name, *calls):
    names = ["a", *(f"t{i}" for i in range(1, len(calls))), "b"]
    body = [
        helper.make_node(call, [names[i]], [names[i + 1]], domain="local" if call[0] == "F" else "")
        for i, call in enumerate(calls)
    ]
    return helper.make_function(
        "local", name, ["a"], ["b"], body, [helper.make_opsetid("", 23), helper.make_opsetid("local", 1)]
    )


FUNCTIONS = {
    "in a circle": ([function("F0", "F1"), function("F1", "F0")], "must not call themselves"),
    "doubled 60 times": (
        [*(function(f"F{i}", *[f"F{i + 1}"] * 2) for i in range(60)), function("F60", "Relu")],
        "more than 1,000,000",
    ),
    "too deep": ([*(function(f"F{i}", f"F{i + 1}") for i in range(300)), function("F300", "Relu")], "or nest so deep"),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_local_functions_that_do_not_end(case, tmp_path):
    functions, problem = FUNCTIONS[case]
    call = helper.make_node("F0", ["x"], ["y"], domain="local")
    assert problem in refusal(saved(model_of([call], [value("x", [2])], functions=functions), tmp_path))


def test_weights_in_a_file_that_is_not_there(tmp_path):
    model = model_of([MATMUL], [value("x", [2, 3])], WEIGHT)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../nowhere")
    assert graph_of_file(saved(model, tmp_path), {}, Request()).shape("y") == (2, 4)


def test_without_onnx_the_message_says_what_to_install(tmp_path, monkeypatch):
    for name in [n for n in sys.modules if n.startswith("pivotsim.importers.onnx")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pivotsim\[onnx\]'"):
        importlib.import_module("pivotsim.importers.onnx")
