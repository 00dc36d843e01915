"""Chains of placed operations under each ``ps_pl_overlap``; the timeline's rule does the rest.

serial   one chain: PL and PS take turns (PIVOT, section 3.4).
heads    one chain per head from QK^T to the step before proj, in each encoder on its own; what stands around it is
         serial. The cores of the PS split one head. A call is paid once per operation, with its first head: the others
         are handed over as they come. It hides 6.1 % of DeiT-S.
images   one chain per image of the batch: more images a second, none of them earlier.

PL units are resources of their own beside the array and the PS.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from pivotsim.engines.base import Details
from pivotsim.errors import InputError, got
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import ARRAY
from pivotsim.simulation.placed_ops import PlacedOp
from pivotsim.simulation.timeline import Piece, Task, Timeline, run_chains
from pivotsim.units import IntArray, Ticks
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Op, Trace

HEAD_MODULES = frozenset({"qkt", "softmax", "sv", "requant"})
MAX_TASKS = 200_000  # about a second


class Part(NamedTuple):
    """One block of a step (-1: all of them), still in clocks and milliseconds."""

    row: int
    block: int
    resource: str
    cycles: int
    host_ms: float


Chains = list[list[Part]]  # they run side by side


def head_ranges(trace: Trace) -> list[range]:
    """Return the operations of each attention that run head by head: QK^T, softmax, SV and their requantisation.

    A range starts at a QK^T of several heads, stays within its encoder, and holds an SV.
    """
    ranges, ops, index = [], trace.ops, 0
    while index < len(ops):
        first, end = ops[index], index + 1
        if first.module == "qkt" and first.kind == "gemm" and first.repeats > 1:
            while end < len(ops) and _belongs(ops[end], first):
                end += 1
            if any(op.module == "sv" for op in ops[index:end]):
                ranges.append(range(index, end))
        index = end
    return ranges


def _belongs(op: Op, first: Op) -> bool:
    return op.encoder == first.encoder and op.repeats == first.repeats and op.module in HEAD_MODULES


def head_cycles(trace: Trace, run: Callable[[Trace], IntArray]) -> dict[int, tuple[int, ...]]:
    """Return the clocks of each head by operation, for those whose mask has a copy for each.

    ``run`` gives the clocks of each GEMM of a trace. More heads than ``check_tasks`` lets through are not listed.
    """
    found = {}
    for position in (p for heads in head_ranges(trace) for p in heads):
        op, mask = trace.ops[position], trace.mask_of(trace.ops[position])
        if mask is None or mask.count == 1 or op.repeats > MAX_TASKS:
            continue
        copies = range(min(mask.count, op.repeats))
        masks = {
            ("", str(c)): Mask(mask.operand, mask.height, mask.width, mask.block, mask.kept[c]) for c in copies
        }  # fmt: skip
        ops = tuple(op._replace(repeats=1, mask_file="", mask_key=str(c)) for c in copies)
        clocks = run(Trace(ops, trace.name, masks)).tolist()
        found[position] = tuple(clocks[head % mask.count] for head in range(op.repeats))
    return found


def timeline_of(steps: Sequence[PlacedOp], trace: Trace, hw: Hardware, images: int = 1) -> Timeline:
    """Return the timeline of steps under the hardware's ``ps_pl_overlap``.

    Parameters
    ----------
    steps : sequence of PlacedOp
        Those of one image where ``images`` is more than 1, with the trace that they come from. Rows of the pieces
        number the steps of the first image, then those of the second, and so on.
    images : int
        Copies that run as chains side by side.
    """
    mode = hw.ps_pl_overlap
    if mode == "heads":
        stages = list(_by_head(steps, positions_in_heads(trace)))
    else:
        rows = len(steps)
        stages = [[[_whole(row + image * rows, s) for row, s in enumerate(steps)] for image in range(images)]]
    return _placed(stages, Ticks(hw.clock_mhz, {p.host_ms for stage in stages for c in stage for p in c}))


def timeline_of_stages(steps: Sequence[PlacedOp], details: Details, hw: Hardware, images: int) -> Timeline:
    """Return the timeline of operations that run side by side, each on a resource of its own."""
    ticks, pieces = Ticks(hw.clock_mhz, ()), []
    for image, spans in enumerate(details.operation_spans(images)):
        for row, step in enumerate(steps):
            stage = f"{step.module} {step.encoder or ('' if step.resource == ARRAY else step.kind)}".rstrip()
            start, end = (ticks.of(clock, 0.0) for clock in spans[step.position])
            pieces.append(Piece(row + image * len(steps), -1, stage, start, end))
    return Timeline(ticks, tuple(pieces))


def check_tasks(steps: int, head_blocks: Iterable[int], mode: str, details: Details, images: int) -> None:
    """Raise InputError where a timeline would have more pieces of work than can be listed.

    Parameters
    ----------
    steps : int
        Steps of one image.
    head_blocks : iterable of int
        Blocks of each step that runs head by head.
    mode : str
        The hardware's ``ps_pl_overlap``.
    """
    if details.side_by_side:
        if steps * images > MAX_TASKS:
            most = f"a pipeline runs at most {MAX_TASKS // steps:,} images of {steps} operations"
            raise InputError(f"batch: {most} {got(images)}")
        return
    tasks = steps * images + sum(blocks - images for blocks in head_blocks)
    if tasks > MAX_TASKS:
        problem = f"ps_pl_overlap '{mode}' runs up to {MAX_TASKS} pieces of work, this batch has more"
        raise InputError(f"batch: {problem} {got(tasks)}")


def positions_in_heads(trace: Trace) -> set[int]:
    """Return the places in a trace of all that runs head by head."""
    return {position for heads in head_ranges(trace) for position in heads}


def _whole(row: int, step: PlacedOp) -> Part:
    return Part(row, -1, step.resource, step.cycles, step.host_ms)


def _by_head(steps: Sequence[PlacedOp], in_heads: set[int]) -> Iterable[Chains]:
    """Yield, in order, single chains of what is serial and one chain per head of what is not."""

    def key(entry: tuple[int, PlacedOp]) -> tuple[bool, int, int]:
        step = entry[1]
        return (True, step.encoder, step.blocks) if step.position in in_heads else (False, 0, 0)

    for (is_group, _, heads), entries in groupby(enumerate(steps), key):
        listed = list(entries)
        if is_group:
            yield [[_of_head(row, head, step) for row, step in listed] for head in range(heads)]
        else:
            yield [[_whole(row, step) for row, step in listed]]


def _of_head(row: int, head: int, step: PlacedOp) -> Part:
    """Return one head's part: an equal share of the work, whole clocks that add up, unless a mask says otherwise.

    The first head pays the call.
    """
    share_ms = (step.host_ms - step.call_ms) / step.blocks
    host_ms = share_ms + step.call_ms if head == 0 else share_ms
    equal = step.cycles * (head + 1) // step.blocks - step.cycles * head // step.blocks
    cycles = step.block_cycles[head] if step.block_cycles else equal
    return Part(row, head, step.resource, cycles, host_ms)


def _placed(stages: Iterable[Chains], ticks: Ticks) -> Timeline:
    """Run stage after stage; encoders of equal work are worked out once."""
    known: dict[object, tuple[list[Piece], int]] = {}
    pieces: list[Piece] = []
    now = 0
    for stage in stages:
        if not any(stage):  # nothing of it has a place
            continue
        base = stage[0][0].row
        chains = tuple(
            tuple(Task(p.row - base, p.block, p.resource, ticks.of(p.cycles, p.host_ms)) for p in chain)
            for chain in stage
        )
        if chains not in known:
            known[chains] = run_chains(chains)
        found, length = known[chains]
        pieces += [Piece(p.row + base, p.block, p.resource, p.start + now, p.end + now) for p in found]
        now += length
    return Timeline(ticks, tuple(pieces))
