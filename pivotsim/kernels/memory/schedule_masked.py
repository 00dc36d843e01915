"""Clocks of one masked GEMM with its memory hierarchy, pass by pass (API twin: engines/memory/schedule_masked.py).

The recurrences of kernels/memory/schedule.py over the passes that a mask leaves (rules.md of the oracle, 11). Passes
and units differ in size, so both come from tables, and each half remembers its unit. DRAM is a bandwidth.
"""

from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.array.closed_form import OS, PIPELINED, WS
from pivotsim.kernels.memory.array_passes import after_pass, loop_counts, place
from pivotsim.kernels.memory.fetch_masked import (
    HALF,
    HALVES,
    bring,
    count_drain,
    count_load,
    traits_of,
    used_until,
)
from pivotsim.kernels.memory.mask_tables import MASKED, TABLES, Cut, Tables, needed_steps, pass_steps, read_bytes
from pivotsim.kernels.memory.records import (
    BIAS_SLOT,
    DRAINS,
    LAST_OUTPUT,
    LOADS,
    NEVER,
    PASSES,
    STALLS,
    TOTAL,
    note,
)
from pivotsim.kernels.memory.stalls import DRAM, END, OUTPUT, charge, common
from pivotsim.kernels.memory.tiles import (
    BIAS,
    BIAS_BYTES,
    DRAM_READ,
    GB_BIAS_READ,
    GB_BIAS_WRITE,
    GB_PORT,
    IPMEM_READ,
    OPMEM_READ,
    OPMEM_WRITE,
    OUT_BYTES,
    OUTPUT_HALVES,
    PSUM_BYTES,
    READ_LATENCY,
    WRITE_LATENCY,
    WTMEM_READ,
    Array,
    Ints,
    cut,
    mapped,
)
from pivotsim.kernels.memory.transfers import at_rate, bandwidth_cycles, flown


@inlined
def last_pass(tiled: bool, order: int, x: int, y: int, n_z: int, sliced: Cut, tables: Tables, shape: Ints) -> int:
    """Return the last pass of a region that needs anything, -1 where none does."""
    for z in range(n_z - 1, -1, -1):
        if pass_steps(place(tiled, order, x, y, z), sliced, tables, shape):
            return z
    return -1


@inlined
def spread(at: tuple[int, int, int], rows_before: int, streamed: int, design: Ints, tables: Tables, shape: Ints) -> int:
    """Return how much later an os fold streams so that its sums leave after those of the fold before."""
    if design[2] != OS or design[3] != PIPELINED:
        return 0
    return max(0, rows_before - needed_steps(at[0], at[1], 0, streamed, tables, shape))


@inlined
def other_drains(ready: int, begin: int, region: int, flights: Array) -> int:
    """Return the clocks of [ready, begin) in which drains before that of a region wait for DRAM."""
    clocks = 0
    for earlier in range(region - 1, -1, -1):
        if flights[earlier, END] <= ready:
            break
        clocks += common(ready, begin, (flights[earlier, 0], flights[earlier, 1], flights[earlier, 2]))
    return clocks


