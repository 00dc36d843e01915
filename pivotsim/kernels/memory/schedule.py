"""Clocks of one GEMM with its memory hierarchy, pass by pass (API twin: engines/memory/schedule.py).

The recurrences of tests/oracles/memory/rules.md. Loads, passes and drains are three sequences in static order that
share nothing:

    load    start = max(end of the load before, its half read for the last time)        end = start + length
    pass    start = max(start without memories, ends of its units' loads, its half of OPMEM drained)
    drain   start = max(end of the drain before, last output of its region, bias)       end = start + length

One step per pass, whatever its length, and state for each half of a buffer only. Where clocks alone are wanted, as in
a search, stretches that repeat are counted instead of run (steady_state.py).
"""

from pivotsim.kernels._jit import kernel
from pivotsim.kernels.array.closed_form import OS, WS
from pivotsim.kernels.dram.channel import reset_channel
from pivotsim.kernels.memory.addresses import bias_place, region_place, unit_place
from pivotsim.kernels.memory.array_passes import after_pass, loop_counts, place
from pivotsim.kernels.memory.fetch import AGAIN, HALVES, RESIDENT, fetch, traits_of, used_until
from pivotsim.kernels.memory.records import (
    BIAS_SLOT,
    DRAINS,
    LAST_OUTPUT,
    LOADS,
    NEVER,
    PASSES,
    RUN,
    STALLS,
    TOTAL,
    note,
)
from pivotsim.kernels.memory.stalls import DRAM, END, OUTPUT, START, charge, common
from pivotsim.kernels.memory.steady_state import MOST_RUN, advanced
from pivotsim.kernels.memory.tiles import (
    BIAS,
    BIAS_BYTES,
    GB_PORT,
    OUTPUT_HALVES,
    READ_LATENCY,
    WRITE_LATENCY,
    Array,
    Ints,
    cut,
    fill_sizes,
    mapped,
)
from pivotsim.kernels.memory.transfers import (
    CHANNELS,
    COMMANDS,
    MODE,
    READ,
    WRITE,
    Channels,
    at_rate,
    fill_ports,
    transfer,
)


