"""Blocks of the memories beside the array: block RAMs, or UltraRAM for those of ``fpga.use.uram_from_bytes`` and more.

A block RAM of 36 Kb (simple dual port) has the shapes of ``BRAM36_SHAPES``; a memory w bits wide and d words deep takes
the fewest ceil(w / wi) * ceil(d / di). A wide port, not the capacity, is what costs blocks: a memory is as wide as the
wider of what fills it and what the array moves in a clock, R bytes at IPMEM and WTMEM (C where the operand streams from
above), 4 * C at OPMEM. An UltraRAM block is 72 bits wide and 4096 words deep (AMD UG573), in no other shape.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pivotsim.hardware.dataflows import DATAFLOW, OPERAND_MEMORY
from pivotsim.hardware.memory import UNLIMITED
from pivotsim.hardware.systolic import SystolicHardware
from pivotsim.units import INT64_MAX

# (bits wide, words deep), AMD UG573; up to 72 bits in simple dual port
BRAM36_SHAPES = ((72, 512), (36, 1024), (18, 2048), (9, 4096), (4, 8192), (2, 16384), (1, 32768))
BRAM36_BITS = 36 * 1024
URAM_SHAPE = (72, 4096)
FILLED = ("ipmem", "wtmem", "gb")  # memories with a port of their own towards DRAM
MEMORIES = ("ipmem", "wtmem", "opmem", "gb")
SUM_BYTES = 4  # int32


@dataclass(frozen=True)
class MemoryBlocks:
    """One memory: its size and port in bytes, its blocks and their kind, and how many its capacity alone would take.

    2**63 - 1 stands for what is unlimited.
    """

    memory: str
    size_bytes: int
    port_bytes: int
    blocks: int
    blocks_by_capacity: int
    kind: str = "BRAM36"


def bram36_blocks(width_bits: int, depth: int) -> int:
    """Return the fewest block RAMs of 36 Kb for a memory of ``depth`` words of ``width_bits``.

    >>> bram36_blocks(512, 128), bram36_blocks(1152, 57)
    (8, 16)
    """
    return min(-(-width_bits // wi) * -(-depth // di) for wi, di in BRAM36_SHAPES)


def memory_blocks(hw: SystolicHardware, name: str) -> MemoryBlocks:
    """Return the block RAMs of one of ``MEMORIES``."""
    size, port = _number(hw, f"{name}_bytes"), _port_bytes(hw, name)
    in_uram = bool(hw.fpga.use.uram_from_bytes) and size >= hw.fpga.use.uram_from_bytes
    wide, deep = URAM_SHAPE
    by_capacity = INT64_MAX if size == INT64_MAX else -(-8 * size // (wide * deep if in_uram else BRAM36_BITS))
    depth = -(-size // port)
    blocks = -(-8 * port // wide) * -(-depth // deep) if in_uram else bram36_blocks(8 * port, depth)
    blocks = INT64_MAX if INT64_MAX in (size, port) else blocks
    return MemoryBlocks(name, size, port, blocks, by_capacity, "URAM" if in_uram else "BRAM36")


def _port_bytes(hw: SystolicHardware, name: str) -> int:
    """Return how wide a memory is: the wider of what fills it and what the array moves in a clock."""
    array, side = hw.array, side_of(name, hw.array.dataflow)
    sides = (array.rows, array.cols)
    port = 0 if side is None else sides[side] * (SUM_BYTES if name == OPERAND_MEMORY["out"] else 1)
    return max(port, _number(hw, f"{name}_port_bytes_per_clock")) if name in FILLED else port


def side_of(name: str, dataflow: str) -> int | None:
    """Return the side of the array that sets a memory's width: 0 rows, 1 columns, None neither.

    Sums leave by columns, and an operand that streams from above enters by them; all else enters by rows.
    """
    operand = next((operand for operand, memory in OPERAND_MEMORY.items() if memory == name), None)
    return None if operand is None else int(operand in ("out", DATAFLOW[dataflow].from_above))


def _number(hw: SystolicHardware, field: str) -> int:
    value = getattr(hw.memories, field)
    return INT64_MAX if value == UNLIMITED else int(value)


def numbers_wanted(hw: SystolicHardware) -> Iterator[str]:
    """Yield what would make an unlimited memory one that can be built."""
    fields = [*(f"{name}_bytes" for name in MEMORIES), *(f"{name}_port_bytes_per_clock" for name in FILLED)]
    for field in fields:
        if _number(hw, field) == INT64_MAX:
            yield f"a number for memories.{field}, which is unlimited"
