"""Does a GEMM fit its memories: the largest unit of each against one half, as a result and not as an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.workload.sizes import packed_bytes


@dataclass(frozen=True)
class Misfit:
    """One unit that does not fit one half of its memory."""

    buffer: str
    unit: str
    demand_bytes: int
    limit_bytes: int
    levers: str

    @property
    def gap_bytes(self) -> int:
        """Bytes that the half lacks."""
        return self.demand_bytes - self.limit_bytes

    def __str__(self) -> str:
        return (
            f"{self.buffer}: {self.unit} of {self.demand_bytes} B does not fit the {self.limit_bytes} B of a half"
            f" ({self.gap_bytes} B too much); {self.levers}"
        )


@dataclass(frozen=True)
class DoesNotFit:
    """A GEMM that no chunk makes fit, or not the one asked for; a row for each unit that is too large."""

    misfits: tuple[Misfit, ...]

    def __str__(self) -> str:
        return "\n".join(map(str, self.misfits))


def units(
    sizes: tuple[int, int, int], rows: int, cols: int, dataflow: str, chunk: int, limits: MemoryLimits
) -> list[tuple[str, str, int, int]]:
    """Return (memory, unit, bytes of the largest one, bits per streamed step or 0) for the three memories.

    Units are those of an array's folds, or of blocks whose folds share them.
    """
    rows, cols = limits.tile(rows, cols, dataflow)
    row_size, col_size, _ = DATAFLOW[dataflow].sizes(*sizes)
    bits = {"ipmem": limits.input_bits, "wtmem": limits.weight_bits}
    return units_of(min(rows, row_size), min(cols, col_size), dataflow, chunk, bits, limits.sum_bytes)


def units_of(
    r: Any, c: Any, dataflow: str, chunk: Any, bits: Mapping[str, int], sum_bytes: Any
) -> list[tuple[str, str, Any, Any]]:  # fmt: skip
    """Return what ``units`` does for r rows and c columns in use of a tile, numbers or vectors.

    A tile is rows x columns, a streamed unit rows (from above: columns) x chunk, partial sums columns x chunk, or rows
    x columns where they drain. ``bits`` has those of an operand's element in its memory.
    """
    row = DATAFLOW[dataflow]
    first, second = row.memories
    bits_0, bits_1 = bits[first], bits[second]
    if row.drains:
        sums, per_step = r * c, 0
        unit_0 = (first, "stream", packed_bytes(r * chunk, bits_0), r * bits_0)
        unit_1 = (second, "stream", packed_bytes(c * chunk, bits_1), c * bits_1)
    else:
        sums, per_step = c * chunk, c
        unit_0 = (first, "tile", packed_bytes(r * c, bits_0), 0)
        unit_1 = (second, "stream", packed_bytes(r * chunk, bits_1), r * bits_1)
    return [unit_0, unit_1, ("opmem", "psums", sum_bytes * sums, 8 * sum_bytes * per_step)]


def _levers(memory: str, per_step: int, chunk: int, dataflow: str, limits: MemoryLimits) -> str:
    words = [f"more {memory}_bytes"]
    if limits.halves(memory) == 2:
        words.append(f"{memory}_buffers single")
    if per_step and chunk > 1:
        words.append("a smaller chunk")
    words.append("a smaller block of outputs" if limits.has_block(dataflow) else "a smaller array")
    return "try " + ", ".join(words[:-1]) + " or " + words[-1]


def largest_chunk(
    sizes: tuple[int, int, int], rows: int, cols: int, dataflow: str, limits: MemoryLimits, chunk: int = 0
) -> int | DoesNotFit:
    """Return the most streamed steps that every half holds, or what does not fit with ``chunk`` steps (0: with one)."""
    asked, most = max(1, chunk), DATAFLOW[dataflow].sizes(*sizes)[2]
    misfits = []
    for memory, unit, demand, per_step in units(sizes, rows, cols, dataflow, asked, limits):
        half = limits.half_bytes(memory)
        if half is None:
            continue
        if demand > half:
            misfits.append(Misfit(memory, unit, demand, half, _levers(memory, per_step, asked, dataflow, limits)))
        elif per_step:
            most = min(most, 8 * half // per_step)
    return DoesNotFit(tuple(misfits)) if misfits else most
