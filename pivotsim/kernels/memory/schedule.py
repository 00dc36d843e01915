"""Clocks of one GEMM with its memory hierarchy, pass by pass (API twin: engines/memory/schedule.py).

The recurrences of tests/oracles/memory/rules.md. Loads, passes and drains are three sequences in static order that
share nothing:

    load    asked = max(end of the load n before, its half read for the last time)      n loads may be on their way
            start = max(end of the load before, asked)      end = start + length, and of its latency what is left
    pass    start = max(start without memories, ends of its units' loads, its half of OPMEM drained)
    drain   start = max(end of the drain before, last output of its region, bias)       end = start + length

Where they take turns (`memories.transfers` serial), a pass's loads wait for all before, the pass for its loads.

One step per pass, whatever its length, and state for each half of a buffer only. Where clocks alone are wanted, as in
a search, stretches that repeat are counted instead of run (steady_state.py).

A mask leaves some of the passes (rules.md, 11), whose sizes and units come from tables; without one all are left, and
sizes come from four numbers per slot. What is None is left out of the compiled code: DRAM's commands, or all of masks.
"""

from typing import NamedTuple

from pivotsim.kernels._jit import part
from pivotsim.kernels.dram.serving import reset
from pivotsim.kernels.memory.addresses import Place, region_place, region_rows
from pivotsim.kernels.memory.array_passes import after_block, after_pass, apart, loop_counts, place
from pivotsim.kernels.memory.fetch import Loading, Setting, empty, load, load_bias, traits_of, used_until
from pivotsim.kernels.memory.mask_tables import Kept, count_drain, count_pass, last_pass, pass_steps, spread
from pivotsim.kernels.memory.records import (
    AT_END,
    DRAINS,
    LAST_OUTPUT,
    LOADS,
    NEVER,
    PASSES,
    RUN,
    STALLS,
    TOTAL,
    note_drain,
    note_pass,
)
from pivotsim.kernels.memory.stalls import (
    DRAM,
    INPUT,
    OUTPUT,
    WEIGHT,
    Flight,
    charge,
    charge_in_turn,
    common,
    other_drains,
)
from pivotsim.kernels.memory.steady_state import KEPT, MOST_RUN, OUTER_LOOP, PASS_LOOP, REGION_LOOP, advanced
from pivotsim.kernels.memory.tiles import cut, has_block, packed
from pivotsim.kernels.memory.transfers import (
    DRAM_SIDE,
    PORTS,
    SIZES,
    UNKNOWN,
    WRITE,
    drain_ports,
    drain_words,
    fill_lengths,
    transfer,
)
from pivotsim.kernels.memory.unserved import after_pass_of, all_served, unserved_from
from pivotsim.kernels.types import Array, Channel, Design, Dram, Gemm, Limits, Records


class Floors(NamedTuple):
    """Clocks that no schedule undercuts: of the array alone, of all loads together; and the limit for either."""

    array: int
    loads: int
    limit: int


