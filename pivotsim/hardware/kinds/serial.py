"""The serial tile machine: load, multiply, post-process and write back, one after the other, tile by tile.

Nothing overlaps and nothing is kept between tiles. The values of ``hwconfigs/truth/heatvit_kc705.yaml`` are those of
an open Verilog design for HeatViT; how clocks follow from them is in engines/serial/tiles.py.
"""

import math
from typing import Any, ClassVar, Literal, Self

from pivotsim.errors import InputError, got
from pivotsim.hardware.array import MAX_CLOCK_MHZ, MIN_CLOCK_MHZ
from pivotsim.hardware.kinds.hardware_alone import HardwareAlone
from pivotsim.hardware.spec import Hardware
from pivotsim.io.specs import Spec, quantity

MAX_CLOCKS = 10**9
MAX_TILE = 65_536


def clocks(meaning: str) -> Any:
    """Return a field that counts clocks."""
    return quantity("clocks", meaning, ge=0, le=MAX_CLOCKS)


class PortSpec(Spec):
    """The one memory port: every burst costs, and every beat of it."""

    beat_bytes: int = quantity("B", "A beat; a burst takes every aligned beat that it touches.", ge=1, le=4096)
    read_burst_clocks: int = clocks("A read burst, before its beats.")
    read_beat_clocks: int = clocks("A beat that is read and put in place.")
    write_burst_clocks: int = clocks("A write burst, before its beats.")
    write_beat_clocks: int = clocks("A beat that is written.")


class PostSpec(Spec):
    """A function that a tile's results pass before they are written."""

    tile_clocks: int = clocks("Once a tile, to fill and drain.")
    element_clocks: int = clocks("An element.")


class PassSpec(Spec):
    """Clocks per element of what is no multiplication: a pass reads rows, works, writes them back."""

    softmax: float = quantity("clocks", "Softmax, an element of the scores.", ge=0, le=1e6)
    norm: float = quantity("clocks", "LayerNorm, an element.", ge=0, le=1e6)
    add: float = quantity("clocks", "Addition, an element of the result.", ge=0, le=1e6)
    selector: float = quantity("clocks", "Token selector beside its multiplications, an element.", ge=0, le=1e6)


class SerialSpec(Spec):
    """The multipliers, their port and what controls them."""

    tile_rows: int = quantity("", "Rows of a tile of the result.", ge=1, le=MAX_TILE)
    bank_cols: int = quantity("", "Columns of the result that a bank holds.", ge=1, le=MAX_TILE)
    banks: int = quantity("", "Banks side by side: further columns, or a head each.", ge=1, le=1024)
    clock_mhz: float = quantity("MHz", "Clock of the programmable logic.", ge=MIN_CLOCK_MHZ, le=MAX_CLOCK_MHZ)
    operand_bits: int = quantity("bit", "Widest operand; it is stored in whole bytes.", ge=1, le=64)
    sum_bytes: int = quantity("B", "A bias, a score, a class's logit.", ge=1, le=16)
    mac_fill_clocks: int = clocks("To fill and drain the multipliers, once a tile, beside a clock per step of K.")
    control_clocks: int = clocks("To enter and leave a phase of a tile.")
    tile_phases: int = quantity("", "Phases that every tile has; a bias is one more.", ge=1, le=64)
    descriptor_clocks: int = clocks("To fetch and decode a descriptor, once a multiplication.")
    port: PortSpec
    gelu: PostSpec
    sigmoid: PostSpec
    passes: PassSpec


class SerialHardware(HardwareAlone):
    """A board with one serial tile machine and no processor side."""

    compute: ClassVar[str] = "serial"
    assumptions: ClassVar[tuple[str, ...]] = ("serial.tile_phases", "serial.passes")

    kind: Literal["serial"] = quantity("", "Selects this schema.")
    serial: SerialSpec

    @property
    def clock_mhz(self) -> float:
        """Clock of the machine."""
        return self.serial.clock_mhz

    @property
    def pes(self) -> int:
        """Multiply-accumulates in a clock: a tile's rows times its columns."""
        return self.serial.tile_rows * self.serial.bank_cols * self.serial.banks

    @property
    def operand_bits(self) -> int:
        """Widest operand that it multiplies."""
        return self.serial.operand_bits

    def unit_cycles(self, kind: str, elements: int, blocks: int) -> int:
        """Return the clocks of a pass over a block; a GELU's are part of the multiplication before it."""
        if kind == "gelu":
            return 0
        if kind not in PassSpec.model_fields:
            return super().unit_cycles(kind, elements, blocks)
        per_element: float = getattr(self.serial.passes, kind)
        return math.ceil(per_element * elements / blocks)

    def without_memory_limits(self) -> Self:
        """Return the board itself: its port is part of every clock, there is nothing to take away."""
        return self


def as_serial(hw: Hardware, what: str) -> SerialHardware:
    """Return a board that has a serial tile machine, or raise InputError for one that has none."""
    if not isinstance(hw, SerialHardware):
        raise InputError(f"{what}: needs hardware of kind 'serial', '{hw.name}' is another {got(hw.kind)}")
    return hw
