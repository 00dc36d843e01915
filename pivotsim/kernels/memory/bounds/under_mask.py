"""What is known of a candidate under a mask before it runs: least clocks of passes and drains, a tie it would lose."""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.addresses import region_rows
from pivotsim.kernels.memory.array_passes import PassIndex, after_pass, loop_counts, place
from pivotsim.kernels.memory.mask_tables import Kept, last_pass, needed_steps, pass_steps, spread
from pivotsim.kernels.memory.tiles import Parts, always_fetched, packed
from pivotsim.kernels.memory.transfers import WRITE, bandwidth_cycles, drain_ports, drain_words
from pivotsim.kernels.slices import slices_across
from pivotsim.kernels.types import CHAINED, NONE, PIPELINED, PRELOAD, SETTLED, Design, Dram, Limits, Shape, Tables


@inlined
def least_kept_cycles(parts: Parts, design: Design, limit: int, tables: Tables, shape: Shape) -> int:
    """Return clocks that ``kept_cycles`` reaches or exceeds in either loop order; given up beyond a limit.

    Where operands are loaded before a fold, a kept pass takes its steps, whose sum no chunk changes, and what lies
    between two streams: under `none` and `preload` the way out of the array, under `none` and `chained` a tile's load.
    Only what depends on the column tile is looked at column by column.
    """
    overlap, nc = design.fold_overlap, parts.nc
    if design.drains or overlap in (PIPELINED, SETTLED):
        return 0
    full_cols, full_rows = slices_across(design.cols, design.mac_packing), design.rows
    last_cols = slices_across(parts.last_cols, design.mac_packing) if design.edge_aware else full_cols
    last_rows = parts.last_rows if design.edge_aware else full_rows
    fixed = -1 if overlap == CHAINED else design.rows - 3 + design.mac_latency
    apart_by_columns = shape.list_j != 0
    times = 1 if apart_by_columns else nc
    clocks = 0
    for i in range(parts.nr):
        for j in range(nc if apart_by_columns else 1):
            clocks += times * needed_steps(i, j, 0, parts.streamed, tables, shape)
    for i in range(parts.nr):
        for j in range(nc if apart_by_columns else 1):
            own = times * fixed
            if overlap != PRELOAD:
                own += times * (last_rows if i == parts.nr - 1 else full_rows)
            if overlap != CHAINED:
                own += (times - 1) * full_cols + (last_cols if j + times == nc else full_cols)
            for t in range(parts.nt):
                if pass_steps(PassIndex(i, j, t), parts, tables, shape) > 0:
                    clocks += own
                    if clocks > limit:
                        return clocks
    return clocks


@inlined
def kept_cycles(parts: Parts, design: Design, order: int, limit: int, tables: Tables, shape: Shape) -> int:
    """Return the clock of the last kept pass's last output without memories; given up beyond a limit."""
    tiled = not design.drains
    n_x, n_y, n_z = loop_counts(tiled, order, parts.nr, parts.nc, parts.nt)
    output = load_from = stream_from = rows_before = 0
    for x in range(n_x):
        for y in range(n_y):
            last = last_pass(tiled, order, x, y, n_z, parts, tables, shape)
            if last >= 0:
                first = place(tiled, order, x, y, 0)
                stream_from += spread(first, rows_before, parts.streamed, design, tables, shape)
            for z in range(last + 1):
                at = place(tiled, order, x, y, z)
                steps = pass_steps(at, parts, tables, shape)
                if steps == 0:
                    continue
                rows = parts.last_rows if at.i == parts.nr - 1 and design.edge_aware else design.rows
                cols = parts.last_cols if at.j == parts.nc - 1 and design.edge_aware else design.cols
                begin = max(stream_from, load_from + (rows if tiled else 0))
                output, load_from, stream_from = after_pass(begin, steps, rows, cols, rows, z == last, design)
                rows_before = rows
            if output > limit:
                return output
    return output


@inlined
def least_kept_drain(parts: Parts, design: Design, limits: Limits, dram: Dram, shape: Shape) -> int:
    """Return clocks from the array's last output to the end of its drain that no region undercuts: the smallest's.

    0 where the mask decides how much of a region there is.
    """
    if shape.tiled and shape.masked < 0:
        return 0
    entries = drain_words(1, 1, 1, parts, design, limits)
    size = packed(parts.last_cols * entries, limits.out_bits)
    rows = region_rows(parts.nr - 1, parts.nc - 1, parts.nt - 1, design, limits, parts)
    length = max(drain_ports(size, entries, limits), bandwidth_cycles(size, WRITE, rows, dram))
    length += limits.write_latency + limits.buffer_read_cycles
    return limits.post_region + limits.post_entry * entries + length * limits.clock_divisor


@inlined
def kept_floor(
    parts: Parts, design: Design, limits: Limits, dram: Dram, order: int, least: int, limit: int, kept: Kept
) -> int:  # fmt: skip
    """Return clocks that no schedule undercuts, of the passes in the array and of a drain.

    ``least`` is what ``least_kept_cycles`` says of the passes, below 0 where nothing limits yet. Beyond ``limit`` it is
    all that is asked for.
    """
    if least < 0:
        return 0
    drain = least_kept_drain(parts, design, limits, dram, kept.shape)
    is_exact = not design.drains and design.fold_overlap == NONE
    if is_exact or least > limit:
        return least + drain
    return kept_cycles(parts, design, order, limit, kept.tables, kept.shape) + drain


@inlined
def loads_no_less(order: int, other: int, passes: int, parts: Parts, design: Design, limits: Limits) -> bool:
    """Tell whether a loop order surely loads no fewer bytes than another one that ran ``passes`` of the same chunk.

    Where the mask leaves every pass, units come in cycles as without one.
    """
    if passes < parts.nr * parts.nc * parts.nt:
        return False
    for slot in range(2):
        is_less = not always_fetched(parts, design, order, slot, limits)
        if is_less and always_fetched(parts, design, other, slot, limits):
            return False
    return True
