"""The loop order and the chunk with the fewest clocks.

Exact: a candidate is left out only where a lower bound shows that it cannot win (bounds/), or where the other loop
order goes through the same passes. The one with the least bound runs first. Where it takes no more than that the
search is over; else it rules out most of the others. One that runs is given up once the array's bound plus the array's
waits, or the loads' plus the load channel's, passes the best total. Under a mask the array's clocks alone are a bound,
and the end of a load or drain when it runs. Candidates are compared by (clocks, DRAM bytes, larger chunk, loop order
named first).
"""

from pivotsim.kernels._jit import pasted
from pivotsim.kernels.memory.array_passes import alone_cycles, are_orders_alike
from pivotsim.kernels.memory.bounds.least_clocks import least_clocks, no_smaller_chunk
from pivotsim.kernels.memory.bounds.promising import ARRAY, IDLE, LOADS, WAITS, most_promising
from pivotsim.kernels.memory.bounds.under_mask import kept_floor, least_kept_cycles, loads_no_less
from pivotsim.kernels.memory.mask_tables import Kept
from pivotsim.kernels.memory.records import LAST_OUTPUT, NEVER, PASSES, RESULT_FIELDS, RUN, TOTAL
from pivotsim.kernels.memory.schedule import Floors, schedule
from pivotsim.kernels.memory.tiles import DRAM_READ, DRAM_WRITE, LEVELS, cut, cut_again, dram_bytes
from pivotsim.kernels.memory.transfers import UNKNOWN, fill_lengths
from pivotsim.kernels.types import Array, Candidates, Channel, Design, Dram, Gemm, Limits, Records

# What `choose` writes to `chosen`; from RESULT on the best candidate's result, with stalls where it charged them.
ORDER, CHUNK, WORK, CANDIDATES, CLOCKS, TAIL_FROM, IS_CHARGED, RESULT = range(8)
MOVED = RESULT + RESULT_FIELDS  # its bytes under a mask
CHOSEN_FIELDS = MOVED + LEVELS
CANDIDATE_WORK = 8  # passes that a candidate's bounds cost at most, for the budget


