"""torch.export's program as a graph. Needs the extra ``torch``; nothing of a model is computed."""

import contextlib
import copy
import operator
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pivotsim.errors import InputError, MissingExtraError, got
from pivotsim.importers.graph import PRODUCTS, Graph, Node, Value
from pivotsim.importers.skipping import Skipped
from pivotsim.importers.torch_operators import operator_of

try:
    import torch
except ImportError:
    raise MissingExtraError("torch", "torch", "reading a torch model") from None

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
}
_WRAPPERS = ("wrap_with_set_grad_enabled", "wrap_with_autocast")  # their body stands in a graph of its own


def exported(model: Any, inputs: Sequence[Any], keywords: Mapping[str, Any] | None = None) -> Any:
    """Return a module as torch.export's program, traced in evaluation mode; the module is left as it was.

    Raises
    ------
    InputError
        torch cannot export it with these inputs.
    """
    modes = [(module, module.training) for module in model.modules()]
    _register_caches()
    fast_path = torch.backends.mha.get_fastpath_enabled()  # one operator that hides the products
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        model.eval()
        arguments, named = copy.deepcopy((tuple(inputs), dict(keywords or {})))  # a cache among them would grow
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.export(model, arguments, named, strict=False)
    except Exception as error:  # what a model raises is its own
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(
            f"{type(model).__name__}: torch.export cannot trace it with these inputs: {first[:200]}"
        ) from None
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
        for module, training in modes:
            module.training = training


def _register_caches() -> None:
    """Let torch.export see into caches of transformers, which a model may take or give back."""
    if "transformers" not in sys.modules:
        return
    from transformers.integrations.executorch import register_dynamic_cache_export_support

    with contextlib.suppress(ValueError):  # done before
        register_dynamic_cache_export_support()


