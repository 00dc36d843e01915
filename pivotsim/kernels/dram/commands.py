"""One DRAM channel's commands and clocks: what may be issued when, and what it holds back.

A channel is four int64 arrays (`Channel`), so that any kernel can keep one and serve transfer after transfer:

    state    (banks + groups + 3, 8)   a row for each bank and each bank group, the rank, the controller, the cursor
    gaps     (22, 8)                   gaps[7 * scope + previous, following] in clocks, from the table of constraints
    device   (1, 21)                   organisation, mapping, latencies and policy as the codes below
    queue    (slots + 3 * banks + 2, 8)  work space of the schedulers and serve_tile; nothing in it outlives a call

Every command moves the ready clocks of its bank, its bank group and the rank on; a command may be issued from
the largest of its three ready clocks, one command per clock. A gap of 0 holds nothing back, because the next
command stands in a later clock anyway; not so with two command buses, where the gaps keep those of one bus apart.
"""

from pivotsim.kernels._jit import inlined, part
from pivotsim.kernels.types import Array

LANES = 8  # columns of state, gaps and queue; `serve` checks it, which tells the compiler
PRE, ACT, RD, WR, REFB, PREA, REF = 0, 1, 2, 3, 4, 5, 6
BANK_COMMANDS, COMMANDS = 5, 7  # the first five stand in a bank
FOUR_ACTIVATES = 21  # the row of gaps for the window of four activates; 0 to 20 are bank, bank group, rank

OPEN_ROW = 6  # state, a bank's row: the open row, -1 if closed
# state, the controller's row. No command can stand in CLOCK or before it; REFRESH_BANK is refreshed next, if banks are.
CLOCK, DUE, OLDEST_ACT, NEWEST_ACT, COMMANDS_ISSUED, REFRESH_BANK = 0, 1, 2, 5, 6, 7
# state, the cursor's row: where in the transfers the next burst comes from
TRANSFER, BURST, LAST_BURST, ROWS_LEFT, ADDRESS = 0, 1, 2, 3, 4
# transfers (n, 6): `rows` runs of `row_bytes`, each `pitch_bytes` after the one before
T_ADDRESS, T_ROW_BYTES, T_ROWS, T_PITCH, T_WRITE, T_ARRIVAL = 0, 1, 2, 3, 4, 5
# device
BANKS, GROUPS, GROUP_SHIFT, BURST_SHIFT = 0, 1, 2, 3
ROW_LOW, ROW_MASK, BANK_LOW, BANK_MASK, BANK_GROUP_LOW, BANK_GROUP_MASK = 4, 5, 6, 7, 8, 9
READ_CLOCKS, WRITE_CLOCKS, REFRESH, REFRESH_INTERVAL = 10, 11, 12, 13
SCHEDULER, LOOK_AHEAD, SLOTS, WRITE_HIGH, WRITE_LOW = 14, 15, 16, 17, 18
BANK_REFRESH, TWO_BUSES = 19, 20
DEVICE_CODES = 21

NEVER = 2**62
IDLE_REFRESHES = 1000  # idle times of more refreshes than this are skipped, see `wait`


@inlined
def close_all(state: Array, device: Array) -> None:
    """Close all banks and start clock and refresh counter at 0."""
    banks = device[0, BANKS]
    controller = banks + device[0, GROUPS] + 1
    state[:] = 0
    for bank in range(banks):
        state[bank, OPEN_ROW] = -1
    state[controller, DUE] = device[0, REFRESH_INTERVAL] if device[0, REFRESH] else NEVER
    for i in range(OLDEST_ACT, NEWEST_ACT + 1):
        state[controller, i] = -NEVER


@inlined
def earliest(state: Array, device: Array, command: int, bank: int, clock: int) -> int:
    """Return the first clock, ``clock`` or later, in which a command may be issued to a bank."""
    banks = device[0, BANKS]
    group = banks + (bank >> device[0, GROUP_SHIFT])
    rank = banks + device[0, GROUPS]
    return int(max(max(clock, state[rank, command]), max(state[bank, command], state[group, command])))