@pasted
def choose(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, candidates: Candidates, budget: int, is_pruned: bool,
    tail_from: int, reads: Channel | None, writes: Channel | None, kept: Kept | None, room: Array, states: Array,
    bounds: Array, records: Records, chosen: Array, result: Array,
) -> bool:  # fmt: skip
    """Find the best candidate and write what it is; False if over the budget.

    Parameters
    ----------
    gemm, design, limits, dram, tail_from, reads, writes, kept, room, states, result
        As in ``schedule``; ``kept`` holds zeros for all units. Under a mask ``tail_from`` is the first candidate's
        alone, which most often is the best.
    candidates : Candidates
        Loop orders and chunks.
    budget : int
        Passes that may be run one by one; a candidate's bounds count as CANDIDATE_WORK of them, and under a mask all
        passes of a candidate count, also those that need nothing.
    is_pruned : bool
        False runs every pass of every candidate.
    bounds : int64 (B, 4)
        Room for the bounds of the first candidates, so that they are worked out once.
    records : Records
        Whose types count: nothing is recorded.
    chosen : int64 (CHOSEN_FIELDS,)
        Loop order, chunk, passes simulated, candidates run, clocks in all and up to the last output, whether stalls
        were charged, result and bytes of the best. The number of candidates is the stamp of the last one.
    """
    nothing = Records(records.loads[:0], records.passes[:0], records.drains[:0])
    best, best_bytes, best_order, best_chunk = NEVER, NEVER, 0, 0
    chosen[:] = 0
    orders = candidates.last_order - candidates.first_order + 1
    number = orders * (candidates.most_chunk - candidates.least_chunk + 1)
    first, first_order, first_chunk, least, known, in_chunks = 0, 0, 0, NEVER, 0, (0, 0)
    if kept is None:
        if number > budget // CANDIDATE_WORK:
            return False
        chosen[WORK] = CANDIDATE_WORK * number
        if is_pruned and number > 1:  # the most promising comes first, so that it rules out most others
            first = -1
            first_order, first_chunk, least, known, in_chunks = most_promising(
                gemm, design, limits, dram, candidates, reads, room, bounds
            )  # fmt: skip
    parts, alone = cut(gemm, design, limits, candidates.most_chunk), -1
    skips = is_pruned
    by_mask = UNKNOWN  # least clocks of a chunk's passes in the array alone
    for place in range(first, number):
        order, chunk = candidates.first_order + place % orders, candidates.most_chunk - place // orders
        if place < 0:
            order, chunk = first_order, first_chunk
        elif order == first_order and chunk == first_chunk:
            continue
        array, loads, waits, idle = 0, 0, UNKNOWN, 0
        if 0 <= place < known:
            array, loads = bounds[place, ARRAY], bounds[place, LOADS]
            waits, idle = bounds[place, WAITS], bounds[place, IDLE]
            if max(array, loads + idle) > best or array + waits > best:
                continue
        if chunk != parts.chunk:
            parts, alone, by_mask = cut_again(parts, chunk), -1, UNKNOWN
        if is_pruned and kept is None and order > candidates.first_order and are_orders_alike(parts, design):
            continue
        if alone < 0 and waits == UNKNOWN:
            alone = 0
            if kept is None and is_pruned:
                alone = alone_cycles(gemm, design, limits, chunk)
            is_bound = place >= 0 and kept is None and is_pruned
            if is_bound and no_smaller_chunk(parts, design, alone, best, in_chunks):
                break
        if alone > best:
            continue
        from_dram, limit = 0, best
        if kept is None:
            from_dram = dram_bytes(gemm, design, limits, order, parts)
            if (from_dram, -chunk, order) >= (best_bytes, -best_chunk, best_order):  # it would not win a tie
                limit = best - 1
        else:  # larger chunks and orders named first came before: a tie is won by fewer bytes only
            chosen[WORK] += parts.nr * parts.nc * parts.nt
        if chosen[WORK] > budget:
            return False
        floors = Floors(0, 0, NEVER)
        if is_pruned and kept is not None:
            if best != NEVER and by_mask == UNKNOWN:  # the same in both loop orders
                by_mask = least_kept_cycles(parts, design, best, kept.tables, kept.shape)
            if best != NEVER and chunk == best_chunk:
                is_tie_lost = loads_no_less(order, best_order, chosen[RESULT + PASSES], parts, design, limits)
                limit = best - 1 if is_tie_lost else best
            floors = Floors(kept_floor(parts, design, limits, dram, order, by_mask, best, kept), 0, limit)
        elif is_pruned:
            if waits == UNKNOWN:
                fill_lengths(parts, design, limits, dram, reads, 3, room)
                array, loads, waits, idle, _ = least_clocks(
                    gemm, design, limits, dram, order, parts, alone, limit, reads, room
                )  # fmt: skip
            floors = Floors(array, loads, limit)
            if max(array + waits, loads + idle) > limit:
                continue
        if max(floors.array, floors.loads) > floors.limit:
            continue
        chosen[CANDIDATES] += 1
        own_tail = tail_from if kept is None or chosen[CANDIDATES] == 1 else NEVER
        is_done = schedule(
            gemm, design, limits, dram, order, chunk, floors, own_tail, skips, reads, writes, kept,
            chosen[CANDIDATES], room, states, nothing, result,
        )  # fmt: skip
        if reads is not None and result[RUN] == UNKNOWN:  # a load may come late: from here on all are served
            skips = False
            is_done = schedule(
                gemm, design, limits, dram, order, chunk, floors, own_tail, skips, reads, writes, kept,
                chosen[CANDIDATES], room, states, nothing, result,
            )  # fmt: skip
        if kept is None:
            chosen[WORK] += result[RUN]
        else:
            from_dram = kept.moved[DRAM_READ] + kept.moved[DRAM_WRITE]
        is_tie_won = (from_dram, -chunk, order) < (best_bytes, -best_chunk, best_order)
        if is_done and (result[TOTAL] < best or (result[TOTAL] == best and is_tie_won)):
            best, best_bytes, best_order, best_chunk = result[TOTAL], from_dram, order, chunk
            chosen[ORDER], chosen[CHUNK], chosen[CLOCKS] = order, chunk, best
            chosen[TAIL_FROM], chosen[IS_CHARGED] = result[LAST_OUTPUT], int(own_tail != NEVER)
            for field in range(RESULT_FIELDS):
                chosen[RESULT + field] = result[field]
            if kept is not None:
                for level in range(LEVELS):
                    chosen[MOVED + level] = kept.moved[level]
        if place < 0 and best == least:  # the first takes its lower bound, with which it wins: no other can
            break
    return True
