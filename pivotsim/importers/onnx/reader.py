"""An ONNX file as a graph: its nodes in order, with the shapes that follow from the sizes of what the model reads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx

from pivotsim.errors import InputError
from pivotsim.importers.flow import after
from pivotsim.importers.graph import FREE, PRODUCTS, Graph, Node, Value
from pivotsim.importers.onnx.bits import with_bits, without_quantisers
from pivotsim.importers.onnx.contrib import attributes_of, heads_of
from pivotsim.importers.onnx.files import model_of
from pivotsim.importers.onnx.inputs import inputs_of
from pivotsim.importers.onnx.names import Origin, origin_of, shown
from pivotsim.importers.onnx.operators import CONTRIB, FACTORS, SUMS, TWINS, operator_of
from pivotsim.importers.onnx.patterns import collapsed
from pivotsim.importers.onnx.shapes import Known, known_tensor, known_type, results_of
from pivotsim.importers.request import Request

_INDICES = (onnx.TensorProto.INT64, onnx.TensorProto.INT32, onnx.TensorProto.BOOL)  # no weight is one of these
_SIZES = ("Shape", "Size")  # their results are known before a run


def graph_of_file(path: Path, sizes: Mapping[str, Sequence[int]], request: Request) -> Graph:
    """Return the model in an ONNX file as a graph.

    Parameters
    ----------
    path : Path
    sizes : mapping
        Input -> all of its sizes, for inputs whose sizes the file leaves open.
    request : Request
        Layers whose operators are left out, and where unknown ones are noted.

    Returns
    -------
    Graph

    Raises
    ------
    MissingExtraError
        onnx is not installed.
    InputError
        The file is missing, damaged or no ONNX file; sizes are missing or do not fit; operators are unknown, or the
        size of a result depends on more than the sizes of inputs.
    """
    model = model_of(path)
    origins = [origin_of(node) for node in model.graph.node]
    for origin in origins:
        if not request.leaves_out(origin.name) and operator_of(origin.operator) is None:
            request.unknown(origin.name, origin.operator)
    request.check(str(path))
    reader = _Reader(path, model, sizes, request)
    for node, origin in zip(model.graph.node, origins, strict=True):
        reader.read(node, origin)
    graph = _with_norms_placed(Graph(path.stem, tuple(reader.nodes), reader.values), reader.lost)
    types = {name: onnx.TensorProto.DataType.Name(known.elem_type) for name, known in reader.known.items()}
    graph = collapsed(without_quantisers(with_bits(graph, types)))
    beside = {name for node in model.graph.node for name in node.input} - set(graph.readers)  # biases, scales, sizes
    return replace(graph, weights={name: name for name in reader.weights if name not in beside})


def _with_norms_placed(graph: Graph, lost: set[str]) -> Graph:
    """Return a graph whose norms belong to what reads them where they lost their layer or were joined with a sum."""
    nodes = []
    for node in graph.nodes:
        moves = node.operator == "norm" and (node.name in lost or node.origin in SUMS)
        reading = after(graph, node.name, lambda _: True).products if moves else ()
        nodes.append(node._replace(layer=reading[0].layer) if reading else node)
    return replace(graph, nodes=tuple(nodes))


class _Reader:
    """Reads nodes in order; ``known`` is what ONNX knows of each value, ``values`` what the graph shows of it."""

    def __init__(self, path: Path, model: Any, sizes: Mapping[str, Sequence[int]], request: Request) -> None:
        self.path, self.request = path, request
        self.versions = {("" if o.domain == "ai.onnx" else o.domain): o.version for o in model.opset_import}
        self.nodes: list[Node] = []
        self.layers: dict[str, tuple[int, str]] = {}  # value -> when it is made, and by which layer
        self.lost: set[str] = set()  # values whose layer the file does not state
        self.call = (0, "")  # number and layer of the module that runs
        graph = model.graph
        self.known = {tensor.name: known_tensor(tensor) for tensor in graph.initializer}
        for sparse in graph.sparse_initializer:
            self.known[sparse.values.name] = Known(sparse.values.data_type, tuple(sparse.dims))
        self.weights = [name for name, known in self.known.items() if known.elem_type not in _INDICES]
        self.values = {name: Value(known.shape, is_constant=True) for name, known in self.known.items()}
        shapes = ((v.name, known_type(v.type)) for v in (*graph.value_info, *graph.output))
        self.stated = {name: known for name, known in shapes if known is not None}
        given = inputs_of(path, [v for v in graph.input if v.name not in self.known], sizes)
        self.known |= given
        self.values |= {name: Value(known.shape) for name, known in given.items()}

    def read(self, node: Any, origin: Origin) -> None:
        """Add one node of the file."""
        origin = self._placed(node, origin)
        if origin.layer != self.call[1]:
            self.call = (self.call[0] + 1, origin.layer)
        inputs = [name for name in node.input if name]
        missing = next((name for name in inputs if name not in self.known), None)
        if missing is not None:
            raise self._error(origin, f"reads '{shown(missing)}', which nothing before it makes")
        results = self._results(node, origin)
        if not results:
            return
        skips = self.request.leaves_out(origin.name)
        operator = (operator_of(origin.operator) if not skips else None) or FREE
        constants = [self.values[name].is_constant for name in inputs]
        is_constant = origin.operator in _SIZES or (all(constants) and operator not in PRODUCTS)
        for place, (name, known) in enumerate(results.items()):
            scale = origin.operator == "DynamicQuantizeLinear" and place > 0  # part of requantisation
            self.values[name] = Value(known.shape, is_constant or scale)
        self.known |= results
        if not is_constant:
            self.layers |= dict.fromkeys(results, (len(self.nodes), origin.layer))
        if not inputs:
            self.weights += [name for name in results if origin.operator == "Constant"]
            return
        first, *others = results
        self._add(first, node, origin, operator, inputs)
        for other in others:
            self.nodes.append(self._node(other, FREE, inputs[:1], origin))

    def _placed(self, node: Any, origin: Origin) -> Origin:
        """Return a node's origin with the layer that it belongs to, where the file does not say so itself."""
        kind = operator_of(origin.operator)
        if not origin.is_stated:
            self.lost.update(node.output)
            made = [self.layers[name] for name in node.input if name in self.layers]  # that of what it reads, made last
            return origin._replace(layer=max(made)[1] if made else "")
        if kind == "convolution" and "Norm" in origin.module_class:  # a norm was made part of it, and left its name
            weight = node.input[FACTORS.get(origin.operator, (0, 1))[1]]
            layer, _, last = weight.rpartition(".")
            return (
                origin._replace(layer=layer, module_class="")
                if last == "weight" and self.values[weight].is_constant
                else origin
            )
        return origin

    def _results(self, node: Any, origin: Origin) -> dict[str, Known]:
        try:
            is_known = operator_of(origin.operator) is not None
            results = results_of(node, self.known, self.versions, self.stated, is_known=is_known)
        except InputError as error:
            raise self._error(origin, str(error)) from None
        twice = next((name for name in results if name in self.known), None)
        if twice is not None:
            raise self._error(origin, f"makes '{shown(twice)}', which is there before it")
        return results

    def _error(self, origin: Origin, problem: str) -> InputError:
        return InputError(f"{self.path}: layer '{origin.name}': operator {origin.operator}: {problem}")

    def _node(self, name: str, operator: str, inputs: Sequence[str], origin: Origin, **options: Any) -> Node:
        call = f"{origin.layer} {self.call[0]}" if origin.layer else ""
        return Node(name, operator, tuple(inputs), origin.layer, origin.module_class, call, origin.operator, options)

    def _add(self, name: str, node: Any, origin: Origin, operator: str, inputs: list[str]) -> None:
        """Add what makes a node's first result."""
        stated = attributes_of(node)
        if origin.operator in SUMS:
            total = f"{name} (sum)"
            self.values[total] = self.values[name]
            self.nodes.append(self._node(total, "add", inputs[:2], origin)._replace(origin="Add"))
            inputs = [total, *inputs[2:]]
        if operator == "attention":
            inputs = self._heads(name, node, origin)
            mask = node.input[3] if len(node.input) > 3 and origin.operator == "Attention" else ""
            is_added = bool(mask) and self.known[mask].elem_type != onnx.TensorProto.BOOL
            self.nodes.append(self._node(name, operator, inputs, origin, has_bias=is_added))
            return
        if operator in PRODUCTS:
            self._add_product(name, node, origin, operator, inputs, stated)
            return
        if origin.operator in TWINS:
            twin, places = TWINS[origin.operator]
            origin, inputs = origin._replace(operator=twin), [node.input[place] for place in places]
        options: dict[str, Any] = {}
        if origin.operator == "Transpose":
            rank = len(self.values[name].shape)
            options["axes"] = tuple(stated.get("perm") or reversed(range(rank)))
        moving_first = sorted(inputs, key=lambda value: self.values[value].is_constant)
        self.nodes.append(self._node(name, operator, moving_first, origin, **options))

    def _add_product(
        self, name: str, node: Any, origin: Origin, operator: str, inputs: list[str], stated: Mapping[str, Any]
    ) -> None:
        options: dict[str, Any] = {}
        if operator == "einsum":
            options["equation"] = stated["equation"].decode()
            if len(inputs) < 2:
                operator = FREE
        else:
            first, second = FACTORS.get(origin.operator, (0, 1))
            inputs = [node.input[first], node.input[second]]
            weight = self.values[inputs[1]]
            if operator == "linear" and not weight.is_constant:
                operator = "einsum"
                left, right = "km" if stated.get("transA") else "mk", "nk" if stated.get("transB") else "kn"
                options["equation"] = f"{left},{right}->mn"
            elif origin.operator == f"{CONTRIB}.FusedMatMul":
                operator = "einsum"
                left, right = "km" if stated.get("transA") else "mk", "nk" if stated.get("transB") else "kn"
                options["equation"] = f"...{left},...{right}->...mn"
            elif operator == "matmul" and weight.is_constant and len(weight.shape) == 2:
                operator = "linear"
            elif operator == "convolution":
                options = {"groups": stated.get("group", 1), "transposed": origin.operator == "ConvTranspose"}
        if origin.operator == f"{CONTRIB}.MatMulNBits":
            options["weight_bits"] = stated.get("bits", 4)
        self.nodes.append(self._node(name, operator, inputs, origin, **options))

    def _heads(self, name: str, node: Any, origin: Origin) -> list[str]:
        """Add what brings queries, keys and values into the shape of heads; return their names."""
        shapes = [self.values[value].shape if value else None for value in node.input]
        try:
            parts = heads_of(node, shapes)
        except InputError as error:
            raise self._error(origin, str(error)) from None
        given = list(node.input)
        if origin.operator == f"{CONTRIB}.Attention":
            projected = f"{name} (projections)"
            weight = self.values[given[1]].shape
            self.values[projected] = Value((*self.values[given[0]].shape[:-1], weight[-1]))
            self.nodes.append(self._node(projected, "linear", given[:2], origin))
            given = [projected] * 3
        made = []
        for place, (role, shape) in enumerate(zip(("queries", "keys", "values"), parts, strict=True)):
            made.append(f"{name} ({role})")
            self.values[made[-1]] = Value(shape)
            source = given[place] if place < len(given) and given[place] else given[0]
            self.nodes.append(self._node(made[-1], FREE, [source], origin)._replace(origin="Reshape"))
        return made
