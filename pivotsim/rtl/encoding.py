"""Descriptors as the words of hardware's tables: fields from the lowest bit up."""

from collections.abc import Sequence
from typing import NamedTuple

from pivotsim.errors import InputError
from pivotsim.rtl.descriptors import Drain, Load, Stream, Tile
from pivotsim.rtl.program import Program

FLAG_BITS = {"to": 2, "from_dram": 1, "keeps": 1, "first": 1, "last": 1, "adds": 1, "half": 1, "narrow": 1}
Descriptor = Load | Tile | Stream | Drain


class Widths(NamedTuple):
    """Bits of a count, a local address or a size, and of an address in DRAM."""

    count_bits: int = 20
    address_bits: int = 32

    def of(self, field: str) -> int:
        """Return the bits of a descriptor's field."""
        return self.address_bits if field == "dram_address" else FLAG_BITS.get(field, self.count_bits)

    @property
    def table_bits(self) -> int:
        """Bits of the widest table's word."""
        return sum(map(self.of, Stream._fields))


def word(descriptor: Descriptor, widths: Widths) -> int:
    """Return a descriptor as one number.

    Raises
    ------
    InputError
        A value needs more bits than its field has.
    """
    total = place = 0
    for name, value in zip(descriptor._fields, descriptor, strict=True):
        bits = widths.of(name)
        if value >> bits:
            raise InputError(f"{type(descriptor).__name__}.{name}: needs more than {bits} bits (got {value})")
        total |= value << place
        place += bits
    return total


def tables(program: Program) -> tuple[Sequence[Descriptor], ...]:
    """Return the four tables in the order of the hardware's ``table_select``."""
    return program.loads, program.tiles, program.streams, program.drains
