"""A unit's way into its memory: what holds for a slot in all passes, the half it goes to, and when it is there."""

from typing import TypeAlias

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.addresses import Place
from pivotsim.kernels.memory.stalls import Flight
from pivotsim.kernels.memory.tiles import Ints, always_fetched, between_uses, halves_of, is_resident
from pivotsim.kernels.memory.transfers import READ, Channels, transfer

# What holds for a slot in all passes: halves of its memory, whether each pass turns to the other half, whether each
# pass fetches, whether the global buffer keeps the operand.
Traits: TypeAlias = tuple[int, bool, bool, bool]
HALVES, TURNS, AGAIN, RESIDENT = 0, 1, 2, 3
# A memory: the half in use, and the clock from which each half may be filled.
Memory: TypeAlias = tuple[int, int, int]


@inlined
def traits_of(slot: int, gemm: Ints, design: Ints, limits: Ints, order: int, parts: Ints) -> Traits:
    """Return what holds for a slot in all passes."""
    dataflow = design[2]
    halves = halves_of(slot, dataflow, limits)
    turns = halves == 2 and between_uses(parts, dataflow, order, slot) > 1
    again = always_fetched(parts, dataflow, order, slot, halves)
    return halves, turns, again, is_resident(gemm, slot, dataflow, limits)


@inlined
def fetch(
    is_first: bool, size: int, ports: int, traits: Traits, memory: Memory, channel: int, latency: int, place: Place,
    dram: Ints, channels: Channels,
) -> tuple[Memory, Flight]:  # fmt: skip
    """Load a pass's unit unless its memory holds it; return the memory's state and the load, zeros for none.

    A unit goes to the half not used last. It comes from the global buffer where that keeps the operand and has it.
    """
    half, free_0, free_1 = memory
    is_fetched = is_first or traits[AGAIN]
    if traits[TURNS] or (is_fetched and traits[HALVES] == 2):
        half = 1 - half
    if not is_fetched:
        return (half, free_0, free_1), (0, 0, 0)
    start = max(channel, free_1 if half else free_0)
    end, dram_end = transfer(start, size, ports, is_first or not traits[RESIDENT], READ, latency, place, dram, channels)
    return (half, free_0, free_1), (start, dram_end, end)


@inlined
def used_until(memory: Memory, traits: Traits, clock: int) -> Memory:
    """Return a memory after its half in use was read up to a clock; an unlimited one never has to be free."""
    half, free_0, free_1 = memory
    if traits[HALVES] == 0:
        return memory
    return (half, free_0, clock) if half else (half, clock, free_1)
