"""Scheduler `fr_fcfs`: first ready, first come first served, with writes set aside and drained in groups.

Two queues of LOOK_AHEAD slots take reads and writes in arrival order; a request whose queue is full holds back
those behind it. Reads are served until WRITE_HIGH writes wait or no read does, writes until no more than
WRITE_LOW wait and a read does. In the queue that is served, each bank asks for the oldest request that hits its
open row; without one, for the precharge or activate that its oldest request needs. Of the commands that may be
issued first, a row hit's is issued before others, then the oldest request's. A request keeps its slot until it is
read or written. Requests are independent: a read may overtake a write to the same address.

A refresh that is due comes before everything else; as under `in_order`, it is not kept waiting by an activate for
any but the oldest request.
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.dram.commands import (
    ACT,
    BANKS,
    BURST,
    CLOCK,
    COMMANDS,
    DUE,
    GROUPS,
    LOOK_AHEAD,
    NEVER,
    OPEN_ROW,
    PRE,
    PREA,
    RD,
    READ_CLOCKS,
    SLOTS,
    T_ARRIVAL,
    T_WRITE,
    TRANSFER,
    WR,
    WRITE_CLOCKS,
    WRITE_HIGH,
    WRITE_LOW,
    advance,
    bank_of,
    earliest,
    issue,
    open_transfer,
    refresh,
    row_of,
    wait,
)
from pivotsim.kernels.types import Array

# queue, a slot: NEXT is the next younger request of the same bank and direction, or the next free slot
Q_BANK, Q_ROW, Q_TRANSFER, Q_AGE, Q_NEXT = 0, 1, 2, 3, 4
# queue, the row SLOTS + bank, for reads and, WRITES columns further on, for writes: oldest, youngest, oldest row hit
FIRST, LAST, HIT, WRITES = 0, 1, 2, 3
NONE = -1


@inlined
def find_hit(state: Array, queue: Array, slots: int, bank: int, writes: int, slot: int) -> None:
    """Note a bank's oldest row hit from ``slot`` on."""
    row = state[bank, OPEN_ROW]
    while slot != NONE and queue[slot, Q_ROW] != row:
        slot = queue[slot, Q_NEXT]
    queue[slots + bank, writes + HIT] = slot


@inlined
def remove(state: Array, queue: Array, slots: int, bank: int, writes: int) -> None:
    """Take a bank's oldest row hit out and note the next one."""
    slot = queue[slots + bank, writes + HIT]
    after = queue[slot, Q_NEXT]
    before = queue[slots + bank, writes + FIRST]
    if before == slot:
        queue[slots + bank, writes + FIRST] = after
        before = NONE
    else:
        while queue[before, Q_NEXT] != slot:
            before = queue[before, Q_NEXT]
        queue[before, Q_NEXT] = after
    if after == NONE:
        queue[slots + bank, writes + LAST] = before
    find_hit(state, queue, slots, bank, writes, after)


@inlined
def is_oldest(queue: Array, slots: int, banks: int, writes: int, age: int) -> bool:
    """Tell whether no request of one direction is older."""
    oldest = True
    for bank in range(banks):
        first = queue[slots + bank, writes + FIRST]
        oldest &= first == NONE or queue[first, Q_AGE] >= age
    return oldest


