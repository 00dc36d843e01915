"""torch.export's program in memory as a graph. Needs the extra ``torch``; nothing of a model is computed."""

import contextlib
import copy
import logging
import operator
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pivotsim.errors import InputError, MissingExtraError, got
from pivotsim.importers.graph import Graph, Value
from pivotsim.importers.request import Request
from pivotsim.importers.torch.calls import WRAPPERS, Call, Calls, Place, Ref, refs

try:
    import torch
except ImportError:
    raise MissingExtraError("torch", "torch", "reading a torch model") from None


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
        with torch.no_grad(), warnings.catch_warnings(), _quiet():
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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence torch's log, which prints a traceback beside what it raises."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _register_caches() -> None:
    """Let torch.export see into caches of transformers, which a model may take or give back."""
    if "transformers" not in sys.modules:
        return
    from transformers.integrations.executorch import register_dynamic_cache_export_support

    with contextlib.suppress(ValueError):  # done before
        register_dynamic_cache_export_support()


def graph_of(program: Any, name: str, request: Request) -> Graph:
    """Return an exported program as a graph.

    Parameters
    ----------
    program : torch.export.ExportedProgram
    name : str
        For reports and messages.
    request : Request
        Layers whose operators are left out, and where unknown ones are noted.

    Returns
    -------
    Graph

    Raises
    ------
    InputError
        Operators are unknown: a line for each layer.
    """
    signature, calls = program.graph_signature, Calls(request)
    weights = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    constants = {*weights, *signature.inputs_to_lifted_tensor_constants, *signature.inputs_to_lifted_custom_objs}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            calls.values[node.name] = Value(_shape(node), node.name in constants)
    _read(calls, program.graph_module, {}, "")
    request.check(name)
    own = {weight: id(tensor) for weight, tensor in program.state_dict.items()}
    return calls.graph(name, weights, own)


def _read(calls: Calls, module: Any, names: dict[str, str], prefix: str) -> list[str]:
    """Read one graph; ``names`` maps its placeholders to values. Return the values that it gives back."""
    for node in module.graph.nodes:
        if node.op == "placeholder":
            names.setdefault(node.name, node.name)
        elif node.op == "get_attr":
            names[node.name] = prefix + node.name
            calls.values[prefix + node.name] = Value(_shape(node), is_constant=True)
        elif node.op == "call_function":
            target, name = _target(node), prefix + node.name
            if any(wrapper in target for wrapper in WRAPPERS):
                _inline(calls, node, module, names, name)
            else:
                arguments = torch.fx.map_arg(_arguments(node), lambda n: _ref(n, names))
                calls.add(Call(name, target, arguments, _shape(node), _place(node)))
            names[node.name] = name
        elif node.op == "output":
            return list(refs(torch.fx.map_arg(node.args, lambda n: _ref(n, names))))
    return []


def _inline(calls: Calls, node: Any, module: Any, names: dict[str, str], name: str) -> None:
    body, given = None, []
    for argument in node.args:
        if getattr(argument, "op", "") == "get_attr":
            body = getattr(module, argument.target)
        elif hasattr(argument, "name"):
            given.append(names[argument.name])
    places = [n.name for n in body.graph.nodes if n.op == "placeholder"]  # type: ignore[union-attr]
    results = _read(calls, body, dict(zip(places, given, strict=True)), name + ".")
    calls.add_results(name, results, _shape(node), _place(node))


def _ref(node: Any, names: dict[str, str]) -> Ref:
    return Ref(names[node.name], getattr(node.meta.get("val"), "dtype", None) is torch.bool)


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
    if node.target is operator.getitem:
        return "_operator.getitem"
    if callable(node.target) and not hasattr(node.target, "_schema"):
        return getattr(node.target, "__name__", str(node.target))
    return str(node.target)


def _place(node: Any) -> Place:
    stack = list((node.meta.get("nn_module_stack") or {}).items())
    if not stack:
        return Place()
    call, (path, kind) = stack[-1]
    name = kind if isinstance(kind, str) else getattr(kind, "__name__", "")
    return Place(str(path).removeprefix("L['self']").lstrip("."), name.rsplit(".", 1)[-1], str(call))


def _arguments(node: Any) -> dict[str, Any]:
    """Return a node's arguments by the names of its operator's schema."""
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return dict(enumerate(node.args))  # type: ignore[arg-type]
    named = {argument.name: value for argument, value in zip(schema.arguments, node.args, strict=False)}
    return {**named, **node.kwargs}


@contextlib.contextmanager
def on_meta() -> Iterator[None]:
    """Build modules without memory for their weights."""
    with torch.device("meta"):
        yield
