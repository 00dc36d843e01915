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
    GROUP_SHIFT,
    GROUPS,
    LOOK_AHEAD,
    NEVER,
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
from pivotsim.kernels.dram.requests_by_bank import (
    CLOSING,
    HIT,
    HITS,
    KINDS,
    MISS,
    NONE,
    OPENED,
    Q_AGE,
    Q_BANK,
    Q_NEXT,
    Q_ROW,
    Q_TRANSFER,
    Q_WRITE,
    SERVING,
    append,
    ask,
    empty_lists,
    look,
    remove,
)
from pivotsim.kernels.types import Array


@inlined
def serve_fr_fcfs(
    state: Array, gaps: Array, device: Array, queue: Array, log: Array, transfers: Array, finish: Array
) -> None:
    """Serve all bursts of the transfers; ``finish[i]`` is the clock of transfer i's last data beat."""
    banks, slots, look_ahead = device[0, BANKS], device[0, SLOTS], device[0, LOOK_AHEAD]
    by_bank, shift = device[0, BANK_REFRESH] != 0, device[0, GROUP_SHIFT]
    rank = banks + device[0, GROUPS]
    controller, cursor = rank + 1, rank + 2
    lengths, entries = slots - 1, slots + 2 * banks
    empty_lists(queue, banks, slots)
    free = reads = writes = opened = age = 0
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
                queue[slot, Q_TRANSFER], queue[slot, Q_AGE], queue[slot, Q_WRITE] = i, age, int(is_write)
                append(state, device, queue, slot)
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
        best, order, chosen, command, place = NEVER, NEVER, 0, PRE, NONE
        for entry in range(opened):
            bank = queue[entries + entry, SERVING]
            slot = queue[slots + bank, OPENED]
            access = WR if queue[slot, Q_WRITE] else RD
            ready = earliest(state, device, access, bank, clock)
            if ready < best or (ready == best and queue[slot, Q_AGE] < order):
                best, order, chosen, command, place = ready, queue[slot, Q_AGE], slot, access, entry

        # a command that a queue's request needs, if it can be issued earlier, and before the refresh
        if best > clock and (refresh_clock if by_bank else due) > clock and reads + writes > 0:
            if reads == 0 or writes == 0:
                draining = reads == 0
            elif draining:
                draining = writes > device[0, WRITE_LOW]
            else:
                draining = writes >= device[0, WRITE_HIGH]
            of_bank = slots + (banks if draining else 0)
            limit, order = best if by_bank else min(best, due), 0  # at the limit itself no request comes first
            for kind in range(KINDS):
                asks, wanted = PRE if kind == CLOSING else ACT, MISS
                if kind == HITS:
                    asks, wanted = WR if draining else RD, HIT
                base = max(clock, state[rank, asks])
                which = kind + (KINDS if draining else 0)
                if base > limit:
                    continue
                for entry in range(queue[lengths, which]):
                    bank = queue[entries + entry, which]
                    ready = max(base, max(state[bank, asks], state[banks + (bank >> shift), asks]))
                    if ready <= limit and (bank != refreshed or ready < due):
                        slot = queue[of_bank + bank, wanted]
                        if ready < limit or queue[slot, Q_AGE] < order:
                            best = limit = ready
                            order, chosen, command, place = queue[slot, Q_AGE], slot, asks, NONE

        if by_bank and refresh_clock <= min(best, next_arrival):
            refresh_bank(state, gaps, device, log, refresh_clock)
            look(state, device, queue, refreshed)
            continue
        if not by_bank and opened == 0 and due <= min(best, next_arrival):
            refresh(state, gaps, device, log)
            for bank in range(banks):
                look(state, device, queue, bank)
            continue
        if next_arrival <= best:  # it may turn the direction in this very clock
            state[controller, CLOCK] = next_arrival - 1
            continue
        bank = queue[chosen, Q_BANK]
        issue(state, gaps, device, log, command, bank, queue[chosen, Q_ROW], best)
        if command == PRE:
            look(state, device, queue, bank)
            continue
        if place == NONE:
            remove(device, queue, chosen)
            writes -= queue[chosen, Q_WRITE]
            reads -= 1 - queue[chosen, Q_WRITE]
        else:
            queue[slots + bank, OPENED] = NONE
            opened -= 1
            queue[entries + place, SERVING] = queue[entries + opened, SERVING]
            ask(state, queue, banks, slots, 0, bank)
            ask(state, queue, banks, slots, 1, bank)
        if command == ACT:
            queue[slots + bank, OPENED] = chosen
            queue[entries + opened, SERVING] = bank
            opened += 1
            look(state, device, queue, bank)
        else:
            done = best + device[0, WRITE_CLOCKS if command == WR else READ_CLOCKS]
            finish[queue[chosen, Q_TRANSFER]] = max(finish[queue[chosen, Q_TRANSFER]], done)
            queue[chosen, Q_NEXT] = free
            free = chosen
