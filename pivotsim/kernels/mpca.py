"""Clocks of block columns on the lanes of a compute array, many masks at once (API twin: engines/mpca/lanes.py).

A column of n kept blocks costs n * block_cycles + header_cycles, an empty one nothing. The makespan is the clock in
which the last lane is done. Four ways to hand out columns:

    lockstep   `lanes` columns together; the next ones start when the slowest is done
    rr         column j to lane j mod lanes
    greedy     in order, each to the lane with the least load; ties to the lower lane
    lpt        the same with the longest first; columns of one length cost the same, so their order means nothing
"""

from typing import TypeAlias

import numpy as np

from pivotsim.kernels._jit import inlined, kernel

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
LOCKSTEP, RR, GREEDY, LPT = 0, 1, 2, 3  # engines/mpca/lanes.py maps names to them


@inlined
def _least_loaded(loads: Array) -> int:
    lane = 0
    for other in range(1, len(loads)):
        if loads[other] < loads[lane]:
            lane = other
    return lane


@inlined
def _in_lockstep(costs: Array, lane_of: Array, loads: Array) -> int:
    """Return the makespan with a barrier after every round of columns."""
    total = slowest = 0
    for j in range(len(costs)):
        lane = lane_of[j] = j % len(loads)
        loads[lane] += costs[j]
        if lane == 0:
            total, slowest = total + slowest, 0
        slowest = max(slowest, costs[j])
    return total + slowest


@inlined
def _longest_first(costs: Array) -> None:
    """Sort in place, descending (Shell's sort: short rows as fast as by insertion, long ones not quadratic)."""
    gap = len(costs)
    while gap > 1:
        gap = max(1, gap * 5 // 11)
        for j in range(gap, len(costs)):
            cost, place = costs[j], j
            while place >= gap and costs[place - gap] < cost:
                costs[place] = costs[place - gap]
                place -= gap
            costs[place] = cost


@kernel("void(int64[:, ::1], int64, int64, int64, int64[::1], int64[::1], int64[::1], int64[::1])")
def lane_makespans(
    counts: Array,
    policy: int,
    block_cycles: int,
    header_cycles: int,
    costs: Array,
    lane_of: Array,
    loads: Array,
    out: Array,
) -> None:
    """Write the makespan of each row of ``counts`` (S, J), kept blocks by block column, to ``out`` (S,).

    ``costs`` (J,) is working space. Of the last row stay ``loads`` (lanes,), the lanes' clocks, and ``lane_of`` (J,),
    the lane of each column in the order in which they are handed out: the columns' own, lpt the longest first.
    """
    for s in range(counts.shape[0]):
        for j in range(counts.shape[1]):
            blocks = counts[s, j]
            costs[j] = blocks * block_cycles + header_cycles if blocks else 0
        loads[:] = 0
        if policy == LOCKSTEP:
            out[s] = _in_lockstep(costs, lane_of, loads)
            continue
        if policy == LPT:
            _longest_first(costs)
        longest = 0
        for j in range(len(costs)):
            lane = lane_of[j] = j % len(loads) if policy == RR else _least_loaded(loads)
            loads[lane] += costs[j]
            longest = max(longest, loads[lane])
        out[s] = longest
