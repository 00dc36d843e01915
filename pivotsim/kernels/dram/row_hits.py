"""Scheduler `in_order` while every row that is asked for is open: accesses alone, with nothing to choose between.

What `serve_in_order` does in such a stretch, without its questions: the oldest request is read or written as soon as
its bank, its bank group and the rank let it, and the next burst takes the slot that it leaves. Ready clocks of other
commands follow from the last access to each bank, since later clocks hold back longer; they are made once, at the end.
Where nothing else is pending, bursts that share a bank are not even walked through: they are one gap apart. Nor are
those that end all transfers (last_hits.py).
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.dram.commands import (
    BANK_COMMANDS,
    BANK_GROUP_LOW,
    BANK_GROUP_MASK,
    BANK_LOW,
    BANK_MASK,
    BANKS,
    BURST,
    CLOCK,
    COMMANDS,
    COMMANDS_ISSUED,
    DUE,
    GROUP_SHIFT,
    GROUPS,
    LAST_BURST,
    LOOK_AHEAD,
    OPEN_ROW,
    RD,
    READ_CLOCKS,
    ROW_LOW,
    ROW_MASK,
    ROWS_LEFT,
    SLOTS,
    T_WRITE,
    TRANSFER,
    TWO_BUSES,
    WR,
    WRITE_CLOCKS,
    advance,
    bank_of,
)
from pivotsim.kernels.dram.last_hits import move_to_the_end, of_one_bank, open_to_the_end, to_come
from pivotsim.kernels.dram.queues import B_FIRST, B_LAST, B_LATEST, NONE, Q_BANK, Q_NEXT, Q_OPENED, Q_ROW, Q_TRANSFER
from pivotsim.kernels.types import Array


@inlined
def all_hit(state: Array, queue: Array, head: int, tail: int, slots: int) -> bool:
    """Say whether the rows of all pending requests are open."""
    for number in range(head, tail):
        slot = number & (slots - 1)
        if state[queue[slot, Q_BANK], OPEN_ROW] != queue[slot, Q_ROW]:
            return False
    return True


@inlined
def serve_row_hits(
    state: Array, gaps: Array, device: Array, queue: Array, transfers: Array, finish: Array, transfer: int, head: int,
    tail: int, waiting: int,
) -> tuple[int, int, int]:  # fmt: skip
    """Serve requests of one transfer up to the next burst whose row is not open, or to the next refresh.

    The transfer, that of the oldest request, has arrived, and pending requests are `all_hit`; nothing is served where
    some are of a later one. Returns the first request that is pending then, the one after the last, and slots in use.
    """
    banks, slots, look_ahead = device[0, BANKS], device[0, SLOTS], device[0, LOOK_AHEAD]
    rank = banks + device[0, GROUPS]
    controller, cursor = rank + 1, rank + 2
    command = WR if transfers[transfer, T_WRITE] else RD
    of_bank, of_group = gaps[command, command], gaps[COMMANDS + command, command]
    of_rank = gaps[2 * COMMANDS + command, command]
    due, clock, now = state[controller, DUE], state[controller, CLOCK] + 1, NONE
    ready = state[rank, command]
    first, hits = head, True
    burst, last_burst, more = state[cursor, BURST], state[cursor, LAST_BURST], state[cursor, TRANSFER] == transfer
    row_low, row_mask = device[0, ROW_LOW], device[0, ROW_MASK]
    bank_low, bank_mask = device[0, BANK_LOW], device[0, BANK_MASK]
    group_low, group_mask = device[0, BANK_GROUP_LOW], device[0, BANK_GROUP_MASK]
    shift, step = device[0, GROUP_SHIFT], 1 - device[0, TWO_BUSES]
    for bank in range(banks):
        queue[slots + bank, B_LATEST] = NONE
    gap = max(max(step, of_bank), max(of_group, of_rank))  # of bursts that share a bank
    is_last = open_to_the_end(state, device, transfers, transfer, command, tail - head, max(clock, ready), gap)
    if is_last:
        more = False
    elif head == tail:  # nothing else is pending
        bank = (((burst >> group_low) & group_mask) << shift) + ((burst >> bank_low) & bank_mask)
        left, of_a_bank = last_burst + 1 - burst, 1 << min(row_low, min(bank_low, group_low))
        count = min(left, of_a_bank - (burst & (of_a_bank - 1)))
        is_end = count == left and state[cursor, ROWS_LEFT] == 1 and transfer + 1 == len(transfers)
        if not is_end:
            count -= look_ahead
        at = max(max(clock, ready), max(state[banks + (bank >> shift), command], state[bank, command]))
        count = min(count, (due - at + gap - 1) // gap)
        if count > 0 and state[bank, OPEN_ROW] == (burst >> row_low) & row_mask:
            now = at + (count - 1) * gap
            state[bank, command], ready = now + of_bank, now + of_rank
            state[banks + (bank >> shift), command] = now + of_group
            queue[slots + bank, B_LATEST] = now
            clock = now + step
            head += count
            tail += count
            burst += count
            if count == left:
                burst -= 1
                state[cursor, BURST] = burst
                advance(state, device, transfers)
                more = False
    while True:
        while more and waiting < look_ahead:
            bank = (((burst >> group_low) & group_mask) << shift) + ((burst >> bank_low) & bank_mask)
            row = (burst >> row_low) & row_mask
            hits = state[bank, OPEN_ROW] == row
            if not hits:
                break
            slot = tail & (slots - 1)
            queue[slot, Q_BANK], queue[slot, Q_ROW] = bank, row
            queue[slot, Q_TRANSFER], queue[slot, Q_OPENED] = transfer, 0
            tail += 1
            waiting += 1
            if burst < last_burst:
                burst += 1
            else:
                state[cursor, BURST] = burst
                advance(state, device, transfers)
                burst, last_burst = state[cursor, BURST], state[cursor, LAST_BURST]
                more = state[cursor, TRANSFER] == transfer
        if not hits or head == tail or not (more or transfer + 1 == len(transfers)):
            break
        slot = head & (slots - 1)
        bank = queue[slot, Q_BANK]
        group = banks + (bank >> shift)
        at = max(max(clock, ready), max(state[group, command], state[bank, command]))
        if at >= due:
            break
        now = at
        state[bank, command], state[group, command], ready = now + of_bank, now + of_group, now + of_rank
        queue[slots + bank, B_LATEST] = now
        clock = now + step
        waiting -= 1 - queue[slot, Q_OPENED]
        head += 1
    state[cursor, BURST] = burst
    if is_last:
        rest = to_come(state, device)
        move_to_the_end(state, device, transfers, transfer)
        while rest.runs > 0:
            bank = bank_of(device, rest.burst)
            group = banks + (bank >> shift)
            count, rest = of_one_bank(rest, device, transfers, transfer)
            now = max(max(clock, ready), max(state[group, command], state[bank, command])) + (count - 1) * gap
            state[bank, command], state[group, command], ready = now + of_bank, now + of_group, now + of_rank
            queue[slots + bank, B_LATEST] = now
            clock = now + step
            head += count
        tail = head
    else:
        _link(queue, head, tail, slots, banks)
    if now == NONE:
        return head, tail, waiting

    state[controller, CLOCK] = clock - 1
    state[controller, COMMANDS_ISSUED] += head - first
    finish[transfer] = max(finish[transfer], now + device[0, WRITE_CLOCKS if command == WR else READ_CLOCKS])
    for bank in range(banks):
        latest, group = queue[slots + bank, B_LATEST], banks + (bank >> device[0, GROUP_SHIFT])
        if latest != NONE:
            for following in range(BANK_COMMANDS):
                state[bank, following] = max(state[bank, following], latest + gaps[command, following])
                state[group, following] = max(state[group, following], latest + gaps[COMMANDS + command, following])
    for following in range(COMMANDS):
        state[rank, following] = max(state[rank, following], now + gaps[2 * COMMANDS + command, following])
    return head, tail, waiting


@inlined
def _link(queue: Array, head: int, tail: int, slots: int, banks: int) -> None:
    """Note of each bank its first and last pending request, and of each request the next one of its bank."""
    for bank in range(banks):
        queue[slots + bank, B_FIRST] = NONE
    for number in range(head, tail):
        bank = queue[number & (slots - 1), Q_BANK]
        queue[number & (slots - 1), Q_NEXT] = NONE
        if queue[slots + bank, B_FIRST] == NONE:
            queue[slots + bank, B_FIRST] = number
        else:
            queue[queue[slots + bank, B_LAST] & (slots - 1), Q_NEXT] = number
        queue[slots + bank, B_LAST] = number
