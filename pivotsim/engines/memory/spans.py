"""Spans of a GEMM behind the memories, for timelines: the array's phases, both DMA directions, halves of buffers."""

from collections.abc import Iterator

import numpy as np

from pivotsim.engines.array.spans import merged
from pivotsim.engines.base import Span
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.schedule import Intervals, record_gemm
from pivotsim.hardware.dataflows import DATAFLOW, Dataflow
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask


def spans_behind_memories(
    m: int, k: int, n: int, hw: SystolicHardware, per_pass: bool = True, mask: Mask | None = None, copy: int = 0,
    bits: tuple[int, int, int] = (8, 8, 8),
) -> Iterator[Span]:  # fmt: skip
    """Yield the spans of one GEMM on a hardware's memories, pass by pass, or one per track.

    array load, stream, drain    as without memories, one per pass; of a block of outputs, all its folds are one
    DMA read, DMA write          transfers from DRAM into the input and weight memories, and of finished outputs
    GB read                      transfers of what the global buffer still holds
    IPMEM, WTMEM half            while a unit is brought in
    OPMEM half                   from the first sum of a region to the end of its drain

    Parameters
    ----------
    m, k, n : int
        An (m, k) matrix times a (k, n) matrix.
    hw : SystolicHardware
    per_pass : bool
        Else one span per track, from its first clock to its last.
    mask : Mask, optional
        Passes and loads count without those that it spares.
    copy : int
        Which of the mask's copies.
    bits : tuple of int
        Of an element of inputs, weights and outputs.
    """
    from pivotsim.kernels.memory.records import DRAIN_FIELDS, LOAD_FIELDS, PASS_FIELDS

    memories, dataflow = hw.memories, DATAFLOW[hw.array.dataflow]
    row_size, col_size, streamed = dataflow.sizes(m, k, n)
    limits = limits_of(memories, hw.array.clock_mhz).with_bits(*bits)
    chunk = min(memories.chunk, streamed)
    order = memories.loop_order
    run = record_gemm(m, k, n, hw.array, limits, loop_order=order, chunk=chunk, mask=mask, copy=copy)
    if not isinstance(run, Intervals):
        return
    load = {name: run.loads[:, i] for i, name in enumerate(LOAD_FIELDS)}
    step = {name: run.passes[:, i] for i, name in enumerate(PASS_FIELDS)}
    drain = {name: run.drains[:, i] for i, name in enumerate(DRAIN_FIELDS)}
    if not dataflow.drains:
        yield from merged("load", step["load_start"], step["load_end"], per_pass)
    yield from merged("stream", step["stream_start"], step["stream_end"], per_pass)
    leaves = step["registered"] > 0  # os: nothing leaves before the last chunk
    yield from merged("drain", step["stream_end"][leaves], step["registered"][leaves], per_pass)
    for track, dram in (("DMA read", 1), ("GB read", 0)):
        own = load["from_dram"] == dram
        yield from merged(track, load["start"][own], load["end"][own], per_pass)
    yield from merged("DMA write", drain["start"], drain["end"], per_pass)
    for slot, home in enumerate(dataflow.memories):
        for half in range(limits.halves(home)):
            own = (load["slot"] == slot) & (load["half"] == half)
            yield from merged(f"{home.upper()} half {half}", load["start"][own], load["end"][own], per_pass)
    tiles = {
        "row": -(-row_size // hw.array.rows),
        "col": -(-col_size // hw.array.cols),
        "chunk": -(-streamed // run.result.chunk),
    }
    regions = _regions(dataflow, run.result.loop_order)
    by_last = dataflow.drains and not limits.has_block(hw.array.dataflow)
    claimed = _claimed(step, drain, regions, tiles[regions[1]], by_last)
    for half in range(limits.halves("opmem")):
        own = drain["half"] == half
        yield from merged(f"OPMEM half {half}", claimed[own], drain["end"][own], per_pass)


def _regions(dataflow: Dataflow, loop_order: str) -> tuple[str, str]:
    """Return the indices of a pass that number its region, outermost first."""
    other = "row" if dataflow.drains else "chunk"
    return ("col", other) if dataflow.loop_orders.index(loop_order) == 0 else (other, "col")


def _claimed(
    step: dict[str, IntArray], drain: dict[str, IntArray], regions: tuple[str, str], inner_count: int, by_last: bool
) -> IntArray:
    """Return the clock in which each region's first sum may enter: its first stream's, or ``by_last`` chunk's.

    A region without passes, which a mask may leave, has its drain alone. ``inner_count`` is how many regions lie in one
    step of the outermost loop.
    """
    clocks = drain["start"].copy()
    if not len(step["row"]):
        return clocks
    outer, inner = (step[name] for name in regions)
    first = np.flatnonzero(np.concatenate(([True], (np.diff(outer) != 0) | (np.diff(inner) != 0))))
    last = np.concatenate((first[1:], [len(outer)])) - 1
    number = np.arange(len(first))
    if len(first) < len(clocks):  # then all regions drain
        number = outer[first] * inner_count + inner[first]
    clocks[number] = step["stream_start"][last if by_last else first]
    return clocks
