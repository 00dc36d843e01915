"""Waits that no schedule avoids: for the drain that frees the output memory, for loads whose half was just read.

They stand between two passes that claim the output memory. With b the first stream's start of either, w what the array
alone takes from one to the other, and a load of pass p waiting for the reads of pass p - h, h the halves of its memory:

    b' >= b + w
    b' >= b + (to the region's last output) + its drain                             a single output memory
    b' >= b + (reads of the pass that b starts) + loads of the h-th pass after it and of all up to b'

Every schedule moves a pass by at least what it moves the one before, so that what the largest of the three has over w
adds up over all regions, to the array's clocks alone. Under is and ws the loads bind the passes within a region.
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.addresses import Place, region_rows, unit_rows
from pivotsim.kernels.memory.array_passes import after_pass
from pivotsim.kernels.memory.schedule import PORTS, SIZES
from pivotsim.kernels.memory.tiles import Parts, always_fetched, halves_of, has_block, is_resident
from pivotsim.kernels.memory.transfers import READ, WRITE, drain_words, least_dram_cycles
from pivotsim.kernels.types import Array, Channel, Design, Dram, Limits


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
def least_latency(limits: Limits) -> int:
    """Return the clocks of latency that every load from DRAM shows: none where a request may go out ahead of it."""
    return limits.read_latency if limits.outstanding_reads == 1 else 0


@inlined
def least_load(
    slot: int, a: int, b: int, is_first: bool, parts: Parts, design: Design, limits: Limits, dram: Dram,
    reads: Channel | None, room: Array,
) -> int:  # fmt: skip
    """Return the least clocks of a unit's load; a, b: last of either dimension.

    Its first load comes from DRAM; of others it does not matter here which they are.
    """
    port: int = room[PORTS, slot, a, b]
    if not is_first and is_resident(slot, parts, design, limits):
        bound: int = port * limits.clock_divisor
        return bound
    rows = Place(0, 0, 0, 0)
    if dram.by_row:
        at_col = a if design.drains and slot == 1 else b
        i, j, t = a * (parts.nr - 1), at_col * (parts.nc - 1), b * (parts.nt - 1)
        rows = unit_rows(slot, i, j, t, design, limits, parts)
    length = max(port, least_dram_cycles(room[SIZES, slot, a, b], READ, rows, dram, reads)) + least_latency(limits)
    return length * limits.clock_divisor


@inlined
def least_drain(
    a: int, b: int, e: int, parts: Parts, design: Design, limits: Limits, dram: Dram, writes: Channel | None,
    room: Array,
) -> int:  # fmt: skip
    """Return the least clocks from a region's last output to when its half may be written again."""
    u, v = (a, b) if design.drains else (b, e)
    rows = Place(0, 0, 0, 0)
    if dram.by_row:
        rows = region_rows(a * (parts.nr - 1), b * (parts.nc - 1), e * (parts.nt - 1), design, limits, parts)
    length = max(room[PORTS, 2, u, v], least_dram_cycles(room[SIZES, 2, u, v], WRITE, rows, dram, writes))
    length += limits.write_latency + limits.buffer_read_cycles
    post = limits.post_region + limits.post_entry * drain_words(a, b, e, parts, design, limits)
    bound: int = post + length * limits.clock_divisor + limits.buffer_read_cycles
    return bound


@inlined
def least_waits(
    parts: Parts, design: Design, limits: Limits, dram: Dram, order: int, reads: Channel | None,
    writes: Channel | None, room: Array,
) -> int:  # fmt: skip
    """Return clocks that every schedule takes beyond the array's alone up to its last output.

    ``room`` holds sizes and ports as ``schedule`` fills them. 0 where transfers take turns or folds share chunks.
    """
    if limits.is_serial or has_block(design, limits):
        return 0
    if design.drains:
        return _of_folds(parts, design, limits, dram, order, reads, writes, room)
    return _of_regions(parts, design, limits, dram, order, reads, writes, room)


