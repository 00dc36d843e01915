"""A fit as synthesis counts it: demands by the structures of the Verilog that ships, their marks, and notes.

It stands apart from ``device_fit``, which needs no numpy where constants count.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pivotsim.errors import got
from pivotsim.hardware.fold_overlaps import without_loads
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.block_rams import BRAM36_BITS, ULTRA_BIT, MemoryBlocks, memory_blocks, numbers_wanted
from pivotsim.hardware.resources.parts import FITTED, Part, parts_of, plain_amount
from pivotsim.hardware.resources.recorded import EXACT, HOW, RECORDED
from pivotsim.hardware.resources.synthesis import STAGE, Synthesis, SynthesisPart, synthesis_of
from pivotsim.hardware.resources.written_units import BUILT_FOR
from pivotsim.io.documents import SET_BY_USER
from pivotsim.units import INT64_MAX

COUNTED = ("bram36", "lut", "ff", "uram")  # resources that synthesis counts
OF_PORTS = ("ipmem", "wtmem", "gb", "biases", "read mover", "write mover")  # parts that grow with bytes a clock
NARROWER_PORTS = "narrower ports: memories.*_port_bytes_per_clock, which rotators and movers grow with"
LARGE_SHARE = 0.25  # of a demand

__all__ = ["COUNTED", "as_counted", "counted_parts", "is_mostly_ports", "is_unit", "mark_of", "notes", "synthesis_of"]


def counted_parts(
    hw: SystolicHardware, memories: Iterable[MemoryBlocks], counts: Synthesis
) -> dict[str, tuple[Part, ...]]:
    """Return resource -> the parts that take of it, by what synthesis counts of their structures."""
    of_units = tuple(Part(part.name, part.dsp, part.how) for part in counts.parts if part.dsp and is_unit(part))
    found = {"dsp": (*parts_of(hw, memories)["dsp"], *of_units)}
    for resource in COUNTED:
        amounts = ((part, getattr(part, resource)) for part in counts.parts)
        found[resource] = tuple(Part(part.name, plain_amount(amount), part.how) for part, amount in amounts if amount)
    if any(numbers_wanted(hw)):  # no block RAMs suffice
        found["bram36"] = (*found["bram36"], Part("memories without limits", INT64_MAX, "no size, or no width"))
    return {name: parts for name, parts in found.items() if name != "uram" or parts or hw.fpga.uram}


def is_unit(part: SynthesisPart | Part) -> bool:
    """Whether a part is a unit of programmable logic."""
    return part.name.endswith(" unit")


def is_mostly_ports(parts: tuple[Part, ...]) -> bool:
    """Whether parts that grow with the bytes a clock of the memories' ports take a large share of a demand."""
    of_ports = sum(part.amount for part in parts if part.name in OF_PORTS)
    return of_ports > LARGE_SHARE * sum(part.amount for part in parts)


def as_counted(memory: MemoryBlocks, counts: Synthesis) -> MemoryBlocks:
    """Return a memory with the block RAMs or UltraRAM that synthesis counts; 0 where its banks are of LUTs."""
    if memory.blocks == INT64_MAX:
        return memory
    (part,) = (part for part in counts.parts if part.name == memory.memory)
    in_uram = memory.kind == "URAM" and memory.memory in ULTRA_BIT
    if in_uram:
        return replace(memory, blocks=part.uram)
    by_capacity = memory.copies * -(-8 * memory.size_bytes // BRAM36_BITS)
    return replace(memory, blocks=part.bram36, blocks_by_capacity=by_capacity, kind="BRAM36")


def mark_of(parts: tuple[Part, ...]) -> str:
    """Return the word for a demand from how its parts are known: that of the worst."""
    worst = max((HOW.index(part.formula) for part in parts if part.formula in HOW), default=EXACT)
    return "counted" if worst <= RECORDED else HOW[worst]


def notes(hw: SystolicHardware, counts: Synthesis) -> Iterator[str]:
    """Yield what is to be said of counts by synthesis: the tool, and what the Verilog has otherwise than the board."""
    yield f"fpga.use.counted_by: synthesis: {counts.tool}, {STAGE}; {counts.elements}"
    if same := without_loads(hw.array.fold_overlap, hw.array.dataflow):
        yield f"array.fold_overlap: {same}"
    own = [path for path in FITTED if hw.source(path).startswith(SET_BY_USER)]
    if own:
        yield f"{', '.join(own)}: not used, fpga.use.counted_by: synthesis counts structures"
    if any(map(is_unit, counts.parts)):
        yield f"units of programmable logic: one of each, as built for {BUILT_FOR}; other rows take another amount"
    if hw.fpga.dsp_kind != "DSP48E2":
        why = "counted as if the device were UltraScale+, whose slices are DSP48E2"
        yield f"fpga.dsp_kind: {why} {got(hw.fpga.dsp_kind)}"
    if hw.memories.buffer_read_cycles != 1:
        yield f"memories.buffer_read_cycles: counted as 1, block RAMs answer late {got(hw.memories.buffer_read_cycles)}"
    if memory_blocks(hw, "opmem").kind == "URAM":
        why = "counted without UltraRAM: the Verilog that ships has sums in block RAMs, or in LUTs"
        yield f"memories.opmem_bytes: {why} {got(hw.memories.opmem_bytes)}"
    if any(numbers_wanted(hw)):
        yield "memories without a size are not counted, nor ports without a width: as 1 B"
    if hw.memories.bias:
        yield "memories.bias: counted for one bias a column; all n of a GEMM lie in that memory"
