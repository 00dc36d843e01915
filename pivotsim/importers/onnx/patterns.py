"""GELU, SiLU and norms that a file writes out in smaller operators, as the one node that they are."""

from collections.abc import Iterator
from dataclasses import replace

from pivotsim.importers.graph import ELEMENTWISE, FREE, Graph, Node

_SEEDS = ("Erf", "Tanh", "Sigmoid", "HardSigmoid", "Clip", "Sqrt")
_MERGES = ("Mul", "Div")  # what joins a value with what was made of it
_OF_NORM = {"ReduceMean", "Sub", "Pow", "Mul", "Add", "Sqrt", "Reciprocal", "Div", "Cast", "Identity"}
MAX_DEPTH, MAX_INSIDE = 10, 16  # nodes from the start to the seed, and of the whole; tanh's GELU has ten
_CUBIC = 5  # nodes of GELU by tanh at least, fewer are a gate


def collapsed(graph: Graph) -> Graph:
    """Return a graph in which what was written out is one node, under the name of its last part.

    It begins at one value, meets it again in a product or quotient, and nothing else reads what lies between: then the
    operators between tell what it is. Constants that scale or shift the result in the same module belong to it.
    """
    found: dict[str, Node] = {}  # last part -> what it is
    gone: set[str] = set()
    for node in graph.nodes:
        if node.operator == "norm":
            start, last, inside = _reshaped(graph, node)
            last, after = _with_constants(graph, last)
            gone |= {*inside, *after, node.name} - {last.name}
            found[last.name] = node._replace(name=last.name, inputs=(start, *node.inputs[1:]))
    for seed in graph.nodes:
        if seed.origin in _SEEDS and seed.name not in gone and not graph.values[seed.name].is_constant:
            for start, last, inside in _regions(graph, seed):
                kind = _kind({graph.by_name[name].origin for name in inside}, len(inside))
                if kind and not gone & {*inside, last.name}:
                    last, after = _with_constants(graph, last)
                    gone |= {*inside, *after} - {last.name}
                    found[last.name] = last._replace(
                        operator=kind, inputs=(start,), origin=f"{kind}, written out", options={}
                    )
                    break
    return replace(graph, nodes=tuple(found.get(n.name, n) for n in graph.nodes if n.name not in gone))


def _kind(origins: set[str], count: int) -> str:
    """Return what operators between a value and its second use make of it, '' if nothing that is known."""
    if "ReduceMean" in origins:
        return "norm" if "Sqrt" in origins and origins <= _OF_NORM else ""
    if "Erf" in origins:
        return "gelu"
    if "Tanh" in origins:
        return "silu" if "Softplus" in origins else "gelu" if count >= _CUBIC else ""
    return "silu" if origins & {"Sigmoid", "HardSigmoid"} or {"Clip", "Add"} <= origins else ""


def _regions(graph: Graph, seed: Node) -> Iterator[tuple[str, Node, set[str]]]:
    """Yield (first value, last node, nodes between) of what may be one operator around a seed."""
    starts = [name for name in _before(graph, seed) if len(graph.readers.get(name, ())) > 1]
    for start in reversed(starts) if seed.origin == "Sqrt" else starts:  # the mean that a norm takes off comes first
        for last in _after(graph, seed):
            inside = _between(graph, start, last)
            if seed.name in inside and graph.shape(last.name) == graph.shape(start):
                yield start, last, inside


def _reshaped(graph: Graph, norm: Node) -> tuple[str, Node, set[str]]:
    """Return (first value, last node, nodes between) of a norm, past a reshape that another takes back."""
    start = norm.inputs[0]
    made, readers = graph.by_name.get(start), graph.readers.get(norm.name, [])
    if made is None or made.origin != "Reshape" or len(graph.readers[start]) != 1 or len(readers) != 1:
        return start, norm, set()
    if readers[0].origin != "Reshape" or graph.shape(readers[0].name) != graph.shape(made.inputs[0]):
        return start, norm, set()
    return made.inputs[0], readers[0], {start, norm.name}


def _before(graph: Graph, seed: Node) -> list[str]:
    """Return the values that a seed comes from without a product, nearest first."""
    found: dict[str, None] = {}
    layer = [seed.name]
    for _ in range(MAX_DEPTH):
        made = [graph.by_name[name] for name in layer if name in graph.by_name]
        layer = [v for node in made if _is_small(node) for v in graph.moving(node) if v not in found]
        if len(found) > MAX_INSIDE or not layer:
            break
        found.update(dict.fromkeys(layer))
    return list(found)


def _after(graph: Graph, seed: Node) -> Iterator[Node]:
    """Yield the nodes behind a seed that join two values, along its only readers."""
    name = seed.name
    for _ in range(MAX_DEPTH):
        readers = graph.readers.get(name, [])
        if len(readers) != 1 or not _is_small(readers[0]):
            return
        if readers[0].origin in _MERGES and len(graph.moving(readers[0])) == 2:
            yield readers[0]
        name = readers[0].name


def _between(graph: Graph, start: str, last: Node) -> set[str]:
    """Return the nodes from a value to a node, none if something else enters or leaves on the way."""
    inside: set[str] = set()
    waiting = graph.moving(last)
    while waiting:
        name = waiting.pop()
        node = graph.by_name.get(name)
        if name == start or name in inside:
            continue
        if node is None or not _is_small(node) or len(inside) >= MAX_INSIDE or not graph.moving(node):
            return set()
        inside.add(name)
        waiting += graph.moving(node)
    leaves = any(reader.name not in inside and reader is not last for n in inside for reader in graph.readers[n])
    return set() if leaves else inside


def _is_small(node: Node) -> bool:
    return node.operator in (*ELEMENTWISE, FREE) and node.operator not in ("softmax", "sort")


def _with_constants(graph: Graph, last: Node) -> tuple[Node, list[str]]:
    """Return the last node with the scale and shift behind it in the same module, and the names of all these nodes."""
    names = [last.name]
    for _ in range(2):
        readers = graph.readers.get(last.name, [])
        if len(readers) != 1 or readers[0].origin not in ("Mul", "Add", "Div") or readers[0].layer != last.layer:
            break
        if len(graph.moving(readers[0])) != 1 or graph.shape(readers[0].name) != graph.shape(last.name):
            break
        last = readers[0]
        names.append(last.name)
    return last, names
