"""Blocks of the memories beside the array: block RAMs, or UltraRAM for those of ``fpga.use.uram_from_bytes`` and more.

A block RAM of 36 Kb (simple dual port) has the shapes of ``BRAM36_SHAPES``; a memory w bits wide and d words deep takes
the fewest ceil(w / wi) * ceil(d / di). A wide port, not the capacity, is what costs blocks: a memory is as wide as the
wider of what fills it and what the array moves in a clock, R bytes at IPMEM and WTMEM (C where the operand streams from
above), 4 * C at OPMEM. An UltraRAM block is 72 bits wide and 4096 words deep (AMD UG573), in no other shape.
Each of several arrays has IPMEM, WTMEM and OPMEM of its own; the global buffer stands once, before all [assumed].
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pivotsim.hardware.dataflows import DATAFLOW, OPERAND_MEMORY
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.memory import UNLIMITED
from pivotsim.units import INT64_MAX

# (bits wide, words deep), AMD UG573; up to 72 bits in simple dual port
BRAM36_SHAPES = ((72, 512), (36, 1024), (18, 2048), (9, 4096), (4, 8192), (2, 16384), (1, 32768))
BRAM36_BITS = 36 * 1024
URAM_SHAPE = (72, 4096)
FILLED = ("ipmem", "wtmem", "gb")  # memories with a port of their own towards DRAM
MEMORIES = ("ipmem", "wtmem", "opmem", "gb")
# memories of bytes, which the Verilog may put in UltraRAM, by the bit of its parameter ULTRA; sums stay in block RAMs
ULTRA_BIT = {"ipmem": 1, "wtmem": 2, "gb": 4}
PRIVATE = MEMORIES[:3]  # of each array; the global buffer stands before all of them
SUM_BYTES = 4  # int32


@dataclass(frozen=True)
class MemoryBlocks:
    """One memory, or that of each of several arrays: size and port in bytes, the blocks of all, and by capacity alone.

    2**63 - 1 stands for what is unlimited; ``copies`` are arrays that have one of their own. Where synthesis
    counts them, half a block is one of 18 Kb.
    """

    memory: str
    size_bytes: int
    port_bytes: int
    blocks: float
    blocks_by_capacity: int
    kind: str = "BRAM36"
    copies: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain numbers and text; ``copies`` where there are several."""
        entries = asdict(self)
        return entries if self.copies > 1 else {name: value for name, value in entries.items() if name != "copies"}


def bram36_blocks(width_bits: int, depth: int) -> int:
    """Return the fewest block RAMs of 36 Kb for a memory of ``depth`` words of ``width_bits``.

    >>> bram36_blocks(512, 128), bram36_blocks(1152, 57)
    (8, 16)
    """
    return min(-(-width_bits // wi) * -(-depth // di) for wi, di in BRAM36_SHAPES)


def memory_blocks(hw: SystolicHardware, name: str) -> MemoryBlocks:
    """Return the blocks of one of ``MEMORIES``, over all arrays that have one."""
    size, port = number_of(hw, f"{name}_bytes"), _port_bytes(hw, name)
    copies = hw.array.count if name in PRIVATE else 1
    in_uram = bool(hw.fpga.use.uram_from_bytes) and size >= hw.fpga.use.uram_from_bytes
    wide, deep = URAM_SHAPE
    by_capacity = INT64_MAX if size == INT64_MAX else -(-8 * size // (wide * deep if in_uram else BRAM36_BITS))
    depth = -(-size // port)
    blocks = -(-8 * port // wide) * -(-depth // deep) if in_uram else bram36_blocks(8 * port, depth)
    blocks = INT64_MAX if INT64_MAX in (size, port) else copies * blocks
    kind = "URAM" if in_uram else "BRAM36"
    return MemoryBlocks(name, size, port, blocks, min(copies * by_capacity, INT64_MAX), kind, copies)


def ultra_of(hw: SystolicHardware) -> int:
    """Return which memories of bytes lie in UltraRAM, a bit each: those of ``fpga.use.uram_from_bytes`` and more.

    >>> import pivotsim as ps
    >>> ultra_of(ps.load_hardware("zcu102")), ultra_of(ps.load_hardware("kv260"))
    (0, 4)
    """
    large = hw.fpga.use.uram_from_bytes
    return sum(bit for name, bit in ULTRA_BIT.items() if large and number_of(hw, f"{name}_bytes") >= large)


def amount_text(amount: float) -> str:
    """Return bytes or blocks as text.

    >>> amount_text(2304), amount_text(7.5), amount_text(2**63 - 1)
    ('2,304', '7.5', 'unlimited')
    """
    return UNLIMITED if amount == INT64_MAX else f"{amount:,.1f}" if amount % 1 else f"{int(amount):,}"


def blocks_text(memory: MemoryBlocks) -> str:
    """Return a memory's blocks, those of one array times the arrays where there are several."""
    if memory.copies == 1 or memory.blocks == INT64_MAX:
        return amount_text(memory.blocks)
    return f"{memory.copies} * {amount_text(memory.blocks // memory.copies)}"


def _port_bytes(hw: SystolicHardware, name: str) -> int:
    """Return how wide a memory is: the wider of what fills it and what the array moves in a clock."""
    array, side = hw.array, side_of(name, hw.array.dataflow)
    sides = (array.rows, array.cols)
    port = 0 if side is None else sides[side] * (SUM_BYTES if name == OPERAND_MEMORY["out"] else 1)
    return max(port, number_of(hw, f"{name}_port_bytes_per_clock")) if name in FILLED else port


def side_of(name: str, dataflow: str) -> int | None:
    """Return the side of the array that sets a memory's width: 0 rows, 1 columns, None neither.

    Sums leave by columns, and an operand that streams from above enters by them; all else enters by rows.
    """
    operand = next((operand for operand, memory in OPERAND_MEMORY.items() if memory == name), None)
    return None if operand is None else int(operand in ("out", DATAFLOW[dataflow].from_above))


def number_of(hw: SystolicHardware, field: str) -> int:
    """Return a size or a rate of the memories, 2**63 - 1 where it is unlimited."""
    value = getattr(hw.memories, field)
    return INT64_MAX if value == UNLIMITED else int(value)


def numbers_wanted(hw: SystolicHardware) -> Iterator[str]:
    """Yield what would make an unlimited memory one that can be built."""
    fields = [*(f"{name}_bytes" for name in MEMORIES), *(f"{name}_port_bytes_per_clock" for name in FILLED)]
    for field in fields:
        if number_of(hw, field) == INT64_MAX:
            yield f"a number for memories.{field}, which is unlimited"