@inlined
def issue(state: Array, gaps: Array, device: Array, log: Array, command: int, bank: int, row: int, clock: int) -> None:
    """Issue a command: move the ready clocks on, open or close rows, note it in the log while there is room."""
    banks = device[0, BANKS]
    group = banks + (bank >> device[0, GROUP_SHIFT])
    rank = banks + device[0, GROUPS]
    controller = rank + 1
    for following in range(BANK_COMMANDS):
        state[bank, following] = max(state[bank, following], clock + gaps[command, following])
        state[group, following] = max(state[group, following], clock + gaps[COMMANDS + command, following])
    for following in range(COMMANDS):
        state[rank, following] = max(state[rank, following], clock + gaps[2 * COMMANDS + command, following])
    state[controller, CLOCK] = clock - device[0, TWO_BUSES]  # the other bus may carry one in this clock, too
    if command == ACT:
        state[bank, OPEN_ROW] = row
        for i in range(OLDEST_ACT, NEWEST_ACT):
            state[controller, i] = state[controller, i + 1]
        state[controller, NEWEST_ACT] = clock
        window_ends = state[controller, OLDEST_ACT] + gaps[FOUR_ACTIVATES, ACT]
        state[rank, ACT] = max(state[rank, ACT], window_ends)
    elif command == PRE:
        state[bank, OPEN_ROW] = -1
    elif command == PREA:
        for other in range(banks):
            state[other, OPEN_ROW] = -1
    elif command == REF:
        state[controller, DUE] += device[0, REFRESH_INTERVAL]
    elif command == REFB:
        state[controller, DUE] += device[0, REFRESH_INTERVAL]
        state[controller, REFRESH_BANK] = (bank + 1) % banks
    n = state[controller, COMMANDS_ISSUED]
    if n < len(log):
        log[n, 0], log[n, 1], log[n, 2], log[n, 3] = clock, command, bank, row
    state[controller, COMMANDS_ISSUED] = n + 1


@part
def refresh(state: Array, gaps: Array, device: Array, log: Array) -> None:
    """Close what is open and refresh all banks, each as early as it may be from the due clock on."""
    rank = device[0, BANKS] + device[0, GROUPS]
    clock = max(state[rank + 1, CLOCK] + 1, state[rank + 1, DUE])
    is_open = False
    for bank in range(device[0, BANKS]):
        is_open |= state[bank, OPEN_ROW] >= 0
    if is_open:
        clock = max(clock, state[rank, PREA])
        issue(state, gaps, device, log, PREA, 0, -1, clock)
        clock += 1
    issue(state, gaps, device, log, REF, 0, -1, max(clock, state[rank, REF]))


@inlined
def bank_refresh_clock(state: Array, device: Array, clock: int) -> int:
    """Return the first clock, ``clock`` or later, of the next command towards the refresh of a bank; NEVER without."""
    controller = device[0, BANKS] + device[0, GROUPS] + 1
    bank = state[controller, REFRESH_BANK]
    command = PRE if state[bank, OPEN_ROW] >= 0 else REFB
    due = state[controller, DUE] if device[0, BANK_REFRESH] else NEVER
    return int(max(due, earliest(state, device, command, bank, clock)))


@part
def refresh_bank(state: Array, gaps: Array, device: Array, log: Array, clock: int) -> None:
    """Issue the next command towards the refresh of a bank: close it, or refresh it."""
    bank = state[device[0, BANKS] + device[0, GROUPS] + 1, REFRESH_BANK]
    issue(state, gaps, device, log, PRE if state[bank, OPEN_ROW] >= 0 else REFB, bank, -1, clock)


