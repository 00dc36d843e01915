"""Local memories whose halves remember their units, for passes that a mask leaves; and what loads and drains move.

Which unit comes again, and when, depends on the passes that are left, so a half is asked for the unit that it holds.
"""

from typing import TypeAlias

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.array.closed_form import WS
from pivotsim.kernels.memory.mask_tables import Cut, Tables, operand_bytes, unit_bytes, unit_of
from pivotsim.kernels.memory.stalls import Flight
from pivotsim.kernels.memory.tiles import (
    DRAM_READ,
    DRAM_WRITE,
    GB_INPUT_READ,
    GB_INPUT_WRITE,
    GB_OUTPUT_READ,
    GB_OUTPUT_WRITE,
    GB_WEIGHT_READ,
    GB_WEIGHT_WRITE,
    INPUT_SHARE,
    IPMEM_WRITE,
    OPMEM_READ,
    READ_LATENCY,
    WEIGHT_SHARE,
    WTMEM_WRITE,
    Array,
    Ints,
    halves_of,
)
from pivotsim.kernels.memory.transfers import bandwidth_cycles, flown, load_ports

# A memory: the half in use, the units of both halves (-1: none), the clock from which each half may be filled.
Memory: TypeAlias = tuple[int, int, int, int, int]
HALF = 0
# What holds for a slot in all passes: halves, whether the global buffer keeps the operand, whether it is the weight.
Traits: TypeAlias = tuple[int, bool, bool]
HALVES, RESIDENT, IS_WEIGHT = 0, 1, 2


@inlined
def traits_of(slot: int, design: Ints, limits: Ints, sliced: Cut, tables: Tables, shape: Ints) -> Traits:
    """Return what holds for a slot in all passes."""
    is_weight = (slot == 0) == (design[2] == WS)
    share = limits[WEIGHT_SHARE] if is_weight else limits[INPUT_SHARE]
    fits = share < 0 or operand_bytes(slot, sliced[1], sliced[2], tables, shape) <= share
    return halves_of(slot, design[2], limits), fits, is_weight


@inlined
def bring(
    slot: int, at: tuple[int, int, int], sliced: Cut, memory: Memory, traits: Traits, seen: Array, stamp: int,
    channel: int, limits: Ints, dram: Ints, tables: Tables, shape: Ints,
) -> tuple[Memory, Flight, int, int]:  # fmt: skip
    """Load a pass's unit unless its memory holds it; return the memory, the load, its bytes and those from DRAM.

    Bytes of -1: nothing to load. A unit goes to the half not used last; an unlimited memory holds all that it has seen.
    A unit comes from the global buffer where that keeps the operand and has seen it.
    """
    half, unit_0, unit_1, free_0, free_1 = memory
    unit, halves = unit_of(slot, at, sliced, shape), traits[HALVES]
    is_seen = seen[unit] == stamp
    if unit in (unit_0, unit_1):
        return (int(unit == unit_1), unit_0, unit_1, free_0, free_1), (0, 0, 0), -1, 0
    if halves == 0 and is_seen:
        return memory, (0, 0, 0), -1, 0
    size, start = unit_bytes(slot, at, sliced, tables, shape), channel
    if halves:
        half = 1 - half if halves == 2 else 0
        start = max(channel, free_1 if half else free_0)
        unit_0, unit_1 = (unit_0, unit) if half else (unit, unit_1)
    seen[unit] = stamp
    ports, from_dram = load_ports(size, bool(traits[IS_WEIGHT]), limits), size
    end, dram_end = flown(start, bandwidth_cycles(size, dram), ports, limits[READ_LATENCY])
    if is_seen and traits[RESIDENT]:
        end, dram_end, from_dram = start + ports, start, 0
    return (half, unit_0, unit_1, free_0, free_1), (start, dram_end, end), size, from_dram


@inlined
def used_until(memory: Memory, traits: Traits, clock: int) -> Memory:
    """Return a memory after its half in use was read up to a clock; an unlimited one never has to be free."""
    half, unit_0, unit_1, free_0, free_1 = memory
    if traits[HALVES] == 0:
        return memory
    return (half, unit_0, unit_1, free_0, clock) if half else (half, unit_0, unit_1, clock, free_1)


@inlined
def count_load(is_weight: bool, size: int, from_dram: int, moved: Array) -> None:
    """Add a load's bytes at each level to ``moved``."""
    moved[DRAM_READ] += from_dram
    moved[GB_WEIGHT_WRITE if is_weight else GB_INPUT_WRITE] += from_dram
    moved[GB_WEIGHT_READ if is_weight else GB_INPUT_READ] += size
    moved[WTMEM_WRITE if is_weight else IPMEM_WRITE] += size


@inlined
def count_drain(size: int, sums: int, moved: Array) -> None:
    """Add a drain's bytes at each level to ``moved``: outputs and the partial sums they are made of."""
    moved[OPMEM_READ] += sums
    moved[GB_OUTPUT_READ] += size
    moved[GB_OUTPUT_WRITE] += size
    moved[DRAM_WRITE] += size
