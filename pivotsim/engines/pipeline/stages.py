"""The stages of a trace: which operation is which, what it takes for a group of rows, and where its rows come from.

A group of ``rows_parallel`` rows takes, with K inputs and N outputs of a row, and H heads:

    matrix      ceil(K / in_parallel) * ceil(N / out_parallel) * ceil(H / heads_parallel)
    vector      passes * ceil(N / lanes) * ceil(H / heads_parallel)

An image of M rows has ceil(M / rows_parallel) groups. Where ``head_order`` is heads, all rows of a head come before
those of the next one: scores, softmax and S V have as many groups for each round of heads, Q is needed whole as K is,
and the projection waits for the last head. HG-PIPE's source states these loops one by one: a multiplication
walks through all outputs for a group of two rows, LayerNorm and softmax walk three times over it (the maximum or mean,
the sum, the result), each loop a clock a step. FINN's matrix units take the same clocks, its softmax and LayerNorm one
pass.

An encoder is a chain with four ways beside it: rows around the attention and around the MLP, which meet the others at
the addition and wait there in a buffer; K, whose rows are all needed before the first row of scores, so that the rows
of Q wait too; and V, which is needed whole by S V. Where an engine begins no earlier than a whole group has arrived,
the machines begin with its first elements: the interval is theirs, the fill of a pipeline is an upper bound of theirs.
"""

from typing import NamedTuple

from pivotsim.engines.pipeline.schedule import Edge, Stage
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.pipeline import MATRIX_STAGES, VECTOR_STAGES, PipelineSpec
from pivotsim.tables import counted
from pivotsim.workload.ops import Op, Trace

INPUT = Stage("input", 0, 1)  # hands the rows of an image to what reads them first
PARTS_OF_QKV = 3
BYTE_BITS = 8


class Buffer(NamedTuple):
    """An edge whose rows wait, and the bytes of a row."""

    edge: Edge
    row_bytes: int


class Network(NamedTuple):
    """The stages of a trace.

    Attributes
    ----------
    stages, edges : list
        What ``stage_schedule`` takes.
    places : dict
        Operation's place in the trace -> its stage's place in the list, and the pass of an image that it stands for.
    buffers : list of Buffer
    passes : int
        Times that an image passes the stages.
    macs_per_clock : int
        Of the stages that the trace uses.
    """

    stages: list[Stage]
    edges: list[Edge]
    places: dict[int, tuple[int, int]]
    buffers: list[Buffer]
    passes: int
    macs_per_clock: int


def stage_of(op: Op) -> str:
    """Return the stage that an operation runs in, '' where it has none."""
    if op.kind == "gemm":
        return op.module if op.module in MATRIX_STAGES else ""
    return op.kind if op.kind in VECTOR_STAGES else ""


