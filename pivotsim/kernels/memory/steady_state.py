"""Stretches of a schedule that repeat: a step that only moves the clocks stands for all that follow like it.

Passes of one region, regions of one loop and rows of regions are steps. All but the first and the last of a loop have
units of the same sizes, from the same places. Every clock that such a step makes is a maximum of clocks that it found,
each plus a length, so what it finds a moment later it leaves that moment later. A step that leaves all clocks that it
reads the same moment later than it found them has a successor that does the same, and so on to the last but one.
The rest of the stretch is then a product. Two halves of a memory take turns: two steps may be a period, too.

Not so where a channel issues commands: its banks and its refresh have a clock of their own.
"""

from pivotsim.kernels._jit import inlined, part
from pivotsim.kernels.memory.fetch import Loading, Memory
from pivotsim.kernels.memory.stalls import Flight
from pivotsim.kernels.types import Array

# What a step finds and leaves, the columns of an array of states: halves in use, clocks, counts.
(
    HALF_0, FREE_00, FREE_01, HALF_1, FREE_10, FREE_11, CHANNEL, IDLE, LOADED, DRAINED, DRAINED_BEFORE, LOAD_FROM,
    STREAM_FROM, LAST_OUTPUT, WAITED, COUNT, REGION,
) = range(17)  # fmt: skip
QUEUE = 17  # on from here: the last request, and the ends of the last loads, where several may be in flight
MAX_READS = 16
STATE_FIELDS = QUEUE + 1 + MAX_READS
KEPT = 3  # states: of a step, of the one before and of the one before that
STATES_SHAPE = (3, KEPT + 1, STATE_FIELDS)  # of each loop; the first one's last row is that of the loads in flight
PASS_LOOP, REGION_LOOP, OUTER_LOOP = range(3)  # whose states are kept
MOST_PERIOD = 2
MOST_RUN = 4  # loops this short are run step by step


@inlined
def is_periodic(states: Array, now: int, before: int, drains: int, queued: int) -> bool:
    """Tell whether all clocks that steps read moved by the same amount from one state to another.

    ``drains``: clocks of drains that they read, 0 to 2, the last one first; ``queued``: of loads in flight. A half that
    was not filled in between is not read either, and keeps its clock. Nobody reads LAST_OUTPUT: it must not run ahead
    but may lag, since the last step, which is run, has a later one.
    """
    moved = states[now, STREAM_FROM] - states[before, STREAM_FROM]  # and LOAD_FROM: both follow from the last pass
    loading = moved if states[now, LOADED] > states[before, LOADED] else 0
    if states[now, CHANNEL] - states[before, CHANNEL] != loading:
        return False
    if states[now, HALF_0] != states[before, HALF_0] or states[now, HALF_1] != states[before, HALF_1]:
        return False
    if states[now, LAST_OUTPUT] - states[before, LAST_OUTPUT] > moved:
        return False
    for field in range(QUEUE, QUEUE + queued):
        if states[now, field] - states[before, field] != loading:
            return False
    for field in range(drains):
        if states[now, DRAINED + field] - states[before, DRAINED + field] != moved:
            return False
    for field in (FREE_00, FREE_01, FREE_10, FREE_11):
        freed = states[now, field] - states[before, field]
        if freed != 0 and freed != moved:
            return False
    return True


@part
def skip(states: Array, queue: Array, queued: int, step: int, steps: int, drains: int, divisor: int) -> int:
    """Return the last step of the stretch that a step begins, or itself.

    Transfers start with a clock of the memories: what moved is a whole number of those, ``divisor`` array clocks each.

    ``states`` (KEPT + 1, STATE_FIELDS) keeps the states after the last steps of a loop of ``steps``; the row of the
    step returned holds the state after it. The first ``queued`` of ``queue``, of loads in flight, become those of then.
    """
    now, left = step % KEPT, steps - 2 - step
    for place in range(queued):
        states[now, QUEUE + place] = queue[place]
    if left > 0:
        for period in range(1, MOST_PERIOD + 1):
            before = (step - period) % KEPT
            moved = states[now, STREAM_FROM] - states[before, STREAM_FROM]
            is_whole = divisor == 1 or moved % divisor == 0
            if period <= min(step, left) and is_whole and is_periodic(states, now, before, drains, queued):
                periods = left // period
                last = step + periods * period
                for field in range(STATE_FIELDS):
                    moved = states[now, field] - states[before, field]
                    states[last % KEPT, field] = states[now, field] + periods * moved
                for place in range(queued):
                    queue[place] = states[last % KEPT, QUEUE + place]
                return last
    return step


@inlined
def advanced(
    states: Array, queue: Array, queued: int, step: int, steps: int, drains: int, divisor: int, memory_0: Memory,
    memory_1: Memory, loading: Loading, drained: Flight, drained_before: Flight, clocks: tuple[int, int, int],
    counts: tuple[int, int, int],
) -> tuple[int, Memory, Memory, Loading, Flight, Flight, tuple[int, int, int], tuple[int, int, int]]:  # fmt: skip
    """Return the last step of the stretch that a step begins, and the state after it; of drains their ends alone.

    ``clocks`` are those of the next load, the next stream and the last output, ``counts`` waits, passes and regions.
    ``queue`` and ``queued`` as in ``skip``.
    """
    if step > steps - 3:  # the last step is run, and so is the one before it: no later one asks for its state
        return step, memory_0, memory_1, loading, drained, drained_before, clocks, counts
    row = states[step % KEPT]
    row[HALF_0], row[FREE_00], row[FREE_01] = memory_0.half, memory_0.free_0, memory_0.free_1
    row[HALF_1], row[FREE_10], row[FREE_11] = memory_1.half, memory_1.free_0, memory_1.free_1
    row[CHANNEL], row[IDLE], row[LOADED] = loading.channel, loading.idle, loading.loads
    row[DRAINED], row[DRAINED_BEFORE] = drained.end, drained_before.end
    row[LOAD_FROM], row[STREAM_FROM], row[LAST_OUTPUT] = clocks
    row[WAITED], row[COUNT], row[REGION] = counts
    last = skip(states, queue, queued, step, steps, drains, divisor)
    if last == step:
        return step, memory_0, memory_1, loading, drained, drained_before, clocks, counts
    row = states[last % KEPT]
    return (
        last,
        Memory(row[HALF_0], memory_0.unit_0, memory_0.unit_1, row[FREE_00], row[FREE_01]),
        Memory(row[HALF_1], memory_1.unit_0, memory_1.unit_1, row[FREE_10], row[FREE_11]),
        Loading(row[CHANNEL], row[IDLE], row[LOADED]),
        Flight(0, 0, row[DRAINED]),
        Flight(0, 0, row[DRAINED_BEFORE]),
        (row[LOAD_FROM], row[STREAM_FROM], row[LAST_OUTPUT]),
        (row[WAITED], row[COUNT], row[REGION]),
    )
