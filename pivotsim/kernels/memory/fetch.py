"""A unit's way into its memory: whether it has to be fetched, the half that it goes to, and when it is there.

Without a mask the passes go through units in cycles, so that what holds for a slot holds in all passes. Under a mask
it depends on the passes that are left which unit comes again, and when: each half remembers the unit that it holds.
"""

from typing import NamedTuple

from pivotsim.kernels._jit import inlined, part
from pivotsim.kernels.memory.addresses import Place, bias_place, unit_place, unit_rows
from pivotsim.kernels.memory.array_passes import PassIndex
from pivotsim.kernels.memory.mask_tables import Kept, count_load, operand_bytes, unit_bytes, unit_of
from pivotsim.kernels.memory.records import BIAS_SLOT, note_load
from pivotsim.kernels.memory.stalls import Flight
from pivotsim.kernels.memory.tiles import (
    DRAM_READ,
    GB_BIAS_READ,
    GB_BIAS_WRITE,
    Parts,
    always_fetched,
    between_uses,
    bits_of,
    ceil_div,
    halves_of,
    is_resident,
    is_weight,
    share_of,
)
from pivotsim.kernels.memory.transfers import READ, UNKNOWN, at_rate, load_ports, transfer
from pivotsim.kernels.memory.unserved import Unserved, longest_cycles
from pivotsim.kernels.types import Array, Channel, Design, Dram, Gemm, Limits


class Setting(NamedTuple):
    """A GEMM on an array with its memories, and how it is cut."""

    gemm: Gemm
    design: Design
    limits: Limits
    parts: Parts


class Loading(NamedTuple):
    """The load channel: the clock from which it is free, for how long it waited, how many loads it has made."""

    channel: int
    idle: int
    loads: int


class Request(NamedTuple):
    """A load as it is asked for: the clock from which it can come, and the clocks of latency that are left then."""

    earliest: int
    latency: int


class Traits(NamedTuple):
    """What holds for a slot in all passes.

    The halves of its memory; whether each pass turns to the other half; whether each pass fetches; whether the global
    buffer keeps the operand; whether it is the weights.
    """

    halves: int
    turns: bool
    again: bool
    is_resident: bool
    is_weight: bool


class Memory(NamedTuple):
    """A memory: the half in use, the unit in each half (-1: none or not kept), the clock from which each is free."""

    half: int
    unit_0: int
    unit_1: int
    free_0: int
    free_1: int


class Wanted(NamedTuple):
    """What a pass asks of a slot's unit: whether to fetch it, whether from DRAM, bytes, clocks of ports and DRAM."""

    is_fetched: bool
    is_dram: bool
    size: int
    ports: int
    dram_side: int


@inlined
def traits_of(slot: int, setting: Setting, order: int, kept: Kept | None) -> Traits:
    """Return what holds for a slot in all passes."""
    _, design, limits, parts = setting
    halves = halves_of(slot, design, limits)
    turns = halves == 2 and between_uses(parts, design, order, slot) > 1
    again = always_fetched(parts, design, order, slot, limits)
    if kept is None:
        resident = is_resident(slot, parts, design, limits)
    else:
        share, bits = share_of(slot, design, limits), bits_of(slot, design, limits)
        is_held = share < 0 or operand_bytes(slot, parts, bits, kept.tables, kept.shape) <= share
        resident = is_held and limits.refetches == 0
    return Traits(halves, turns, again, resident, is_weight(slot, design))


@inlined
def empty(traits: Traits) -> Memory:
    """Return an empty memory; the first unit turns to half 0."""
    return Memory(max(0, traits.halves - 1), -1, -1, 0, 0)


