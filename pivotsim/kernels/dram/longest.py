"""Clocks from a read's arrival to its last data beat that no state of its channel makes longer, under `in_order`.

Each command is issued no later than the one that the oldest request asks for could be. That is held back by some
command before it, for no longer than the gap between the two; that one in turn. Each command is in this chain at most
once. Where the rows of a transfer lie in different banks, only these follow in the same bank: a precharge, its
activate, its reads. So a transfer lasts no longer than all these gaps together, and the longest gap after a command
from before its arrival. Of the gap of four activates each of them has its part.

A refresh makes one transfer longer: by the gaps up to it and after it, and by activates of all banks, which it closed.
"""

from typing import NamedTuple

from pivotsim.kernels._jit import inlined, part
from pivotsim.kernels.dram.commands import (
    ACT,
    BANK_GROUP_LOW,
    BANK_LOW,
    BANK_REFRESH,
    BANKS,
    BURST_SHIFT,
    COMMANDS,
    FOUR_ACTIVATES,
    NEVER,
    PRE,
    PREA,
    RD,
    READ_CLOCKS,
    REF,
    REFRESH,
    REFRESH_INTERVAL,
    ROW_LOW,
    SCHEDULER,
)
from pivotsim.kernels.dram.serving import IN_ORDER
from pivotsim.kernels.types import Array, Channel


class Longest(NamedTuple):
    """What reads of a channel take at most, in its clocks.

    Of each transfer, of each of its bursts, of each row that it opens; of a refresh, and between two of them. The
    addresses that share a row of a bank are 2 ** ``shift`` bytes; so many such blocks lie in different ``banks``, none
    where nothing is known.
    """

    transfer: int
    burst: int
    row: int
    refresh: int
    interval: int
    shift: int
    banks: int


@inlined
def _longest_gap(gaps: Array, command: int, first: int, own: int) -> int:
    """Return the longest gap from a command to one that reads need, in a bank to ``own`` alone if ``first`` is 1.

    The next command stands a clock later anyway.
    """
    longest: int = max(1, gaps[command, own])
    for scope in range(first, 3):
        for following in (PRE, ACT, RD):
            longest = max(longest, gaps[COMMANDS * scope + command, following])
    return longest


@part
def longest_of(channel: Channel) -> Longest:
    """Return what a channel's reads take at most."""
    gaps, device = channel.gaps, channel.device
    row_low, bank_low, group_low = device[0, ROW_LOW], device[0, BANK_LOW], device[0, BANK_GROUP_LOW]
    low, banks = min(row_low, min(bank_low, group_low)), device[0, BANKS]
    if device[0, SCHEDULER] != IN_ORDER or device[0, BANK_REFRESH] or 1 << (row_low - low) != banks:
        banks = 0
    before, to_refresh = gaps[FOUR_ACTIVATES, ACT], 0
    for command in (PRE, ACT, RD):
        before = max(before, _longest_gap(gaps, command, 0, command))
        to_refresh = max(to_refresh, gaps[2 * COMMANDS + command, PREA], gaps[2 * COMMANDS + command, REF])
    activate = max(_longest_gap(gaps, ACT, 1, RD), (gaps[FOUR_ACTIVATES, ACT] + 3) // 4)
    refresh = interval = 0
    if device[0, REFRESH]:
        rank = 2 * COMMANDS
        interval = device[0, REFRESH_INTERVAL]
        refresh = max(1, to_refresh) + max(1, gaps[rank + PREA, REF], gaps[rank + PREA, ACT])
        refresh += max(before, gaps[rank + REF, ACT]) + device[0, BANKS] * activate
    return Longest(
        1 + before + device[0, READ_CLOCKS], _longest_gap(gaps, RD, 1, RD), _longest_gap(gaps, PRE, 1, ACT) + activate,
        refresh, interval, low + device[0, BURST_SHIFT], banks,
    )  # fmt: skip


@inlined
def longest_read(longest: Longest, burst_bytes: int, address: int, run_bytes: int, runs: int, pitch: int) -> int:
    """Return the clocks of runs of bytes that no read exceeds without a refresh; NEVER where none is known.

    Refreshes are far apart then: in a quarter of what lies between two of them there is time for such a read and both.
    """
    last = address + (runs - 1) * pitch + run_bytes - 1
    rows = (last >> longest.shift) - (address >> longest.shift) + 1
    bursts = (address + run_bytes - 1) // burst_bytes - address // burst_bytes + 1
    if pitch % burst_bytes != 0:
        bursts = (run_bytes - 1) // burst_bytes + 2
    clocks = longest.transfer + runs * bursts * longest.burst + rows * longest.row
    if rows > longest.banks or 0 < longest.interval < 4 * (clocks + 2 * longest.refresh):
        return NEVER
    return clocks