@kernel(
    "boolean(UniTuple(int64, 3), UniTuple(int64, 7), UniTuple(int64, 12), UniTuple(int64, 9), int64, int64,"
    f" UniTuple(int64, 3), int64, boolean, {CHANNELS}, int64[:, :, :, ::1], int64[:, :, ::1], int64[:, ::1],"
    " int64[:, ::1], int64[:, ::1], int64[::1])"
)
def schedule(
    gemm: Ints, design: Ints, limits: Ints, dram: Ints, order: int, chunk: int,
    floors: tuple[int, int, int], tail_from: int, skips: bool, channels: Channels, room: Array, states: Array,
    loads: Array, passes: Array, drains: Array, result: Array,
) -> bool:  # fmt: skip
    """Run one GEMM (m, k, n) with a loop order and a chunk; False if given up because it would take too long.

    Parameters
    ----------
    gemm, design, limits, dram : tuple of 3, 7, 12, 9 int
        Sizes; the array as in kernels/array/closed_form.py; memories and DRAM as in tiles.py and
        transfers.py.
    floors : tuple of int
        (clocks of the array alone, clocks of all loads, limit): given up once either, with the waits so far added,
        exceeds the limit. A wait of the array delays all that follows it, and so does one of the load channel.
    tail_from : int
        Last output's clock, from a run before: drains after it are charged to their cause. NEVER: no stall is charged.
    skips : bool
        Count what only repeats instead of running it: the clocks are the same. No stalls or intervals then.
    channels : tuple of arrays
        The DRAM channels for reads and for writes, reset here; not looked at under `bandwidth`.
    room, states : int64 (2, 3, 2, 2), (3, 3, 17)
        To work in.
    loads, passes, drains : int64 (count, 7), (count, 8), (count, 4)
        Filled with every interval; empty where they are not wanted.
    result : int64 (10,)
        Total and last output's clock, counts of passes, loads and drains, passes run, stalls by cause.
    """
    dataflow, tiled, weight_slot = design[2], design[2] != OS, 0 if design[2] == WS else 1
    opmem, streamed, is_charged = limits[OUTPUT_HALVES], mapped(gemm, dataflow)[2], tail_from != NEVER
    parts = cut(gemm, design, chunk)
    nr, nc, nt, last_r, last_c, last_t = parts
    sizes, ports, commands, place_ = room[0], room[1], dram[MODE] == COMMANDS, (0, 0, 0, 0)
    if commands:  # banks closed, refresh counter at 0
        skips = False
        reset_channel(channels[:4])
        reset_channel(channels[4:])
    fill_sizes(parts, design, chunk, limits, sizes)
    fill_ports(parts, design, chunk, limits, sizes, ports)
    traits_0 = traits_of(0, gemm, design, limits, order, parts)
    traits_1 = traits_of(1, gemm, design, limits, order, parts)
    memory_0 = (max(0, traits_0[HALVES] - 1), 0, 0)  # the first fetch turns to half 0
    memory_1 = (max(0, traits_1[HALVES] - 1), 0, 0)
    bias, drained, drained_before = (0, 0, 0), (0, 0, 0), (0, 0, 0)
    result[:] = 0

    n_x, n_y, n_z = loop_counts(tiled, order, nr, nc, nt)
    skips_x, skips_y, skips_z = skips and n_x > MOST_RUN, skips and n_y > MOST_RUN, skips and n_z > MOST_RUN
    count = run = loaded = region = channel = idle = waited = load_from = stream_from = last_output = tail_dram = 0
    x = 0
    while x < n_x:
        y = 0
        while y < n_y:
            output = 0
            i, j, t = place(tiled, order, x, y, n_z - 1)
            u2, v2 = (int(j == nc - 1), int(t == nt - 1)) if tiled else (int(i == nr - 1), int(j == nc - 1))
            z = 0
            while z < n_z:
                i, j, t = place(tiled, order, x, y, z)
                a, b, e = int(i == nr - 1), int(j == nc - 1), int(t == nt - 1)  # the last of each dimension
                steps = last_t if e else chunk
                rows = last_r if a and design[4] else design[0]
                cols = last_c if b and design[4] else design[1]
                lead = rows if tiled else 0

                # loads: slot 0, slot 1, and after the first region's last ones the bias
                first_0, first_1 = (t == 0, j == 0) if tiled else (j == 0, i == 0)
                v0, u1 = (b, a) if tiled else (e, b)
                if commands:
                    place_ = unit_place(0, i, j, t, gemm, design, limits, chunk, parts, sizes[0, a, v0])
                memory_0, flight_0 = fetch(
                    first_0, sizes[0, a, v0], ports[0, a, v0], traits_0, memory_0, channel, limits[READ_LATENCY],
                    place_, dram, channels,
                )  # fmt: skip
                if first_0 or traits_0[AGAIN]:
                    idle, channel = idle + flight_0[START] - channel, flight_0[END]
                    if len(loads):
                        is_dram = int(first_0 or not traits_0[RESIDENT])
                        note(loads, loaded, (0, count, sizes[0, a, v0], is_dram, memory_0[0]), flight_0)
                    loaded += 1
                if commands:
                    place_ = unit_place(1, i, j, t, gemm, design, limits, chunk, parts, sizes[1, u1, e])
                memory_1, flight_1 = fetch(
                    first_1, sizes[1, u1, e], ports[1, u1, e], traits_1, memory_1, channel, limits[READ_LATENCY],
                    place_, dram, channels,
                )  # fmt: skip
                if first_1 or traits_1[AGAIN]:
                    idle, channel = idle + flight_1[START] - channel, flight_1[END]
                    if len(loads):
                        is_dram = int(first_1 or not traits_1[RESIDENT])
                        note(loads, loaded, (1, count, sizes[1, u1, e], is_dram, memory_1[0]), flight_1)
                    loaded += 1
                if limits[BIAS] and region == 0 and z == n_z - 1:
                    size = BIAS_BYTES * gemm[2]
                    end, dram_end = transfer(
                        channel, size, at_rate(size, limits[GB_PORT]), True, READ, limits[READ_LATENCY],
                        bias_place(gemm, limits), dram, channels,
                    )  # fmt: skip
                    bias, channel = (channel, dram_end, end), end
                    if len(loads):
                        note(loads, loaded, (BIAS_SLOT, count, size, 1, 0), bias)
                    loaded += 1

                # the pass
                ready = max(stream_from, load_from + lead)
                begin = max(ready, flight_0[END] + lead, flight_1[END])
                freeing = drained if opmem == 1 else drained_before
                if opmem and (z == 0 if tiled else e == 1):  # it claims the region
                    begin = max(begin, freeing[END])
                if begin > ready:
                    waited += begin - ready
                    if is_charged:
                        cause, in_dram = charge(ready, begin, lead, weight_slot, (flight_0, flight_1), bias, freeing)
                        result[STALLS + cause] += begin - ready - in_dram
                        result[STALLS + DRAM] += in_dram
                if max(floors[0] + waited, floors[1] + idle) > floors[2]:
                    result[PASSES], result[RUN] = count + 1, run + 1
                    return False
                load, done = max(load_from, flight_0[END]), begin + steps
                memory_0 = used_until(memory_0, traits_0, load + rows if tiled else done)
                memory_1 = used_until(memory_1, traits_1, done)
                output, load_from, stream_from = after_pass(begin, steps, rows, cols, streamed, e == 1, design)
                last_output = max(last_output, output)
                if len(passes):
                    for field, value in enumerate((i, j, t, load, load + lead, begin, done, output)):
                        passes[count, field] = value
                count, run = count + 1, run + 1
                if skips_z:
                    z, memory_0, memory_1, drained, drained_before, clocks, counts = advanced(
                        states[0], z, n_z, 0, memory_0, memory_1, drained, drained_before,
                        (channel, load_from, stream_from, last_output), (idle, waited, count, loaded, region),
                    )  # fmt: skip
                    channel, load_from, stream_from, last_output = clocks
                    idle, waited, count, loaded, region = counts
                z += 1

            # the region's drain
            start = max(drained[END], output, bias[END])
            if commands:
                place_ = region_place(i, j, t, gemm, design, limits, chunk, parts)
            end, dram_end = transfer(
                start, sizes[2, u2, v2], ports[2, u2, v2], True, WRITE, limits[WRITE_LATENCY], place_, dram, channels
            )
            drained_before, drained = drained, (start, dram_end, end)
            if is_charged:
                tail_dram += common(tail_from, NEVER, drained)
            if len(drains):
                for field, value in enumerate((sizes[2, u2, v2], region % max(1, opmem), start, end)):
                    drains[region, field] = value
            region += 1
            if skips_y:
                y, memory_0, memory_1, drained, drained_before, clocks, counts = advanced(
                    states[1], y, n_y, max(1, opmem), memory_0, memory_1, drained, drained_before,
                    (channel, load_from, stream_from, last_output), (idle, waited, count, loaded, region),
                )  # fmt: skip
                channel, load_from, stream_from, last_output = clocks
                idle, waited, count, loaded, region = counts
            y += 1
        if skips_x:
            x, memory_0, memory_1, drained, drained_before, clocks, counts = advanced(
                states[2], x, n_x, max(1, opmem), memory_0, memory_1, drained, drained_before,
                (channel, load_from, stream_from, last_output), (idle, waited, count, loaded, region),
            )  # fmt: skip
            channel, load_from, stream_from, last_output = clocks
            idle, waited, count, loaded, region = counts
        x += 1

    if is_charged:  # the tail: the clocks after the last output
        tail_dram += common(tail_from, NEVER, bias)
        result[STALLS + DRAM] += tail_dram
        result[STALLS + OUTPUT] += drained[END] - last_output - tail_dram
    result[TOTAL], result[LAST_OUTPUT] = drained[END], last_output
    result[PASSES], result[LOADS], result[DRAINS], result[RUN] = count, loaded, region, run
    return True