@inlined
def wanted_in_cycle(
    is_first: bool, size: int, ports: int, dram_side: int, traits: Traits, memory: Memory
) -> tuple[Memory, Wanted]:
    """Return the memory turned to a pass's unit, and what is wanted of it, where nothing is masked.

    A unit goes to the half not used last. It comes from the global buffer where that keeps the operand and has it.
    """
    is_fetched = is_first or traits.again
    half = memory.half
    if traits.turns or (is_fetched and traits.halves == 2):
        half = 1 - half
    turned = Memory(half, memory.unit_0, memory.unit_1, memory.free_0, memory.free_1)
    return turned, Wanted(is_fetched, is_first or not traits.is_resident, size, ports, dram_side)


@inlined
def wanted_by_unit(
    slot: int, at: PassIndex, traits: Traits, memory: Memory, setting: Setting, kept: Kept, stamp: int
) -> tuple[Memory, Wanted]:
    """Return what ``wanted_in_cycle`` does, for passes that a mask leaves.

    An unlimited memory holds all that it has seen. A unit comes from the global buffer where that keeps the operand and
    has seen it.
    """
    parts, (half, unit_0, unit_1, free_0, free_1) = setting.parts, memory
    unit, seen = unit_of(slot, at, parts, kept.shape), kept.seen_0 if slot == 0 else kept.seen_1
    is_seen, keeps = seen[unit] == stamp, setting.limits.refetches == 0
    if keeps and unit in (unit_0, unit_1):
        return Memory(int(unit == unit_1), unit_0, unit_1, free_0, free_1), Wanted(False, False, 0, 0, UNKNOWN)
    if keeps and traits.halves == 0 and is_seen:
        return memory, Wanted(False, False, 0, 0, UNKNOWN)
    if traits.halves:
        half = 1 - half if traits.halves == 2 else 0
        unit_0, unit_1 = (unit_0, unit) if half else (unit, unit_1)
    seen[unit] = stamp
    bits = bits_of(slot, setting.design, setting.limits)
    size = unit_bytes(slot, at, parts, bits, kept.tables, kept.shape)
    ports = load_ports(size, traits.is_weight, setting.limits)
    wanted = Wanted(True, not (is_seen and traits.is_resident), size, ports, UNKNOWN)
    return Memory(half, unit_0, unit_1, free_0, free_1), wanted


@part
def ask(queue: Array, most: int, free: int, divisor: int) -> int:
    """Return the clock in which a load is asked for whose place is free from a clock on, and note it in ``queue``.

    Fewer than ``most`` loads before it are on their way, and one request goes out in a clock of the memories. ``queue``
    holds the last request's clock, then the ends of the last loads.
    """
    queue[0] = ceil_div(max(free, queue[most], queue[0] + divisor), divisor) * divisor
    asked: int = queue[0]
    return asked


@part
def enqueue(queue: Array, most: int, end: int) -> None:
    """Write a load's end before those of the loads before it."""
    for place in range(most, 1, -1):
        queue[place] = queue[place - 1]
    queue[1] = end


