"""What is to be said of a fit: sources and marks of its constants, whose counts are in use, what a report is of."""

from collections.abc import Iterator

from pivotsim.errors import got
from pivotsim.hardware.fpga.spec import VivadoSpec
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.block_rams import FILLED, MEMORIES
from pivotsim.hardware.resources.parts import FITTED
from pivotsim.hardware.spec import Hardware
from pivotsim.io.documents import INHERITED, SET_BY_USER, inherited_from, is_inherited, stated_source
from pivotsim.operations import PL, TOKEN_KINDS

# resource -> (unit, constants that may be fitted or judged)
CONSTANTS = {
    "dsp": ("DSP48E2", ("array.mac_packing",)),
    "bram36": ("BRAM36", ("fpga.use.bram36_fixed", *(f"memories.{name}_port_bytes_per_clock" for name in FILLED))),
    "lut": ("LUTs", ("fpga.use.lut_per_pe",)),
    "ff": ("FFs", ("fpga.use.ff_per_pe", "fpga.use.ff_fixed")),
}

PACKED = "settled"  # the overlap under which Verilog packs
IN_SLICES = ("none", PACKED)  # overlaps whose elements lie in slices


def bounds_of(hw: Hardware) -> str:
    """Return whose counts are in use where the device is stated and some of its counts are not, '' elsewhere."""
    device, bounds = hw.source("fpga.device"), [hw.source(f"fpga.{resource}") for resource in CONSTANTS]
    lenders = dict.fromkeys(filter(None, map(inherited_from, bounds)))
    if inherited_from(device):
        return ""
    if lenders:
        return f"counts {INHERITED}{', '.join(lenders)}]"
    is_renamed = device.startswith(f"{SET_BY_USER} (") and not all(b.startswith(f"{SET_BY_USER} (") for b in bounds)
    return "the counts of the device before it" if is_renamed else ""


def mark_of(sources: list[str]) -> str:
    """Return the word for a demand from the sources of its constants: the one that weakens it most."""
    for start, word in ((SET_BY_USER, SET_BY_USER), ("[calibrated]", "calibrated"), ("[", "estimate")):
        if any(stated_source(source).startswith(start) for source in sources):
            return word
    return "checked"


def report_notes(report: VivadoSpec, others: list[str]) -> Iterator[str]:
    """Yield what is to be said of a report of Vivado: what it is, or that it is of another design."""
    if others:
        more = f", and {len(others) - 1} more" if len(others) > 1 else ""
        yield f"fpga.vivado: not used, {report.report} is of another design: {others[0]}{more}"
        return
    yield f"fpga.vivado: read from Vivado report {report.report}, {report.state}, {report.tool}"
    if report.wns_ns is not None:
        met = "is met" if report.wns_ns >= 0 else "is NOT met"
        yield f"fpga.vivado.wns_ns: the timing of that run {met}, worst slack {report.wns_ns:g} ns"


def unpacked_note(hw: SystolicHardware) -> str:
    """Return what is to be said of columns that share slices under an overlap that no Verilog packs, '' elsewhere."""
    if hw.array.mac_packing == 1 or hw.array.fold_overlap == PACKED:
        return ""
    return f"array.mac_packing: no Verilog packs under this overlap, `rtl` refuses it {got(hw.array.fold_overlap)}"


def left_out_notes(hw: SystolicHardware, is_fitted: bool) -> Iterator[str]:
    """Yield what demands by constants (``is_fitted``), and counts by synthesis, do not have."""
    if unpacked_note(hw):
        counted = PACKED if hw.array.fold_overlap in IN_SLICES else "an element each"
        yield f"{unpacked_note(hw)}; LUT and FF by synthesis are those of {counted}"
    if hw.array.mac_packing > 1 and is_fitted:
        yield "array.mac_packing: fitted constants have none of the logic between chains; LUT and FF leave it out"
    if hw.memories.outstanding_reads > 1:
        why = "neither constants nor synthesis count request_sequencer, which asks for loads ahead"
        yield f"memories.outstanding_reads: {why} {got(hw.memories.outstanding_reads)}"
    if hw.units.memory_bytes:
        placed = [kind for kind, place in hw.placement if place == PL and kind not in TOKEN_KINDS]
        yield from hw.units.shared_width(placed)[1]


def constant_notes(hw: Hardware, is_counted: bool) -> Iterator[str]:
    """Yield the sources of the constants that are more, or less, than read from a source."""
    for _, constants in CONSTANTS.values():
        for path in constants:
            if is_counted and path in FITTED:
                continue
            if hw.source(path).startswith(("[", SET_BY_USER)):
                yield f"{path}: {hw.source(path)}"
    sides = ("array.rows", "array.cols", "array.dataflow", "array.count")
    sizes = (f"memories.{name}_bytes" for name in MEMORIES)
    for path in (*sides, *sizes, *(f"fpga.{resource}" for resource in CONSTANTS)):
        if is_inherited(hw.source(path)):
            yield f"{path}: {hw.source(path)}"