@inlined
def serve_fr_fcfs(
    state: Array, gaps: Array, device: Array, queue: Array, log: Array, transfers: Array, finish: Array
) -> None:
    """Serve all bursts of the transfers; ``finish[i]`` is the clock of transfer i's last data beat."""
    banks, slots, look_ahead = device[0, BANKS], device[0, SLOTS], device[0, LOOK_AHEAD]
    controller = banks + device[0, GROUPS] + 1
    cursor = controller + 1
    open_clocks = gaps[2 * COMMANDS + ACT, PREA]  # how long an activate would keep a refresh waiting
    queue[slots : slots + banks] = NONE
    for slot in range(slots):
        queue[slot, Q_NEXT] = slot + 1
    free = 0
    reads = writes = age = 0
    draining = False
    open_transfer(state, device, transfers, 0)
    while True:
        i = state[cursor, TRANSFER]
        clock = state[controller, CLOCK] + 1
        next_arrival = NEVER
        if i < len(transfers):
            is_write = transfers[i, T_WRITE] != 0
            arrival = transfers[i, T_ARRIVAL]
            room = (writes if is_write else reads) < look_ahead or reads + writes == 0
            if room and arrival < clock:
                slot, free = free, queue[free, Q_NEXT]
                bank = bank_of(device, state[cursor, BURST])
                row = row_of(device, state[cursor, BURST])
                queue[slot, Q_BANK], queue[slot, Q_ROW], queue[slot, Q_TRANSFER] = bank, row, i
                queue[slot, Q_AGE], queue[slot, Q_NEXT] = age, NONE
                column = WRITES if is_write else 0
                last = queue[slots + bank, column + LAST]
                queue[slots + bank, column + LAST] = slot
                if last == NONE:
                    queue[slots + bank, column + FIRST] = slot
                else:
                    queue[last, Q_NEXT] = slot
                if queue[slots + bank, column + HIT] == NONE and state[bank, OPEN_ROW] == row:
                    queue[slots + bank, column + HIT] = slot
                age += 1
                writes += 1 if is_write else 0
                reads += 0 if is_write else 1
                advance(state, device, transfers)
                continue
            if reads + writes == 0:
                wait(state, gaps, device, log, arrival)
                continue
            if room:
                next_arrival = arrival + 1
        elif reads + writes == 0:
            break
        due = state[controller, DUE]
        best = clock
        if due > clock:  # else the queues are not looked at: they fill up until the refresh is issued
            if reads == 0 or writes == 0:
                draining = reads == 0
            elif draining:
                draining = writes > device[0, WRITE_LOW]
            else:
                draining = writes >= device[0, WRITE_HIGH]

            # each bank asks for its oldest row hit, else for what its oldest request needs
            served, access = (WRITES, WR) if draining else (0, RD)
            best, chosen, command, order = NEVER, 0, access, NEVER
            for bank in range(banks):
                slot, asks, late = queue[slots + bank, served + HIT], access, 0
                if slot == NONE:
                    slot, late = queue[slots + bank, served + FIRST], age
                    if slot == NONE:
                        continue
                    asks = ACT if state[bank, OPEN_ROW] < 0 else PRE
                ready = earliest(state, device, asks, bank, clock)
                own = queue[slot, Q_AGE] + late  # row hits before all others, then by age
                if ready < best or (ready == best and own < order):
                    in_time = asks != ACT or ready + open_clocks <= due
                    if in_time or is_oldest(queue, slots, banks, served, queue[slot, Q_AGE]):
                        best, chosen, command, order = ready, slot, asks, own

        if due <= min(best, next_arrival):
            refresh(state, gaps, device, log)
            for bank in range(banks):
                queue[slots + bank, HIT] = queue[slots + bank, WRITES + HIT] = NONE
            continue
        if next_arrival <= best:  # a row hit that arrives in this very clock comes first
            wait(state, gaps, device, log, next_arrival - 1)
            continue
        bank = queue[chosen, Q_BANK]
        issue(state, gaps, device, log, command, bank, queue[chosen, Q_ROW], best)
        if command == access:
            done = best + device[0, WRITE_CLOCKS if draining else READ_CLOCKS]
            finish[queue[chosen, Q_TRANSFER]] = max(finish[queue[chosen, Q_TRANSFER]], done)
            remove(state, queue, slots, bank, served)
            queue[chosen, Q_NEXT] = free
            free = chosen
            writes -= 1 if draining else 0
            reads -= 0 if draining else 1
        else:
            find_hit(state, queue, slots, bank, 0, queue[slots + bank, FIRST])
            find_hit(state, queue, slots, bank, WRITES, queue[slots + bank, WRITES + FIRST])
