"""Latencies that a board file may leave out and an FPGA may not: raised in what is built, and said."""

from typing import NamedTuple

from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.io.spec_values import value_at
from pivotsim.rtl.buildable import PACKED_LATENCY


class Raised(NamedTuple):
    """A value of the board, as it states it and as it is built, and why."""

    path: str
    stated: int
    built: int
    why: str

    def __str__(self) -> str:
        return f"{self.path} {self.stated} is built as {self.built}: {self.why}"


NEEDED = (  # path, the value that no FPGA has at speed, the least that one has, why
    ("array.mac_latency", 1, 2, "a DSP slice has a register behind its multiplier"),
    ("memories.buffer_read_cycles", 0, 1, "a block RAM answers a clock after its address"),
)


def as_built(board: SystolicHardware) -> tuple[SystolicHardware, tuple[Raised, ...]]:
    """Return the board with latencies that block RAMs and DSP slices have, and which were raised.

    >>> import pivotsim as ps
    >>> built, raised = as_built(ps.load_hardware("zcu102"))
    >>> built.array.mac_latency, built.memories.buffer_read_cycles, [each.stated for each in raised]
    (2, 1, [1, 0])
    """
    raised = tuple(Raised(*row) for row in NEEDED if value_at(board, row[0]) == row[1])
    if board.array.mac_packing > 1 and board.array.mac_latency < PACKED_LATENCY:
        own = Raised(
            "array.mac_latency", board.array.mac_latency, PACKED_LATENCY, "a slice adds two held operands first"
        )
        raised = (own, *(each for each in raised if each.path != own.path))
    return board.replace({each.path: each.built for each in raised}), raised
