"""Small ONNX files for tests, as exporters write them."""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

SCOPES, CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"
EXPORTERS = ("torchscript", "dynamo", "written out", "attention", "quantised")


def value(name: str, shape: Any, kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def model_of(
    nodes: list[Any], inputs: list[Any], weights: dict[str, Any] | None = None, opset: int = 23, **more: Any
) -> Any:
    constants = [numpy_helper.from_array(np.asarray(array), name) for name, array in (weights or {}).items()]
    made = [name for node in nodes for name in node.output]
    graph = helper.make_graph(nodes, "g", inputs, [value(made[-1], None)] if made else [], constants)
    domains = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=domains, ir_version=10, **more)


def saved(model: Any, folder: Path, name: str = "model.onnx") -> Path:
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


class VitFile:
    """A Vision Transformer as one of the ``EXPORTERS`` writes it; ``torchscript`` leaves the batch open."""

    def __init__(self, model: Any, exporter: str) -> None:
        self.exporter, self.nodes, self.weights = exporter, [], {}
        self.number = 0
        self.tokens = (model.image_px // model.patch_px) ** 2 + model.prefix_tokens
        self.width, self.heads = model.width, model.heads
        x = self._stem(model)
        for i in range(model.depth):
            x = self._encoder(x, f"blocks.{i}", model.mlp_hidden)
        x = self.add("Gather", [self.norm(x, "norm"), self.constant(np.array(0))], "", axis=1)
        self.add("Gemm", [x, self.weight(model.width, model.classes), self.weight(model.classes)], "head")
        batch = "batch" if exporter == "torchscript" else 1
        image = value("x", [batch, model.channels, model.image_px, model.image_px])
        self.model = model_of(self.nodes, [image], self.weights)

    def constant(self, array: Any) -> str:
        self.number += 1
        self.weights[f"onnx::c{self.number}"] = array
        return f"onnx::c{self.number}"

    def weight(self, *shape: int) -> str:
        return self.constant(np.full(shape, 0.1, np.float32))

    def add(self, operator: str, inputs: list[str], layer: str, *, results: int = 1, **options: Any) -> Any:
        self.number += 1
        names = [f"v{self.number}_{i}" for i in range(results)]
        node = helper.make_node(operator, inputs, names, **options)
        if self.exporter == "dynamo":
            path = ["", *([layer] if layer else []), operator.lower()]
            node.name = f"node_{self.number}"
            for key, listed in ((SCOPES, path), (CLASSES, ["Vit", *(["Module"] if layer else []), "aten"])):
                entry = node.metadata_props.add()
                entry.key, entry.value = key, str(listed)
        else:  # blocks.0.attn is written /blocks/blocks.0/attn
            node.name = "/" + "/".join([*layer.replace("blocks.", "blocks/blocks§").split("."), operator]).replace(
                "§", "."
            ).lstrip("/")
        self.nodes.append(node)
        return names[0] if results == 1 else names

    def linear(self, x: str, layer: str, wide: int, out: int) -> str:
        weight = self.weight(wide, out)
        if self.exporter == "quantised":
            self.weights[weight] = np.ones((wide, out), np.int8)
            scale = self.constant(np.float32(0.1))
            weight = self.add("DequantizeLinear", [weight, scale], "")
            x = self._quantised(x)
        y = self.add("MatMul", [x, weight], layer)
        return self.add("Add", [self.weight(out), y], layer)

    def _quantised(self, x: str) -> str:
        scale, zero = self.constant(np.float32(0.1)), self.constant(np.uint16(0))
        return self.add("DequantizeLinear", [self.add("QuantizeLinear", [x, scale, zero], ""), scale, zero], "")

    def norm(self, x: str, layer: str) -> str:
        scale, shift = self.weight(self.width), self.weight(self.width)
        if self.exporter != "written out":
            return self.add("LayerNormalization", [x, scale, shift], layer)
        axes = self.constant(np.array([-1]))
        centred = self.add("Sub", [x, self.add("ReduceMean", [x, axes], layer)], layer)
        squares = self.add("Pow", [centred, self.constant(np.float32(2))], layer)
        variance = self.add(
            "Add", [self.add("ReduceMean", [squares, axes], layer), self.constant(np.float32(1e-6))], layer
        )
        y = self.add("Div", [centred, self.add("Sqrt", [variance], layer)], layer)
        return self.add("Add", [self.add("Mul", [y, scale], layer), shift], layer)

    def gelu(self, x: str, layer: str) -> str:
        if self.exporter != "written out":
            return self.add("Gelu", [x], layer)
        inner = self.add("Erf", [self.add("Div", [x, self.constant(np.float32(1.414))], layer)], layer)
        y = self.add("Mul", [x, self.add("Add", [inner, self.constant(np.float32(1))], layer)], layer)
        return self.add("Mul", [y, self.constant(np.float32(0.5))], layer)

    def _stem(self, model: Any) -> str:
        kernel = self.weight(model.width, model.channels, model.patch_px, model.patch_px)
        x = self.add("Conv", ["x", kernel], "patch_embed.proj", strides=[model.patch_px] * 2)
        shape = self.add("Shape", [x], "patch_embed")  # the batch and the width stay, the rest is flattened
        kept = self.add("Slice", [shape, self.constant(np.array([0])), self.constant(np.array([2]))], "patch_embed")
        shape = self.add("Concat", [kept, self.constant(np.array([-1]))], "patch_embed", axis=0)
        x = self.add("Transpose", [self.add("Reshape", [x, shape], "patch_embed")], "patch_embed", perm=[0, 2, 1])
        tokens = self.weight(1, model.prefix_tokens, model.width)
        batch = self.add("Gather", [self.add("Shape", [x], ""), self.constant(np.array([0]))], "")
        shape = self.add("Concat", [batch, self.constant(np.array([-1, -1]))], "", axis=0)
        positive = self.add("Greater", [shape, self.constant(np.array(0))], "")
        shape = self.add("Where", [positive, shape, self.constant(np.array([1, 1, 1]))], "")
        x = self.add("Concat", [self.add("Expand", [tokens, shape], ""), x], "", axis=1)
        return self.add("Add", [x, self.weight(1, self.tokens, model.width)], "")

    def _encoder(self, x: str, block: str, hidden: int) -> str:
        layer, width, size = f"{block}.attn", self.width, self.width // self.heads
        y = self.linear(self.norm(x, f"{block}.norm1"), f"{layer}.qkv", width, 3 * width)
        y = self.add("Reshape", [y, self.constant(np.array([0, self.tokens, 3, self.heads, size]))], layer)
        parts = self.add(
            "Split", [self.add("Transpose", [y], layer, perm=[2, 0, 3, 1, 4])], layer, results=3, axis=0, num_outputs=3
        )
        first = self.constant(np.array([0]))
        q, k, v = (self.add("Squeeze", [part, first], layer) for part in parts)
        y = self._attention(q, k, v, layer)
        y = self.add("Transpose", [y], layer, perm=[0, 2, 1, 3])
        y = self.add("Reshape", [y, self.constant(np.array([0, self.tokens, width]))], layer)
        x = self.add("Add", [x, self.linear(y, f"{layer}.proj", width, width)], block)
        y = self.linear(self.norm(x, f"{block}.norm2"), f"{block}.mlp.fc1", width, hidden)
        y = self.linear(self.gelu(y, f"{block}.mlp.act"), f"{block}.mlp.fc2", hidden, width)
        return self.add("Add", [x, y], block)

    def _attention(self, q: str, k: str, v: str, layer: str) -> str:
        if self.exporter == "attention":
            return self.add("Attention", [q, k, v], layer)
        q = self.add("Mul", [q, self.constant(np.float32(0.3))], layer)
        scores = self.add("MatMul", [q, self.add("Transpose", [k], layer, perm=[0, 1, 3, 2])], layer)
        return self.add("MatMul", [self.add("Softmax", [scores], layer), v], layer)
