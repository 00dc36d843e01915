"""Scheduler `in_order`: reads and writes in arrival order, rows closed and opened ahead of their turn.

The queue has LOOK_AHEAD slots. For each bank, the first pending request that uses it asks for a precharge or an
activate; the oldest pending request asks for its read or write. Of the commands that may be issued first, the
oldest request's is issued. A request whose row was opened for it leaves its slot, and stays first in its bank
until it is read or written. With LOOK_AHEAD 0 only one request is pending.

A refresh that is due waits until all requests whose rows were opened for them are served. Those, and the requests
that came before the youngest of them, go on as without it; nothing is done for requests that came later. A refresh of
one bank waits for the request whose row was opened for it in that bank, and comes before all else then; other banks go
on, nothing else is done in that one.
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
from pivotsim.kernels.dram.queues import (
    B_ASKS,
    B_FIRST,
    B_LAST,
    NONE,
    Q_BANK,
    Q_NEXT,
    Q_OPENED,
    Q_ROW,
    Q_TRANSFER,
)
from pivotsim.kernels.dram.row_hits import all_hit, serve_row_hits
from pivotsim.kernels.types import Array


@inlined
def ask(state: Array, device: Array, queue: Array, bank: int) -> int:
    """Note what the first request of a bank asks for; return 1 if that is a precharge or an activate."""
    slots = device[0, SLOTS]
    first = queue[slots + bank, B_FIRST]
    asks = NONE
    if first != NONE:
        row = state[bank, OPEN_ROW]
        if row < 0:
            asks = ACT
        elif row != queue[first & (slots - 1), Q_ROW]:
            asks = PRE
    queue[slots + bank, B_ASKS] = asks
    return 1 if asks != NONE else 0


@inlined
def serve_in_order(
    state: Array, gaps: Array, device: Array, queue: Array, log: Array, transfers: Array, finish: Array
) -> None:
    """Serve all bursts of the transfers; ``finish[i]`` is the clock of transfer i's last data beat."""
    banks, slots, look_ahead = device[0, BANKS], device[0, SLOTS], device[0, LOOK_AHEAD]
    by_bank = device[0, BANK_REFRESH] != 0
    controller = banks + device[0, GROUPS] + 1
    cursor = controller + 1
    for bank in range(banks):
        queue[slots + bank, B_FIRST] = NONE
        queue[slots + bank, B_ASKS] = NONE
    head = tail = 0  # requests head up to tail are pending
    opened = -1  # the youngest whose row was opened for it
    waiting = 0  # slots in use
    asking = 0  # banks whose first request asks for a precharge or an activate
    row_opened = True  # since the last stretch of hits, or before all
    may_be_hits = not by_bank and look_ahead > 0 and len(log) == 0  # what a stretch of hits leaves out
    open_transfer(state, device, transfers, 0)
    while True:
        i = state[cursor, TRANSFER]
        clock = state[controller, CLOCK] + 1
        more = i < len(transfers)
        if row_opened and asking == 0 and may_be_hits and (head < tail or (more and transfers[i, T_ARRIVAL] < clock)):
            row_opened = False
            one = queue[head & (slots - 1), Q_TRANSFER] if head < tail else i
            if all_hit(state, queue, head, tail, slots):
                head, tail, waiting = serve_row_hits(
                    state, gaps, device, queue, transfers, finish, one, head, tail, waiting
                )
                continue
        room = (waiting < look_ahead or head == tail) if look_ahead > 0 else head == tail
        while more and room and transfers[i, T_ARRIVAL] < clock:
            bank, row = bank_of(device, state[cursor, BURST]), row_of(device, state[cursor, BURST])
            slot = tail & (slots - 1)
            queue[slot, Q_BANK], queue[slot, Q_ROW], queue[slot, Q_TRANSFER] = bank, row, i
            queue[slot, Q_NEXT], queue[slot, Q_OPENED] = NONE, 0
            if queue[slots + bank, B_FIRST] == NONE:
                queue[slots + bank, B_FIRST] = tail
                asking += ask(state, device, queue, bank)
            else:
                queue[queue[slots + bank, B_LAST] & (slots - 1), Q_NEXT] = tail
            queue[slots + bank, B_LAST] = tail
            tail += 1
            waiting += 1
            advance(state, device, transfers)
            i = state[cursor, TRANSFER]
            more, room = i < len(transfers), look_ahead > 0 and waiting < look_ahead
        next_arrival = NEVER
        if more and room:
            next_arrival = transfers[i, T_ARRIVAL] + 1
            if head == tail:
                wait(state, gaps, device, log, next_arrival - 1)
                continue
        elif head == tail:
            break

        # the refresh of a bank, and the bank that waits for it
        refreshed, refresh_clock = NONE, NEVER
        if by_bank:
            refreshed = state[controller, REFRESH_BANK]
            first = queue[slots + refreshed, B_FIRST]
            if first == NONE or queue[first & (slots - 1), Q_OPENED] == 0:
                refresh_clock = bank_refresh_clock(state, device, clock)

        # the oldest request's command; another one's is issued only if it can be issued earlier
        due = state[controller, DUE]
        slot = head & (slots - 1)
        chosen = queue[slot, Q_BANK]
        command = queue[slots + chosen, B_ASKS]
        if command == NONE:
            command = WR if transfers[queue[slot, Q_TRANSFER], T_WRITE] else RD
        best, age = earliest(state, device, command, chosen, clock), head
        if chosen == refreshed and best >= due and queue[slot, Q_OPENED] == 0:
            best = NEVER
        if asking > 0 and best > clock:
            unseen = asking
            for bank in range(banks):
                if unseen == 0:
                    break
                asks = queue[slots + bank, B_ASKS]
                if asks != NONE:
                    unseen -= 1
                    ready = earliest(state, device, asks, bank, clock)
                    user = queue[slots + bank, B_FIRST]
                    goes_on = ready < due or (bank != refreshed if by_bank else user <= opened)
                    if goes_on and (ready < best or (ready == best and user < age)):
                        best, age, command, chosen = ready, user, asks, bank

        if not by_bank and opened < head:
            refresh_clock = due
        if refresh_clock <= min(best, next_arrival):
            if by_bank:
                refresh_bank(state, gaps, device, log, refresh_clock)
            else:
                refresh(state, gaps, device, log)
            asking = 0
            for bank in range(banks):
                asking += ask(state, device, queue, bank)
        elif next_arrival < best:
            state[controller, CLOCK] = next_arrival - 1
        elif command in (PRE, ACT):
            slot = age & (slots - 1)
            issue(state, gaps, device, log, command, chosen, queue[slot, Q_ROW], best)
            asking += ask(state, device, queue, chosen) - 1
            if command == ACT:
                queue[slot, Q_OPENED] = 1
                row_opened = True
                waiting -= 1
                opened = max(opened, age)
        else:
            issue(state, gaps, device, log, command, chosen, queue[slot, Q_ROW], best)
            done = best + (device[0, WRITE_CLOCKS] if command == WR else device[0, READ_CLOCKS])
            finish[queue[slot, Q_TRANSFER]] = max(finish[queue[slot, Q_TRANSFER]], done)
            queue[slots + chosen, B_FIRST] = queue[slot, Q_NEXT]
            asking += ask(state, device, queue, chosen)
            waiting -= 1 - queue[slot, Q_OPENED]
            head += 1