@inlined
def _of_regions(
    parts: Parts, design: Design, limits: Limits, dram: Dram, order: int, reads: Channel | None,
    writes: Channel | None, room: Array,
) -> int:  # fmt: skip
    """Return ``least_waits`` under is and ws: region by region, in the four kinds of them."""
    nr, nc, nt, halves, answer = parts.nr, parts.nc, parts.nt, halves_of(1, design, limits), limits.buffer_read_cycles
    full = design.rows
    last = parts.last_rows if design.edge_aware else full
    again_0 = always_fetched(parts, design, order, 0, limits)
    is_chained = halves > 0 and nr > halves and always_fetched(parts, design, order, 1, limits)
    total = _first_region(parts, design, limits, dram, reads, room, is_chained)
    for b in range(2):
        cols = parts.last_cols if b and design.edge_aware else design.cols
        for e in range(2):
            number = (1 if b else nc - 1) * (1 if e else nt - 1)
            if number == 0:
                continue
            steps = parts.last_steps if e else parts.chunk
            if is_chained:
                alone = region_steps(steps, nr, full, last, cols, design)
                loads = least_load(1, 1, e, False, parts, design, limits, dram, reads, room)
                loads += (nr - 1 - halves) * least_load(1, 0, e, False, parts, design, limits, dram, reads, room)
                if again_0 and nr - 1 > halves:
                    loads += least_load(0, 1, b, False, parts, design, limits, dram, reads, room)
                    loads += (nr - 2 - halves) * least_load(0, 0, b, False, parts, design, limits, dram, reads, room)
                total += number * max(0, steps + loads + answer - alone)
            if limits.output_halves == 1:
                drained = least_drain(0, b, e, parts, design, limits, dram, writes, room)
                output, _, _ = after_pass(0, steps, last, cols, full, True, design)
                alone = alone_step(steps, last, cols, full, True, full if nr > 1 else last, design)
                total += (number - (b & e)) * max(0, output + drained - alone)
    return total


@inlined
def _first_region(
    parts: Parts, design: Design, limits: Limits, dram: Dram, reads: Channel | None, room: Array, is_chained: bool
) -> int:  # fmt: skip
    """Return the least waits for the loads of the first region's passes, all from DRAM, one after the other.

    They bind its first pass, and its last one where the loads of the passes between do not wait for halves.
    """
    nr, answer, b, e, one = (
        parts.nr,
        limits.buffer_read_cycles,
        int(parts.nc == 1),
        int(parts.nt == 1),
        int(parts.nr == 1),
    )
    full, cols = design.rows, parts.last_cols if b and design.edge_aware else design.cols
    last = parts.last_rows if design.edge_aware else full
    lead, steps = last if nr == 1 else full, parts.last_steps if e else parts.chunk
    tile = least_load(0, one, b, True, parts, design, limits, dram, reads, room)
    stream = least_load(1, one, e, True, parts, design, limits, dram, reads, room)
    waited = max(tile, tile + stream - lead) + answer
    if nr == 1 or is_chained:
        return max(0, waited)
    loads = (nr - 1) * (tile + stream) + least_load(0, 1, b, True, parts, design, limits, dram, reads, room)
    loads += least_load(1, 1, e, True, parts, design, limits, dram, reads, room)
    alone = lead + region_steps(steps, nr, full, last, cols, design)
    return max(0, waited, loads + answer - alone)