def group_clocks(op: Op, spec: PipelineSpec) -> int:
    """Return the clocks of a group of rows in an operation's stage."""
    name = stage_of(op)
    rounds = 1 if spec.head_order == "heads" else head_rounds(op, spec)
    if op.kind == "gemm":
        unit = spec.stages.matrix(name)
        return rounds * -(-op.k // unit.in_parallel) * -(-op.n // unit.out_parallel)
    lanes = spec.stages.vector(name)
    return rounds * lanes.passes * -(-op.n // lanes.lanes)


def groups_of(op: Op, spec: PipelineSpec) -> int:
    """Return the groups of rows of an image, those of each round of heads where heads come one after the other."""
    return -(-op.m // spec.rows_parallel) * (head_rounds(op, spec) if spec.head_order == "heads" else 1)


def head_rounds(op: Op, spec: PipelineSpec) -> int:
    """Return how often an operation's stage is run for its heads."""
    unit = spec.stages.matrix(op.module) if op.kind == "gemm" else spec.stages.vector(op.kind)
    return -(-op.repeats // unit.heads_parallel)


def staged(trace: Trace) -> list[tuple[int, Op]]:
    """Return (place, operation) of what has a stage; a requantisation is part of the one before it.

    Raises
    ------
    InputError
        An operation has no stage, or only a part of it is to be worked on.
    """
    found = [(place, op) for place, op in enumerate(trace) if op.kind != "requant"]
    for _, op in found:
        where = f"{trace.name}: {op.module}" + (f" of encoder {op.encoder}" if op.encoder else "")
        if not stage_of(op):
            known = ", ".join((*MATRIX_STAGES, *VECTOR_STAGES))
            raise InputError(f"{where}: has no stage in a pipeline, which has {known} {got(op.kind)}")
        if op.density != 1 or (op.kind == "gemm" and trace.mask_of(op) is not None):
            raise InputError(f"{where}: engine 'pipeline' runs dense matrices only {got('a mask')}")
    return found


def network_of(trace: Trace, spec: PipelineSpec) -> Network:
    """Return the stages of a trace of one image.

    Raises
    ------
    InputError
        An operation has no stage, encoders do not go into the pipeline, or they differ in their rows.
    """
    ops = staged(trace)
    encoders = list(dict.fromkeys(op.encoder for _, op in ops if op.encoder))
    passes = _passes(trace, ops, encoders, spec)
    built = set(encoders[: len(encoders) // passes]) | {0}
    first = groups_of(ops[0][1], spec) if ops else 1
    net = Network([INPUT._replace(groups=first)], [], {}, [], passes, 0)
    places: list[tuple[int, Op]] = []
    for place, op in ops:
        if op.encoder in built:
            net.places[place] = (len(net.stages), 0)
            _add(net, op, places, spec)
            places.append((len(net.stages) - 1, op))
        else:
            beside, of_pass = len(places), len(net.places) // len(places)
            net.places[place] = (places[len(net.places) % beside][0], of_pass)
    if passes > 1:
        net.edges.append(Edge("", len(net.stages) - 1, 0, -1, is_feedback=True))
    macs = sum(spec.stages.matrix(stage_of(op)).macs_per_row for _, op in places if op.kind == "gemm")
    return net._replace(macs_per_clock=spec.rows_parallel * macs)


def _passes(trace: Trace, ops: list[tuple[int, Op]], encoders: list[int], spec: PipelineSpec) -> int:
    """Return how often an image passes the encoders of the pipeline, or raise InputError where it cannot."""
    of_encoders: dict[int, list[Op]] = {}
    for _, op in ops:
        if op.encoder:
            own = of_encoders.setdefault(op.encoder, [])
            if any((op.module, op.kind) == (other.module, other.kind) for other in own):
                where = f"{trace.name}: {op.module} of encoder {op.encoder}"
                raise InputError(f"{where}: is there twice, and the pipeline has one stage for it {got('a split')}")
            own.append(op._replace(encoder=0, layer=""))
    rows = sorted({op.m for own in of_encoders.values() for op in own})
    if len(rows) > 1:
        raise InputError(f"{trace.name}: encoders differ in their rows, and a pipeline keeps all of them {got(rows)}")
    if len(encoders) <= spec.encoders:
        return 1
    passes, rest = divmod(len(encoders), spec.encoders)
    limits = f"the pipeline has stages for {counted(spec.encoders, 'encoder')}"
    if rest:
        raise InputError(f"{trace.name}: {limits}, and a deeper model needs a multiple of them {got(len(encoders))}")
    if any(not op.encoder for _, op in ops):
        problem = "what is outside the encoders cannot be passed again with them; use scope encoders"
        raise InputError(f"{trace.name}: {limits}, which the model passes {passes} times; {problem}")
    alike = list(of_encoders.values())
    if any(own != alike[place % spec.encoders] for place, own in enumerate(alike)):
        raise InputError(f"{trace.name}: {limits}, and the encoders that pass the same stages are not alike")
    return passes


def _add(net: Network, op: Op, before: list[tuple[int, Op]], spec: PipelineSpec) -> None:
    """Add an operation's stage and the edges to it."""
    target, depths = len(net.stages), spec.buffers
    net.stages.append(Stage(stage_of(op), group_clocks(op, spec), groups_of(op, spec)))
    own = [(place, other) for place, other in before if other.encoder == op.encoder]

    def source(module: str) -> tuple[int, Op]:
        for place, other in own:
            if other.module == module:
                return place, other
        raise InputError(f"{op.module} of encoder {op.encoder}: its encoder has no {module} before it {got(op.kind)}")

    def buffer(name: str, place: int, row_bits: int, *, is_whole: bool = False) -> None:
        edge = Edge(name, place, target, depths.depth(name), is_whole)
        net.edges.append(edge)
        net.buffers.append(Buffer(edge, -(-row_bits // BYTE_BITS)))

    if op.module in ("qkt", "sv"):
        place, qkv = source("qkv")
        row_bits = qkv.n // PARTS_OF_QKV * qkv.out_bits
        if op.module == "qkt":
            is_whole = spec.head_order == "heads"
            buffer("operand_images" if is_whole else "q", place, row_bits, is_whole=is_whole)
        buffer("operand_images", place, row_bits, is_whole=True)
        if op.module == "qkt":
            return
    if op.module in ("residual1", "residual2"):
        norm = source(f"norm{op.module[-1]}")[0]
        skip = next(edge.source for edge in net.edges if edge.target == norm)
        buffer(op.module, skip, op.n * op.out_bits)
    extra = net.stages[target - 1].groups - net.stages[target].groups
    if op.module == "proj" and spec.head_order == "heads" and extra:
        net.edges.append(Edge("", target - 1, target, -1, skipped=extra))
    else:
        net.edges.append(Edge("", target - 1, target, spec.fifo_depth))
