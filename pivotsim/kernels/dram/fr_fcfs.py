"""Scheduler `fr_fcfs`: first ready, first come first served, with writes set aside and drained in groups.

Two queues of LOOK_AHEAD slots take reads and writes in arrival order; a request whose queue is full holds back
those behind it. Reads are served until WRITE_HIGH writes wait or no read does, writes until no more than
WRITE_LOW wait and a read does. Of the commands that the queue's requests need next, the oldest request's is issued
of those that may be: "ready" is a matter of timing, and a row hit is not preferred to a precharge or an activate.

A request whose row was opened for it leaves its slot and comes before both queues; its row stays open until it is
read or written. A refresh that is due waits for these requests alone: nothing else is begun. A refresh of one bank
waits for that bank's, and comes before all else then; other banks go on. Requests are independent: a read may overtake
a write to the same address.
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.dram.commands import (
    ACT,
    BANK_REFRESH,
    BANKS,
    BURST,
    CLOCK,
    DUE,
    GROUPS,
    LOOK_AHEAD,
    NEVER,
    OPEN_ROW,
    PRE,
    RD,
    READ_CLOCKS,
    REFRESH_BANK,
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
    bank_refresh_clock,
    earliest,
    issue,
    open_transfer,
    refresh,
    refresh_bank,
    row_of,
    wait,
)
from pivotsim.kernels.types import Array

# queue, a slot: NEXT is the next younger request of the same direction, or the next free slot
Q_BANK, Q_ROW, Q_TRANSFER, Q_AGE, Q_NEXT = 0, 1, 2, 3, 4
# queue, the last slot but one and the last: the heads of the lists of reads and writes, NEXT their oldest request
YOUNGEST = 0
OPENED = 0  # queue, the row SLOTS + bank: the request that the bank's row was opened for
NONE = -1


@inlined
def append(queue: Array, head: int, slot: int) -> None:
    """Put a request at the end of a list."""
    queue[slot, Q_NEXT] = NONE
    queue[queue[head, YOUNGEST], Q_NEXT] = slot
    queue[head, YOUNGEST] = slot


@inlined
def remove(queue: Array, head: int, older: int) -> None:
    """Take the request after ``older`` out of a list."""
    after = queue[queue[older, Q_NEXT], Q_NEXT]
    queue[older, Q_NEXT] = after
    if after == NONE:
        queue[head, YOUNGEST] = older


@inlined
def serve_fr_fcfs(
    state: Array, gaps: Array, device: Array, queue: Array, log: Array, transfers: Array, finish: Array
) -> None:
    """Serve all bursts of the transfers; ``finish[i]`` is the clock of transfer i's last data beat."""
    banks, slots, look_ahead = device[0, BANKS], device[0, SLOTS], device[0, LOOK_AHEAD]
    by_bank = device[0, BANK_REFRESH] != 0
    controller = banks + device[0, GROUPS] + 1
    cursor = controller + 1
    read_head, write_head = slots - 2, slots - 1
    for head in range(read_head, slots):
        queue[head, Q_NEXT], queue[head, YOUNGEST] = NONE, head
    for bank in range(banks):
        queue[slots + bank, OPENED] = NONE
    for slot in range(read_head):
        queue[slot, Q_NEXT] = slot + 1
    free = 0
    reads = writes = opened = age = 0
    draining = False
    open_transfer(state, device, transfers, 0)
    while True:
        i = state[cursor, TRANSFER]
        clock = state[controller, CLOCK] + 1
        pending = reads + writes + opened
        next_arrival = NEVER
        if i < len(transfers):
            is_write = transfers[i, T_WRITE] != 0
            arrival = transfers[i, T_ARRIVAL]
            room = (writes if is_write else reads) < look_ahead or pending == 0
            if room and arrival < clock:
                slot, free = free, queue[free, Q_NEXT]
                queue[slot, Q_BANK] = bank_of(device, state[cursor, BURST])
                queue[slot, Q_ROW] = row_of(device, state[cursor, BURST])
                queue[slot, Q_TRANSFER], queue[slot, Q_AGE] = i, age
                append(queue, write_head if is_write else read_head, slot)
                age += 1
                writes += 1 if is_write else 0
                reads += 0 if is_write else 1
                advance(state, device, transfers)
                continue
            if pending == 0:
                wait(state, gaps, device, log, arrival)
                continue
            if room:
                next_arrival = arrival + 1
        elif pending == 0:
            break

        # the refresh of a bank, which waits for the request whose row is open there
        refreshed, refresh_clock = NONE, NEVER
        if by_bank:
            refreshed = state[controller, REFRESH_BANK]
            if queue[slots + refreshed, OPENED] == NONE:
                refresh_clock = bank_refresh_clock(state, device, clock)

        # of the requests whose rows are open the first that may be served, the oldest of several
        due = state[controller, DUE]
        best, order, chosen, command, older = NEVER, NEVER, 0, PRE, NONE
        if opened > 0:
            for bank in range(banks):
                slot = queue[slots + bank, OPENED]
                if slot != NONE:
                    access = WR if transfers[queue[slot, Q_TRANSFER], T_WRITE] else RD
                    ready = earliest(state, device, access, bank, clock)
                    if ready < best or (ready == best and queue[slot, Q_AGE] < order):
                        best, order, chosen, command = ready, queue[slot, Q_AGE], slot, access

        # a command that a queue's request needs, if it can be issued earlier, and before the refresh
        if best > clock and (refresh_clock if by_bank else due) > clock and reads + writes > 0:
            if reads == 0 or writes == 0:
                draining = reads == 0
            elif draining:
                draining = writes > device[0, WRITE_LOW]
            else:
                draining = writes >= device[0, WRITE_HIGH]
            before = write_head if draining else read_head
            slot = queue[before, Q_NEXT]
            limit = best if by_bank else min(best, due)
            while slot != NONE and limit > clock:
                bank = queue[slot, Q_BANK]
                row = state[bank, OPEN_ROW]
                asks = PRE
                if row == queue[slot, Q_ROW]:
                    asks = WR if draining else RD
                elif row < 0:
                    asks = ACT
                if asks != PRE or queue[slots + bank, OPENED] == NONE:
                    ready = earliest(state, device, asks, bank, clock)
                    if ready < limit and (bank != refreshed or ready < due):
                        best = limit = ready
                        chosen, command, older = slot, asks, before
                before, slot = slot, queue[slot, Q_NEXT]

        if by_bank and refresh_clock <= min(best, next_arrival):
            refresh_bank(state, gaps, device, log, refresh_clock)
            continue
        if not by_bank and opened == 0 and due <= min(best, next_arrival):
            refresh(state, gaps, device, log)
            continue
        if next_arrival <= best:  # it may turn the direction in this very clock
            state[controller, CLOCK] = next_arrival - 1
            continue
        bank = queue[chosen, Q_BANK]
        issue(state, gaps, device, log, command, bank, queue[chosen, Q_ROW], best)
        if command == PRE:
            continue
        if older == NONE:
            queue[slots + bank, OPENED] = NONE
            opened -= 1
        else:
            remove(queue, write_head if draining else read_head, older)
            writes -= 1 if draining else 0
            reads -= 0 if draining else 1
        if command == ACT:
            queue[slots + bank, OPENED] = chosen
            opened += 1
        else:
            done = best + device[0, WRITE_CLOCKS if command == WR else READ_CLOCKS]
            finish[queue[chosen, Q_TRANSFER]] = max(finish[queue[chosen, Q_TRANSFER]], done)
            queue[chosen, Q_NEXT] = free
            free = chosen