@part
def wait(state: Array, gaps: Array, device: Array, log: Array, clock: int) -> None:
    """Stay idle up to ``clock``, itself included, but for the refreshes that fall due until then.

    A refresh takes less time than passes until the next falls due (the specification checks it), so that of a long
    idle time only the end can matter to what follows, once none is late. Where banks are refreshed one by one, all
    must be closed first: each has been refreshed, and each is again after what is skipped.
    """
    banks = device[0, BANKS]
    rank = banks + device[0, GROUPS]
    controller = rank + 1
    if device[0, BANK_REFRESH]:
        commands = 0
        ready = bank_refresh_clock(state, device, state[controller, CLOCK] + 1)
        while ready <= clock:
            skipped = (clock - state[controller, DUE]) // device[0, REFRESH_INTERVAL] - 2 * banks
            if commands >= 2 * banks and skipped > IDLE_REFRESHES and ready == state[controller, DUE]:
                state[controller, DUE] += skipped * device[0, REFRESH_INTERVAL]
                state[controller, REFRESH_BANK] = (state[controller, REFRESH_BANK] + skipped) % banks
                ready = state[controller, DUE]
            refresh_bank(state, gaps, device, log, ready)
            commands += 1
            ready = bank_refresh_clock(state, device, state[controller, CLOCK] + 1)
    else:
        while state[controller, DUE] <= clock and state[controller, CLOCK] < clock:
            missed = (clock - state[controller, DUE]) // device[0, REFRESH_INTERVAL]
            if missed > IDLE_REFRESHES and max(state[controller, CLOCK], state[rank, REF]) < state[controller, DUE]:
                state[controller, DUE] += missed * device[0, REFRESH_INTERVAL]
            refresh(state, gaps, device, log)
    state[controller, CLOCK] = max(state[controller, CLOCK], clock)


@inlined
def open_transfer(state: Array, device: Array, transfers: Array, i: int) -> None:
    """Point the cursor at the first burst of transfer ``i``."""
    cursor = device[0, BANKS] + device[0, GROUPS] + 2
    state[cursor, TRANSFER] = i
    if i < len(transfers):
        address = transfers[i, T_ADDRESS]
        state[cursor, ADDRESS] = address
        state[cursor, BURST] = address >> device[0, BURST_SHIFT]
        state[cursor, LAST_BURST] = (address + transfers[i, T_ROW_BYTES] - 1) >> device[0, BURST_SHIFT]
        state[cursor, ROWS_LEFT] = transfers[i, T_ROWS]


@inlined
def advance(state: Array, device: Array, transfers: Array) -> None:
    """Point the cursor at the next burst: of the run of bytes, of the next run, of the next transfer."""
    cursor = device[0, BANKS] + device[0, GROUPS] + 2
    i = state[cursor, TRANSFER]
    if state[cursor, BURST] < state[cursor, LAST_BURST]:
        state[cursor, BURST] += 1
    elif state[cursor, ROWS_LEFT] > 1:
        address = state[cursor, ADDRESS] + transfers[i, T_PITCH]
        state[cursor, ADDRESS] = address
        state[cursor, BURST] = address >> device[0, BURST_SHIFT]
        state[cursor, LAST_BURST] = (address + transfers[i, T_ROW_BYTES] - 1) >> device[0, BURST_SHIFT]
        state[cursor, ROWS_LEFT] -= 1
    else:
        open_transfer(state, device, transfers, i + 1)


@inlined
def bank_of(device: Array, burst: int) -> int:
    """Return the bank of a burst, numbered bank group by bank group."""
    group = (burst >> device[0, BANK_GROUP_LOW]) & device[0, BANK_GROUP_MASK]
    return int((group << device[0, GROUP_SHIFT]) + ((burst >> device[0, BANK_LOW]) & device[0, BANK_MASK]))


@inlined
def row_of(device: Array, burst: int) -> int:
    """Return the row of a burst."""
    return int((burst >> device[0, ROW_LOW]) & device[0, ROW_MASK])