def loaded(path: Path) -> Any:
    """Return the program in a .pt2 file.

    Raises
    ------
    InputError
        It holds none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.load(path)
    except Exception as error:  # torch names no closed list of what a damaged or foreign file raises
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(f"{path}: is no program of torch.export: {first[:200]}") from None


def graph_of(program: Any, name: str, skipped: Skipped) -> Graph:
    """Return an exported program as a graph.

    Parameters
    ----------
    program : torch.export.ExportedProgram
    name : str
        For reports and messages.
    skipped : Skipped
        Layers whose operators are left out, and where unknown ones are noted.

    Returns
    -------
    Graph

    Raises
    ------
    InputError
        Operators are unknown: a line for each layer.
    """
    values: dict[str, Value] = {}
    signature = program.graph_signature
    weights = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    constants = {*weights, *signature.inputs_to_lifted_tensor_constants, *signature.inputs_to_lifted_custom_objs}
    reader = _Reader(program.graph_module, values, skipped)
    for node in program.graph.nodes:
        if node.op == "placeholder":
            values[node.name] = Value(_shape(node), node.name in constants)
    reader.read(program.graph_module, {}, "")
    skipped.check(name)
    return Graph(name, tuple(reader.nodes), values, {v: weights[v] for v in weights if v in values})


class _Reader:
    """Reads the nodes of a program and of the graphs inside it into one list."""

    def __init__(self, module: Any, values: dict[str, Value], skipped: Skipped) -> None:
        self.values, self.skipped = values, skipped
        self.nodes: list[Node] = []

    def read(self, module: Any, names: dict[str, str], prefix: str) -> list[str]:
        """Read one graph; ``names`` maps its placeholders to values. Return the values that it gives back."""
        for node in module.graph.nodes:
            if node.op == "placeholder":
                names.setdefault(node.name, node.name)
            elif node.op == "get_attr":
                names[node.name] = prefix + node.name
                self.values[prefix + node.name] = Value(_shape(node), is_constant=True)
            elif node.op == "call_function":
                names[node.name] = prefix + node.name
                self._call(node, module, names, prefix)
            elif node.op == "output":
                return [names[n.name] for n in _nodes(node.args)]
        return []

    def _call(self, node: Any, module: Any, names: dict[str, str], prefix: str) -> None:
        target, name = _target(node), names[node.name]
        if any(wrapper in target for wrapper in _WRAPPERS):
            self._inline(node, module, names, prefix)
            return
        inputs = [names[n.name] for n in _nodes((node.args, node.kwargs))]
        layer, module_class, call = _module(node)
        operator_name = "free" if node.target is operator.getitem else operator_of(target)
        if operator_name is None:
            operator_name = self.skipped.unknown(layer or node.name, target)
        elif self.skipped.leaves_out(layer):
            operator_name = "free"
        arguments = _arguments(node)
        options: dict[str, Any] = {}
        if operator_name in PRODUCTS:
            factors = next(
                ([arguments[a] for a in roles] for roles in _FACTORS[operator_name] if set(roles) <= set(arguments)), []
            )
            inputs = [names[n.name] for n in _nodes(factors)]
            operator_name = "matmul" if "addmm" in target else operator_name
            options = _options(operator_name, arguments, target)
            if operator_name == "einsum" and len(inputs) < 2:
                operator_name = "free"
        axes = _axes(target, arguments, self.values[inputs[0]].shape if inputs else ())
        if axes:
            options["axes"] = axes
        known = all(self.values[value].is_constant for value in inputs) and operator_name not in PRODUCTS
        self.values[name] = Value(_shape(node), known)
        self.nodes.append(Node(name, operator_name, tuple(inputs), layer, module_class, call, target, options))

    def _inline(self, node: Any, module: Any, names: dict[str, str], prefix: str) -> None:
        body, given = None, []
        for argument in node.args:
            if getattr(argument, "op", "") == "get_attr":
                body = getattr(module, argument.target)
            elif hasattr(argument, "name"):
                given.append(names[argument.name])
        places = [n.name for n in body.graph.nodes if n.op == "placeholder"]  # type: ignore[union-attr]
        results = self.read(body, dict(zip(places, given, strict=True)), names[node.name] + ".")
        known = all(self.values[value].is_constant for value in results)
        self.values[names[node.name]] = Value(_shape(node), known)
        self.nodes.append(Node(names[node.name], "free", tuple(results), *_module(node), "results"))


def _nodes(arguments: Any) -> Iterator[Any]:
    """Yield the fx nodes among nested arguments."""
    if isinstance(arguments, Mapping):
        for value in arguments.values():
            yield from _nodes(value)
    elif isinstance(arguments, (list, tuple)):
        for value in arguments:
            yield from _nodes(value)
    elif isinstance(arguments, torch.fx.Node):
        yield arguments


def _shape(node: Any) -> tuple[int, ...]:
    """Return the shape of a node's result, that of the first where there are several."""
    value = node.meta.get("val")
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    shape = getattr(value, "shape", ())
    sizes = []
    for size in shape:
        if not isinstance(size, int):
            raise InputError(
                f"{node.name}: the size {size} depends on the input; export with fixed sizes {got(str(size))}"
            )
        sizes.append(int(size))
    return tuple(sizes)


def _target(node: Any) -> str:
    return (
        str(node.target)
        if not callable(node.target) or hasattr(node.target, "_schema")
        else getattr(node.target, "__name__", str(node.target))
    )


def _module(node: Any) -> tuple[str, str, str]:
    """Return (dotted path, class, call) of the module that a node belongs to."""
    stack = list((node.meta.get("nn_module_stack") or {}).items())
    if not stack:
        return "", "", ""
    call, (path, kind) = stack[-1]
    name = kind if isinstance(kind, str) else getattr(kind, "__name__", "")
    return str(path).removeprefix("L['self']").lstrip("."), name.rsplit(".", 1)[-1], str(call)


def _arguments(node: Any) -> dict[str, Any]:
    """Return a node's arguments by the names of its operator's schema."""
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return dict(enumerate(node.args))  # type: ignore[arg-type]
    named = {argument.name: value for argument, value in zip(schema.arguments, node.args, strict=False)}
    return {**named, **node.kwargs}


def _options(kind: str, arguments: Mapping[str, Any], target: str) -> dict[str, Any]:
    if kind == "einsum":
        return {"equation": arguments["equation"]}
    if kind == "convolution":
        transposed = "transpose" in target or bool(arguments.get("transposed"))
        return {"groups": arguments.get("groups", 1), "transposed": transposed}
    if kind == "attention":
        mask = arguments.get("attn_mask")  # of booleans it chooses, of numbers it is added
        return {"has_bias": isinstance(mask, torch.fx.Node) and mask.meta["val"].dtype is not torch.bool}
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


@contextlib.contextmanager
def on_meta() -> Iterator[None]:
    """Build modules without memory for their weights."""
    with torch.device("meta"):
        yield
