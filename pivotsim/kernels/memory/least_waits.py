"""Waits that no schedule avoids: of the array for drains and loads, and of the load channel for the array.

They stand between two passes that claim the output memory; under os also between those before them, since a fold's last
chunk is often a short one. With b the first stream's start of either, w what the array alone takes from one to the
other, and a load of pass p waiting for the reads of pass p - h, h the halves of its memory:

    b' >= b + w
    b' >= b + (to the region's last output) + its drain                             a single output memory
    b' >= b + (reads of the pass that b starts) + loads of the h-th pass after it and of all up to b'

Every schedule moves a pass by at least what it moves the one before, so that what the largest of the three has over w
adds up over all regions, to the array's clocks alone. Under is and ws the loads bind the passes within a region.

Under os the load channel waits, too, for a pass of a fold that could not begin before the fold before was out of the
array. With s its step from that fold's last pass, and e the end of that pass's loads, pass k of the fold is read by

    e + s + (k + 1) chunks

and the load that goes to its half begins no sooner, though only those of the passes before it came since e.
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.array_passes import after_pass
from pivotsim.kernels.memory.tiles import Parts, always_fetched, halves_of, has_block, is_resident
from pivotsim.kernels.memory.transfers import LENGTHS, PORTS, drain_words
from pivotsim.kernels.types import Array, Design, Limits


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
def least_load(
    slot: int, a: int, b: int, is_first: bool, parts: Parts, design: Design, limits: Limits, room: Array
) -> int:  # fmt: skip
    """Return the least clocks of a unit's load; a, b: last of either dimension.

    Its first load comes from DRAM; of others it does not matter here which they are.
    """
    if not is_first and is_resident(slot, parts, design, limits):
        port: int = room[PORTS, slot, a, b] * limits.clock_divisor
        return port
    length: int = room[LENGTHS, slot, a, b]
    return length


@inlined
def least_drain(a: int, b: int, e: int, parts: Parts, design: Design, limits: Limits, room: Array) -> int:
    """Return the least clocks from a region's last output to when its half may be written again."""
    u, v = (a, b) if design.drains else (b, e)
    post = limits.post_region + limits.post_entry * drain_words(a, b, e, parts, design, limits)
    bound: int = post + room[LENGTHS, 2, u, v] + limits.buffer_read_cycles
    return bound


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
        return _of_folds(parts, design, limits, order, bias, most, room)
    return _of_regions(parts, design, limits, order, room), 0


@inlined
def _of_regions(
    parts: Parts, design: Design, limits: Limits, order: int, room: Array
) -> int:  # fmt: skip
    """Return the array's waits under is and ws: region by region, in the four kinds of them."""
    nr, nc, nt, halves, answer = parts.nr, parts.nc, parts.nt, halves_of(1, design, limits), limits.buffer_read_cycles
    full = design.rows
    last = parts.last_rows if design.edge_aware else full
    again_0 = always_fetched(parts, design, order, 0, limits)
    is_chained = halves > 0 and nr > halves and always_fetched(parts, design, order, 1, limits)
    total = _first_region(parts, design, limits, room, is_chained)
    for b in range(2):
        cols = parts.last_cols if b and design.edge_aware else design.cols
        for e in range(2):
            number = (1 if b else nc - 1) * (1 if e else nt - 1)
            if number == 0:
                continue
            steps = parts.last_steps if e else parts.chunk
            if is_chained:
                alone = region_steps(steps, nr, full, last, cols, design)
                loads = least_load(1, 1, e, False, parts, design, limits, room)
                loads += (nr - 1 - halves) * least_load(1, 0, e, False, parts, design, limits, room)
                if again_0 and nr - 1 > halves:
                    loads += least_load(0, 1, b, False, parts, design, limits, room)
                    loads += (nr - 2 - halves) * least_load(0, 0, b, False, parts, design, limits, room)
                total += number * max(0, steps + loads + answer - alone)
            if limits.output_halves == 1:
                drained = least_drain(0, b, e, parts, design, limits, room)
                output, _, _ = after_pass(0, steps, last, cols, full, True, design)
                alone = alone_step(steps, last, cols, full, True, full if nr > 1 else last, design)
                total += (number - (b & e)) * max(0, output + drained - alone)
    return total


