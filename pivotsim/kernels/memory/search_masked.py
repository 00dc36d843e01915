"""The loop order and the chunk with the fewest clocks for a masked GEMM (API twin: engines/memory/schedule_masked.py).

Exact: a candidate is left out only where the clocks of the array alone exceed the best total, and given up once those
plus its waits do, or the end of a load or drain. Candidates are compared by (clocks, DRAM bytes, larger chunk, loop
order named first).
"""

from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.array.closed_form import OS
from pivotsim.kernels.memory.array_passes import after_pass, loop_counts, place
from pivotsim.kernels.memory.mask_tables import TABLES, Tables, pass_steps
from pivotsim.kernels.memory.records import LAST_OUTPUT, NEVER, TOTAL
from pivotsim.kernels.memory.schedule_masked import last_pass, schedule_masked, spread
from pivotsim.kernels.memory.tiles import DRAM_READ, DRAM_WRITE, Array, Ints, cut, mapped

# What `choose_masked` writes to `chosen`.
ORDER, CHUNK, WORK, CANDIDATES, TAIL_FROM = range(5)


@inlined
def alone_cycles(gemm: Ints, design: Ints, order: int, chunk: int, limit: int, tables: Tables, shape: Ints) -> int:
    """Return the clock of the last pass's last output without memories; given up beyond a limit."""
    tiled, streamed = design[2] != OS, mapped(gemm, design[2])[2]
    nr, nc, nt, last_r, last_c, _ = cut(gemm, design, chunk)
    sliced, (n_x, n_y, n_z) = (nc, chunk, streamed, nt), loop_counts(tiled, order, nr, nc, nt)
    output = load_from = stream_from = rows_before = 0
    for x in range(n_x):
        for y in range(n_y):
            last = last_pass(tiled, order, x, y, n_z, sliced, tables, shape)
            if last >= 0:
                first = place(tiled, order, x, y, 0)
                stream_from += spread(first, rows_before, streamed, design, tables, shape)
            for z in range(last + 1):
                at = place(tiled, order, x, y, z)
                steps = pass_steps(at, sliced, tables, shape)
                if steps == 0:
                    continue
                rows = last_r if at[0] == nr - 1 and design[4] else design[0]
                cols = last_c if at[1] == nc - 1 and design[4] else design[1]
                begin = max(stream_from, load_from + (rows if tiled else 0))
                output, load_from, stream_from = after_pass(begin, steps, rows, cols, rows, z == last, design)
                rows_before = rows
            if output > limit:
                return output
    return output


@kernel(
    "boolean(UniTuple(int64, 3), UniTuple(int64, 7), UniTuple(int64, 12), UniTuple(int64, 9), UniTuple(int64, 7),"
    f" UniTuple(int64, 4), int64, boolean, {TABLES}, UniTuple(int64[::1], 2), int64[:, ::1], int64[::1], int64[::1],"
    " int64[::1])"
)
def choose_masked(
    gemm: Ints, design: Ints, limits: Ints, dram: Ints, shape: Ints, candidates: tuple[int, int, int, int],
    budget: int, is_pruned: bool, tables: Tables, seen: tuple[Array, Array], none: Array, chosen: Array, result: Array,
    moved: Array,
) -> bool:  # fmt: skip
    """Find the best candidate; False if over the budget.

    Parameters
    ----------
    gemm, design, limits, dram, shape, tables, seen, result, moved
        As in ``schedule_masked``; ``seen`` holds zeros at first.
    candidates : tuple of int
        (first loop order, last loop order, least chunk, most); one of each is a plain run.
    budget : int
        Passes that may be walked over, those that need nothing included.
    is_pruned : bool
        False runs every candidate to its end.
    none : int64 (0, 8)
        No room for intervals.
    chosen : int64 (5,)
        Loop order, chunk, passes walked over, candidates run, clock of the last output; a candidate's number plus 1 is
        its stamp.
    """
    first_order, last_order, least_chunk, most_chunk = candidates
    best, best_bytes, stamp = NEVER, NEVER, 0
    chosen[:] = 0
    for chunk in range(most_chunk, least_chunk - 1, -1):
        for order in range(first_order, last_order + 1):
            nr, nc, nt, _, _, _ = cut(gemm, design, chunk)
            chosen[WORK] += nr * nc * nt  # also of passes that need nothing
            if chosen[WORK] > budget:
                return False
            alone = 0
            if is_pruned and best < NEVER:
                alone = alone_cycles(gemm, design, order, chunk, best, tables, shape)
            if alone > best:
                continue
            stamp += 1
            floors = (alone, best) if is_pruned else (0, NEVER)
            is_done = schedule_masked(
                gemm, design, limits, dram, shape, order, chunk, floors, NEVER, tables, seen, stamp, none, none, none,
                none, result, moved,
            )  # fmt: skip
            from_dram = moved[DRAM_READ] + moved[DRAM_WRITE]
            if is_done and (result[TOTAL] < best or (result[TOTAL] == best and from_dram < best_bytes)):
                best, best_bytes, chosen[TAIL_FROM] = result[TOTAL], from_dram, result[LAST_OUTPUT]
                chosen[ORDER], chosen[CHUNK] = order, chunk
    chosen[CANDIDATES] = stamp
    return True
