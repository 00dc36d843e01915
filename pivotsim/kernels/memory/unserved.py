"""Loads that come in time whatever the state of their channel: DRAM need not serve them, no result depends on them.

Each is taken to last as long as any may without a refresh, U at most (kernels/dram/longest.py); so none ends later than
taken but for refreshes. One of these makes one load longer, by R at most; what that delays the channel is made good
while it would be idle. With I from refresh to refresh, and D for the loads of a pass, loads are known to be in time

    while the channel is idle for R within I / 2 after it was so before; what ends such a stretch adds R + D at most
    while D <= I / 4 and U + 2 R <= I / 4: a refresh that is due waits for a transfer, so that they come I - U - R apart

No such stretch is longer than what lies between refreshes then. In any time there are at most as many refreshes as
whole stretches and three more, one of them since it may still last when the time begins: no load is later than 3 R.
"""

from typing import NamedTuple

from pivotsim.kernels._jit import inlined, part
from pivotsim.kernels.dram.commands import NEVER
from pivotsim.kernels.dram.longest import Longest, longest_of, longest_read
from pivotsim.kernels.memory.addresses import Place
from pivotsim.kernels.memory.stalls import Flight
from pivotsim.kernels.memory.transfers import READ, axi_cycles, scaled
from pivotsim.kernels.types import Channel, Dram, Limits


class Unserved(NamedTuple):
    """Loads that are not served: what they take at most, and where the channel stands.

    ``late`` is the most array clocks by which refreshes delay a load, 0 while loads are served. ``interval`` are those
    between refreshes. Since the clock ``since`` the channel has not been idle for a refresh; by then it had been
    ``idle``. ``is_on`` is 1 where loads are not served.
    """

    longest: Longest
    is_on: int
    late: int
    interval: int
    since: int
    idle: int


NOT_IN_TIME = 2**52  # clocks of a load of which nothing is known


@inlined
def all_served() -> Unserved:
    """Return what stands for loads that are all served."""
    return Unserved(Longest(0, 0, 0, 0, 0, 0, 0), 0, 0, 0, 0, 0)


@part
def unserved_from(clock: int, idle: int, limits: Limits, dram: Dram, reads: Channel) -> Unserved:
    """Return what holds of loads after an array clock up to which all are served, with the channel ``idle`` so far."""
    longest, late, interval = longest_of(reads), 0, NEVER >> 2
    if longest.interval > 0:
        late = 3 * scaled(longest.refresh, dram.clock_den, dram.clock_num) * limits.clock_divisor
        interval = longest.interval * dram.clock_den // dram.clock_num * limits.clock_divisor
    return Unserved(longest, 1, late, interval, clock, idle)


@part
def longest_cycles(size: int, place: Place, dram: Dram, unserved: Unserved) -> int:
    """Return the clocks of DRAM and the AXI ports that a load takes at most; its channel is entered a clock later."""
    clocks = longest_read(
        unserved.longest, dram.burst_bytes, place.address, place.run_bytes, place.runs, place.pitch
    )  # fmt: skip
    if clocks == NEVER:
        return NOT_IN_TIME
    return max(axi_cycles(size, READ, place, dram), scaled(clocks + 1, dram.clock_den, dram.clock_num))


@inlined
def after_pass_of(
    unserved: Unserved, flight_0: Flight, flight_1: Flight, load_from: int, ready: int, answer: int, channel: int,
    idle: int,
) -> tuple[Unserved, bool, bool]:  # fmt: skip
    """Return what holds after a pass, whether one of its loads may be late, and whether loads must all be served.

    The array needs what it loads at ``load_from`` and at ``ready``, and memories answer ``answer`` clocks later. Then
    the channel stands at a clock, and was ``idle`` so far.
    """
    late = unserved.late + answer
    is_late = flight_0.end + late > load_from or flight_1.end + late > ready
    if not unserved.is_on:
        return unserved, is_late, False
    longest, is_on, late, interval, since, idle_since = unserved
    if idle - idle_since >= late // 3:
        since, idle_since = channel, idle
    busy = flight_0.end - flight_0.start + flight_1.end - flight_1.start
    is_met = 4 * busy <= interval and 2 * (channel - since) <= interval
    return Unserved(longest, is_on, late, interval, since, idle_since), is_late, is_late or not is_met
