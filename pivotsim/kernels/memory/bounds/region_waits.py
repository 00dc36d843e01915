"""Waits of the array under is and ws that no schedule avoids: for drains, and for loads.

They stand between the first passes of two regions. With b the first stream's start of either, w what the array alone
takes from one to the other, and a load of pass p waiting for the reads of pass p - h, h the halves of its memory:

    b' >= b + w
    b' >= b + (to the region's last output) + its drain                             a single output memory
    b' >= b + (reads of the pass that b starts) + loads of the h-th pass after it and of all up to b'

Every schedule moves a pass by at least what it moves the one before, so that what the largest of the three has over w
adds up over all regions, to the array's clocks alone. The loads bind the passes within a region.
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.array_passes import after_pass
from pivotsim.kernels.memory.bounds.single import alone_step, least_drain, least_load, region_steps
from pivotsim.kernels.memory.tiles import Parts, always_fetched, halves_of
from pivotsim.kernels.types import Array, Design, Limits


@inlined
def region_waits(
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
                loads = least_load(1, 1, e, False, room)
                loads += (nr - 1 - halves) * least_load(1, 0, e, False, room)
                if again_0 and nr - 1 > halves:
                    loads += least_load(0, 1, b, False, room)
                    loads += (nr - 2 - halves) * least_load(0, 0, b, False, room)
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
    nr, answer = parts.nr, limits.buffer_read_cycles
    b, e, one = int(parts.nc == 1), int(parts.nt == 1), int(nr == 1)
    full, cols = design.rows, parts.last_cols if b and design.edge_aware else design.cols
    last = parts.last_rows if design.edge_aware else full
    lead, steps = last if nr == 1 else full, parts.last_steps if e else parts.chunk
    tile = least_load(0, one, b, True, room)
    stream = least_load(1, one, e, True, room)
    waited = max(tile, tile + stream - lead) + answer
    if nr == 1 or is_chained:
        return max(0, waited)
    loads = (nr - 1) * (tile + stream) + least_load(0, 1, b, True, room)
    loads += least_load(1, 1, e, True, room)
    alone = lead + region_steps(steps, nr, full, last, cols, design)
    return max(0, waited, loads + answer - alone)
