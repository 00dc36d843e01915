"""Requests of the scheduler `fr_fcfs`, bank by bank: which of each are the oldest, and what they ask for.

Of a bank's requests in one direction, two at most matter to a decision: the oldest whose row is open, and the oldest
of the others. The first asks for its access, the second for a precharge, or with all rows closed for an activate. Lists
say which banks ask for each of these, so that a decision looks at what is asked for instead of all requests.

    queue   a request's slot         bank, row, transfer, age, neighbours of the same bank and direction, direction
            slots - 1                the length of each list of banks
            slots + bank             reads of a bank, and the request that its row was opened for
            slots + banks + bank     its writes
            slots + 2 * banks + i    entry i of each list: a bank
"""

from pivotsim.kernels._jit import inlined, part
from pivotsim.kernels.dram.commands import BANKS, OPEN_ROW, SLOTS
from pivotsim.kernels.types import Array

Q_BANK, Q_ROW, Q_TRANSFER, Q_AGE, Q_NEXT, Q_BEFORE, Q_WRITE = 0, 1, 2, 3, 4, 5, 6  # NEXT is younger, or next free
# A bank in one direction: its oldest and youngest request, the oldest with the open row and the oldest without, where
# it stands in the lists, which list of CLOSING and OPENING that is, and the request that its row was opened for.
FIRST, LAST, HIT, MISS, HIT_PLACE, PLACE, ASKS, OPENED = 0, 1, 2, 3, 4, 5, 6, 7
# Lists of banks: those that ask for an access, a precharge and an activate, for reads and for writes; those whose row
# was opened for a request.
HITS, CLOSING, OPENING, KINDS, SERVING = 0, 1, 2, 3, 6
NONE = -1


@inlined
def empty_lists(queue: Array, banks: int, slots: int) -> None:
    """Begin without requests, all slots free."""
    for slot in range(slots - 1):
        queue[slot, Q_NEXT] = slot + 1
    queue[slots - 1, :] = 0
    for row in range(slots, slots + 2 * banks):
        queue[row, :] = NONE


@inlined
def enter(queue: Array, banks: int, slots: int, which: int, bank: int) -> int:
    """Put a bank at the end of a list and return its place."""
    place = queue[slots - 1, which]
    queue[slots + 2 * banks + place, which] = bank
    queue[slots - 1, which] = place + 1
    return int(place)


@inlined
def leave(queue: Array, banks: int, slots: int, which: int, direction: int, place: int, noted: int) -> None:
    """Take the bank at a place out of a list; the last one moves there, and notes it."""
    entries, last = slots + 2 * banks, queue[slots - 1, which] - 1
    moved = queue[entries + last, which]
    queue[entries + place, which] = moved
    queue[slots + direction * banks + moved, noted] = place
    queue[slots - 1, which] = last


@inlined
def ask(state: Array, queue: Array, banks: int, slots: int, direction: int, bank: int) -> None:
    """Bring the lists of precharges and activates up to date with a bank; an opened row stays until it is used."""
    row, asks = slots + direction * banks + bank, NONE
    if queue[row, MISS] != NONE and queue[slots + bank, OPENED] == NONE:
        asks = KINDS * direction + (OPENING if state[bank, OPEN_ROW] < 0 else CLOSING)
    asked = queue[row, ASKS]
    if asks != asked:
        if asked != NONE:
            leave(queue, banks, slots, asked, direction, queue[row, PLACE], PLACE)
        if asks != NONE:
            queue[row, PLACE] = enter(queue, banks, slots, asks, bank)
        queue[row, ASKS] = asks


@inlined
def hit(queue: Array, banks: int, slots: int, direction: int, bank: int, slot: int) -> None:
    """Note a bank's oldest request whose row is open, or that there is NONE."""
    row = slots + direction * banks + bank
    if slot != NONE and queue[row, HIT] == NONE:
        queue[row, HIT_PLACE] = enter(queue, banks, slots, KINDS * direction + HITS, bank)
    elif slot == NONE and queue[row, HIT] != NONE:
        leave(queue, banks, slots, KINDS * direction + HITS, direction, queue[row, HIT_PLACE], HIT_PLACE)
    queue[row, HIT] = slot


@part
def look(state: Array, device: Array, queue: Array, bank: int) -> None:
    """Find what a bank's requests ask for after its row was opened or closed."""
    banks, slots = device[0, BANKS], device[0, SLOTS]
    open_row = state[bank, OPEN_ROW]
    for direction in range(2):
        row = slots + direction * banks + bank
        slot, found, miss = queue[row, FIRST], NONE, NONE
        while slot != NONE and (found == NONE or miss == NONE):
            if queue[slot, Q_ROW] == open_row:
                found = slot if found == NONE else found
            elif miss == NONE:
                miss = slot
                if open_row < 0:
                    break
            slot = queue[slot, Q_NEXT]
        queue[row, MISS] = miss
        hit(queue, banks, slots, direction, bank, found)
        ask(state, queue, banks, slots, direction, bank)


@inlined
def append(state: Array, device: Array, queue: Array, slot: int) -> None:
    """Put the youngest request of its bank and direction behind the others."""
    banks, slots = device[0, BANKS], device[0, SLOTS]
    bank, direction = queue[slot, Q_BANK], queue[slot, Q_WRITE]
    row = slots + direction * banks + bank
    last = queue[row, LAST]
    queue[slot, Q_NEXT], queue[slot, Q_BEFORE] = NONE, last
    queue[row, LAST] = slot
    if last == NONE:
        queue[row, FIRST] = slot
    else:
        queue[last, Q_NEXT] = slot
    if queue[slot, Q_ROW] == state[bank, OPEN_ROW]:
        if queue[row, HIT] == NONE:
            hit(queue, banks, slots, direction, bank, slot)
    elif queue[row, MISS] == NONE:
        queue[row, MISS] = slot
        ask(state, queue, banks, slots, direction, bank)


@inlined
def remove(device: Array, queue: Array, slot: int) -> None:
    """Take a request out of its bank's; a younger one with the same row, if there is one, is the oldest hit now."""
    banks, slots = device[0, BANKS], device[0, SLOTS]
    bank, direction = queue[slot, Q_BANK], queue[slot, Q_WRITE]
    row = slots + direction * banks + bank
    before, after = queue[slot, Q_BEFORE], queue[slot, Q_NEXT]
    if before == NONE:
        queue[row, FIRST] = after
    else:
        queue[before, Q_NEXT] = after
    if after == NONE:
        queue[row, LAST] = before
    else:
        queue[after, Q_BEFORE] = before
    if queue[row, HIT] == slot:
        while after != NONE and queue[after, Q_ROW] != queue[slot, Q_ROW]:
            after = queue[after, Q_NEXT]
        hit(queue, banks, slots, direction, bank, after)
