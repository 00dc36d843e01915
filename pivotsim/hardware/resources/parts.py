"""The parts of a design and what each takes, counted in one of two ways (``fpga.use.counted_by``).

`synthesis`: what structures of the Verilog that ships take, see structures.py. `fitted`: these formulas, with constants
fitted to one paper, which stand here alone:

DSP     R * C, or R * ceil(C / 2) where two columns share slices (``array.mac_packing``)
BRAM36  the sum over the memories of their blocks, and a fixed number; URAM likewise, of the large ones
LUT     lut_per_pe * R * C
FF      ff_per_pe * R * C + ff_fixed

for one array of R x C; N arrays have N times the PEs, and memories of their own (block_rams.py).
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pivotsim.hardware.fpga.spec import VivadoSpec
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.block_rams import BRAM36_BITS, MemoryBlocks
from pivotsim.operations import PL, UNIT_OF
from pivotsim.units import INT64_MAX

FITTED = ("fpga.use.bram36_fixed", "fpga.use.lut_per_pe", "fpga.use.ff_per_pe", "fpga.use.ff_fixed")
UNKNOWN = "unknown until synthesised"
STATION_WORD_BYTES = 2  # of a unit memory: WORDS of unit_station.v
NOT_FITTED = "movers between DRAM, global buffer and memories, biases, masks (LUT, FF): no fitted constant counts them"
NOT_COUNTED = (  # by synthesis
    f"tables of descriptors: as long as a GEMM has passes: {UNKNOWN}",
    "AXI4 masters (`axi_accelerator`): written, and synthesised apart; no demand has them",
)


class Part(NamedTuple):
    """A part of a design: its name, how many of a resource it takes, and the formula of that.

    Half a block RAM is one of 18 Kb.
    """

    name: str
    amount: float
    formula: str


def parts_of(hw: SystolicHardware, memories: Iterable[MemoryBlocks]) -> dict[str, tuple[Part, ...]]:
    """Return resource -> the parts that take of it; UltraRAM where the device has it or the design asks for it."""
    use, pes = hw.fpga.use, hw.pes
    all_pes = "R * C" if hw.array.count == 1 else f"{hw.array.count} * R * C"
    blocks = {kind: tuple(Part(m.memory, m.blocks, "its size and port") for m in memories if m.kind == kind)
              for kind in ("BRAM36", "URAM")}  # fmt: skip
    fifos = Part("transfer FIFOs", use.bram36_fixed, str(use.bram36_fixed))
    found = {
        "dsp": (_slices(hw, all_pes),),
        "bram36": (*blocks["BRAM36"], fifos),
        "lut": (Part("array", math.ceil(use.lut_per_pe * pes), f"{use.lut_per_pe:g} * {all_pes}"),),
        "ff": (
            Part("array", math.ceil(use.ff_per_pe * pes), f"{use.ff_per_pe:g} * {all_pes}"),
            Part("skew, control", use.ff_fixed, str(use.ff_fixed)),
        ),
    }
    return {**found, "uram": blocks["URAM"]} if hw.fpga.uram or blocks["URAM"] else found


def _slices(hw: SystolicHardware, all_pes: str) -> Part:
    packing = hw.array.mac_packing
    amount = hw.array.count * hw.array.rows * hw.slices_across
    return Part("array", amount, all_pes if packing == 1 else f"{all_pes.removesuffix('C')}ceil(C / {packing})")


def built_parts(report: VivadoSpec, counted: Mapping[str, tuple[Part, ...]]) -> dict[str, tuple[Part, ...]]:
    """Return what a report of Vivado counts of a whole design, resource by resource."""
    names = dict.fromkeys((*counted, *(["uram"] if report.uram else [])))
    return {
        name: (Part("whole design", plain_amount(getattr(report, name)), f"Vivado, {report.state}"),) for name in names
    }


def plain_amount(amount: float) -> float:
    """Return a count that is whole as an integer."""
    return int(amount) if amount == int(amount) else amount


def demand_of(parts: Iterable[Part]) -> int:
    """Return what parts take together, at most 2**63 - 1, which stands for unlimited; halves make a whole."""
    amounts = [part.amount for part in parts]
    return INT64_MAX if INT64_MAX in amounts else min(math.ceil(sum(amounts)), INT64_MAX)


def unknown_parts(hw: SystolicHardware, is_counted: bool) -> tuple[str, ...]:
    """Return the parts of a design that its demands leave out, and why: movers, tables, units of programmable logic."""
    uncounted = NOT_COUNTED if is_counted else (NOT_FITTED,)
    units = units_in_logic(hw)
    in_memories = _station(hw) if units and hw.units.memory_bytes else ()
    return (*uncounted, *(_units(hw, units, is_counted) if units else ()), *in_memories)


def left_out(hw: SystolicHardware, is_counted: bool) -> str:
    """Return in words which parts synthesis counted that are in no demand; '' where all are."""
    units = units_in_logic(hw)
    words = [*([] if is_counted or not units else ["units"]),
             *(["unit memories", "multipliers"] if units and hw.units.memory_bytes else [])]  # fmt: skip
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def units_in_logic(hw: SystolicHardware) -> tuple[str, ...]:
    """Return the units that ``placement`` asks for, each once."""
    return tuple(dict.fromkeys(UNIT_OF[kind] for kind, place in hw.placement if place == PL))


def _station(hw: SystolicHardware) -> Iterator[str]:
    """Yield what a design with a layer program has beside its units, and what synthesis counted of that."""
    from pivotsim.hardware.resources.recorded import row_of, rows_of  # brings numpy

    rows = tuple(rows_of("station"))
    sizes = [f"{row.lut:,} LUT, {row.ff:,} FF, {row.bram36:g} BRAM36, {row.dsp48e2} DSP at {row.parameters['LANES']} "
             f"lanes and 2 x {row.parameters['WORDS'] * STATION_WORD_BYTES:,} B" for row in rows]  # fmt: skip
    own = f"memories of the units, 2 x {hw.units.memory_bytes:,} B, and what moves tensors there"
    yield f"{own}: in no demand; yosys counted {'; '.join(sizes)}"
    plain, more = row_of("requantise"), row_of("requantise by a multiplier")
    cols = hw.array.count * hw.array.cols
    amounts = f"{cols * (more.dsp48e2 - plain.dsp48e2):,} DSP, {cols * (more.lut - plain.lut):,} LUT"
    yield f"multipliers of a layer program (MULTIPLIES): in no demand; {amounts} more for {cols} columns"


def _units(hw: SystolicHardware, units: Iterable[str], is_counted: bool) -> Iterator[str]:
    """Yield what synthesis counted of units where no demand has it, and the names of those that it did not."""
    from pivotsim.hardware.resources.written_units import unit_counts  # brings numpy

    counts = tuple(unit_counts(hw, units))
    if "silu" in units:
        yield f"product of the gate behind silu (DSP, LUT, FF): built nowhere, silu is counted as its table: {UNKNOWN}"
    if hw.units.memory_bytes:
        yield _blocks_of_unit_memories(hw)
    if counts and not is_counted:
        yield (
            "units of programmable logic, as yosys counts them before place and route, in no demand, whose constants"
            f" are fitted to a design without units: {'; '.join(map(str, counts))}"
        )
    others = [unit for unit in units if unit not in {count.unit for count in counts}]
    if others:
        yield f"units of programmable logic: {', '.join(others)} (DSP, BRAM36, LUT, FF): {UNKNOWN}"


def _blocks_of_unit_memories(hw: SystolicHardware) -> str:
    """Return what the capacity alone of the units' two memories takes in block RAMs, and whether those are there.

    Banks of 16-bit words are never UltraRAM in the Verilog that ships.
    """
    least, there = -(-2 * 8 * hw.units.memory_bytes // BRAM36_BITS), hw.fpga.bram36
    more = f", more than the {there:,} of {hw.fpga.device}: DO NOT FIT in block RAMs" if least > there else ""
    return f"two memories of {hw.units.memory_bytes:,} B: by capacity alone {least:,} BRAM36, in no demand{more}"