@part
def schedule(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, order: int, chunk: int, floors: Floors, tail_from: int,
    skips: bool, reads: Channel | None, writes: Channel | None, kept: Kept | None, stamp: int, room: Array,
    states: Array, records: Records, result: Array,
) -> bool:  # fmt: skip
    """Run one GEMM with a loop order and a chunk; False if given up because it would take too long.

    Parameters
    ----------
    gemm, design, limits, dram
        Sizes, the array, its memories.
    floors : Floors
        Given up once either of the first two, with the waits so far added, exceeds the limit: a wait of the array
        delays all that follows it, and so does one of the load channel. Under a mask the loads so far count instead.
    tail_from : int
        Last output's clock, from a run before: drains after it are charged to their cause. NEVER: no stall is charged.
        AT_END, under a mask or with a limited output memory: what a run before would say is found by this one.
    skips : bool
        Count what only repeats instead of running it: the clocks are the same. No stalls or intervals then. With
        channels, loads are not served after a region whose loads were in time (unserved.py). Where one might come late
        then, the run is given up with UNKNOWN passes run: only one that serves all of them tells.
    reads, writes : Channel or None
        The DRAM channels of either direction, reset here; None where DRAM is a bandwidth.
    kept : Kept or None
        What a mask leaves; None without one.
    stamp : int
        The run's number, for ``kept``.
    room, states : int64 ROOM_SHAPE of transfers.py, STATES_SHAPE of steady_state.py
        To work in.
    records : Records
        Filled with every interval; empty where they are not wanted.
    result : int64 (10,)
        Total and last output's clock, counts of passes, loads and drains, passes run, stalls by cause.
    """
    tiled, opmem, is_charged = not design.drains, limits.output_halves, tail_from != NEVER
    blocked = has_block(design, limits)
    in_turn, divisor, answer = limits.is_serial == 1, limits.clock_divisor, limits.buffer_read_cycles
    parts = cut(gemm, design, limits, chunk)
    setting, nr, nc, nt = Setting(gemm, design, limits, parts), parts.nr, parts.nc, parts.nt
    sizes, ports, dram_side = room[SIZES], room[PORTS], room[DRAM_SIDE]
    if reads is not None:  # banks closed, refresh counter at 0
        reset(reads)
    if writes is not None:
        reset(writes)
    fill_lengths(parts, design, limits, dram, reads, 3, room)
    traits_0, traits_1 = traits_of(0, setting, order, kept), traits_of(1, setting, order, kept)
    memory_0, memory_1, loading = empty(traits_0), empty(traits_1), Loading(0, 0, 0)
    queue = states[0, KEPT]  # of loads in flight, see ``ask``
    for place_in_queue in range(len(queue)):
        queue[place_in_queue] = -divisor if place_in_queue == 0 else 0
    queued = limits.outstanding_reads + 1 if limits.outstanding_reads > 1 else 0
    bias, drained, drained_before = Flight(0, 0, 0), Flight(0, 0, 0), Flight(0, 0, 0)
    weight_slot = 0 if traits_0.is_weight else 1
    result[:] = 0
    if kept is not None:
        kept.moved[:] = 0

    unserved = all_served()
    n_x, n_y, n_z = loop_counts(tiled, order, nr, nc, nt)
    count = run = region = waited = load_from = stream_from = last_output = tail_dram = rows_before = turn = x = 0
    while x < n_x:
        y = 0
        while y < n_y:
            last = n_z - 1
            if kept is not None:
                last = last_pass(tiled, order, x, y, n_z, parts, kept.tables, kept.shape)
                if last < 0:
                    if kept.shape.masked < 0:  # no one asks for its outputs
                        y += 1
                        continue
                else:
                    first = place(tiled, order, x, y, 0)
                    stream_from += spread(first, rows_before, parts.streamed, design, kept.tables, kept.shape)
            output, is_claimed, was_late, z = 0, False, False, 0
            while z <= max(last, 0):
                at = place(tiled, order, x, y, z)
                a, b, e = int(at.i == nr - 1), int(at.j == nc - 1), int(at.t == nt - 1)  # the last of each dimension
                rows = parts.last_rows if a and design.edge_aware else design.rows
                cols = parts.last_cols if b and design.edge_aware else design.cols
                steps, lead = parts.last_steps if e else chunk, rows if tiled else 0
                if kept is not None:
                    steps = pass_steps(at, parts, kept.tables, kept.shape)

                # loads: slot 0, slot 1, and after the first region's last ones the bias
                flight_0 = flight_1 = Flight(0, 0, 0)
                if in_turn:
                    turn = max(stream_from, drained.end)
                if steps > 0:
                    first_0, first_1 = (at.t == 0, at.j == 0) if tiled else (at.j == 0, at.i == 0)
                    v, u = (b, a) if tiled else (e, b)
                    memory_0, flight_0, loading = load(
                        0, count, at, first_0, sizes[0, a, v], ports[0, a, v], dram_side[0, a, v], traits_0,
                        memory_0, loading, turn, queue, setting, dram, reads, unserved, kept, stamp,
                        records.loads,
                    )  # fmt: skip
                    memory_1, flight_1, loading = load(
                        1, count, at, first_1, sizes[1, u, e], ports[1, u, e], dram_side[1, u, e], traits_1,
                        memory_1, loading, turn, queue, setting, dram, reads, unserved, kept, stamp,
                        records.loads,
                    )  # fmt: skip
                if limits.bias and region == 0 and z >= last:
                    bias, loading = load_bias(count, loading, turn, queue, setting, dram, reads, kept, records.loads)
                if steps == 0:
                    z += 1
                    continue

                # the pass
                if blocked:
                    rows, cols = parts.last_rows if a else parts.rows, parts.last_cols if b else parts.cols
                    stream_from += apart(rows_before, steps, design)
                claims = not is_claimed if tiled or blocked else z == last  # its region's half of OPMEM
                is_claimed = True
                ready = max(stream_from, load_from + lead)
                begin = max(ready, flight_0.end + answer + lead, flight_1.end + answer)
                if in_turn:
                    begin = max(drained.end, flight_0.end, flight_1.end, bias.end) + answer
                    begin = max(load_from, begin) + lead
                freeing = drained if opmem == 1 else drained_before
                if opmem and claims:
                    begin = max(begin, freeing.end + answer)
                if reads is not None:
                    unserved, is_late, is_given_up = after_pass_of(
                        unserved, flight_0, flight_1, load_from, ready, answer, loading.channel, loading.idle
                    )
                    was_late = was_late or is_late
                    if is_given_up:
                        result[RUN] = UNKNOWN
                        return False
                if begin > ready:
                    waited += begin - ready
                    since, until = ready - answer, begin - answer  # when what is waited for was on its way
                    if is_charged and in_turn:
                        since, until, earlier = since - lead, until - lead, 0
                        if kept is not None:
                            earlier = other_drains(since, until, region - 1, kept.flights)
                        slot_0, slot_1, of_output, in_dram = charge_in_turn(
                            since, until, (flight_0, flight_1), bias, drained, earlier
                        )
                        result[STALLS + WEIGHT] += slot_0 if weight_slot == 0 else slot_1
                        result[STALLS + INPUT] += slot_1 if weight_slot == 0 else slot_0
                        result[STALLS + OUTPUT] += of_output
                        result[STALLS + DRAM] += in_dram
                    elif is_charged:
                        cause, in_dram = charge(since, until, lead, weight_slot, (flight_0, flight_1), bias, freeing)
                        if kept is not None and cause == OUTPUT:  # regions without passes drain one after the other
                            in_dram += other_drains(since, until, region - opmem, kept.flights)
                        result[STALLS + cause] += begin - ready - in_dram
                        result[STALLS + DRAM] += in_dram
                loads_end = floors.loads + loading.idle if kept is None else loading.channel
                if reads is not None and unserved.is_on:  # for how long the channel was idle is not known
                    loads_end = 0
                if max(floors.array + waited, loads_end) > floors.limit:
                    result[PASSES], result[RUN] = count + 1, run + 1
                    return False
                tile = begin - lead if in_turn else max(load_from, flight_0.end + answer)
                done = begin + steps
                if blocked:
                    done, output, stream_from, rows_before = after_block(begin, steps, rows, cols, design)
                    load_from = stream_from
                else:
                    streamed = parts.streamed if kept is None else rows
                    output, load_from, stream_from = after_pass(begin, steps, rows, cols, streamed, z == last, design)
                    rows_before = rows
                last_output = max(last_output, output)
                memory_0 = used_until(memory_0, traits_0, tile + rows if tiled else done)
                memory_1 = used_until(memory_1, traits_1, done)
                if kept is not None and is_charged:
                    count_pass(at, parts, design, limits, steps, z == last, claims, kept)
                if len(records.passes):
                    note_pass(records.passes, count, at, tile, lead, begin, done, output)
                count, run = count + 1, run + 1
                if kept is None and reads is None and skips and n_z > MOST_RUN:
                    z, memory_0, memory_1, loading, drained, drained_before, clocks, counts = advanced(
                        states[PASS_LOOP], queue, queued, z, n_z, 0, divisor, memory_0, memory_1, loading, drained,
                        drained_before, (load_from, stream_from, last_output), (waited, count, region),
                    )  # fmt: skip
                    load_from, stream_from, last_output = clocks
                    waited, count, region = counts
                z += 1

            # the region's drain
            at, start = place(tiled, order, x, y, max(last, 0)), max(drained.end, output, bias.end)
            a, b, e = int(at.i == nr - 1), int(at.j == nc - 1), int(at.t == nt - 1)
            u, v = (b, e) if tiled else (a, b)
            size, own, known = sizes[2, u, v], ports[2, u, v], dram_side[2, u, v]
            entries = drain_words(a, b, e, parts, design, limits)
            if kept is not None:
                cols = parts.last_cols if b else design.cols
                if tiled and kept.shape.masked < 0:
                    entries = pass_steps(at, parts, kept.tables, kept.shape)
                size = packed(cols * entries, limits.out_bits)
                own, known = drain_ports(size, entries, limits), UNKNOWN
                count_drain(size, limits.sum_bytes * cols * entries, kept.moved)
            where = Place(0, 0, 0, 0)
            if writes is not None:
                where = region_place(at.i, at.j, at.t, gemm, design, limits, parts)
            elif kept is not None and dram.by_row:
                where = region_rows(at.i, at.j, at.t, design, limits, parts)
            start += limits.post_region + limits.post_entry * entries
            drained_before = drained
            late = divisor * answer  # clocks until OPMEM's first word is read
            drained = transfer(
                start + late, size, own, known, True, WRITE, limits.write_latency, divisor, where, dram, writes
            )
            if kept is not None:
                if drained.end > floors.limit:
                    result[PASSES] = count
                    return False
                if is_charged:
                    for field, clock in enumerate(drained):
                        kept.flights[region, field] = clock
            if is_charged and tail_from != AT_END:
                tail_dram += common(tail_from, NEVER, drained)
            if len(records.drains):
                note_drain(records.drains, region, size, region % max(1, opmem), drained, late)
            region += 1
            if reads is not None and skips and not (in_turn or was_late or unserved.is_on):
                unserved = unserved_from(loading.channel, loading.idle, limits, dram, reads)
            if kept is None and reads is None and skips and n_y > MOST_RUN:
                y, memory_0, memory_1, loading, drained, drained_before, clocks, counts = advanced(
                    states[REGION_LOOP], queue, queued, y, n_y, max(1, opmem), divisor, memory_0, memory_1, loading,
                    drained, drained_before, (load_from, stream_from, last_output), (waited, count, region),
                )  # fmt: skip
                load_from, stream_from, last_output = clocks
                waited, count, region = counts
            y += 1
        if kept is None and reads is None and skips and n_x > MOST_RUN:
            x, memory_0, memory_1, loading, drained, drained_before, clocks, counts = advanced(
                states[OUTER_LOOP], queue, queued, x, n_x, max(1, opmem), divisor, memory_0, memory_1, loading, drained,
                drained_before, (load_from, stream_from, last_output), (waited, count, region),
            )  # fmt: skip
            load_from, stream_from, last_output = clocks
            waited, count, region = counts
        x += 1

    if is_charged:  # the tail: the clocks after the last output
        if tail_from == AT_END and kept is not None:
            tail_dram = other_drains(last_output, NEVER, region, kept.flights)
        elif tail_from == AT_END:  # the last region waited for its half: no drain but two ends after its output
            tail_dram = common(last_output, NEVER, drained) + common(last_output, NEVER, drained_before)
        tail_dram += common(last_output, NEVER, bias)
        result[STALLS + DRAM] += tail_dram
        result[STALLS + OUTPUT] += drained.end - last_output - tail_dram
    result[TOTAL], result[LAST_OUTPUT] = drained.end, last_output
    result[PASSES], result[LOADS], result[DRAINS], result[RUN] = count, loading.loads, region, run
    return True
