"""The loop order and the chunk with the fewest clocks, and the run of the winner.

API twin: engines/memory/schedule.py.

Exact: a candidate is left out only where a lower bound shows that it cannot win, and the bounds are sums that every
schedule contains.

    total >= clocks of the array alone + length of the last drain       its last output comes no earlier
    total >= sum of the lengths of all loads                            one at a time

A candidate that runs is given up once the first bound plus the array's waits, or the second plus the load channel's,
passes the best total. Candidates are compared by (clocks, DRAM bytes, larger chunk, loop order named first).
"""

from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.array.closed_form import OS
from pivotsim.kernels.memory.array_passes import alone_cycles
from pivotsim.kernels.memory.records import LAST_OUTPUT, NEVER, RUN, TOTAL
from pivotsim.kernels.memory.schedule import schedule
from pivotsim.kernels.memory.tiles import (
    BIAS,
    BIAS_BYTES,
    GB_PORT,
    READ_LATENCY,
    WRITE_LATENCY,
    Array,
    Ints,
    always_fetched,
    count_bytes,
    cut,
    dram_bytes,
    fill_sizes,
    halves_of,
    is_resident,
    uses,
)
from pivotsim.kernels.memory.transfers import CHANNELS, READ, WRITE, Channels, at_rate, fill_ports, least_dram_cycles

# What `choose` writes to `chosen`.
ORDER, CHUNK, WORK, CANDIDATES, CLOCKS, TAIL_FROM = range(6)
CANDIDATE_WORK = 8  # passes that a candidate's bounds cost at most, for the budget


@inlined
def least_length(size: int, ports: int, is_dram: bool, direction: int, latency: int, dram: Ints) -> int:
    """Return the least clocks of a transfer, whenever it starts."""
    return max(ports, least_dram_cycles(size, direction, dram)) + latency if is_dram else ports


@inlined
def loads_and_last_drain(
    gemm: Ints, design: Ints, limits: Ints, dram: Ints, order: int, chunk: int, sizes: Array, ports: Array
) -> tuple[int, int]:
    """Return (least clocks of all loads together, least clocks of the last drain).

    The first fetch of each unit comes from DRAM; later ones too, unless the global buffer keeps the operand.
    ``sizes`` and ``ports`` (3, 2, 2) are room to work in.
    """
    parts, dataflow, latency = cut(gemm, design, chunk), design[2], limits[READ_LATENCY]
    fill_sizes(parts, design, chunk, limits, sizes)
    fill_ports(parts, design, chunk, limits, sizes, ports)
    total = 0
    for slot in range(2):
        first, second = (parts[0], parts[1]) if dataflow != OS and slot == 0 else (parts[0], parts[2])
        if dataflow == OS and slot == 1:
            first = parts[1]
        halves = halves_of(slot, dataflow, limits)
        fetches = uses(parts, dataflow, slot) if always_fetched(parts, dataflow, order, slot, halves) else 1
        resident = is_resident(gemm, slot, dataflow, limits)
        for a in range(2):
            for b in range(2):
                number = (1 if a else first - 1) * (1 if b else second - 1)
                size, port = sizes[slot, a, b], ports[slot, a, b]
                length = least_length(size, port, True, READ, latency, dram)
                again = port if resident else length
                total += number * (length + (fetches - 1) * again)
    if limits[BIAS]:
        size = BIAS_BYTES * gemm[2]
        total += least_length(size, at_rate(size, limits[GB_PORT]), True, READ, latency, dram)
    return total, least_length(sizes[2, 1, 1], ports[2, 1, 1], True, WRITE, limits[WRITE_LATENCY], dram)


