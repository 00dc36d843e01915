"""Names of layers: dotted paths as torch writes them, from what exporters leave at each node."""

import re
from typing import Any, NamedTuple

from pivotsim.workload.op_checks import MAX_LAYER_CHARACTERS

_SCOPES, _CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"  # keys of torch's newer exporter
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


class Origin(NamedTuple):
    """Where a node comes from."""

    layer: str  # '' where the file does not say
    module_class: str
    operator: str  # as in the file, with its domain unless that is ONNX's own
    name: str  # the layer, else the node's own name: what it may be skipped by
    is_stated: bool  # False where an optimiser lost the layer; '' may also be the model itself


def origin_of(node: Any) -> Origin:
    """Return the layer, its class and the operator of a node."""
    domain = "" if node.domain in ("", "ai.onnx") else node.domain + "."
    operator = shown(domain + node.op_type)
    stated = {entry.key: entry.value for entry in node.metadata_props}
    scopes = _listed(stated.get(_SCOPES, ""))  # the modules from the outermost, then the operator
    if len(scopes) > 1:
        classes = _listed(stated.get(_CLASSES, ""))
        layer, module_class = shown(scopes[-2]), classes[-2].rpartition(".")[2] if len(classes) == len(scopes) else ""
    else:
        layer, module_class = shown(path_of(node.name)), ""
    own = node.name or next((name for name in node.output if name), "") or node.op_type
    return Origin(layer, module_class, operator, layer or shown(own), len(scopes) > 1 or "/" in node.name)


def path_of(name: str) -> str:
    """Return the path in a node's name; a list of layers stands in it twice, by itself and before its index.

    >>> path_of("/blocks/blocks.3/attn/qkv/MatMul"), path_of("/head/Gemm"), path_of("/Add_1"), path_of("MatMul_12")
    ('blocks.3.attn.qkv', 'head', '', '')
    """
    path: list[str] = []
    for part in name.strip("/").split("/")[:-1]:
        if path and part.startswith(path[-1] + "."):
            path.pop()
        path.append(part)
    return ".".join(path)


def _listed(text: str) -> list[str]:
    """Return the items of a list of names as Python writes it."""
    return [single or double for single, double in _QUOTED.findall(text)]


def shown(name: str) -> str:
    """Return a name fit for a message and a trace: printable, of bounded length."""
    return "".join(c for c in name if c.isprintable())[:MAX_LAYER_CHARACTERS]
