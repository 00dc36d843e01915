"""Waits under os that no schedule avoids: of the array for drains and loads, and of the load channel for the array.

They stand between two passes that claim the output memory, and between those before them, since a fold's last chunk is
often a short one. The array's add up as those of regions do (region_waits.py). All loads up to a pass follow each
other, with the bias' after the first fold's: those of the first two folds, and those of all steps of the outer loop but
the last, whose folds may be small ones.

The load channel waits for a pass of a fold that could not begin before the fold before was out of the array. With s its
step from that fold's last pass, and e the end of that pass's loads, pass k of the fold is read by

    e + s + (k + 1) chunks

and the load that goes to its half begins no sooner, though only those of the passes before it came since e. It is of
the same fold, or of the next one's first pass.

Of chunks that cut a GEMM into as many pieces larger ones have a shorter last one. Waits for units of whole chunks, and
for passes of whole chunks, are no fewer with them: what is said to grow here.
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.array_passes import after_pass
from pivotsim.kernels.memory.bounds.single import alone_step, least_drain, least_load
from pivotsim.kernels.memory.records import NEVER
from pivotsim.kernels.memory.tiles import Parts, always_fetched, halves_of
from pivotsim.kernels.memory.transfers import LENGTHS
from pivotsim.kernels.types import Array, Design, Limits

# From a fold to the next: within each step of the outer loop but the last, and to its last fold; to the next such step,
# and to the last one; within that, and to its last fold.
WITHIN, TO_LAST, TO_NEXT_STEP, TO_LAST_STEP, WITHIN_LAST_STEP, TO_VERY_LAST = range(6)
KINDS = 6


@inlined
def fold_waits(
    parts: Parts, design: Design, limits: Limits, order: int, bias: int, most: tuple[int, int], room: Array
) -> tuple[int, int, int]:  # fmt: skip
    """Return ``least_waits`` under os: from a fold to the next one, in the six kinds of such pairs.

    The array's are between the last passes of folds or those before them, whichever way more is waited.
    """
    inner, outer = (parts.nr, parts.nc) if order == 0 else (parts.nc, parts.nr)
    of_last, of_other, late, grows = _first_fold(parts, limits, room)
    of_loads, to_last, answer, is_first = 0, 0, limits.buffer_read_cycles, True
    for kind in range(KINDS):
        is_outer = kind in (TO_NEXT_STEP, TO_LAST_STEP)
        last_outer, is_last = int(kind >= TO_LAST_STEP), int(kind in (TO_LAST, TO_VERY_LAST))
        if is_outer:
            number = min(1, outer - 1) if last_outer else outer - 2
            before, after = (1, 0), (int(inner == 1), last_outer)  # an inner loop of one fold begins with its last
        else:
            number = (1 if last_outer else outer - 1) * (min(1, inner - 1) if is_last else inner - 2)
            before, after = (0, last_outer), (is_last, last_outer)
        if kind == TO_LAST_STEP:
            of_last = max(of_last, late + answer)
        if number <= 0:
            continue
        if order == 1:
            before, after = (before[1], before[0]), (after[1], after[0])
        new = 1 - order if is_outer else -1  # the slot whose units change with the outer loop
        last, other, late_last, late_other, grown = _between(before, after, new, parts, design, limits, order, room)
        if is_first:  # the first of all pairs is one of the first kind that there is: the bias comes within it
            late += bias
            of_last = max(of_last, late + late_last - last)
            of_other = max(of_other, late + late_other - other)
        # where a pass has no load, it follows none
        late = -NEVER if late_last == -NEVER else late + number * (late_last - answer)
        of_last, of_other, grows = of_last + number * last, of_other + number * other, grows + number * grown
        idle = _of_channel(before, after, parts, design, limits, room)
        of_loads += number * idle - min(idle, bias)
        if is_outer and inner > 2:  # or from the fold before the inner loop's last on, for both at once
            of_loads += number * max(0, _over_two(before, after, parts, design, limits, room) - to_last - idle)
        elif is_last and not last_outer:
            to_last = idle
        if max(of_last, of_other) > most[0] or of_loads > most[1]:
            break
        bias, is_first = 0, False
    return max(of_last, of_other), of_loads, grows


@inlined
def _first_fold(parts: Parts, limits: Limits, room: Array) -> tuple[int, int, int, int]:
    """Return the least waits until the first fold's last pass and the one before, for loads that all come from DRAM.

    The third value is how much longer all its loads take than its passes before the last; the fourth is the waits that
    grow with the chunk.
    """
    row, col, before, answer = int(parts.nr == 1), int(parts.nc == 1), parts.nt - 1, limits.buffer_read_cycles
    last = least_load(0, row, 1, True, room)
    last += least_load(1, col, 1, True, room)
    if before == 0:
        return last + answer, 0, last, 0
    first = least_load(0, row, 0, True, room)
    first += least_load(1, col, 0, True, room)
    ahead = first - parts.chunk
    of_last, of_other = max(first, before * ahead + last), first + max(0, (before - 1) * ahead)
    return of_last + answer, of_other + answer, before * ahead + last, first + answer


@inlined
def _between(
    before: tuple[int, int], after: tuple[int, int], new: int, parts: Parts, design: Design, limits: Limits,
    order: int, room: Array,
) -> tuple[int, int, int, int, int]:  # fmt: skip
    """Return the least waits between the last passes of two folds, and between those before them.

    Each fold is the last of rows and of columns or not, and all units of slot ``new`` are new to the second. A load
    waits for the half that was read ``halves`` passes ago, and all loads after it for that one. The next two are how
    much longer than without waits the second fold's loads take until the same passes, if they come one by one; the
    fifth is the waits between passes before the last that grow with the chunk.
    """
    (a, b), (row, col), nt, steps = before, after, parts.nt, parts.last_steps
    rows = parts.last_rows if a and design.edge_aware else design.rows
    cols = parts.last_cols if b and design.edge_aware else design.cols
    output, _, _ = after_pass(0, steps, rows, cols, parts.streamed, True, design)
    step = alone_step(steps, rows, cols, parts.streamed, True, 0, design)
    alone, answer = step + (nt - 1) * parts.chunk, limits.buffer_read_cycles
    of_last = of_other = grows = 0
    if limits.output_halves == 1:
        of_last = output + least_drain(a, b, 1, parts, design, limits, room)
    again_0 = always_fetched(parts, design, order, 0, limits)
    again_1 = always_fetched(parts, design, order, 1, limits)
    is_new_0, is_new_1 = new == 0, new == 1
    full_0 = least_load(0, row, 0, is_new_0, room) if again_0 or is_new_0 else 0
    last_0 = least_load(0, row, 1, is_new_0, room) if again_0 or is_new_0 else 0
    full_1 = least_load(1, col, 0, is_new_1, room) if again_1 or is_new_1 else 0
    last_1 = least_load(1, col, 1, is_new_1, room) if again_1 or is_new_1 else 0
    rest_0 = least_load(0, a, 1, False, room) if again_0 else 0  # of the fold before
    rest_1 = least_load(1, b, 1, False, room) if again_1 else 0
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
            grows = max(grows, parts.chunk + loads + answer)
            if halves == 1:
                loads = (nt - 1) * unit + rest_0 + rest_1 - rest_earlier
            of_other = max(of_other, parts.chunk + loads + answer)
            if halves == 2:  # or the next fold's first pass waits for its loads, and the array for nothing after it
                grows = max(grows, (nt - 1) * parts.chunk + unit - full_earlier + answer)
    late_last = late_other = -NEVER  # a pass without a load waits for none
    if unit > 0 and last > 0:
        late_last = (nt - 1) * unit + last + answer - alone
        late_other = late_last - last + parts.chunk if nt > 1 else -NEVER
    of_other = max(of_other, grows)
    return max(0, of_last - alone), max(0, of_other - alone), late_last, late_other, max(0, grows - alone)


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


@inlined
def _over_two(
    before: tuple[int, int], after: tuple[int, int], parts: Parts, design: Design, limits: Limits, room: Array
) -> int:  # fmt: skip
    """Return the least waits of the load channel over two folds: of its inner loop's last, and the next loop's first.

    They are for the pass of the former that frees one of two halves for the latter's first. The fold before both is the
    last of neither dimension.
    """
    (row, col), (row_after, _), nt = before, after, parts.nt
    step = alone_step(parts.last_steps, design.rows, design.cols, parts.streamed, True, 0, design)
    begin = limits.buffer_read_cycles + step
    loads = (nt - 1) * (room[LENGTHS, 0, row, 0] + room[LENGTHS, 1, col, 0])
    loads += room[LENGTHS, 0, row, 1] + room[LENGTHS, 1, col, 1]
    waited = 0
    for slot in range(2):  # whose load waits; in its pass slot 0 comes before slot 1
        if halves_of(slot, design, limits) == 2 < nt:
            earlier = room[LENGTHS, 0, row_after, 0] if slot else 0
            waited = max(waited, begin + (nt - 1) * parts.chunk - loads - earlier)
    return waited
