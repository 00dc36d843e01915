"""The loop order and the chunk with the fewest clocks, and the run of the winner; of one GEMM, or on many designs.

API twins: engines/memory/schedule.py and many_designs.py, through the kernels of entries/.

Exact: a candidate is left out only where a lower bound shows that it cannot win (lower_bounds.py), or where the other
loop order goes through the same passes. The one with the least bound runs first. Where it takes no more than that the
search is over; else it rules out most of the others. One that runs is given up once the array's bound plus the array's
waits, or the loads' plus the load channel's, passes the best total. Under a mask the array's clocks alone are a bound,
and the end of a load or drain when it runs. Candidates are compared by (clocks, DRAM bytes, larger chunk, loop order
named first).
"""

from pivotsim.kernels._jit import part, pasted
from pivotsim.kernels.memory.array_passes import alone_cycles, are_orders_alike, design_as_run
from pivotsim.kernels.memory.kept_bounds import kept_floor, least_kept_cycles, loads_no_less
from pivotsim.kernels.memory.lower_bounds import least_clocks, no_smaller_chunk
from pivotsim.kernels.memory.mask_tables import Kept
from pivotsim.kernels.memory.records import AT_END, LAST_OUTPUT, NEVER, PASSES, RESULT_FIELDS, RUN, TOTAL
from pivotsim.kernels.memory.schedule import Floors, schedule
from pivotsim.kernels.memory.tiles import (
    DRAM_READ,
    DRAM_WRITE,
    GB_INPUT_READ,
    LEVELS,
    count_bytes,
    cut,
    dram_bytes,
    has_block,
)
from pivotsim.kernels.memory.transfers import UNKNOWN, fill_lengths
from pivotsim.kernels.types import (
    Array,
    Candidates,
    Channel,
    Design,
    Dram,
    Gemm,
    Limits,
    Records,
)

# What `choose` writes to `chosen`; from RESULT on the best candidate's result, with stalls where it charged them.
ORDER, CHUNK, WORK, CANDIDATES, CLOCKS, TAIL_FROM, IS_CHARGED, RESULT = range(8)
MOVED = RESULT + RESULT_FIELDS  # its bytes under a mask
CHOSEN_FIELDS = MOVED + LEVELS
ARRAY, LOADS, WAITS, IDLE = range(4)  # columns of the bounds that are kept of a candidate
CANDIDATE_WORK = 8  # passes that a candidate's bounds cost at most, for the budget

# What is found of each GEMM, and how one that exceeds the budget is marked.
CYCLES, SRAM_BYTES, DRAM_BYTES = range(3)
OVER_BUDGET = -1
SIGNATURE = (
    "void(int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64, boolean,"
    " boolean, int64[:, :, :, ::1], int64[:, :, ::1], int64[:, ::1], Records, int64[::1], int64[::1], int64[::1],"
    " int64[:, ::1]"
)
TYPES = ((Records, "int64[:, ::1]"), (Channel, "int64[:, ::1]"))


