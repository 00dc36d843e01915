"""What is left of the last transfer while every row that it asks for is open: counted bank by bank, without a queue.

Nothing comes after it, so that nothing is closed or opened ahead of its turn; which requests are pending does not
matter then. Bursts of a bank are one gap apart, whichever runs of bytes they belong to.
"""

from typing import NamedTuple

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.dram.commands import (
    ADDRESS,
    BANK_GROUP_LOW,
    BANK_LOW,
    BANKS,
    BURST,
    BURST_SHIFT,
    DUE,
    GROUPS,
    LAST_BURST,
    OPEN_ROW,
    ROW_LOW,
    ROWS_LEFT,
    T_PITCH,
    T_ROW_BYTES,
    TRANSFER,
    bank_of,
    row_of,
)
from pivotsim.kernels.types import Array


class Stretch(NamedTuple):
    """Bursts that are to come: the next one, its run's last one, its run's first address, runs with this one."""

    burst: int
    last: int
    address: int
    runs: int


@inlined
def to_come(state: Array, device: Array) -> Stretch:
    """Return what the cursor points at."""
    row = state[device[0, BANKS] + device[0, GROUPS] + 2]
    return Stretch(row[BURST], row[LAST_BURST], row[ADDRESS], row[ROWS_LEFT])


@inlined
def move_to_the_end(state: Array, device: Array, transfers: Array, transfer: int) -> None:
    """Leave the cursor where it is once the last burst of a transfer, the last one, was taken."""
    row = state[device[0, BANKS] + device[0, GROUPS] + 2]
    row[ADDRESS] += (row[ROWS_LEFT] - 1) * transfers[transfer, T_PITCH]
    row[BURST] = row[LAST_BURST] = (row[ADDRESS] + transfers[transfer, T_ROW_BYTES] - 1) >> device[0, BURST_SHIFT]
    row[TRANSFER], row[ROWS_LEFT] = transfer + 1, 1


@inlined
def of_one_bank(stretch: Stretch, device: Array, transfers: Array, transfer: int) -> tuple[int, Stretch]:
    """Return how many of the next bursts surely share a row of a bank, and what comes after them."""
    burst, last, address, runs = stretch
    together = 1 << min(device[0, ROW_LOW], min(device[0, BANK_LOW], device[0, BANK_GROUP_LOW]))
    room, own, shift = together - (burst & (together - 1)), last + 1 - burst, device[0, BURST_SHIFT]
    if own > room:
        return room, Stretch(burst + room, last, address, runs)
    pitch, row_bytes, number = transfers[transfer, T_PITCH], transfers[transfer, T_ROW_BYTES], 1
    if runs > 1 and pitch > 0 and pitch & ((1 << shift) - 1) == 0 and burst == address >> shift:  # runs of equal length
        number = min(runs, (room - own) // (pitch >> shift) + 1)
    address += number * pitch
    return number * own, Stretch(address >> shift, (address + row_bytes - 1) >> shift, address, runs - number)


@inlined
def open_to_the_end(
    state: Array, device: Array, transfers: Array, transfer: int, command: int, pending: int, clock: int, gap: int
) -> bool:  # fmt: skip
    """Tell whether the last transfer's bursts all have open rows, and end before the next refresh.

    ``pending`` of them are in the queue; an access stands in ``clock`` at the earliest, at most a ``gap`` after the one
    before. False for a ``transfer`` before the last.
    """
    rank = device[0, BANKS] + device[0, GROUPS]
    if transfer + 1 < len(transfers) or state[rank + 2, TRANSFER] != transfer:
        return False
    stretch, due = to_come(state, device), state[rank + 1, DUE]
    if clock + (pending + stretch.last + 1 - stretch.burst) * gap > due:  # this run alone does not end before it
        return False
    for place in range(rank + 1):
        clock = max(clock, state[place, command])
    end = clock + pending * gap
    while stretch.runs > 0 and end <= due:
        bank, row = bank_of(device, stretch.burst), row_of(device, stretch.burst)
        if state[bank, OPEN_ROW] != row:
            return False
        count, stretch = of_one_bank(stretch, device, transfers, transfer)
        end += count * gap
    return bool(end <= due)
