"""The least clocks of a single step between two passes, of a load, and of a drain."""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.array_passes import after_pass
from pivotsim.kernels.memory.tiles import Parts
from pivotsim.kernels.memory.transfers import AGAIN, LENGTHS, drain_words
from pivotsim.kernels.types import Array, Design, Limits


@inlined
def alone_step(steps: int, rows: int, cols: int, streamed: int, is_done: bool, following: int, design: Design) -> int:
    """Return the clocks without memories from a stream's start to the next one's, whose tile has ``following`` rows."""
    _, load_from, stream_from = after_pass(0, steps, rows, cols, streamed, is_done, design)
    return stream_from if design.drains else max(stream_from, load_from + following)


@inlined
def region_steps(steps: int, nr: int, full: int, last: int, cols: int, design: Design) -> int:
    """Return the clocks between the first and the last stream's start of a region (is, ws) without memories."""
    if nr == 1:
        return 0
    inside = (nr - 2) * alone_step(steps, full, cols, full, False, full, design)
    return inside + alone_step(steps, full, cols, full, False, last, design)


@inlined
def least_load(slot: int, a: int, b: int, is_first: bool, room: Array) -> int:
    """Return the least clocks of a unit's load; a, b: last of either dimension.

    Its first load comes from DRAM; of others it does not matter here which they are.
    """
    length: int = room[LENGTHS if is_first else AGAIN, slot, a, b]
    return length


@inlined
def least_drain(a: int, b: int, e: int, parts: Parts, design: Design, limits: Limits, room: Array) -> int:
    """Return the least clocks from a region's last output to when its half may be written again."""
    u, v = (a, b) if design.drains else (b, e)
    post = limits.post_region + limits.post_entry * drain_words(a, b, e, parts, design, limits)
    bound: int = post + room[LENGTHS, 2, u, v] + limits.buffer_read_cycles
    return bound