@inlined
def requested(free: int, loading: Loading, queue: Array, limits: Limits, reads: Channel | None) -> Request:
    """Return when a load can come that has its place from a clock on, and the latency that is left then."""
    if reads is None and limits.outstanding_reads > 1:
        asked = ask(queue, limits.outstanding_reads, free, limits.clock_divisor)
        earliest = max(loading.channel, asked)
        return Request(earliest, max(0, limits.read_latency - (earliest - asked) // limits.clock_divisor))
    return Request(max(loading.channel, free), limits.read_latency)  # while the channel waits, nothing else comes


@inlined
def after_load(
    flight: Flight, is_dram: bool, latency: int, loading: Loading, queue: Array, limits: Limits, reads: Channel | None
) -> Loading:
    """Return what follows for the next load, and note this one's end.

    Where requests are in flight the latency that is seen counts as waiting: no bound has it.
    """
    idle = loading.idle + flight.start - loading.channel
    if reads is None and limits.outstanding_reads > 1:
        enqueue(queue, limits.outstanding_reads, flight.end)
        idle += latency * limits.clock_divisor if is_dram else 0
    return Loading(flight.end, idle, loading.loads + 1)


@inlined
def load(
    slot: int, number: int, at: PassIndex, is_first: bool, size: int, ports: int, dram_side: int, traits: Traits,
    memory: Memory, loading: Loading, turn: int, queue: Array, setting: Setting, dram: Dram, reads: Channel | None,
    unserved: Unserved, kept: Kept | None, stamp: int, loads: Array,
) -> tuple[Memory, Flight, Loading]:  # fmt: skip
    """Load a pass's unit unless its memory holds it; ``size``, ``ports`` and ``dram_side`` are those without a mask.

    It is asked for no earlier than ``turn``; ``queue`` as in ``ask``. ``unserved`` says whether a channel serves it.

    Returns
    -------
    Memory
        Turned to the unit.
    Flight
        The load, zeros where the unit is there.
    Loading
        What follows for the next load.
    """
    if kept is None:
        memory, wanted = wanted_in_cycle(is_first, size, ports, dram_side, traits, memory)
    else:
        memory, wanted = wanted_by_unit(slot, at, traits, memory, setting, kept, stamp)
    if not wanted.is_fetched:
        return memory, Flight(0, 0, 0), loading
    place, (gemm, design, limits, parts) = Place(0, 0, 0, 0), setting
    known = wanted.dram_side
    if reads is not None:
        place = unit_place(slot, at.i, at.j, at.t, gemm, design, limits, parts)
        if unserved.is_on:
            known = longest_cycles(wanted.size, place, dram, unserved)
    elif kept is not None and dram.by_row:
        place = unit_rows(slot, at.i, at.j, at.t, design, limits, parts)
    free = max(memory.free_1 if memory.half else memory.free_0, turn)
    earliest, latency = requested(free, loading, queue, limits, reads)
    divisor = limits.clock_divisor
    own = wanted.ports if wanted.is_dram else wanted.ports + limits.buffer_read_cycles
    flight = transfer(earliest, wanted.size, own, known, wanted.is_dram, READ, latency, divisor, place, dram, reads)
    if kept is not None:
        count_load(wanted.size, wanted.is_dram, traits.is_weight, kept.moved)
    if len(loads):
        note_load(loads, loading.loads, slot, number, wanted.size, wanted.is_dram, memory.half, flight)
    return memory, flight, after_load(flight, wanted.is_dram, latency, loading, queue, limits, reads)


@inlined
def load_bias(
    number: int, loading: Loading, turn: int, queue: Array, setting: Setting, dram: Dram, reads: Channel | None,
    kept: Kept | None, loads: Array,
) -> tuple[Flight, Loading]:  # fmt: skip
    """Load the bias after the units of a pass; return its load, and what follows for the next one."""
    limits = setting.limits
    size = limits.sum_bytes * setting.gemm.n
    place, ports = bias_place(setting.gemm, limits), at_rate(size, limits.gb_port)
    earliest, latency = requested(turn, loading, queue, limits, reads)
    flight = transfer(earliest, size, ports, UNKNOWN, True, READ, latency, limits.clock_divisor, place, dram, reads)
    if kept is not None:
        kept.moved[GB_BIAS_READ] = kept.moved[GB_BIAS_WRITE] = size
        kept.moved[DRAM_READ] += size
    if len(loads):
        note_load(loads, loading.loads, BIAS_SLOT, number, size, True, 0, flight)
    return flight, after_load(flight, True, latency, loading, queue, limits, reads)


@inlined
def used_until(memory: Memory, traits: Traits, clock: int) -> Memory:
    """Return a memory after its half in use was read up to a clock; an unlimited one never has to be free."""
    half, unit_0, unit_1, free_0, free_1 = memory
    if traits.halves == 0:
        return memory
    return Memory(half, unit_0, unit_1, free_0, clock) if half else Memory(half, unit_0, unit_1, clock, free_1)
