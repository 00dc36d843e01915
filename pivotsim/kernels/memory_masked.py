"""Clocks of one masked GEMM with its memory hierarchy, pass by pass (API twin: engines/memory_masked.py).

The recurrences of kernels/memory.py over the passes that a mask leaves (tests/oracles/memory_rules.md, 11). Passes and
units differ in size, so both come from tables, and each half remembers its unit, since which one comes again depends
on which passes are left. DRAM is a bandwidth.
"""

from typing import TypeAlias

from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.analytic import OS, PIPELINED, WS
from pivotsim.kernels.memory_array import after_pass, loop_counts, place
from pivotsim.kernels.memory_records import (
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
from pivotsim.kernels.memory_stalls import DRAM, END, OUTPUT, START, Flight, charge, common
from pivotsim.kernels.memory_tables import (
    MASKED,
    TABLES,
    Tables,
    needed_steps,
    operand_bytes,
    read_bytes,
    unit_bytes,
    unit_of,
)
from pivotsim.kernels.memory_transfers import at_rate, bandwidth_cycles, flown, load_ports
from pivotsim.kernels.memory_units import (
    BIAS,
    BIAS_BYTES,
    DRAM_READ,
    DRAM_WRITE,
    GB_BIAS_READ,
    GB_BIAS_WRITE,
    GB_INPUT_READ,
    GB_INPUT_WRITE,
    GB_OUTPUT_READ,
    GB_OUTPUT_WRITE,
    GB_PORT,
    GB_WEIGHT_READ,
    GB_WEIGHT_WRITE,
    INPUT_SHARE,
    IPMEM_READ,
    IPMEM_WRITE,
    OPMEM_READ,
    OPMEM_WRITE,
    OUT_BYTES,
    OUTPUT_HALVES,
    PSUM_BYTES,
    READ_LATENCY,
    WEIGHT_SHARE,
    WRITE_LATENCY,
    WTMEM_READ,
    WTMEM_WRITE,
    Array,
    Ints,
    cut,
    halves_of,
    mapped,
)

# A memory: the half in use, the units of both halves (-1: none), the clock from which each half may be filled.
Memory: TypeAlias = tuple[int, int, int, int, int]
HALF = 0
# What holds for a slot in all passes: halves, whether the global buffer keeps the operand, whether it is the weight.
Traits: TypeAlias = tuple[int, bool, bool]
HALVES, RESIDENT, IS_WEIGHT = 0, 1, 2


@inlined
def traits_of(
    slot: int, gemm: Ints, design: Ints, limits: Ints, chunk: int, tables: Tables, shape: Ints
) -> Traits:
    """Return what holds for a slot in all passes."""
    is_weight = (slot == 0) == (design[2] == WS)
    share = limits[WEIGHT_SHARE] if is_weight else limits[INPUT_SHARE]
    fits = share < 0 or operand_bytes(slot, chunk, mapped(gemm, design[2])[2], tables, shape) <= share
    return halves_of(slot, design[2], limits), fits, is_weight


@inlined
def bring(
    slot: int, at: tuple[int, int, int], counts: tuple[int, int], chunk: int, streamed: int, memory: Memory, traits: Traits, seen: Array,
    stamp: int, channel: int, limits: Ints, dram: Ints, tables: Tables, shape: Ints,
) -> tuple[Memory, Flight, int, int]:  # fmt: skip
    """Load a pass's unit unless its memory holds it; return the memory, the load, its bytes and those from DRAM.

    Bytes of -1: nothing to load. A unit goes to the half not used last; an unlimited memory holds all that it has seen.
    A unit comes from the global buffer where that keeps the operand and has seen it.
    """
    half, unit_0, unit_1, free_0, free_1 = memory
    unit, halves = unit_of(slot, at, counts, shape), traits[HALVES]
    is_seen = seen[unit] == stamp
    if unit == unit_0 or unit == unit_1:
        return (int(unit == unit_1), unit_0, unit_1, free_0, free_1), (0, 0, 0), -1, 0
    if halves == 0 and is_seen:
        return memory, (0, 0, 0), -1, 0
    size = unit_bytes(slot, at, chunk, streamed, tables, shape)
    ports, start = load_ports(size, traits[IS_WEIGHT], limits), channel
    if halves:
        half = 1 - half if halves == 2 else 0
        start = max(channel, free_1 if half else free_0)
        if half:
            unit_1 = unit
        else:
            unit_0 = unit
    seen[unit] = stamp
    if is_seen and traits[RESIDENT]:
        return (half, unit_0, unit_1, free_0, free_1), (start, start, start + ports), size, 0
    end, dram_end = flown(start, bandwidth_cycles(size, dram), ports, limits[READ_LATENCY])
    return (half, unit_0, unit_1, free_0, free_1), (start, dram_end, end), size, size


@inlined
def used_until(memory: Memory, traits: Traits, clock: int) -> Memory:
    """Return a memory after its half in use was read up to a clock; an unlimited one never has to be free."""
    half, unit_0, unit_1, free_0, free_1 = memory
    if traits[HALVES] == 0:
        return memory
    return (half, unit_0, unit_1, free_0, clock) if half else (half, unit_0, unit_1, clock, free_1)


@inlined
def last_pass(tiled: bool, order: int, x: int, y: int, n_z: int, chunk: int, streamed: int, tables: Tables,
    shape: Ints) -> int:  # fmt: skip
    """Return the last pass of a region that needs anything, -1 where none does."""
    for z in range(n_z - 1, -1, -1):
        i, j, t = place(tiled, order, x, y, z)
        if needed_steps(i, j, t * chunk, min((t + 1) * chunk, streamed), tables, shape):
            return z
    return -1


@inlined
def alone_cycles(
    gemm: Ints, design: Ints, order: int, chunk: int, limit: int, tables: Tables, shape: Ints
) -> tuple[int, int]:
    """Return (clock of the last pass's last output without memories, passes); given up beyond a limit."""
    tiled, streamed = design[2] != OS, mapped(gemm, design[2])[2]
    nr, nc, nt, last_r, last_c, _ = cut(gemm, design, chunk)
    n_x, n_y, n_z = loop_counts(tiled, order, nr, nc, nt)
    count = output = load_from = stream_from = rows_before = 0
    for x in range(n_x):
        for y in range(n_y):
            last = last_pass(tiled, order, x, y, n_z, chunk, streamed, tables, shape)
            if last < 0:
                continue
            if not tiled and design[3] == PIPELINED:
                i, j, _ = place(tiled, order, x, y, 0)
                stream_from += max(0, rows_before - needed_steps(i, j, 0, streamed, tables, shape))
            for z in range(last + 1):
                i, j, t = place(tiled, order, x, y, z)
                steps = needed_steps(i, j, t * chunk, min((t + 1) * chunk, streamed), tables, shape)
                if steps == 0:
                    continue
                rows = last_r if i == nr - 1 and design[4] else design[0]
                cols = last_c if j == nc - 1 and design[4] else design[1]
                begin = max(stream_from, load_from + (rows if tiled else 0))
                output, load_from, stream_from = after_pass(begin, steps, rows, cols, rows, z == last, design)
                rows_before = rows
                count += 1
            if output > limit:
                return output, count
    return output, count


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
    "boolean(UniTuple(int64, 3), UniTuple(int64, 7), UniTuple(int64, 12), UniTuple(int64, 9), UniTuple(int64, 8),"
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
        As in ``schedule`` (kernels/memory.py), DRAM by its bandwidth.
    shape, tables : tuple of 8 int, tuple of 5 int64 arrays
        What the mask leaves, see memory_tables.py.
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
    result : int64 (9,)
        Total and last output's clock, counts of passes, loads and drains, stalls by cause.
    moved : int64 (16,)
        Bytes by level, in the order of memory_units.py; those of local memories only where stalls are charged.
    """
    dataflow, tiled, weight_slot = design[2], design[2] != OS, 0 if design[2] == WS else 1
    opmem, streamed, is_charged = limits[OUTPUT_HALVES], mapped(gemm, dataflow)[2], tail_from != NEVER
    nr, nc, nt, last_r, last_c, _ = cut(gemm, design, chunk)
    counts = (nc, nt)
    traits_0 = traits_of(0, gemm, design, limits, chunk, tables, shape)
    traits_1 = traits_of(1, gemm, design, limits, chunk, tables, shape)
    memory_0 = (max(0, traits_0[HALVES] - 1), -1, -1, 0, 0)  # the first load turns to half 0
    memory_1 = (max(0, traits_1[HALVES] - 1), -1, -1, 0, 0)
    bias, drained, drained_before = (0, 0, 0), (0, 0, 0), (0, 0, 0)
    result[:] = 0
    moved[:] = 0

    n_x, n_y, n_z = loop_counts(tiled, order, nr, nc, nt)
    count = loaded = region = channel = waited = load_from = stream_from = last_output = tail_dram = rows_before = 0
    from_dram_0 = from_dram_1 = fetched_0 = fetched_1 = used_0 = used_1 = 0
    for x in range(n_x):
        for y in range(n_y):
            last = last_pass(tiled, order, x, y, n_z, chunk, streamed, tables, shape)
            if last < 0 and shape[MASKED] < 0:
                continue  # no one asks for its outputs
            i, j, t = place(tiled, order, x, y, 0)
            used_cols = last_c if j == nc - 1 else design[1]
            if not tiled:
                entries = last_r if i == nr - 1 else design[0]
            else:
                first, past = t * chunk, min((t + 1) * chunk, streamed)
                entries = past - first if shape[MASKED] >= 0 else needed_steps(0, j, first, past, tables, shape)
            if not tiled and last >= 0 and design[3] == PIPELINED:
                stream_from += max(0, rows_before - needed_steps(i, j, 0, streamed, tables, shape))
            output, is_claimed = 0, False
            for z in range(max(last, 0) + 1):
                i, j, t = place(tiled, order, x, y, z)
                first, past = t * chunk, min((t + 1) * chunk, streamed)
                steps = needed_steps(i, j, first, past, tables, shape)
                flight_0, flight_1 = (0, 0, 0), (0, 0, 0)
                if steps > 0:  # loads: slot 0, slot 1, and after the first region's last ones the bias
                    memory_0, flight_0, size, from_dram = bring(
                        0, (i, j, t), counts, chunk, streamed, memory_0, traits_0, seen[0], stamp, channel, limits,
                        dram, tables, shape,
                    )  # fmt: skip
                    if size >= 0:
                        channel, fetched_0, from_dram_0 = flight_0[END], fetched_0 + size, from_dram_0 + from_dram
                        if len(loads):
                            note(loads, loaded, (0, count, size, int(from_dram > 0), memory_0[HALF]), flight_0)
                        loaded += 1
                    memory_1, flight_1, size, from_dram = bring(
                        1, (i, j, t), counts, chunk, streamed, memory_1, traits_1, seen[1], stamp, channel, limits,
                        dram, tables, shape,
                    )  # fmt: skip
                    if size >= 0:
                        channel, fetched_1, from_dram_1 = flight_1[END], fetched_1 + size, from_dram_1 + from_dram
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
                if steps == 0:
                    continue

                # the pass
                rows = last_r if i == nr - 1 and design[4] else design[0]
                cols = last_c if j == nc - 1 and design[4] else design[1]
                lead = rows if tiled else 0
                ready = max(stream_from, load_from + lead)
                begin = max(ready, flight_0[END] + lead, flight_1[END])
                freeing = drained if opmem == 1 else drained_before
                claims = not is_claimed if tiled else z == last
                is_claimed = True
                if opmem and claims:
                    begin = max(begin, freeing[END])
                if begin > ready:
                    waited += begin - ready
                    if is_charged:
                        cause, in_dram = charge(ready, begin, lead, weight_slot, (flight_0, flight_1), bias, freeing)
                        if cause == OUTPUT:  # regions without passes drain one after the other
                            in_dram += other_drains(ready, begin, region - opmem, flights)
                        result[STALLS + cause] += begin - ready - in_dram
                        result[STALLS + DRAM] += in_dram
                if max(floors[0] + waited, channel) > floors[1]:
                    result[PASSES] = count + 1
                    return False
                loaded_from, done = max(load_from, flight_0[END]), begin + steps
                memory_0 = used_until(memory_0, traits_0, loaded_from + rows if tiled else done)
                memory_1 = used_until(memory_1, traits_1, done)
                output, load_from, stream_from = after_pass(begin, steps, rows, cols, rows, z == last, design)
                last_output, rows_before = max(last_output, output), rows
                if is_charged:
                    used_rows = last_r if i == nr - 1 else design[0]
                    used_0 += read_bytes(0, (i, j, t), chunk, streamed, used_rows * steps, tables, shape)
                    width = used_rows if tiled else used_cols
                    used_1 += read_bytes(1, (i, j, t), chunk, streamed, width * steps, tables, shape)
                    if tiled or z == last:
                        sums = PSUM_BYTES * used_cols * (steps if tiled else used_rows)
                        moved[OPMEM_WRITE] += sums
                        moved[OPMEM_READ] += 0 if claims else sums
                if len(passes):
                    for field, value in enumerate((i, j, t, loaded_from, loaded_from + lead, begin, done, output)):
                        passes[count, field] = value
                count += 1

            # the region's drain
            start, size = max(drained[END], output, bias[END]), used_cols * entries * limits[OUT_BYTES]
            ports = max(entries if opmem else 0, at_rate(size, limits[GB_PORT]))
            end, dram_end = flown(start, bandwidth_cycles(size, dram), ports, limits[WRITE_LATENCY])
            drained_before, drained = drained, (start, dram_end, end)
            moved[DRAM_WRITE] += size
            moved[OPMEM_READ] += PSUM_BYTES * used_cols * entries
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
    moved[DRAM_READ] = moved[GB_BIAS_READ] + from_dram_0 + from_dram_1
    moved[GB_OUTPUT_READ] = moved[GB_OUTPUT_WRITE] = moved[DRAM_WRITE]
    for slot in range(2):
        is_weight = slot == weight_slot
        moved[GB_WEIGHT_WRITE if is_weight else GB_INPUT_WRITE] = from_dram_0 if slot == 0 else from_dram_1
        fetched = fetched_0 if slot == 0 else fetched_1
        moved[GB_WEIGHT_READ if is_weight else GB_INPUT_READ] = fetched
        moved[WTMEM_WRITE if is_weight else IPMEM_WRITE] = fetched
        moved[WTMEM_READ if is_weight else IPMEM_READ] = used_0 if slot == 0 else used_1
    return True
