"""An imported model: its trace, and a report of what was read, left out and not understood."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pivotsim.errors import InputError
from pivotsim.importers.graph import PRODUCTS, Graph
from pivotsim.importers.lowering import lowered
from pivotsim.importers.request import Request
from pivotsim.tables import Printable, Table, counted, percent
from pivotsim.workload.op_checks import checked
from pivotsim.workload.ops import Trace

SHOWN = 8  # names of a kind in one line
ASSUMED_BITS = "operands of 8 bits and a requantisation after each multiplication [assumed]"
STATED_BITS = "widths of operands as the file states them, else 8 bits [assumed]"


@dataclass(frozen=True)
class Imported(Printable):
    """A model that was read, and the report of its import; ``print`` shows the report.

    Attributes
    ----------
    trace : Trace
        Its operations, with the report's main lines as ``notes``.
    free : dict
        Operator -> how many of them cost nothing: they move, view or name values.
    folded : dict
        Operator -> how many became part of the weights beside them.
    skipped : tuple of str
        Layers that were left out on request.
    unread : tuple of str
        Weights of two dimensions and more that no operator reads: of work that these inputs do not reach.
    added : tuple of str
        Such weights that are added or looked up, and that no product reads.
    precomputed : tuple of str
        Layers whose products read weights alone: they could be worked out once. They are rows of the trace.
    """

    trace: Trace
    free: dict[str, int] = field(default_factory=dict)
    folded: dict[str, int] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    precomputed: tuple[str, ...] = ()

    @property
    def encoders(self) -> int:
        """Encoders that were recognised."""
        return max((op.encoder for op in self.trace), default=0)

    def _tables(self) -> Iterator[Table]:
        yield from self.trace._tables()
        for title, counts in (("cost nothing", self.free), ("became part of weights", self.folded)):
            if counts:
                rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
                yield Table(f"operators that {title}", ("operator", "times"), rows, (1,))
        for title, names in (("are added or looked up", self.added), ("no operator reads", self.unread)):
            if names:
                yield Table(f"weights that {title}", ("weight", "times"), list(numbered(names).items()), (1,))


def import_graph(graph: Graph, request: Request, notes: tuple[str, ...] = ()) -> Imported:
    """Return a graph's operations, and the report of its import; ``notes`` are further lines of its reader.

    Raises
    ------
    InputError
        The graph multiplies nothing, or a size does not fit an operation.
    """
    found = lowered(graph, request.experts)
    if not any(op.kind == "gemm" for op in found.ops):
        raise InputError(f"{graph.name}: multiplies no matrices, so there is nothing to simulate")
    weights = {value: name for value, name in graph.weights.items() if len(graph.shape(value)) > 1}
    multiplied, alone = _multiplied(graph), _of_weights_alone(graph)
    result = Imported(
        checked(Trace(tuple(found.ops), graph.name)),
        found.free,
        found.folded,
        request.layers,
        tuple(name for value, name in weights.items() if value not in graph.readers),
        tuple(name for value, name in weights.items() if value in graph.readers and value not in multiplied),
        tuple(dict.fromkeys(node.layer for node in graph.nodes if node.operator in PRODUCTS and node.name in alone)),
    )
    if not request.experts and any(node.operator == "experts" for node in graph.nodes):
        notes = (*notes, "experts: tokens are spread evenly [assumed]; experts states how many each has")
    return replace(result, trace=replace(result.trace, notes=(*_notes(result), *notes)))


def _multiplied(graph: Graph) -> set[str]:
    """Return the constants that products read, themselves or past what is worked out of weights alone."""
    waiting = [value for node in graph.nodes if node.operator in PRODUCTS for value in node.inputs]
    found: set[str] = set()
    while waiting:
        value = waiting.pop()
        if value in found or not graph.values[value].is_constant:
            continue
        found.add(value)
        waiting += graph.by_name[value].inputs if value in graph.by_name else ()
    return found


def _of_weights_alone(graph: Graph) -> set[str]:
    """Return the values that do not depend on the model's input."""
    found: set[str] = set()
    for node in graph.nodes:  # in order of execution
        if all(graph.values[value].is_constant or value in found for value in node.inputs):
            found.add(node.name)
    return found


def _notes(result: Imported) -> Iterator[str]:
    """Yield the report's main lines, for wherever a number of the trace stands."""
    trace = result.trace
    gemms = sum(op.kind == "gemm" for op in trace)
    encoders = counted(result.encoders, "encoder") if result.encoders else "no encoders recognised"
    states = any((op.a_bits, op.w_bits) != (8, 8) for op in trace if op.kind == "gemm")
    bits = STATED_BITS if states else ASSUMED_BITS
    yield f"read {trace.name}: {counted(gemms, 'multiplication')}, {encoders}; {bits}"
    other = [op for op in trace if op.module == "other" and op.kind == "gemm"]
    if other:
        share = sum(op.dense_macs for op in other) / trace.dense_macs
        yield f"labelled 'other': {percent(share)} of the MACs ({_listed(dict.fromkeys(op.layer for op in other))})"
    if result.skipped:
        yield f"left out on request: {_listed(result.skipped)}"
    if result.unread:
        yield f"weights that no operator reads: {_listed(result.unread)}"
    if result.precomputed:
        yield f"multiplications of weights alone, charged all the same: {_listed(result.precomputed)}"


def numbered(names: Iterable[str]) -> dict[str, int]:
    """Return names of layers with a star for each number in them, and how many each stands for.

    >>> numbered(["blocks.0.attn.bias", "blocks.1.attn.bias"])
    {'blocks.*.attn.bias': 2}
    """
    return dict(Counter(re.sub(r"(?<![^.])[0-9]+(?![^.])", "*", name) for name in names))


def _listed(names: "dict[str, None] | tuple[str, ...]") -> str:
    layers = list(numbered(names))
    shown = [name or "(no name)" for name in layers[:SHOWN]]
    more = len(layers) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