@inlined
def _of_folds(
    parts: Parts, design: Design, limits: Limits, dram: Dram, order: int, reads: Channel | None,
    writes: Channel | None, room: Array,
) -> int:  # fmt: skip
    """Return ``least_waits`` under os: from each fold's last pass to the next one's, in the six kinds of such pairs."""
    nr, nc = parts.nr, parts.nc
    inner, outer = (nr, nc) if order == 0 else (nc, nr)
    total = _first_fold(parts, design, limits, dram, reads, room)
    for last_outer in range(2):  # from a fold to the next of the inner loop
        times = 1 if last_outer else outer - 1
        for is_last in range(2):
            number = times * ((1 if is_last else inner - 2) if inner > 1 else 0)
            if number > 0:
                before = (0, last_outer) if order == 0 else (last_outer, 0)
                after = (is_last, last_outer) if order == 0 else (last_outer, is_last)
                total += number * _between(before, after, parts, design, limits, dram, order, reads, writes, room)
    for is_last in range(2):  # from a loop's last one to the first of the next
        number = (1 if is_last else outer - 2) if outer > 1 else 0
        if number > 0:
            first = 0 if inner > 1 else 1
            before = (1, 0) if order == 0 else (0, 1)
            after = (first, is_last) if order == 0 else (is_last, first)
            total += number * _between(before, after, parts, design, limits, dram, order, reads, writes, room)
    return total


@inlined
def _first_fold(
    parts: Parts, design: Design, limits: Limits, dram: Dram, reads: Channel | None, room: Array
) -> int:  # fmt: skip
    """Return the least waits for the loads of the first fold's passes, all from DRAM, one after the other."""
    row, col, before = int(parts.nr == 1), int(parts.nc == 1), parts.nt - 1
    last = least_load(0, row, 1, True, parts, design, limits, dram, reads, room)
    last += least_load(1, col, 1, True, parts, design, limits, dram, reads, room)
    if before == 0:
        return last + limits.buffer_read_cycles
    first = least_load(0, row, 0, True, parts, design, limits, dram, reads, room)
    first += least_load(1, col, 0, True, parts, design, limits, dram, reads, room)
    return max(first, before * (first - parts.chunk) + last) + limits.buffer_read_cycles


@inlined
def _between(
    before: tuple[int, int], after: tuple[int, int], parts: Parts, design: Design, limits: Limits, dram: Dram,
    order: int, reads: Channel | None, writes: Channel | None, room: Array,
) -> int:  # fmt: skip
    """Return the least waits between the last passes of two folds; each the last of rows and of columns or not."""
    (a, b), (row, col), nt, steps = before, after, parts.nt, parts.last_steps
    rows = parts.last_rows if a and design.edge_aware else design.rows
    cols = parts.last_cols if b and design.edge_aware else design.cols
    output, _, _ = after_pass(0, steps, rows, cols, parts.streamed, True, design)
    step = alone_step(steps, rows, cols, parts.streamed, True, 0, design)
    alone = step + (nt - 1) * parts.chunk
    least = 0
    if limits.output_halves == 1:
        least = output + least_drain(a, b, 1, parts, design, limits, dram, writes, room)
    again_0 = always_fetched(parts, design, order, 0, limits)
    again_1 = always_fetched(parts, design, order, 1, limits)
    halves = halves_of(1 if again_1 else 0, design, limits)
    if (again_0 or again_1) and 0 < halves <= nt:
        full_0 = least_load(0, row, 0, False, parts, design, limits, dram, reads, room) if again_0 else 0
        last_0 = least_load(0, row, 1, False, parts, design, limits, dram, reads, room) if again_0 else 0
        full_1 = least_load(1, col, 0, False, parts, design, limits, dram, reads, room) if again_1 else 0
        last_1 = least_load(1, col, 1, False, parts, design, limits, dram, reads, room) if again_1 else 0
        answer, unit, rest = limits.buffer_read_cycles, full_0 + full_1, last_0 + last_1
        # the first of these loads waits for its half; what is loaded before it in its pass does not
        loads = (nt - halves) * unit + rest - (0 if not again_1 else (full_0 if nt > halves else last_0))
        least = max(least, steps + loads + answer)
        if nt > halves:  # the same from the first pass of the next fold on
            loads = (nt - 1 - halves) * unit + rest - (0 if not again_1 else (full_0 if nt - 1 > halves else last_0))
            least = max(least, step + parts.chunk + loads + answer)
    return max(0, least - alone)
