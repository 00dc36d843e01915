"""Where a model comes from: a torch module, a file, or a name; each becomes an imported trace."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pivotsim.errors import InputError, MissingExtraError, check_integer, got
from pivotsim.importers.imported import Imported, import_graph
from pivotsim.importers.request import Request
from pivotsim.io.file_kinds import IMPORTED_PREFIXES, IMPORTED_SUFFIXES
from pivotsim.workload.ops import Trace

TIMM = "timm:"
HOW = "a name of timm (timm:deit_small_patch16_224), a config file of transformers (hf:config.json), .onnx, .pt2"


def trace_of(
    model: Any,
    *inputs: Any,
    name: str = "",
    skip: Iterable[str] = (),
    experts: Iterable[int] = (),
    keywords: Mapping[str, Any] | None = None,
) -> Trace:
    """Return the operations of a torch module, or of a program of torch.export.

    Parameters
    ----------
    model : torch.nn.Module or torch.export.ExportedProgram
        A module is exported in evaluation mode and left as it was; nothing of it is computed, so that it may lie on
        the meta device.
    *inputs
        What it is called with: tensors of the shapes wanted.
    name : str, optional
        Of the trace; left out, the module's class.
    skip : iterable of str
        Layers to leave out, by their dotted paths.
    experts : iterable of int, optional
        Tokens of each expert of a mixture of experts; left out, they are spread evenly [assumed].
    keywords : mapping, optional
        Further arguments of the call, by name.

    Returns
    -------
    Trace
        Each multiplication with its label and ``layer``; ``notes`` say what was taken for granted. Operands have 8
        bits [assumed]. ``recognised_plan(trace)`` makes a Plan of a Vision Transformer.

    Raises
    ------
    InputError
        torch cannot export the module, or operators are unknown: a line for each layer.

    Examples
    --------
    >>> import torch, pivotsim as ps
    >>> trace = ps.trace_of(torch.nn.Linear(384, 1536), torch.zeros(1, 197, 384))
    >>> [(op.m, op.k, op.n) for op in trace if op.kind == "gemm"]
    [(197, 384, 1536)]
    """
    return import_torch(model, inputs, name=name, skip=skip, experts=experts, keywords=keywords).trace


def import_torch(
    model: Any, inputs: Sequence[Any], *, name: str = "", skip: Iterable[str] = (), experts: Iterable[int] = (),
    keywords: Mapping[str, Any] | None = None,
) -> Imported:  # fmt: skip
    """Return what ``trace_of`` does, with the report of the import."""
    from pivotsim.importers.torch import programs

    request = Request(skip, experts)
    is_program = hasattr(model, "graph_signature")
    if not is_program and not hasattr(model, "named_modules"):
        raise InputError(f"model: must be a torch module or a program of torch.export {got(type(model).__name__)}")
    if is_program and inputs:
        raise InputError("inputs: a program of torch.export has its inputs; leave them out")
    if not is_program and not inputs and not keywords:
        raise InputError(
            "inputs: give what the module is called with, as in trace_of(model, torch.zeros(1, 3, 224, 224))"
        )
    program = model if is_program else programs.exported(model, inputs, keywords)
    return import_graph(programs.graph_of(program, name or type(model).__name__, request), request)


def read_model(
    source: str | Path,
    *,
    sizes: Mapping[str, Sequence[int]] | None = None,
    skip: Iterable[str] = (),
    experts: Iterable[int] = (),
) -> Trace:
    """Return the operations of a model in a file, or of one that timm or transformers describes.

    Parameters
    ----------
    source : str or Path
        ``model.onnx``, ``model.pt2`` (torch.export), ``timm:NAME``, or ``hf:CONFIG.json`` of transformers.
    sizes : mapping, optional
        Name of an input -> its shape, where the source leaves it open.
    skip : iterable of str
        Layers to leave out, by their dotted paths.
    experts : iterable of int, optional
        Tokens of each expert of a mixture of experts; left out, they are spread evenly [assumed].

    Returns
    -------
    Trace
        As of ``trace_of``.

    Raises
    ------
    InputError
        The file cannot be read, a size is missing, or operators are unknown.
    MissingExtraError
        The library that reads it is not installed.

    Examples
    --------
    >>> import pivotsim as ps
    >>> trace = ps.read_model("timm:deit_small_patch16_224")  # doctest: +SKIP
    """
    return import_model(source, sizes=sizes, skip=skip, experts=experts).trace


def import_model(
    source: str | Path,
    *,
    sizes: Mapping[str, Sequence[int]] | None = None,
    skip: Iterable[str] = (),
    experts: Iterable[int] = (),
) -> Imported:
    """Return what ``read_model`` does, with the report of the import."""
    text, request = str(source), Request(skip, experts)
    shapes = {str(n): tuple(check_integer(f"sizes: {n}", s, 1) for s in shape) for n, shape in (sizes or {}).items()}
    if text.startswith(IMPORTED_PREFIXES):
        return _named(text, shapes, request)
    path = Path(text)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{text}: is no model that is read; those are {HOW}")
    if not path.is_file():
        raise InputError(f"{text}: no such file")
    return reader(path, shapes, request)


def is_import(source: str) -> bool:
    """Whether a text names a model to import, rather than one of sizes alone.

    >>> is_import("timm:vit_base_patch16_224"), is_import("deit_s")
    (True, False)
    """
    return source.startswith(IMPORTED_PREFIXES) or source.lower().endswith(IMPORTED_SUFFIXES)


def parse_sizes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return {input: shape} of texts such as ``x=1x3x224x224``; a shape alone is that of the only input.

    >>> parse_sizes(["x=1x3x224x224"])
    {'x': (1, 3, 224, 224)}
    """
    found = {}
    for text in texts:
        name, equals, shape = text.rpartition("=")
        if not re.fullmatch(r"[0-9]{1,18}(x[0-9]{1,18})*", shape) or (equals and not name):
            raise InputError(f"--size: expected NAME=SIZES such as x=1x3x224x224 {got(text)}")
        if name in found:
            raise InputError(f"--size: {name}: stated twice {got(text)}")
        found[name] = tuple(map(int, shape.split("x")))
    return found


