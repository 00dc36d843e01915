"""Causes of the array's idle clocks: weight, input, output, or DRAM behind any of them.

A pass's clocks of waiting all have the one cause that its stream start came from; those of them in which that side
waited for DRAM are DRAM's instead.
"""

from typing import NamedTuple

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.types import Array

WEIGHT, INPUT, OUTPUT, DRAM = 0, 1, 2, 3  # also the order in which ties are decided
START, DRAM_END, END = range(3)  # columns of flights in an array


class Flight(NamedTuple):
    """A transfer: its start, the end of its DRAM clocks (which begin at its start), its end; zeros for none."""

    start: int
    dram_end: int
    end: int


@inlined
def common(first: int, last: int, flight: Flight) -> int:
    """Return the clocks of [first, last) in which a transfer waits for DRAM."""
    return max(0, min(last, flight.dram_end) - max(first, flight.start))


@inlined
def charge(
    ready: int, begin: int, lead: int, weight_slot: int, flights: tuple[Flight, Flight], bias: Flight, freeing: Flight
) -> tuple[int, int]:
    """Return (cause, clocks of waiting for DRAM) of the idle clocks [ready, begin) before a stream start.

    Parameters
    ----------
    ready, begin : int
        Clocks at which the pass could have started without memories, and did.
    lead : int
        Clocks of a tile's load; 0 where nothing is loaded ahead of the stream. The wait for a tile lies before its
        load, that much earlier than the wait that is seen.
    weight_slot : int
        Slot that holds the weight.
    flights : tuple of Flight
        The pass's own loads by slot, zeros for a unit that was there. Besides the bias nothing else can be in flight
        in the window: the loads of the pass before ended before that pass started.
    bias, freeing : Flight
        The bias load, and the drain that frees the pass's half of OPMEM. They never overlap: no drain starts before the
        bias is there.
    """
    tile, stream = flights
    is_tile, is_stream = tile.end + lead == begin, stream.end == begin
    is_weight, is_input = (is_tile, is_stream) if weight_slot == 0 else (is_stream, is_tile)
    if not is_weight and not is_input:
        return OUTPUT, common(ready, begin, bias) + common(ready, begin, freeing)
    cause = WEIGHT if is_weight else INPUT
    shift = lead if is_tile and (cause == WEIGHT) == (weight_slot == 0) else 0
    first, last = ready - shift, begin - shift
    return cause, common(first, last, bias) + common(first, last, tile) + common(first, last, stream)


@inlined
def charge_in_turn(
    first: int, last: int, flights: tuple[Flight, Flight], bias: Flight, drained: Flight, earlier: int
) -> tuple[int, int, int, int]:
    """Return (slot 0, slot 1, output, DRAM) of the idle clocks [first, last) where transfers take turns.

    A clock goes to the transfer that is in flight, else to the one that starts next; drains, what comes before them and
    the bias are the output's. ``drained`` is the last drain, ``earlier`` the DRAM clocks of those before it.
    """
    loads_from = max(first, drained.end) if drained.end > 0 else first  # before clock 0 nothing has drained
    after_0 = max(loads_from, flights[0].end)
    after_1 = max(after_0, flights[1].end)
    dram_0, dram_1 = common(first, last, flights[0]), common(first, last, flights[1])
    dram_output = common(first, last, drained) + common(first, last, bias) + earlier
    output = loads_from - first + last - after_1 - dram_output
    return after_0 - loads_from - dram_0, after_1 - after_0 - dram_1, output, dram_0 + dram_1 + dram_output


@inlined
def other_drains(ready: int, begin: int, region: int, flights: Array) -> int:
    """Return the clocks of [ready, begin) in which drains before that of a region wait for DRAM."""
    clocks = 0
    for earlier in range(region - 1, -1, -1):
        row = flights[earlier]
        flight = Flight(row[START], row[DRAM_END], row[END])
        if flight.end <= ready:
            break
        clocks += common(ready, begin, flight)
    return clocks
