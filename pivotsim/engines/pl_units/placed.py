"""Clocks and bytes of operations on PL units: behind memories of their own where ``units.memory_bytes`` states some."""

from collections.abc import Iterator
from typing import NamedTuple

from pivotsim.engines.pl_units.behind_memories import is_behind_memories, unit_passes
from pivotsim.engines.pl_units.board_station import lanes_of
from pivotsim.engines.pl_units.charges import unit_bytes
from pivotsim.engines.pl_units.operations import WORD_BYTES
from pivotsim.engines.pl_units.pass_blocks import rounded
from pivotsim.engines.pl_units.token_passes import PHASES
from pivotsim.engines.pl_units.units import unit_cycles
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.spec import Hardware
from pivotsim.workload.ops import Trace

__all__ = ["PlacedBytes", "is_behind_memories", "pass_notes", "placed_bytes", "placed_cycles"]


class PlacedBytes(NamedTuple):
    """Bytes that units read and write, at on-chip memories and at DRAM."""

    local_bytes: int
    dram_bytes: int


def placed_cycles(trace: Trace, hw: Hardware) -> Iterator[tuple[int, int]]:
    """Yield (position in the trace, clocks with repeats) of each operation on a PL unit.

    Raises
    ------
    InputError
        The clocks of all of them together would exceed int64, or units behind memories do not take an operation.
    """
    if is_behind_memories(trace, hw):
        yield from ((one.position, one.cycles) for one in unit_passes(trace, hw))
    else:
        yield from unit_cycles(trace, hw)


def placed_bytes(trace: Trace, hw: Hardware) -> PlacedBytes:
    """Return the bytes of all operations on PL units: of passes what they move, else what ``charges`` counts."""
    if is_behind_memories(trace, hw):
        passes = unit_passes(trace, hw)
        return PlacedBytes(sum(one.local_bytes for one in passes), sum(one.dram_bytes for one in passes))
    return PlacedBytes(unit_bytes(trace, hw), 0)


def pass_notes(trace: Trace, hw: Hardware) -> tuple[str, ...]:
    """Return what is and what is not in the numbers of unit passes; nothing where there are none."""
    if not is_behind_memories(trace, hw):
        return ()
    passes = unit_passes(trace, hw)
    moved = sum(one.dram_bytes for one in passes)
    count = sum(trace.ops[one.position].kind not in (*PHASES[1:], "merge") for one in passes)  # a drop is one pass
    assert isinstance(hw, SystolicHardware)
    turned = "units.memory_bytes: array.fold_overlap settled turns the rows of tiles, which their layouts leave out"
    stated = hw.units.memory_bytes
    built = hw.units.built_bytes(lanes_of(hw, [trace.ops[one.position] for one in passes]), WORD_BYTES)
    less = f"units.memory_bytes: {stated:,} B are stated{rounded(stated, built)}"
    return (
        *((less,) if built != stated else ()),
        *((turned,) if hw.array.fold_overlap == "settled" else ()),
        f"units.memory_bytes: {count} unit passes move {moved:,} B from and to DRAM, of a batch all images', in counts"
        " beside the multiplications' own; each operation is filled, run and drained, beside no multiplication",
        "units.memory_bytes: in no clock are tables that the driver writes before a pass, and copies of tensors that"
        " a multiplication cannot load as they were drained, K's transposition among them",
    )