@kernel(
    "boolean(UniTuple(int64, 3), UniTuple(int64, 7), UniTuple(int64, 12), UniTuple(int64, 9), UniTuple(int64, 4),"
    f" int64, boolean, {CHANNELS}, int64[:, :, :, ::1], int64[:, :, ::1], int64[:, ::1], int64[::1], int64[::1])"
)
def choose(
    gemm: Ints, design: Ints, limits: Ints, dram: Ints, candidates: tuple[int, int, int, int], budget: int,
    is_pruned: bool, channels: Channels, room: Array, states: Array, none: Array, chosen: Array, result: Array,
) -> bool:  # fmt: skip
    """Find the best candidate and write what it is; False if over the budget.

    Parameters
    ----------
    gemm, design, limits, dram, channels, result
        As in ``schedule``.
    candidates : tuple of int
        (first loop order, last loop order, least chunk, most); one of each is a plain run.
    budget : int
        Passes that may be run one by one; a candidate's bounds count as CANDIDATE_WORK of them.
    is_pruned : bool
        False runs every pass of every candidate.
    room, states : int64 (4, 3, 2, 2), (3, 3, 17)
        To work in.
    none : int64 (0, 8)
        No room for intervals.
    chosen : int64 (6,)
        Loop order, chunk, passes simulated, candidates run, clocks in all and up to the last output.
    """
    first_order, last_order, least_chunk, most_chunk = candidates
    sizes, ports = room[2], room[3]
    best, best_bytes = NEVER, NEVER
    chosen[:] = 0
    for chunk in range(most_chunk, least_chunk - 1, -1):
        alone = alone_cycles(gemm, design, chunk)
        for order in range(first_order, last_order + 1):
            chosen[WORK] += CANDIDATE_WORK
            if chosen[WORK] > budget:
                return False
            from_dram = dram_bytes(gemm, design, limits, order, chunk)
            # larger chunks and orders named first came before: a tie is won by fewer bytes only
            limit = best if from_dram < best_bytes else best - 1
            loading = 0
            if is_pruned:
                if alone > limit:
                    continue
                loading, draining = loads_and_last_drain(gemm, design, limits, dram, order, chunk, sizes, ports)
                if max(alone + draining, loading) > limit:
                    continue
                floors = (alone + draining, loading, limit)
            else:
                floors = (0, 0, NEVER)
            chosen[CANDIDATES] += 1
            is_done = schedule(
                gemm, design, limits, dram, order, chunk, floors, NEVER, is_pruned, channels, room, states, none, none,
                none, result,
            )  # fmt: skip
            chosen[WORK] += result[RUN]
            if is_done and result[TOTAL] <= limit:
                best, best_bytes = result[TOTAL], from_dram
                chosen[ORDER], chosen[CHUNK], chosen[CLOCKS] = order, chunk, best
                chosen[TAIL_FROM] = result[LAST_OUTPUT]
    return True


@kernel(
    "boolean(UniTuple(int64, 3), UniTuple(int64, 7), UniTuple(int64, 12), UniTuple(int64, 9), UniTuple(int64, 4),"
    f" int64, boolean, {CHANNELS}, int64[:, :, :, ::1], int64[:, :, ::1], int64[:, ::1], int64[:, ::1],"
    " int64[:, ::1], int64[::1], int64[::1], int64[::1])"
)
def choose_and_run(
    gemm: Ints, design: Ints, limits: Ints, dram: Ints, candidates: tuple[int, int, int, int], budget: int,
    is_pruned: bool, channels: Channels, room: Array, states: Array, loads: Array, passes: Array, drains: Array,
    chosen: Array, result: Array, moved: Array,
) -> bool:  # fmt: skip
    """Find the best candidate, run it, and write its clocks, stalls and bytes; False if over the budget.

    Parameters as in ``choose``, and ``loads``, ``passes`` and ``drains`` as in ``schedule``; ``moved`` (16,) takes the
    bytes by level.
    """
    if not choose(
        gemm, design, limits, dram, candidates, budget, is_pruned, channels, room, states, passes[:0], chosen, result
    ):
        return False
    schedule(
        gemm, design, limits, dram, chosen[ORDER], chosen[CHUNK], (0, 0, NEVER), chosen[TAIL_FROM], False, channels,
        room, states, loads, passes, drains, result,
    )  # fmt: skip
    count_bytes(gemm, design, limits, chosen[ORDER], chosen[CHUNK], moved)
    return True
