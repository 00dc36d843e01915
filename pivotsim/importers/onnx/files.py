"""An ONNX file as a protobuf message without its weights and without local functions."""

import itertools
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import onnx.inliner

from pivotsim.errors import InputError, got

MAX_BYTES = 2**31 - 1  # of a protobuf message; larger models keep their weights in further files
MAX_NODES = 1_000_000  # with local functions written out


def model_of(path: Path) -> Any:
    """Return the model of a file; functions that the file itself defines are written out, external data is not read.

    Raises
    ------
    InputError
        The file is missing, unreadable, too large, damaged or no ONNX model.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{path}: is no regular file")
            if status.st_size > MAX_BYTES:
                raise InputError(f"{path}: is larger than 2 GiB, which no ONNX file can be; save it with external data")
            content = file.read(MAX_BYTES + 1)
    except InputError:
        raise
    except IsADirectoryError:
        raise InputError(f"{path}: is a directory, expected an ONNX file") from None
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, MemoryError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not content:
        raise InputError(f"{path}: is empty")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception:  # protobuf's own class of errors depends on how it was built
        raise InputError(f"{path}: is damaged or no ONNX file: its protobuf message cannot be parsed") from None
    if not model.graph.node or not model.opset_import:
        raise InputError(f"{path}: is no ONNX model: it states no {'nodes' if model.opset_import else 'operator set'}")
    if any(isinstance(name, bytes) for name in _names(model)):  # protobuf gives back what is no UTF-8
        raise InputError(f"{path}: is damaged: a name in it is no UTF-8 text")
    return _without_functions(path, model) if model.functions else model


def _names(model: Any) -> Iterator[str | bytes]:
    """Yield all names in a model that anything here reads."""
    graph = model.graph
    for node in itertools.chain(graph.node, *(function.node for function in model.functions)):
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
        yield from itertools.chain(*((entry.key, entry.value) for entry in node.metadata_props))
    for value in itertools.chain(graph.input, graph.value_info):
        yield from (value.name, *(dim.dim_param for dim in value.type.tensor_type.shape.dim))
    yield from (tensor.name for tensor in graph.initializer)
    yield from (sparse.values.name for sparse in graph.sparse_initializer)
    yield from itertools.chain(*((function.name, function.domain) for function in model.functions))
    yield from (opset.domain for opset in model.opset_import)


def _without_functions(path: Path, model: Any) -> Any:
    """Return a model whose calls of local functions are replaced by what those hold, under the calls' names."""
    functions = {(f.domain, f.name): f for f in model.functions}
    _check_growth(path, model, functions)
    callers = {output: node for node in model.graph.node for output in node.output if output}
    is_call = {output for output, node in callers.items() if (node.domain, node.op_type) in functions}
    try:
        flat = onnx.inliner.inline_local_functions(model)
    except Exception as error:  # onnx names no closed list
        first = next(iter(str(error).strip().splitlines()), "")
        raise InputError(f"{path}: its local functions cannot be written out: {first[:200]}") from None
    caller = None  # what a function holds stands in one piece and makes its results last
    for node in reversed(flat.graph.node):
        results = [output for output in node.output if output in callers]
        if results:
            caller = callers[results[0]] if results[0] in is_call else None
        if caller is not None:
            node.name = caller.name
            del node.metadata_props[:]
            node.metadata_props.extend(caller.metadata_props)
    return flat


def _check_growth(path: Path, model: Any, functions: dict[tuple[str, str], Any]) -> None:
    """Raise InputError for functions that call themselves, or that would become too many nodes."""
    sizes: dict[tuple[str, str], int] = {}

    def size(nodes: Any, inside: tuple[tuple[str, str], ...]) -> int:
        total = 0
        for node in nodes:
            key = node.domain, node.op_type
            if key in inside or len(inside) > 100:
                raise InputError(
                    f"{path}: local functions must not call themselves, or nest so deep {got(node.op_type)}"
                )
            if key in functions and key not in sizes:
                sizes[key] = size(functions[key].node, (*inside, key))
            total += sizes.get(key, 1)
        return total

    if (total := size(model.graph.node, ())) > MAX_NODES:
        raise InputError(
            f"{path}: would have {total:,} nodes with local functions written out, more than {MAX_NODES:,}"
        )
