"""Descriptors as the words of hardware's tables: fields from the lowest bit up."""

from collections.abc import Sequence
from typing import NamedTuple

from pivotsim.errors import InputError
from pivotsim.rtl.descriptors import MASK_FIELDS, Drain, Load, Stream, Tile
from pivotsim.rtl.program import Program

WORD_BITS, REGISTER_WORDS = 32, 32  # of TABLE_DATA in verilog/registers/control_registers.v
FLAGS = ("from_dram", "keeps", "first", "last", "adds", "half", "narrow", "begins", "ends")
FLAG_BITS = {"to": 2, **dict.fromkeys(FLAGS, 1)}
Descriptor = Load | Tile | Stream | Drain


class Widths(NamedTuple):
    """Bits of a count, a local address or a size, of an address in DRAM, and of lanes: 0 where nothing is masked."""

    count_bits: int = 20
    address_bits: int = 32
    row_lanes: int = 0
    col_lanes: int = 0

    def of(self, field: str) -> int:
        """Return the bits of a descriptor's field."""
        if field in MASK_FIELDS and not self.row_lanes:
            return 0
        if field == "dram_address":
            return self.address_bits
        if field == "x_lanes":
            return self.row_lanes
        if field in ("y_lanes", "tile_lanes"):
            return self.col_lanes
        return FLAG_BITS.get(field, self.count_bits)

    @property
    def table_bits(self) -> int:
        """Bits of the widest table's word."""
        return sum(map(self.of, Stream._fields))

    @property
    def fits_registers(self) -> bool:
        """Whether registers and driver hold a descriptor of every table."""
        return self.table_bits <= REGISTER_WORDS * WORD_BITS


def word(descriptor: Descriptor, widths: Widths) -> int:
    """Return a descriptor as one number; fields of masks are left out where hardware has none.

    Raises
    ------
    InputError
        A value needs more bits than its field has.
    """
    total = place = 0
    for name, value in zip(descriptor._fields, descriptor, strict=True):
        bits = widths.of(name)
        if not bits:
            continue
        if value >> bits:
            raise InputError(f"{type(descriptor).__name__}.{name}: needs more than {bits} bits (got {value})")
        total |= value << place
        place += bits
    return total


def tables(program: Program) -> tuple[Sequence[Descriptor], ...]:
    """Return the four tables in the order of the hardware's ``table_select``."""
    return program.loads, program.tiles, program.streams, program.drains
