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
    cut_again,
    halves_of,
    has_block,
    is_resident,
    is_weight,
    uses,
)
from pivotsim.kernels.memory.transfers import (
    AGAIN,
    LENGTHS,
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
def bias_load(gemm: Gemm, limits: Limits, dram: Dram, reads: Channel | None) -> int:
    """Return the least array clocks of the bias' load, 0 without one."""
    if not limits.bias:
        return 0
    size = limits.sum_bytes * gemm.n
    from_dram = least_dram_cycles(size, READ, Place(0, size, 1, size), dram, reads)
    return (max(at_rate(size, limits.gb_port), from_dram) + least_latency(limits)) * limits.clock_divisor


@inlined
def after_last_load(steps: int, parts: Parts, design: Design, limits: Limits, order: int, room: Array) -> int:
    """Return the clocks from the end of all loads on where the last pass, of so many steps, loads a unit; else 0."""
    again = always_fetched(parts, design, order, 0, limits) or always_fetched(parts, design, order, 1, limits)
    regions = parts.nc * (parts.nr if design.drains else parts.nt)
    if not again or has_block(design, limits) or (regions == 1 and limits.bias):  # the bias comes last
        return 0
    rows = parts.last_rows if design.edge_aware else design.rows
    cols = parts.last_cols if design.edge_aware else design.cols
    output, _, _ = after_pass(0, steps, rows, cols, parts.streamed, True, design)
    clocks: int = limits.buffer_read_cycles + output + room[LENGTHS, 2, 1, 1]
    return clocks


@inlined
def loads_and_last_drain(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, order: int, parts: Parts, reads: Channel | None, room: Array
) -> tuple[int, int, int]:
    """Return (least array clocks of all loads together, of the bias' among them, of the last drain).

    The first fetch of each unit comes from DRAM; later ones too, unless the global buffer keeps the operand.
    """
    total = of_bias = bias_load(gemm, limits, dram, reads)
    for slot in range(2):
        first = parts.nc if design.drains and slot == 1 else parts.nr
        second = parts.nt if design.drains or slot == 1 else parts.nc
        fetches = uses(parts, design, slot) if always_fetched(parts, design, order, slot, limits) else 1
        for a in range(2):
            for b in range(2):
                number = (1 if a else first - 1) * (1 if b else second - 1)
                length = room[LENGTHS, slot, a, b]
                total += number * (length + (fetches - 1) * room[AGAIN, slot, a, b])
    return total, of_bias, room[LENGTHS, 2, 1, 1]


@inlined
def least_waits(
    parts: Parts, design: Design, limits: Limits, order: int, bias: int, most: tuple[int, int], room: Array
) -> tuple[int, int, int]:  # fmt: skip
    """Return clocks that every schedule takes beyond the array's alone up to its last output, and beyond all loads.

    The third value is what no larger chunk takes less of than the first, see ``least_clocks``.
    ``room`` is what ``fill_lengths`` made of the chunk, ``bias`` the clocks of its load. Once either is
    above its part of ``most`` they need not be all. 0 where transfers take turns or folds share chunks.
    """
    if limits.is_serial or has_block(design, limits):
        return 0, 0, 0
    if design.drains:
        return fold_waits(parts, design, limits, order, bias, most, room)
    return region_waits(parts, design, limits, order, room), 0, 0


@inlined
def least_clocks(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, order: int, parts: Parts, alone: int, limit: int,
    reads: Channel | None, room: Array,
) -> tuple[int, int, int, int, int]:  # fmt: skip
    """Return (least clocks of the array with the last drain, by all loads, of waits that add to the first, the second).

    ``room`` is what ``fill_lengths`` made of the chunk.
    Where one of the others exceeds ``limit``, they are not all that is known, and the waits are UNKNOWN. The fifth
    value is what no larger chunk undercuts that cuts the GEMM into as many pieces, where they ``grow_alike``.
    """
    loading, of_bias, draining = loads_and_last_drain(gemm, design, limits, dram, order, parts, reads, room)
    in_array = alone + draining
    if max(in_array, loading) > limit:
        return in_array, loading, UNKNOWN, 0, in_array
    loading += after_last_load(parts.last_steps, parts, design, limits, order, room)
    most = limit - in_array, limit - loading
    waits, idle, grows = least_waits(parts, design, limits, order, of_bias, most, room)
    if waits > most[0] or idle > most[1]:
        return in_array + waits, loading + idle, UNKNOWN, 0, in_array + grows
    return in_array, loading, waits, idle, in_array + grows


@inlined
def grow_alike(design: Design, limits: Limits, reads: Channel | None) -> bool:
    """Tell whether of two chunks that cut a GEMM into as many pieces the larger one has no shorter units of a chunk.

    Below a byte an operand may fit its share with one of them and not with the other.
    """
    in_bytes = (limits.input_bits | limits.weight_bits) & 7 == 0
    return bool(design.drains) and not has_block(design, limits) and in_bytes and reads is None


@inlined
def loads_by_chunks(
    gemm: Gemm, parts: Parts, design: Design, limits: Limits, dram: Dram, reads: Channel | None, room: Array
) -> tuple[int, int]:  # fmt: skip
    """Return (clocks, clocks for each chunk) of all loads and what follows them, under os with more than two chunks.

    They leave no unit in its memory for the next fold, so that each chunk adds its loads' latencies, and the parts of
    an operand take no less than it takes in one piece; of one that the global buffer keeps later loads take the ports
    alone. Both are the same for all chunks: the last has a step at least.
    """
    fixed, each = 0, 0
    for slot in range(2):
        bits, number = bits_of(slot, design, limits), parts.nr
        across = (parts.nr - 1) * parts.rows + parts.last_rows
        if slot == 1:
            across, number = (parts.nc - 1) * parts.cols + parts.last_cols, parts.nc
        size = across * parts.streamed * bits >> 3
        ports = data = 0
        if reads is None:
            one_run = Place(0, size, 1, size)
            ports = load_ports(size, is_weight(slot, design), limits)
            data = max(ports, bandwidth_cycles(size, READ, one_run, dram))
        # below a byte the chunk may decide whether the operand fits its share
        is_held = bits & 7 != 0 or is_resident(slot, parts, design, limits)
        again = 0 if halves_of(slot, design, limits) == 0 else uses(parts, design, slot) - 1
        fixed += data + again * (ports if is_held else data)
        each += (1 if is_held else 1 + again) * number * least_latency(limits)
    of_last = after_last_load(1, cut_again(parts, 1), design, limits, 0, room)
    of_bias = bias_load(gemm, limits, dram, reads)
    return fixed * limits.clock_divisor + of_bias + of_last, each * limits.clock_divisor


@inlined
def no_smaller_chunk(parts: Parts, design: Design, alone: int, best: int, loads: tuple[int, int]) -> bool:
    """Tell whether this chunk and all smaller ones take more than the best total, by a bound that grows as they shrink.

    Under is and ws that is the array alone, where it follows from the number of chunks. Under os it is the loads,
    by ``loads_by_chunks``.
    """
    if not design.drains:
        return alone > best and design.fold_overlap in (NONE, PRELOAD, CHAINED)
    return parts.nt > 2 and loads[0] + parts.nt * loads[1] > best
