"""The candidate with the least lower bound, and the bounds of all that had to be looked at for it.

Every so many chunks come first, then those halfway between, and so on: neighbours have bounds much alike, so that the
others are left out sooner. Under os that is done among chunks that cut a GEMM into as many pieces. Where waits that no
larger one of those avoids rule out a chunk, all larger ones go with it.
"""

from pivotsim.kernels._jit import inlined, part
from pivotsim.kernels.memory.array_passes import alone_cycles, are_orders_alike
from pivotsim.kernels.memory.bounds.least_clocks import grow_alike, least_clocks, loads_by_chunks, no_smaller_chunk
from pivotsim.kernels.memory.records import NEVER
from pivotsim.kernels.memory.tiles import ceil_div, cut, cut_again, dram_bytes, has_block
from pivotsim.kernels.memory.transfers import UNKNOWN, fill_lengths
from pivotsim.kernels.types import Array, Candidates, Channel, Design, Dram, Gemm, Limits

ARRAY, LOADS, WAITS, IDLE = range(4)  # columns of the bounds that are kept of a candidate
SWEEPS = 4  # over chunks, each between those before
APART = 1 << (SWEEPS - 1)  # chunks between two of the first sweep


@inlined
def keep(place: int, array: int, loads: int, waits: int, idle: int, bounds: Array) -> None:
    """Keep the bounds of a candidate, if there is room for them."""
    if place < len(bounds):
        bounds[place, ARRAY], bounds[place, LOADS] = array, loads
        bounds[place, WAITS], bounds[place, IDLE] = waits, idle


@part
def most_promising(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, candidates: Candidates, reads: Channel | None,
    room: Array, bounds: Array,
) -> tuple[int, int, int, int, tuple[int, int]]:  # fmt: skip
    """Return (loop order, chunk, lower bound) of the candidate that wins if all take their lower bounds.

    ``bounds`` takes what is known of the first candidates; the fourth value says of how many, the last one is
    ``loads_by_chunks`` under os.
    """
    least, least_bytes, found = NEVER, NEVER, (candidates.first_order, candidates.most_chunk)
    parts, in_chunks = cut(gemm, design, limits, candidates.most_chunk), (0, 0)
    # the array's clocks and the drains' lengths whatever the chunk
    alone, is_same, is_filled = -1, bool(design.drains) and not has_block(design, limits), False
    orders, least_chunk = candidates.last_order - candidates.first_order + 1, candidates.least_chunk
    are_groups, top = grow_alike(design, limits, reads), candidates.most_chunk
    while top >= least_chunk:
        bottom, high = least_chunk, top
        if are_groups:
            bottom = max(bottom, ceil_div(parts.streamed, ceil_div(parts.streamed, top)))
        for sweep in range(SWEEPS):
            apart = APART >> sweep
            first, step = (apart, 2 * apart) if sweep else (0, apart)
            for chunk in range(top - first, bottom - 1, -step):
                if chunk > high:
                    continue
                if chunk < least_chunk:
                    break
                if alone < 0 or not is_same:
                    alone = alone_cycles(gemm, design, limits, chunk)
                parts = cut_again(parts, chunk)
                if no_smaller_chunk(parts, design, alone, least, in_chunks):
                    least_chunk = chunk + 1
                    break
                if alone <= least:
                    fill_lengths(parts, design, limits, dram, reads, 2 if is_filled and is_same else 3, room)
                    if design.drains and not is_filled:
                        in_chunks = loads_by_chunks(gemm, parts, design, limits, dram, reads, room)
                    is_filled = True
                place, of_larger = (candidates.most_chunk - chunk) * orders, NEVER
                for order in range(candidates.first_order, candidates.last_order + 1):
                    array, loads, waits, idle = alone, 0, UNKNOWN, 0
                    if order > candidates.first_order and are_orders_alike(parts, design):
                        array = NEVER  # the first one has run as it would
                    elif alone <= least:
                        array, loads, waits, idle, grows = least_clocks(
                            gemm, design, limits, dram, order, parts, alone, least, reads, room
                        )  # fmt: skip
                        of_larger = min(of_larger, grows)
                    keep(place + order - candidates.first_order, array, loads, waits, idle, bounds)
                    bound = max(array + waits, loads + idle)
                    if waits != UNKNOWN and bound <= least:
                        from_dram = dram_bytes(gemm, design, limits, order, parts)
                        # no less: an order before wins the tie
                        if (bound, from_dram, -chunk) < (least, least_bytes, -found[1]):
                            least, least_bytes, found = bound, from_dram, (order, chunk)
                if are_groups and least < of_larger < NEVER:
                    for other in range((candidates.most_chunk - high) * orders, place):
                        keep(other, of_larger, 0, UNKNOWN, 0, bounds)
                    high = chunk - 1
        top = bottom - 1
    known = (candidates.most_chunk - least_chunk + 1) * orders
    return found[0], found[1], least, min(known, len(bounds)), in_chunks
