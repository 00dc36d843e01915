"""Stretches of a schedule that repeat: a step that only moves the clocks stands for all that follow like it.

Passes of one region, regions of one loop and rows of regions are steps. All but the first and the last of a loop have
units of the same sizes, from the same places. Every clock that such a step makes is a maximum of clocks that it found,
each plus a length, so what it finds a moment later it leaves that moment later. A step that leaves all clocks that it
reads the same moment later than it found them has a successor that does the same, and so on to the last but one.
The rest of the stretch is then a product. Two halves of a memory take turns: two steps may be a period, too.

Not so where a channel issues commands: its banks and its refresh have a clock of their own.
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.fetch import Memory
from pivotsim.kernels.memory.stalls import END, Flight
from pivotsim.kernels.memory.tiles import Array, Ints

# What a step finds and leaves, in the order of `schedule`'s tuple: halves in use, clocks, counts.
(
    HALF_0, FREE_00, FREE_01, HALF_1, FREE_10, FREE_11, DRAINED, DRAINED_BEFORE, CHANNEL, LOAD_FROM, STREAM_FROM,
    LAST_OUTPUT, IDLE, WAITED, COUNT, LOADED, REGION,
) = range(17)  # fmt: skip
STATE_FIELDS = 17
KEPT = 3  # states: of a step, of the one before and of the one before that
MOST_PERIOD = 2
MOST_RUN = 4  # loops this short are run step by step


@inlined
def state_of(
    memory_0: Memory, memory_1: Memory, drained: Flight, drained_before: Flight, clocks: Ints, counts: Ints
) -> Ints:
    """Return a state; ``clocks`` and ``counts`` in the order above."""
    return (
        memory_0[0], memory_0[1], memory_0[2], memory_1[0], memory_1[1], memory_1[2], drained[END], drained_before[END],
        clocks[0], clocks[1], clocks[2], clocks[3], counts[0], counts[1], counts[2], counts[3], counts[4],
    )  # fmt: skip


@inlined
def restored(states: Array, step: int) -> tuple[Memory, Memory, Flight, Flight, Ints, Ints]:
    """Return what ``state_of`` was made of; of drains their ends alone are known."""
    row = step % KEPT
    return (
        (states[row, 0], states[row, 1], states[row, 2]),
        (states[row, 3], states[row, 4], states[row, 5]),
        (0, 0, states[row, DRAINED]),
        (0, 0, states[row, DRAINED_BEFORE]),
        (states[row, CHANNEL], states[row, LOAD_FROM], states[row, STREAM_FROM], states[row, LAST_OUTPUT]),
        (states[row, IDLE], states[row, WAITED], states[row, COUNT], states[row, LOADED], states[row, REGION]),
    )


@inlined
def is_periodic(states: Array, now: int, before: int, drains: int) -> bool:
    """Tell whether all clocks that steps read moved by the same amount from one state to another.

    ``drains``: clocks of drains that they read, 0 to 2, the last one first. A half that was not filled in between is
    not read either, and keeps its clock. Nobody reads LAST_OUTPUT: it must not run ahead but may lag, since the last
    step, which is run, has a later one.
    """
    moved = states[now, STREAM_FROM] - states[before, STREAM_FROM]  # and LOAD_FROM: both follow from the last pass
    loading = moved if states[now, LOADED] > states[before, LOADED] else 0
    if states[now, CHANNEL] - states[before, CHANNEL] != loading:
        return False
    if states[now, HALF_0] != states[before, HALF_0] or states[now, HALF_1] != states[before, HALF_1]:
        return False
    if states[now, LAST_OUTPUT] - states[before, LAST_OUTPUT] > moved:
        return False
    for field in range(drains):
        if states[now, DRAINED + field] - states[before, DRAINED + field] != moved:
            return False
    for field in (FREE_00, FREE_01, FREE_10, FREE_11):
        freed = states[now, field] - states[before, field]
        if freed != 0 and freed != moved:
            return False
    return True


@inlined
def skip(states: Array, step: int, steps: int, state: Ints, drains: int) -> int:
    """Note the state after a step and return the last step of the stretch that it begins, or itself.

    ``states`` (3, 17) keeps the states after the last steps of a loop of ``steps``; the row of the step returned holds
    the state after it.
    """
    now = step % KEPT
    for field, value in enumerate(state):
        states[now, field] = value
    left = steps - 2 - step
    if left > 0:
        for period in range(1, MOST_PERIOD + 1):
            before = (step - period) % KEPT
            if period <= min(step, left) and is_periodic(states, now, before, drains):
                periods = left // period
                last = step + periods * period
                for field in range(STATE_FIELDS):
                    moved = states[now, field] - states[before, field]
                    states[last % KEPT, field] = states[now, field] + periods * moved
                return last
    return step


@inlined
def advanced(
    states: Array, step: int, steps: int, drains: int, memory_0: Memory, memory_1: Memory, drained: Flight,
    drained_before: Flight, clocks: Ints, counts: Ints,
) -> tuple[int, Memory, Memory, Flight, Flight, Ints, Ints]:  # fmt: skip
    """Return the last step of the stretch that a step begins, and the state after it."""
    last = skip(states, step, steps, state_of(memory_0, memory_1, drained, drained_before, clocks, counts), drains)
    if last == step:
        return step, memory_0, memory_1, drained, drained_before, clocks, counts
    memory_0, memory_1, drained, drained_before, clocks, counts = restored(states, last)
    return last, memory_0, memory_1, drained, drained_before, clocks, counts
