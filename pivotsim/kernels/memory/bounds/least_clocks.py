"""Clocks that no schedule of a GEMM undercuts: sums that every one contains.

total >= clocks of the array alone + length of the last drain       its last output comes no earlier
+ waits that none avoids (region_waits.py, fold_waits.py)
total >= sum of the lengths of all loads                            one at a time
+ the last pass, where it loads a unit, and the last drain
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.addresses import Place
from pivotsim.kernels.memory.array_passes import after_pass
from pivotsim.kernels.memory.bounds.fold_waits import fold_waits
from pivotsim.kernels.memory.bounds.region_waits import region_waits
from pivotsim.kernels.memory.tiles import (
    Parts,
    always_fetched,
    bits_of,
    halves_of,
    has_block,
    is_resident,
    is_weight,
    uses,
)
from pivotsim.kernels.memory.transfers import (
    LENGTHS,
    PORTS,
    READ,
    UNKNOWN,
    at_rate,
    bandwidth_cycles,
    least_dram_cycles,
    least_latency,
    load_ports,
)
from pivotsim.kernels.types import CHAINED, NONE, PRELOAD, Array, Channel, Design, Dram, Gemm, Limits


@inlined
def loads_and_last_drain(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, order: int, parts: Parts, reads: Channel | None, room: Array
) -> tuple[int, int, int]:
    """Return (least array clocks of all loads together, of the bias' among them, of the last drain).

    The first fetch of each unit comes from DRAM; later ones too, unless the global buffer keeps the operand.
    """
    total = of_bias = 0
    for slot in range(2):
        first = parts.nc if design.drains and slot == 1 else parts.nr
        second = parts.nt if design.drains or slot == 1 else parts.nc
        fetches = uses(parts, design, slot) if always_fetched(parts, design, order, slot, limits) else 1
        resident = is_resident(slot, parts, design, limits)
        for a in range(2):
            for b in range(2):
                number = (1 if a else first - 1) * (1 if b else second - 1)
                length = room[LENGTHS, slot, a, b]
                again = room[PORTS, slot, a, b] * limits.clock_divisor if resident else length
                total += number * (length + (fetches - 1) * again)
    if limits.bias:
        size = limits.sum_bytes * gemm.n
        from_dram = least_dram_cycles(size, READ, Place(0, size, 1, size), dram, reads)
        of_bias = (max(at_rate(size, limits.gb_port), from_dram) + least_latency(limits)) * limits.clock_divisor
    return total + of_bias, of_bias, room[LENGTHS, 2, 1, 1]


@inlined
def least_waits(
    parts: Parts, design: Design, limits: Limits, order: int, bias: int, most: tuple[int, int], room: Array
) -> tuple[int, int]:  # fmt: skip
    """Return clocks that every schedule takes beyond the array's alone up to its last output, and beyond all loads.

    ``room`` is what ``fill_lengths`` made of the chunk, ``bias`` the clocks of its load. Once either is
    above its part of ``most`` they need not be all. 0 where transfers take turns or folds share chunks.
    """
    if limits.is_serial or has_block(design, limits):
        return 0, 0
    if design.drains:
        return fold_waits(parts, design, limits, order, bias, most, room)
    return region_waits(parts, design, limits, order, room), 0


@inlined
def least_clocks(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, order: int, parts: Parts, alone: int, limit: int,
    reads: Channel | None, room: Array,
) -> tuple[int, int, int, int]:  # fmt: skip
    """Return (least clocks of the array with the last drain, by all loads, of waits that add to the first, the second).

    ``room`` is what ``fill_lengths`` made of the chunk.
    Where one of the others exceeds ``limit``, they are not all that is known, and the waits are UNKNOWN.
    """
    loading, of_bias, draining = loads_and_last_drain(gemm, design, limits, dram, order, parts, reads, room)
    if max(alone + draining, loading) > limit:
        return alone + draining, loading, UNKNOWN, 0
    again = always_fetched(parts, design, order, 0, limits) or always_fetched(parts, design, order, 1, limits)
    regions = parts.nc * (parts.nr if design.drains else parts.nt)
    if again and not has_block(design, limits) and (regions > 1 or not limits.bias):  # the last load is the last pass's
        rows = parts.last_rows if design.edge_aware else design.rows
        cols = parts.last_cols if design.edge_aware else design.cols
        output, _, _ = after_pass(0, parts.last_steps, rows, cols, parts.streamed, True, design)
        loading += limits.buffer_read_cycles + output + draining
    most = limit - alone - draining, limit - loading
    waits, idle = least_waits(parts, design, limits, order, of_bias, most, room)
    if waits > most[0] or idle > most[1]:
        return alone + draining + waits, loading + idle, UNKNOWN, 0
    return alone + draining, loading, waits, idle


@inlined
def no_smaller_chunk(
    parts: Parts, design: Design, limits: Limits, dram: Dram, alone: int, best: int, reads: Channel | None
) -> bool:  # fmt: skip
    """Tell whether this chunk and all smaller ones take more than the best total, by a bound that grows as they shrink.

    Under is and ws that is the array alone, where it follows from the number of chunks. Under os it is the loads: more
    than two chunks leave no unit in its memory for the next fold, so that each chunk adds its loads' latencies, and the
    parts of an operand take no less than it takes in one piece.
    """
    if not design.drains:
        return alone > best and design.fold_overlap in (NONE, PRELOAD, CHAINED)
    if parts.nt <= 2:
        return False
    total = 0
    for slot in range(2):
        bits = bits_of(slot, design, limits)
        across = (parts.nr - 1) * parts.rows + parts.last_rows
        units = parts.nr * parts.nt
        if slot == 1:
            across, units = (parts.nc - 1) * parts.cols + parts.last_cols, parts.nc * parts.nt
        size, data = across * parts.streamed * bits >> 3, 0
        if reads is None:
            one_run = Place(0, size, 1, size)
            data = max(load_ports(size, is_weight(slot, design), limits), bandwidth_cycles(size, READ, one_run, dram))
        # below a byte the chunk may decide whether the operand fits its share
        is_held = bits & 7 != 0 or is_resident(slot, parts, design, limits)
        times = 1 if is_held or halves_of(slot, design, limits) == 0 else uses(parts, design, slot)
        total += times * (data + units * least_latency(limits))
    return total * limits.clock_divisor > best
