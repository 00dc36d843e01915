"""Files of torch.export as graphs, read as data: nothing in them is executed, and weights are not read.

A .pt2 file is a ZIP archive with pickles, compiled code and a program in JSON. ``torch.export.load`` runs what the
pickles say, evaluates the expressions of sizes and compiles the names of values as Python, so that a file could do
anything; here only the JSON is read. Source: torch 2.13, torch/_export/serde/schema.py, schema version 8.
"""

import contextlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pivotsim.errors import InputError, got
from pivotsim.importers.graph import Graph, Value
from pivotsim.importers.request import Request
from pivotsim.importers.torch.calls import WRAPPERS, Call, Calls, Place, Ref, refs

MAX_BYTES = 256 * 2**20  # of the program; Llama of 7 billion weights has 3 MB
SCHEMA = 8
_PROGRAM = re.compile(r"([^/]+/)?models/model\.json|serialized_exported_program\.json")  # now, and before torch 2.8
_WEIGHTS = re.compile(r"([^/]+/)?data/weights/model_weights_config\.json")
_BOOLEAN = 12  # among the scalar types of the schema

Names = dict[str, str]


def graph_of_file(path: Path, request: Request) -> Graph:
    """Return the program in a .pt2 file as a graph.

    Raises
    ------
    InputError
        It holds none, a size depends on the input, or operators are unknown; ``told`` adds what else a damaged file
        raises, here and in what reads the graph.
    """
    program = json.loads(_content(path, _PROGRAM))
    version = program["schema_version"]["major"]
    if version != SCHEMA:
        raise InputError(f"is of version {version} of torch.export, and {SCHEMA} is read; save it again")
    module = program["graph_module"]
    calls = Calls(request)
    weights = _read_inputs(calls, module["graph"], module["signature"]["input_specs"])
    _read(calls, module["graph"], {name: name for name in calls.values}, "")
    request.check(path.stem)
    return calls.graph(path.stem, weights, _tensors(path))


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what reading and lowering a damaged file raises into lines about it."""
    try:
        yield
    except InputError as error:
        raise InputError([p if p.startswith(f"{path.stem}: ") else f"{path}: {p}" for p in error.problems]) from None
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise InputError(f"{path}: is no program of torch.export: {error}") from None
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, zlib.error):
        raise InputError(f"{path}: is no program of torch.export: its JSON is damaged") from None


def _content(path: Path, wanted: re.Pattern[str]) -> bytes:
    with zipfile.ZipFile(path) as archive:
        found = [info for info in archive.infolist() if wanted.fullmatch(info.filename)]
        if len(found) != 1:
            raise InputError(f"is no program of torch.export: holds {len(found)} programs in place of one")
        if found[0].file_size > MAX_BYTES:
            raise InputError(f"its program has more than {MAX_BYTES:,} bytes {got(f'{found[0].file_size:,}')}")
        with archive.open(found[0]) as file:
            return file.read(MAX_BYTES)


def _tensors(path: Path) -> dict[str, str]:
    """Return name of a weight -> where its data stands, which tells tensors apart; nothing of older files."""
    with contextlib.suppress(InputError, LookupError, TypeError, ValueError, AttributeError):
        stored = json.loads(_content(path, _WEIGHTS))["config"]
        real = {name: entry for name, entry in stored.items() if entry["tensor_meta"]["device"]["type"] != "meta"}
        return {name: json.dumps(entry, sort_keys=True) for name, entry in real.items()}
    return {}


def _read_inputs(calls: Calls, graph: Mapping[str, Any], specs: Sequence[Mapping[str, Any]]) -> Names:
    """Note the values that a program starts from; return those of weights with their names."""
    weights = {}
    for argument, spec in zip(graph["inputs"], specs, strict=True):
        (kind, content), = spec.items()  # fmt: skip
        for name in refs(_decoded(argument, graph, None)):
            calls.values[name] = Value(_shape(graph, name), kind != "user_input")
            if kind in ("parameter", "buffer"):
                weights[name] = str(content[f"{kind}_name"])
    return weights


def _read(calls: Calls, graph: Mapping[str, Any], names: Names, prefix: str) -> list[str]:
    """Read one graph; ``names`` maps its inputs to values. Return the values that it gives back."""
    for node in graph["nodes"]:
        target = str(node["target"]).removeprefix("torch.ops.")
        made = [list(refs(_decoded(output, graph, None))) for output in node["outputs"]]
        first = next((part for parts in made for part in parts), "")
        own = str(node.get("name") or first)
        name, shape, place = prefix + own, _shape(graph, first) if first else (), _place(node)
        inputs = [argument["arg"] for argument in node["inputs"]]
        if any(wrapper in target for wrapper in WRAPPERS):
            body = next(argument["as_graph"]["graph"] for argument in inputs if "as_graph" in argument)
            outside = refs([_decoded(a, graph, names) for a in inputs if "as_graph" not in a])
            inside = refs([_decoded(a, body, None) for a in body["inputs"]])
            results = _read(calls, body, dict(zip(inside, outside, strict=True)), name + ".")
            calls.add_results(name, results, shape, place)
        else:
            keys = (argument["name"] or place for place, argument in enumerate(node["inputs"]))
            arguments = {k: _decoded(argument, graph, names) for k, argument in zip(keys, inputs, strict=True)}
            calls.add(Call(name, target, arguments, shape, place))
        names[own] = name
        for part in (part for parts in made for part in parts if part != own):  # of several results each its own
            calls.add(Call(prefix + part, "_operator.getitem", {0: Ref(name)}, _shape(graph, part), place))
            names[part] = prefix + part
    return list(refs([_decoded(output, graph, names) for output in graph["outputs"]]))


def _decoded(argument: Any, graph: Mapping[str, Any], names: Names | None) -> Any:
    """Return an argument with ``Ref`` for values, by their names in the whole program if ``names`` tells them."""
    if isinstance(argument, list):
        return [_decoded(part, graph, names) for part in argument]
    if not isinstance(argument, dict):
        return argument
    if "name" in argument:
        name = str(argument["name"])
        dtype = graph["tensor_values"].get(name, {}).get("dtype")
        return Ref(name if names is None else names[name], dtype == _BOOLEAN)
    (kind, content), = argument.items() if len(argument) == 1 else (("", argument),)  # fmt: skip
    if kind == "as_name":
        raise InputError(f"the size {content} depends on the input; export with fixed sizes {got(str(content))}")
    return None if kind == "as_none" else content if not kind else _decoded(content, graph, names)


def _shape(graph: Mapping[str, Any], name: str) -> tuple[int, ...]:
    if name not in graph["tensor_values"]:
        return ()
    shape = []
    for size in graph["tensor_values"][name]["sizes"]:
        if "as_int" not in size:
            text = size["as_expr"]["expr_str"]
            raise InputError(f"{name}: the size {text} depends on the input; export with fixed sizes {got(str(text))}")
        if not isinstance(size["as_int"], int) or size["as_int"] < 0:
            raise InputError(f"{name}: must have sizes of 0 and more {got(str(size['as_int']))}")
        shape.append(size["as_int"])
    return tuple(shape)


def _place(node: Mapping[str, Any]) -> Place:
    """Return the module of a node: the last of ``call,path,class`` in a text, divided by semicolons."""
    call, _, rest = node["metadata"].get("nn_module_stack", "").rpartition(";")[2].partition(",")
    path, _, module_class = rest.rpartition(",")
    return Place(path.removeprefix("L['self']").lstrip("."), module_class.rsplit(".", 1)[-1], call)
