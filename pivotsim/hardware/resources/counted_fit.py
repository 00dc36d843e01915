"""A fit as synthesis counts it: demands by the structures of the Verilog that ships, their marks, and notes.

It stands apart from ``device_fit``, which needs no numpy where constants count.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pivotsim.errors import got
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.block_rams import MemoryBlocks, numbers_wanted
from pivotsim.hardware.resources.parts import FITTED, Part, parts_of, plain_amount
from pivotsim.hardware.resources.recorded import EXACT, HOW, RECORDED
from pivotsim.hardware.resources.synthesis import STAGE, Synthesis, SynthesisPart, synthesis_of
from pivotsim.hardware.resources.written_units import BUILT_FOR
from pivotsim.io.documents import SET_BY_USER
from pivotsim.units import INT64_MAX

__all__ = ["as_counted", "counted_parts", "is_unit", "mark_of", "notes", "synthesis_of"]


def counted_parts(
    hw: SystolicHardware, memories: Iterable[MemoryBlocks], counts: Synthesis
) -> dict[str, tuple[Part, ...]]:
    """Return resource -> the parts that take of it, by what synthesis counts of their structures."""
    of_units = tuple(Part(part.name, part.dsp, part.how) for part in counts.parts if part.dsp and is_unit(part))
    found = {"dsp": (*parts_of(hw, memories)["dsp"], *of_units)}
    for resource in ("bram36", "lut", "ff"):
        amounts = ((part, getattr(part, resource)) for part in counts.parts)
        found[resource] = tuple(Part(part.name, plain_amount(amount), part.how) for part, amount in amounts if amount)
    if any(numbers_wanted(hw)):  # no block RAMs suffice
        found["bram36"] = (*found["bram36"], Part("memories without limits", INT64_MAX, "no size, or no width"))
    return {**found, **({"uram": ()} if hw.fpga.uram else {})}


def is_unit(part: SynthesisPart | Part) -> bool:
    """Whether a part is a unit of programmable logic."""
    return part.name.endswith(" unit")


def as_counted(memory: MemoryBlocks, counts: Synthesis) -> MemoryBlocks:
    """Return a memory with the block RAMs that synthesis counts; 0 where its banks are of LUTs."""
    if memory.blocks == INT64_MAX:
        return memory
    (blocks,) = (part.bram36 for part in counts.parts if part.name == memory.memory)
    return replace(memory, blocks=blocks)


def mark_of(parts: tuple[Part, ...]) -> str:
    """Return the word for a demand from how its parts are known: that of the worst."""
    worst = max((HOW.index(part.formula) for part in parts if part.formula in HOW), default=EXACT)
    return "counted" if worst <= RECORDED else HOW[worst]


def notes(hw: SystolicHardware, counts: Synthesis) -> Iterator[str]:
    """Yield what is to be said of counts by synthesis: the tool, and what the Verilog has otherwise than the board."""
    yield f"fpga.use.counted_by: synthesis: {counts.tool}, {STAGE}; {counts.elements}"
    own = [path for path in FITTED if hw.source(path).startswith(SET_BY_USER)]
    if own:
        yield f"{', '.join(own)}: not used, fpga.use.counted_by: synthesis counts structures"
    if any(map(is_unit, counts.parts)):
        yield f"units of programmable logic: one of each, as built for {BUILT_FOR}; other rows take another amount"
    if hw.memories.buffer_read_cycles != 1:
        yield f"memories.buffer_read_cycles: counted as 1, block RAMs answer late {got(hw.memories.buffer_read_cycles)}"
    if any(numbers_wanted(hw)):
        yield "memories without a size are not counted, nor ports without a width: as 1 B"
    if hw.memories.bias:
        yield "memories.bias: counted for one bias a column; all n of a GEMM lie in that memory"
