"""Calls of torch's operators as nodes of a graph, wherever they were read."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from pivotsim.importers.graph import PRODUCTS, Graph, Node, Value
from pivotsim.importers.request import Request
from pivotsim.importers.torch.operators import operator_of

_FACTORS = {  # operator -> names of the arguments that it multiplies
    "linear": (("input", "weight"), ("mat1", "mat2")),
    "matmul": (
        ("self", "other"),
        ("self", "mat2"),
        ("mat1", "mat2"),
        ("batch1", "batch2"),
        ("self", "vec"),
        ("self", "tensor"),
    ),
    "convolution": (("input", "weight"),),
    "attention": (("query", "key", "value"),),
    "einsum": (("tensors",),),
    "experts": (("self", "mat2"), ("input", "weight")),
}
WRAPPERS = ("wrap_with_set_grad_enabled", "wrap_with_autocast")  # their body stands in a graph of its own


class Ref(NamedTuple):
    """A value among the arguments of a call."""

    name: str
    is_boolean: bool = False


class Place(NamedTuple):
    """The module that a call belongs to: its dotted path, its class, and which call of it."""

    layer: str = ""
    module_class: str = ""
    call: str = ""


class Call(NamedTuple):
    """A call: the value that it makes, its operator, its arguments by name with ``Ref`` for values, its place."""

    name: str
    target: str
    arguments: Mapping[Any, Any]
    shape: tuple[int, ...]
    place: Place


class Calls:
    """The nodes of calls in order, and their values; unknown operators are noted as such."""

    def __init__(self, request: Request) -> None:
        self.values: dict[str, Value] = {}
        self.nodes: list[Node] = []
        self.request = request

    def add(self, call: Call) -> None:
        """Add the node of a call."""
        layer, target = call.place.layer, call.target
        inputs = list(refs(call.arguments))
        operator_name = operator_of(target)
        if operator_name is None:
            operator_name = self.request.unknown(layer or call.name, target)
        elif self.request.leaves_out(layer):
            operator_name = "free"
        options: dict[str, Any] = {}
        if operator_name in PRODUCTS:
            roles = next((r for r in _FACTORS[operator_name] if set(r) <= set(call.arguments)), ())
            inputs = list(refs([call.arguments[role] for role in roles]))
            operator_name = "matmul" if "addmm" in target else operator_name
            options = _options(operator_name, call.arguments, target)
            if operator_name == "einsum" and len(inputs) < 2:
                operator_name = "free"
        axes = _axes(target, call.arguments, self.values[inputs[0]].shape if inputs else ())
        if axes:
            options["axes"] = axes
        known = all(self.values[value].is_constant for value in inputs) and operator_name not in PRODUCTS
        self.values[call.name] = Value(call.shape, known)
        self.nodes.append(Node(call.name, operator_name, tuple(inputs), *call.place, target, options))

    def add_results(self, name: str, results: list[str], shape: tuple[int, ...], place: Place) -> None:
        """Add a node for the results of a graph that was read in place."""
        self.values[name] = Value(shape, all(self.values[value].is_constant for value in results))
        self.nodes.append(Node(name, "free", tuple(results), *place, "results"))

    def graph(self, name: str, weights: Mapping[str, str], tensors: Mapping[str, Hashable]) -> Graph:
        """Return all as a graph; ``weights`` maps values to names, ``tensors`` names to what tells tensors apart.

        Of a tensor with several names, such as a table that is also the head's weight, a program reads one: the
        others are no weights of their own.
        """
        found = Graph(name, tuple(self.nodes), self.values, {v: n for v, n in weights.items() if v in self.values})
        read = {tensors.get(n) for v, n in found.weights.items() if v in found.readers} - {None}
        own = {v: n for v, n in found.weights.items() if v in found.readers or tensors.get(n) not in read}
        return replace(found, weights=own)


def refs(arguments: Any) -> Iterator[str]:
    """Yield the values among nested arguments."""
    if isinstance(arguments, Ref):
        yield arguments.name
    elif isinstance(arguments, Mapping):
        for value in arguments.values():
            yield from refs(value)
    elif isinstance(arguments, (list, tuple)):
        for value in arguments:
            yield from refs(value)


def _options(kind: str, arguments: Mapping[str, Any], target: str) -> dict[str, Any]:
    if kind == "einsum":
        return {"equation": arguments["equation"]}
    if kind == "convolution":
        transposed = "transpose" in target or bool(arguments.get("transposed"))
        return {"groups": arguments.get("groups", 1), "transposed": transposed}
    if kind == "attention":
        mask = arguments.get("attn_mask")  # of booleans it chooses, of numbers it is added
        return {"has_bias": isinstance(mask, Ref) and not mask.is_boolean}
    return {}


def _axes(target: str, arguments: Mapping[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the order of axes after a permutation, () for other operators."""
    rank, name = len(shape), target.split(".")[1] if "." in target else ""
    if name == "permute":
        return tuple(int(axis) % rank for axis in arguments["dims"])
    if name in ("transpose", "swapaxes", "swapdims"):
        first, second = (int(axis) % rank for axis in list(arguments.values())[1:3])
        order = list(range(rank))
        order[first], order[second] = second, first
        return tuple(order)
    return ()
