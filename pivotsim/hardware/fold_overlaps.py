"""Fold overlaps, a row each: how far a fold of a GEMM overlaps the next one, and what that takes of every PE.

A PE always has a register for the operand that moves right and one for the sum; where operands are held (is, ws) one
for the held operand, too. ``REGISTERS`` lists what overlaps take on top. Without passing registers the held operands of
a column (`none`), or its second ones (`settled`), are themselves the chain that a load moves through: it settles in all
rows in the same clock, and may not begin before all rows have taken over what the chain held.

Sources: rtl/verilog/array/pe_generic.v, in which each row meets its clocks; tests/data/foreign_rtl.csv for `none` and
`settled` in arrays of others. In a column of DSP48E2 slices the second operand of
`settled` is a register of the slice (B1) and takes no flip-flop: rtl/verilog/array/pe_dsp48e2.v. `preload`,
`chained` and `pipelined` begin a load before the first operand has passed all rows, which that chain cannot.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from pivotsim.hardware.dataflows import DATAFLOW

OPERAND_BITS, SUM_BITS = 8, 32  # int8 operands, int32 sums


class Register(NamedTuple):
    """A register that some PEs have: its bits, with those of its mark or token, and what it is for."""

    bits: int
    words: str


REGISTERS: dict[str, Register] = {
    "second operand": Register(OPERAND_BITS + 1, "the next fold's operand, held while the first is in use"),
    "passing operand": Register(OPERAND_BITS, "takes operands down to their rows, so that a load moves nothing held"),
    "load token": Register(3, "at half the operands' speed, tells a row which of them is its own"),
    "second sum": Register(SUM_BITS + 1, "a finished sum, kept while the next one begins"),
    "passing sum": Register(SUM_BITS, "takes finished sums down while those of other rows still grow"),
    "drain token": Register(3, "tells a row when its sum leaves"),
}


class Overlap(NamedTuple):
    """One row of the table: names of ``REGISTERS`` that a PE needs where operands are held, and where sums stay."""

    name: str
    words: str
    held: tuple[str, ...]
    drained: tuple[str, ...]

    def registers(self, dataflow: str) -> tuple[str, ...]:
        """Return the names of the registers that a PE needs beside those of `none` under a dataflow."""
        return self.drained if DATAFLOW[dataflow].drains else self.held

    def extra_bits(self, dataflow: str) -> int:
        """Return the flip-flops that a PE needs beside those of `none` under a dataflow.

        >>> FOLD_OVERLAP["pipelined"].extra_bits("is"), FOLD_OVERLAP["settled"].extra_bits("is")
        (20, 9)
        """
        return sum(REGISTERS[name].bits for name in self.registers(dataflow))


_PASSING, _DRAINING = ("passing operand", "load token"), ("passing sum", "drain token")
FOLD_OVERLAP: dict[str, Overlap] = {
    row.name: row
    for row in (
        Overlap("none", "one fold at a time", (), ()),
        Overlap("preload", "its load is hidden", ("second operand", *_PASSING), ("second sum", *_DRAINING)),
        Overlap("chained", "the load wave follows the stream wave", _PASSING, _DRAINING),
        Overlap("pipelined", "back-to-back streams", ("second operand", *_PASSING), ("second sum", *_DRAINING)),
        Overlap(
            "settled",
            "back-to-back streams, the next load begins when the last has settled in all rows",
            ("second operand",),
            ("second sum", *_DRAINING),  # nothing is loaded: as pipelined
        ),
    )
}
FOLD_OVERLAPS: tuple[str, ...] = tuple(FOLD_OVERLAP)  # a name's place is its code in kernels and vectors of designs


def without_loads(fold_overlap: str, dataflow: str) -> str:
    """Return what to say of `settled` where nothing is loaded, '' elsewhere.

    >>> without_loads("settled", "os")
    'settled is pipelined under os, where nothing is loaded'
    """
    if fold_overlap != "settled" or not DATAFLOW[dataflow].drains:
        return ""
    return f"settled is pipelined under {dataflow}, where nothing is loaded"


@dataclass(frozen=True)
class OverlapRegisters:
    """Registers that the fold overlap of an array takes in every PE beside those of `none`, and their flip-flops.

    ``registers`` are names of ``REGISTERS``, ``ff`` the flip-flops in all PEs.
    """

    fold_overlap: str
    dataflow: str
    registers: tuple[str, ...]
    ff_per_pe: int
    ff: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of them beside the array's other resources, a line each."""
        return tuple(f"array.fold_overlap: {line}" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        same = without_loads(self.fold_overlap, self.dataflow)
        if same:
            yield same
        if self.registers:
            bits = ", ".join(f"{name} {REGISTERS[name].bits}" for name in self.registers)
            count = f"{self.ff_per_pe} flip-flops a PE beside `none` ({bits}), {self.ff:,} in all"
            yield f"[model] {self.fold_overlap} takes {count}; FF leaves them out"

    def to_dict(self) -> dict[str, Any]:
        """Return them as plain numbers and text."""
        return {**asdict(self), "registers": list(self.registers)}


def overlap_registers(fold_overlap: str, dataflow: str, pes: int) -> OverlapRegisters:
    """Return the registers that a fold overlap takes in an array of ``pes`` PEs beside those of `none`."""
    row = FOLD_OVERLAP[fold_overlap]
    per_pe = row.extra_bits(dataflow)
    return OverlapRegisters(fold_overlap, dataflow, row.registers(dataflow), per_pe, per_pe * pes)