@inlined
def _first_region(
    parts: Parts, design: Design, limits: Limits, room: Array, is_chained: bool
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
    tile = least_load(0, one, b, True, parts, design, limits, room)
    stream = least_load(1, one, e, True, parts, design, limits, room)
    waited = max(tile, tile + stream - lead) + answer
    if nr == 1 or is_chained:
        return max(0, waited)
    loads = (nr - 1) * (tile + stream) + least_load(0, 1, b, True, parts, design, limits, room)
    loads += least_load(1, 1, e, True, parts, design, limits, room)
    alone = lead + region_steps(steps, nr, full, last, cols, design)
    return max(0, waited, loads + answer - alone)


@inlined
def _of_folds(
    parts: Parts, design: Design, limits: Limits, order: int, bias: int, most: tuple[int, int], room: Array
) -> tuple[int, int]:  # fmt: skip
    """Return ``least_waits`` under os: from a fold to the next one, in the six kinds of such pairs.

    The array's are between the last passes of folds or those before them, whichever way more is waited.
    """
    nr, nc = parts.nr, parts.nc
    inner, outer = (nr, nc) if order == 0 else (nc, nr)
    of_last, of_other = _first_fold(parts, design, limits, room)
    of_loads = 0
    for is_outer in range(2):  # from a fold to the next of the inner loop; from its last one to the next loop's first
        for last_outer in range(1 if is_outer else 2):
            times = 1 if is_outer or last_outer else outer - 1
            for is_last in range(2):
                number = (1 if is_last else outer - 2) if outer > 1 else 0
                first = 0 if inner > 1 else 1  # an inner loop of one fold begins with its last
                before, after = (1, 0), (first, is_last)
                if not is_outer:
                    number = times * ((1 if is_last else inner - 2) if inner > 1 else 0)
                    before, after = (0, last_outer), (is_last, last_outer)
                if number > 0:
                    if order == 1:
                        before, after = (before[1], before[0]), (after[1], after[0])
                    new = -1 if not is_outer else 1 - order  # the slot whose units change with the outer loop
                    last, other = _between(before, after, new, parts, design, limits, order, room)
                    of_last, of_other = of_last + number * last, of_other + number * other
                    idle = _of_channel(before, after, parts, design, limits, room)
                    of_loads += number * idle - min(idle, bias)
                    if max(of_last, of_other) > most[0] or of_loads > most[1]:
                        return max(of_last, of_other), of_loads
                    bias = 0  # the first of all pairs is one of the first kind that there is: the bias comes within it
    return max(of_last, of_other), of_loads


@inlined
def _first_fold(parts: Parts, design: Design, limits: Limits, room: Array) -> tuple[int, int]:
    """Return the least waits until the first fold's last pass and the one before, for loads that all come from DRAM."""
    row, col, before = int(parts.nr == 1), int(parts.nc == 1), parts.nt - 1
    last = least_load(0, row, 1, True, parts, design, limits, room)
    last += least_load(1, col, 1, True, parts, design, limits, room)
    if before == 0:
        return last + limits.buffer_read_cycles, 0
    first = least_load(0, row, 0, True, parts, design, limits, room)
    first += least_load(1, col, 0, True, parts, design, limits, room)
    ahead = first - parts.chunk
    of_last, of_other = max(first, before * ahead + last), first + max(0, (before - 1) * ahead)
    return of_last + limits.buffer_read_cycles, of_other + limits.buffer_read_cycles


@inlined
def _between(
    before: tuple[int, int], after: tuple[int, int], new: int, parts: Parts, design: Design, limits: Limits,
    order: int, room: Array,
) -> tuple[int, int]:  # fmt: skip
    """Return the least waits between the last passes of two folds, and between those before them.

    Each fold is the last of rows and of columns or not, and all units of slot ``new`` are new to the second. A load
    waits for the half that was read ``halves`` passes ago, and all loads after it for that one.
    """
    (a, b), (row, col), nt, steps = before, after, parts.nt, parts.last_steps
    rows = parts.last_rows if a and design.edge_aware else design.rows
    cols = parts.last_cols if b and design.edge_aware else design.cols
    output, _, _ = after_pass(0, steps, rows, cols, parts.streamed, True, design)
    step = alone_step(steps, rows, cols, parts.streamed, True, 0, design)
    alone, answer = step + (nt - 1) * parts.chunk, limits.buffer_read_cycles
    of_last = of_other = 0
    if limits.output_halves == 1:
        of_last = output + least_drain(a, b, 1, parts, design, limits, room)
    again_0 = always_fetched(parts, design, order, 0, limits)
    again_1 = always_fetched(parts, design, order, 1, limits)
    is_new_0, is_new_1 = new == 0, new == 1
    full_0 = least_load(0, row, 0, is_new_0, parts, design, limits, room) if again_0 or is_new_0 else 0
    last_0 = least_load(0, row, 1, is_new_0, parts, design, limits, room) if again_0 or is_new_0 else 0
    full_1 = least_load(1, col, 0, is_new_1, parts, design, limits, room) if again_1 or is_new_1 else 0
    last_1 = least_load(1, col, 1, is_new_1, parts, design, limits, room) if again_1 or is_new_1 else 0
    rest_0 = least_load(0, a, 1, False, parts, design, limits, room) if again_0 else 0  # of the fold before
    rest_1 = least_load(1, b, 1, False, parts, design, limits, room) if again_1 else 0
    unit, last = full_0 + full_1, last_0 + last_1
    for slot in range(2):  # whose load waits; in its pass slot 0 is loaded before slot 1, which waits no longer for it
        halves, is_again = halves_of(slot, design, limits), again_1 if slot else again_0
        if not (is_again or slot == new) or halves == 0 or halves > nt:
            continue
        full_earlier, last_earlier, rest_earlier = (full_0, last_0, rest_0) if slot else (0, 0, 0)
        loads = (nt - halves) * unit + last - (full_earlier if nt > halves else last_earlier)
        of_last = max(of_last, steps + loads + answer)
        if nt > halves:  # the same from the first pass of the next fold on
            loads = (nt - 1 - halves) * unit + last - (full_earlier if nt - 1 > halves else last_earlier)
            of_last = max(of_last, step + parts.chunk + loads + answer)
        if nt - 1 > halves:
            loads = (nt - 1 - halves) * unit - full_earlier
            of_other = max(of_other, step + 2 * parts.chunk + loads + answer)
        if nt > 1:
            loads = (nt - 1) * unit - full_earlier
            if halves == 1:
                loads = (nt - 1) * unit + rest_0 + rest_1 - rest_earlier
            of_other = max(of_other, parts.chunk + loads + answer)
            if halves == 2:  # or the next fold's first pass waits for its loads, and the array for nothing after it
                of_other = max(of_other, (nt - 1) * parts.chunk + unit - full_earlier + answer)
    return max(0, of_last - alone), max(0, of_other - alone)


@inlined
def _of_channel(
    before: tuple[int, int], after: tuple[int, int], parts: Parts, design: Design, limits: Limits, room: Array
) -> int:  # fmt: skip
    """Return the least waits of the load channel from a fold's last load to the next fold's.

    They are for the first pass that frees a half, or for the last one that frees one for this fold.
    """
    (a, b), (row, col), nt = before, after, parts.nt
    rows = parts.last_rows if a and design.edge_aware else design.rows
    cols = parts.last_cols if b and design.edge_aware else design.cols
    begin = limits.buffer_read_cycles + alone_step(parts.last_steps, rows, cols, parts.streamed, True, 0, design)
    full_0, unit = room[LENGTHS, 0, row, 0], room[LENGTHS, 0, row, 0] + room[LENGTHS, 1, col, 0]
    waited = 0
    for slot in range(2):  # whose load waits; in its pass slot 0 comes before slot 1
        halves = halves_of(slot, design, limits)
        if 0 < halves < nt:
            earlier = full_0 if slot else 0
            waited = max(waited, begin + parts.chunk - halves * unit - earlier)
            waited = max(waited, begin + (nt - halves) * parts.chunk - (nt - 1) * unit - earlier)
    return waited