@kernel(
    "boolean(UniTuple(int64, 3), UniTuple(int64, 7), UniTuple(int64, 12), UniTuple(int64, 9), UniTuple(int64, 7),"
    f" int64, int64, UniTuple(int64, 2), int64, {TABLES}, UniTuple(int64[::1], 2), int64, int64[:, ::1],"
    " int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[::1], int64[::1])"
)
def schedule_masked(
    gemm: Ints, design: Ints, limits: Ints, dram: Ints, shape: Ints, order: int, chunk: int, floors: tuple[int, int],
    tail_from: int, tables: Tables, seen: tuple[Array, Array], stamp: int, loads: Array, passes: Array, drains: Array,
    flights: Array, result: Array, moved: Array,
) -> bool:  # fmt: skip
    """Run one masked GEMM (m, k, n) with a loop order and a chunk; False if given up because it would take too long.

    Parameters
    ----------
    gemm, design, limits, dram : tuple of 3, 7, 12, 9 int
        As in ``schedule`` (kernels/memory/schedule.py), DRAM by its bandwidth.
    shape, tables : tuple of 7 int, tuple of 5 int64 arrays
        What the mask leaves, see mask_tables.py.
    floors : tuple of int
        (clocks of the array alone, limit): given up once the first with the waits so far added, or the end of a load
        or drain, exceeds the limit.
    tail_from : int
        Last output's clock, from a run before: drains after it are charged to their cause. NEVER: no stall is charged.
    seen : tuple of 2 int64 (units,)
        Of each slot's units, ``stamp`` once fetched; a stamp is used for one run.
    loads, passes, drains : int64 (count, 7), (count, 8), (count, 4)
        Filled with every interval; empty where they are not wanted.
    flights : int64 (drains, 3)
        To work in; not looked at unless stalls are charged.
    result : int64 (10,)
        Total and last output's clock, counts of passes, loads and drains, stalls by cause.
    moved : int64 (16,)
        Bytes by level, in the order of tiles.py; those of local memories only where stalls are charged.
    """
    tiled, is_weight_0, streamed = design[2] != OS, design[2] == WS, mapped(gemm, design[2])[2]
    opmem, is_charged = limits[OUTPUT_HALVES], tail_from != NEVER
    nr, nc, nt, last_r, last_c, _ = cut(gemm, design, chunk)
    sliced = (nc, chunk, streamed, nt)
    traits_0 = traits_of(0, design, limits, sliced, tables, shape)
    traits_1 = traits_of(1, design, limits, sliced, tables, shape)
    memory_0 = (max(0, traits_0[HALVES] - 1), -1, -1, 0, 0)  # the first load turns to half 0
    memory_1 = (max(0, traits_1[HALVES] - 1), -1, -1, 0, 0)
    bias, drained, drained_before = (0, 0, 0), (0, 0, 0), (0, 0, 0)
    result[:] = 0
    moved[:] = 0

    n_x, n_y, n_z = loop_counts(tiled, order, nr, nc, nt)
    count = loaded = region = channel = waited = load_from = stream_from = last_output = tail_dram = rows_before = 0
    for x in range(n_x):
        for y in range(n_y):
            last = last_pass(tiled, order, x, y, n_z, sliced, tables, shape)
            if last < 0 and shape[MASKED] < 0:
                continue  # no one asks for its outputs
            i, j, t = place(tiled, order, x, y, 0)
            used_cols = last_c if j == nc - 1 else design[1]
            entries = last_r if i == nr - 1 else design[0]
            if tiled:
                entries = min(chunk, streamed - t * chunk)
                if shape[MASKED] < 0:
                    entries = pass_steps((i, j, t), sliced, tables, shape)
            if last >= 0:
                stream_from += spread((i, j, t), rows_before, streamed, design, tables, shape)
            output, is_claimed = 0, False
            for z in range(max(last, 0) + 1):
                at = place(tiled, order, x, y, z)
                steps = pass_steps(at, sliced, tables, shape)
                flight_0, flight_1 = (0, 0, 0), (0, 0, 0)
                if steps > 0:  # loads: slot 0, slot 1, and after the first region's last ones the bias
                    memory_0, flight_0, size, from_dram = bring(
                        0, at, sliced, memory_0, traits_0, seen[0], stamp, channel, limits, dram, tables, shape
                    )
                    if size >= 0:
                        channel = flight_0[END]
                        count_load(is_weight_0, size, from_dram, moved)
                        if len(loads):
                            note(loads, loaded, (0, count, size, int(from_dram > 0), memory_0[HALF]), flight_0)
                        loaded += 1
                    memory_1, flight_1, size, from_dram = bring(
                        1, at, sliced, memory_1, traits_1, seen[1], stamp, channel, limits, dram, tables, shape
                    )
                    if size >= 0:
                        channel = flight_1[END]
                        count_load(not is_weight_0, size, from_dram, moved)
                        if len(loads):
                            note(loads, loaded, (1, count, size, int(from_dram > 0), memory_1[HALF]), flight_1)
                        loaded += 1
                if limits[BIAS] and region == 0 and z >= last:
                    size = BIAS_BYTES * gemm[2]
                    cycles, ports = bandwidth_cycles(size, dram), at_rate(size, limits[GB_PORT])
                    end, dram_end = flown(channel, cycles, ports, limits[READ_LATENCY])
                    bias, channel = (channel, dram_end, end), end
                    if len(loads):
                        note(loads, loaded, (BIAS_SLOT, count, size, 1, 0), bias)
                    loaded += 1
                    moved[GB_BIAS_READ] = moved[GB_BIAS_WRITE] = size
                    moved[DRAM_READ] += size
                if steps == 0:
                    continue

                # the pass
                used_rows = last_r if at[0] == nr - 1 else design[0]
                rows = used_rows if design[4] else design[0]
                cols = used_cols if design[4] else design[1]
                lead, claims = (rows, not is_claimed) if tiled else (0, z == last)
                is_claimed = True
                ready = max(stream_from, load_from + lead)
                begin = max(ready, flight_0[END] + lead, flight_1[END])
                freeing = drained if opmem == 1 else drained_before
                if opmem and claims:
                    begin = max(begin, freeing[END])
                if begin > ready:
                    waited += begin - ready
                    if is_charged:
                        flights_ = (flight_0, flight_1)
                        cause, in_dram = charge(ready, begin, lead, int(not is_weight_0), flights_, bias, freeing)
                        if cause == OUTPUT:  # regions without passes drain one after the other
                            in_dram += other_drains(ready, begin, region - opmem, flights)
                        result[STALLS + cause] += begin - ready - in_dram
                        result[STALLS + DRAM] += in_dram
                if max(floors[0] + waited, channel) > floors[1]:
                    result[PASSES] = count + 1
                    return False
                load, done = max(load_from, flight_0[END]), begin + steps
                memory_0 = used_until(memory_0, traits_0, load + rows if tiled else done)
                memory_1 = used_until(memory_1, traits_1, done)
                output, load_from, stream_from = after_pass(begin, steps, rows, cols, rows, z == last, design)
                last_output, rows_before = max(last_output, output), rows
                if is_charged:
                    width = used_rows if tiled else used_cols
                    read_0 = read_bytes(0, at, sliced, used_rows * steps, tables, shape)
                    read_1 = read_bytes(1, at, sliced, width * steps, tables, shape)
                    moved[WTMEM_READ if is_weight_0 else IPMEM_READ] += read_0
                    moved[IPMEM_READ if is_weight_0 else WTMEM_READ] += read_1
                    if tiled or z == last:
                        sums = PSUM_BYTES * used_cols * (steps if tiled else used_rows)
                        moved[OPMEM_WRITE] += sums
                        moved[OPMEM_READ] += 0 if claims else sums
                if len(passes):
                    for field, value in enumerate((at[0], at[1], at[2], load, load + lead, begin, done, output)):
                        passes[count, field] = value
                count += 1

            # the region's drain
            start, size = max(drained[END], output, bias[END]), used_cols * entries * limits[OUT_BYTES]
            ports = max(entries if opmem else 0, at_rate(size, limits[GB_PORT]))
            end, dram_end = flown(start, bandwidth_cycles(size, dram), ports, limits[WRITE_LATENCY])
            drained_before, drained = drained, (start, dram_end, end)
            count_drain(size, PSUM_BYTES * used_cols * entries, moved)
            if end > floors[1]:
                result[PASSES] = count
                return False
            if is_charged:
                tail_dram += common(tail_from, NEVER, drained)
                for field in range(3):
                    flights[region, field] = drained[field]
            if len(drains):
                for field, value in enumerate((size, region % max(1, opmem), start, end)):
                    drains[region, field] = value
            region += 1

    if is_charged:  # the tail: the clocks after the last output
        tail_dram += common(tail_from, NEVER, bias)
        result[STALLS + DRAM] += tail_dram
        result[STALLS + OUTPUT] += drained[END] - last_output - tail_dram
    result[TOTAL], result[LAST_OUTPUT] = drained[END], last_output
    result[PASSES], result[LOADS], result[DRAINS] = count, loaded, region
    return True