def _named(text: str, sizes: Mapping[str, tuple[int, ...]], request: Request) -> Imported:
    try:
        from pivotsim.importers import named
        from pivotsim.importers.torch import programs
    except MissingExtraError:  # torch alone would not do
        raise MissingExtraError("torch", "models", f"a model by name ({text})") from None

    name = text.partition(":")[2]
    if not name:
        raise InputError(f"model: '{text}' lacks a name behind it; write {HOW}")
    example = named.timm_model(name, sizes) if text.startswith(TIMM) else named.transformers_model(Path(name), sizes)
    program = programs.exported(example.model, example.inputs, example.keywords)
    label = name if text.startswith(TIMM) else Path(name).stem
    return import_graph(programs.graph_of(program, label, request), request, example.notes)


def _read_program(path: Path, sizes: Mapping[str, tuple[int, ...]], request: Request) -> Imported:
    from pivotsim.importers.torch.archives import graph_of_file, told

    if sizes:
        raise InputError(f"{path}: a program of torch.export has its sizes; leave them out {got(', '.join(sizes))}")
    with told(path):
        return import_graph(graph_of_file(path, request), request)


def _read_onnx(path: Path, sizes: Mapping[str, tuple[int, ...]], request: Request) -> Imported:
    from pivotsim.importers.onnx import graph_of_file

    return import_graph(graph_of_file(path, sizes, request), request)


_READERS: dict[str, Callable[[Path, Mapping[str, tuple[int, ...]], Request], Imported]] = {
    ".onnx": _read_onnx, ".pt2": _read_program,
}  # fmt: skip