@part
def most_promising(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, candidates: Candidates, reads: Channel | None,
    room: Array, bounds: Array,
) -> tuple[int, int, int, int]:  # fmt: skip
    """Return (loop order, chunk, lower bound) of the candidate that wins if all take their lower bounds.

    ``bounds`` takes what is known of the first candidates; the last value says of how many.
    """
    least, least_bytes, found, place = NEVER, NEVER, (candidates.first_order, candidates.most_chunk), 0
    alone, is_same = -1, bool(design.drains) and not has_block(design, limits)  # whatever the chunk
    for chunk in range(candidates.most_chunk, candidates.least_chunk - 1, -1):
        if alone < 0 or not is_same:
            alone = alone_cycles(gemm, design, limits, chunk)
        parts = cut(gemm, design, limits, chunk)
        if no_smaller_chunk(parts, design, limits, dram, alone, least, reads):
            break
        if alone <= least:
            fill_lengths(parts, design, limits, dram, reads, room)
        for order in range(candidates.first_order, candidates.last_order + 1):
            array, loads, waits, idle = alone, 0, UNKNOWN, 0
            if order > candidates.first_order and are_orders_alike(parts, design):
                array = NEVER  # the first one has run as it would
            elif alone <= least:
                array, loads, waits, idle = least_clocks(
                    gemm, design, limits, dram, order, parts, alone, least, reads, room
                )  # fmt: skip
            if place < len(bounds):
                bounds[place, ARRAY], bounds[place, LOADS] = array, loads
                bounds[place, WAITS], bounds[place, IDLE] = waits, idle
            place += 1
            bound = max(array + waits, loads + idle)
            if waits != UNKNOWN and bound <= least:
                from_dram = dram_bytes(gemm, design, limits, order, parts)
                if bound < least or from_dram < least_bytes:  # else the one before wins a tie
                    least, least_bytes, found = bound, from_dram, (order, chunk)
    return found[0], found[1], least, min(place, len(bounds))


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
    first, first_order, first_chunk, least, known = 0, 0, 0, NEVER, 0
    if kept is None:
        if number > budget // CANDIDATE_WORK:
            return False
        chosen[WORK] = CANDIDATE_WORK * number
        if is_pruned and number > 1:  # the most promising comes first, so that it rules out most others
            first = -1
            first_order, first_chunk, least, known = most_promising(
                gemm, design, limits, dram, candidates, reads, room, bounds
            )  # fmt: skip
    parts, alone = cut(gemm, design, limits, candidates.most_chunk), -1
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
            parts, alone, by_mask = cut(gemm, design, limits, chunk), -1, UNKNOWN
        if is_pruned and kept is None and order > candidates.first_order and are_orders_alike(parts, design):
            continue
        if alone < 0 and waits == UNKNOWN:
            alone = 0
            if kept is None and is_pruned:
                alone = alone_cycles(gemm, design, limits, chunk)
            is_bound = place >= 0 and kept is None and is_pruned
            if is_bound and no_smaller_chunk(parts, design, limits, dram, alone, best, reads):
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
                fill_lengths(parts, design, limits, dram, reads, room)
                array, loads, waits, idle = least_clocks(
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
            gemm, design, limits, dram, order, chunk, floors, own_tail, is_pruned, reads, writes, kept,
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


@pasted
def choose_and_run(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, candidates: Candidates, budget: int, is_pruned: bool,
    is_run: bool, reads: Channel | None, writes: Channel | None, kept: Kept | None, room: Array, states: Array,
    bounds: Array, records: Records, chosen: Array, result: Array, moved: Array,
) -> bool:  # fmt: skip
    """Find the best candidate and write its clocks and bytes; False if over the budget.

    Parameters as in ``choose``; ``is_run`` runs the best candidate once more for its stalls and ``records``. ``moved``
    (16,) takes the bytes by level; under a mask it is that of ``kept``.
    """
    design = design_as_run(design, limits)
    # commands and masks make a run dear: where it charges its stalls, the best needs no second one
    is_dear = kept is not None or (reads is not None and limits.output_halves > 0)
    charges = is_run and is_dear and len(records.drains) == 0
    if not choose(
        gemm, design, limits, dram, candidates, budget, is_pruned, AT_END if charges else NEVER, reads, writes, kept,
        room, states, bounds, records, chosen, result,
    ):  # fmt: skip
        return False
    order, chunk = chosen[ORDER], chosen[CHUNK]
    if chosen[IS_CHARGED]:
        for field in range(RESULT_FIELDS):
            result[field] = chosen[RESULT + field]
        if kept is not None:
            for level in range(LEVELS):
                moved[level] = chosen[MOVED + level]
    elif is_run:
        schedule(
            gemm, design, limits, dram, order, chunk, Floors(0, 0, NEVER), chosen[TAIL_FROM], False, reads, writes,
            kept, chosen[CANDIDATES] + 1, room, states, records, result,
        )  # fmt: skip
    if kept is None:
        count_bytes(gemm, design, limits, order, cut(gemm, design, limits, chunk), moved)
    return True


@pasted
def run_each(
    gemms: Array, designs: Array, limits: Array, drams: Array, tasks: Array, candidates: Array, budget: int,
    is_pruned: bool, is_run: bool, room: Array, states: Array, bounds: Array, records: Records, chosen: Array,
    result: Array, moved: Array, found: Array, reads: Channel | None, writes: Channel | None,
) -> None:  # fmt: skip
    """Fill ``found`` (P, 3) with clocks, SRAM bytes and DRAM bytes of each task.

    A search may have the answer of the one before: where that had the same candidates and larger chunks, and its winner
    is one of these.

    Parameters
    ----------
    gemms : int64 (G, 6)
        Rows of ``Gemm``, then the bits of an element of inputs, weights and outputs.
    designs : int64 (D, 12)
        Rows of ``Design``.
    limits, drams : int64 (M, 24), (M, 14)
        Rows of ``Limits`` and ``Dram``; bits are read from ``gemms``.
    tasks : int64 (P, 4)
        A GEMM, a design, its memories; 1 where all three and the candidates are those of the task before, but for the
        largest chunk, which is no larger.
    candidates : int64 (P, 4)
        Rows of ``Candidates``.
    budget : int
        As in ``choose``; the clocks of a GEMM that exceeds it become OVER_BUDGET.
    is_pruned, is_run, room, states, bounds, records, chosen, result, moved, reads, writes
        As in ``choose_and_run``; what they hold afterwards is of the last task that was searched.
    """
    for p in range(len(tasks)):
        g, d, behind, follows = tasks[p]
        e, a, b, c, row = gemms[g], designs[d], limits[behind], drams[behind], candidates[p]  # in the fields' order
        programs = Candidates(row[0], row[1], row[2], row[3])
        if follows and 0 < chosen[CHUNK] <= programs.most_chunk:
            for field in range(3):
                found[p, field] = found[p - 1, field]
            continue
        gemm = Gemm(e[0], e[1], e[2])
        design = Design(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11])
        limit = Limits(
            b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15],
            b[16], b[17], b[18], b[19], b[20], e[3], e[4], e[5],
        )  # fmt: skip
        dram = Dram(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10], c[11], c[12], c[13])
        if not choose_and_run(
            gemm, design, limit, dram, programs, budget, is_pruned, is_run, reads, writes, None, room, states, bounds,
            records, chosen, result, moved,
        ):  # fmt: skip
            found[p, CYCLES], chosen[CHUNK] = OVER_BUDGET, 0
            continue
        from_dram = moved[DRAM_READ] + moved[DRAM_WRITE]
        found[p, CYCLES], found[p, DRAM_BYTES] = chosen[CLOCKS], from_dram
        sram_bytes = 0
        for level in range(GB_INPUT_READ, LEVELS):
            sram_bytes += moved[level]
        found[p, SRAM_BYTES] = sram_bytes
