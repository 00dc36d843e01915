"""Resources of a design: DSPs, block RAMs, UltraRAM, look-up tables and flip-flops, beside what the device has.

What each part takes stands in ``parts``; parts that nothing counts are named as unknown until they are synthesised.
``fpga.use.counted_by`` says what counts: `synthesis`, structures of the Verilog that ships, or `fitted`, constants of
``fpga.use`` that are fitted to the one design that PIVOT (section 4.1) publishes, so that
its FF and BRAM36 check nothing; DSP does. Under `fitted` the registers that a fold overlap takes beside those of `none`
are told apart (``OverlapRegisters``): the published design has none of them, and FF leaves them out.
That a design does not fit is a result: it can be simulated all the same. So is a memory of unlimited size or width: it
cannot be built, which stands as a demand of ``INT64_MAX`` that no device meets.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pivotsim.errors import InputError, got
from pivotsim.hardware.fold_overlaps import OverlapRegisters, overlap_registers
from pivotsim.hardware.fpga.columns import Cascades
from pivotsim.hardware.fpga.spec import VivadoSpec
from pivotsim.hardware.kinds.systolic import SystolicHardware, as_systolic
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.resources.block_rams import (
    FILLED,
    MEMORIES,
    MemoryBlocks,
    amount_text,
    blocks_text,
    memory_blocks,
    numbers_wanted,
)
from pivotsim.hardware.resources.chains import cascade_notes, cascades_of
from pivotsim.hardware.resources.parts import (
    FITTED,
    Part,
    built_parts,
    demand_of,
    parts_of,
    unknown_parts,
)
from pivotsim.hardware.spec import Hardware
from pivotsim.io.documents import INHERITED, SET_BY_USER, inherited_from, is_inherited, stated_source
from pivotsim.units import INT64_MAX

if TYPE_CHECKING:
    from pivotsim.hardware.resources.synthesis import Synthesis

NO_DEVICE = "not stated"  # `fpga.device` of hardware that is no FPGA's, or whose FPGA is not known

FEWER_PES = "fewer PEs: array.rows, array.cols"
FEWER_ARRAYS = "fewer arrays: array.count"
LEVERS = {
    "dsp": ("fpga.use.int8_packing: two multiply-accumulates in one DSP", FEWER_PES),
    "bram36": (
        "narrower ports: memories.*_port_bytes_per_clock, and what the array moves: array.rows, array.cols",
        "smaller memories, once a port is as narrow as a block: memories.*_bytes",
    ),
    "lut": (FEWER_PES,),
    "ff": (FEWER_PES,),
    "uram": ("a larger fpga.use.uram_from_bytes: memories of block RAM",),
}
# resource -> (unit, constants that may be fitted or judged)
CONSTANTS = {
    "dsp": ("DSP48E2", ("fpga.use.int8_packing",)),
    "bram36": ("BRAM36", ("fpga.use.bram36_fixed", *(f"memories.{name}_port_bytes_per_clock" for name in FILLED))),
    "lut": ("LUTs", ("fpga.use.lut_per_pe",)),
    "ff": ("FFs", ("fpga.use.ff_per_pe", "fpga.use.ff_fixed")),
}
READ_FROM_VIVADO = "read from Vivado"
EXTRAPOLATED = "extrapolated"  # a mark: a part is larger than any that was recorded
COUNTED = ("bram36", "lut", "ff")  # resources that synthesis counts


@dataclass(frozen=True)
class ResourceFit:
    """One resource.

    Attributes
    ----------
    demand, bound, gap : int
        What the design takes, what the device has, and what is left of it; negative where it is missing. A demand of
        2**63 - 1 is one that nothing meets: a memory is unlimited.
    mark : str
        ``checked``: follows from a stated figure without a fitted constant; ``calibrated``: a constant is fitted to
        the published total; ``estimate``; or ``set by the user``. By synthesis: ``counted`` at recorded sizes or by an
        exact formula, ``interpolated`` between, or ``extrapolated`` beyond them, whichever part is worst. ``read from
        Vivado`` where the board has a report of this very design (``fpga.vivado``), which is preferred to both.
    levers : tuple of str
        What would lower the demand.
    parts : tuple of Part
        What takes it, and how much each.
    """

    resource: str
    demand: int
    bound: int
    gap: int
    unit: str
    fits: bool
    mark: str
    formula: str
    levers: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def demand_text(self) -> str:
        """The demand, with its mark where it is extrapolated."""
        return f"{amount_text(self.demand)}{f' [{EXTRAPOLATED}]' if self.mark == EXTRAPOLATED else ''}"

    @property
    def fits_but_for_extrapolated(self) -> bool:
        """Whether it suffices for all parts whose counts are not extrapolated."""
        return demand_of(part for part in self.parts if part.formula != EXTRAPOLATED) <= self.bound


@dataclass(frozen=True)
class Fit:
    """A design against its device: each resource, the block RAMs by memory, and what stands behind the numbers.

    ``inherited_from`` names the board whose device it is where the hardware's own file states none, '' else;
    ``bounds_of`` says whose counts are in use where a device is stated without its own, '' else. ``unknown`` names the
    parts that nothing counts, ``cascades`` the chains of DSPs where the columns of the device are known. What
    ``synthesis`` counts of ``board`` is in the demands where ``counted_by`` says so, else beside them.
    """

    hardware: str
    device: str
    resources: tuple[ResourceFit, ...]
    memories: tuple[MemoryBlocks, ...]
    overlap: OverlapRegisters
    notes: tuple[str, ...]
    inherited_from: str = ""
    bounds_of: str = ""
    unknown: tuple[str, ...] = ()
    cascades: Cascades | None = None
    counted_by: str = "fitted"
    board: SystolicHardware | None = field(default=None, repr=False, compare=False)

    @cached_property
    def synthesis(self) -> "Synthesis | None":
        """What a tool counts of the Verilog that ships; it is worked out when it is asked for, and brings numpy."""
        from pivotsim.hardware.resources.synthesis import synthesis_of

        return None if self.board is None else synthesis_of(self.board)

    @property
    def device_text(self) -> str:
        """The device, marked where it is another board's."""
        if self.inherited_from:
            return f"{self.device} {INHERITED}{self.inherited_from}]"
        return f"{self.device} with {self.bounds_of}" if self.bounds_of else self.device

    @property
    def fits(self) -> bool:
        """Whether every resource suffices."""
        return all(r.fits for r in self.resources)

    @property
    def verdict(self) -> str:
        """Whether the design fits, in words: where counts beyond recorded sizes decide it, that is said with it."""
        missing = [r for r in self.resources if not r.fits]
        decides = (
            all(r.fits_but_for_extrapolated for r in missing)
            if missing
            else any(r.mark == EXTRAPOLATED for r in self.resources)
        )
        return f"{'DOES NOT FIT' if missing else 'fits'}{', by counts that are extrapolated' if decides else ''}"

    def __getitem__(self, resource: str) -> ResourceFit:
        """Return one resource: dsp, bram36, lut, ff, or uram where it is counted."""
        return next(r for r in self.resources if r.resource == resource)

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as plain numbers and text."""
        return {
            "hardware": self.hardware,
            "device": self.device,
            **({"device_inherited_from": self.inherited_from} if self.inherited_from else {}),
            "fits": self.fits,
            "counted_by": self.counted_by,
            "resources": {
                r.resource: {**asdict(r), "levers": list(r.levers), "parts": [part._asdict() for part in r.parts]}
                for r in self.resources
            },
            "memories": {m.memory: m.to_dict() for m in self.memories},
            "overlap": self.overlap.to_dict(),
            "unknown_until_synthesised": list(self.unknown),
            "cascades": None if self.cascades is None else {**self.cascades._asdict(), "broken": self.cascades.broken},
            "synthesis": None if self.synthesis is None else self.synthesis.to_dict(),
            "notes": list(self.notes),
        }


def fit(hw: Hardware | str = "zcu102") -> Fit:
    """Return what a hardware's array and memories take of its FPGA, and whether that fits.

    Parameters
    ----------
    hw : Hardware or str
        Hardware, or its name.

    Returns
    -------
    Fit
        ``fits``, and by resource demand, bound, gap, unit, mark and levers.

    Raises
    ------
    InputError
        The hardware is unknown or not valid, or states no FPGA. A design that does not fit is no error.

    Examples
    --------
    >>> import pivotsim as ps
    >>> found = ps.fit("zcu102")
    >>> found.fits, found["dsp"].demand, found["dsp"].gap, found["bram36"].demand
    (True, 2304, 216, 48)
    >>> ps.fit(ps.load_hardware("zcu102").replace({"array.cols": 72}))["dsp"].fits
    False
    """
    hw = as_systolic(load_hardware(hw), "fit")
    if hw.fpga.device == NO_DEVICE:
        raise InputError(f"fit: '{hw.name}' states no FPGA, so nothing tells whether it fits {got(hw.fpga.device)}")
    use = hw.fpga.use
    memories = tuple(memory_blocks(hw, name) for name in MEMORIES)
    by_memory = {m.memory: blocks_text(m) for m in memories}
    resources = []
    overlap = overlap_registers(hw.array.fold_overlap, hw.array.dataflow, hw.pes)
    is_counted = use.counted_by == "synthesis"
    all_parts, of_method = parts_of(hw, memories), overlap.notes
    if is_counted:
        from pivotsim.hardware.resources import counted_fit  # brings numpy

        counts = counted_fit.synthesis_of(hw)
        all_parts, of_method = counted_fit.counted_parts(hw, memories, counts), tuple(counted_fit.notes(hw, counts))
        memories = tuple(counted_fit.as_counted(memory, counts) for memory in memories)
    report, others = hw.fpga.vivado, _differing(hw)
    is_built = report is not None and not others
    if report is not None and is_built:
        all_parts = built_parts(report, all_parts)
    for resource, parts in all_parts.items():
        unit, constants = CONSTANTS.get(resource, ("URAM", ("fpga.use.uram_from_bytes",)))
        unit = hw.fpga.dsp_kind if resource == "dsp" else unit
        demand, bound = demand_of(parts), getattr(hw.fpga, resource)
        levers = LEVERS[resource][1 if resource == "dsp" and use.int8_packing else 0 :]
        terms = (f"{part.name} {by_memory[part.name]}" if part.name in by_memory else part.formula for part in parts)
        formula = " + ".join(terms) or "no memory of fpga.use.uram_from_bytes"
        if resource == "bram36":
            levers = (*numbers_wanted(hw), *levers)
        levers = (*levers, *([FEWER_ARRAYS] if hw.array.count > 1 else []))
        mark = _mark([hw.source(path) for path in constants])
        if is_built:
            formula, mark = parts[0].formula, READ_FROM_VIVADO
        elif is_counted and resource in COUNTED:
            formula, mark = f"{len(parts)} parts of the Verilog that ships", counted_fit.mark_of(parts)
        fits = demand <= bound and demand < INT64_MAX
        resources.append(ResourceFit(resource, demand, bound, bound - demand, unit, fits, mark, formula, levers, parts))
    lender = inherited_from(hw.source("fpga.device"))
    cascades = cascades_of(hw)
    of_report = [] if report is None else _report_notes(report, others)
    notes = (*of_report, *of_method, *cascade_notes(hw, cascades), *_notes(hw, is_counted))
    return Fit(
        hw.name, hw.fpga.device, tuple(resources), memories, overlap, notes, lender, _bounds_of(hw),
        unknown_parts(hw), cascades, use.counted_by, hw,
    )  # fmt: skip


def fit_or_none(hw: Hardware) -> Fit | None:
    """Return what a design takes of its FPGA; None of a kind whose resources are not counted, or without an FPGA."""
    return fit(hw) if isinstance(hw, SystolicHardware) and hw.fpga.device != NO_DEVICE else None


def fit_to_dict(found: Fit | None) -> dict[str, Any]:
    """Return the entries of a result's fit: whether all resources suffice, and each one's demand and bound."""
    if found is None:
        return {"fits": None, "resources": None}
    resources = {r.resource: {"demand": r.demand, "bound": r.bound, "unit": r.unit, "fits": r.fits}
                 for r in found.resources}  # fmt: skip
    return {"fits": found.fits, "resources": resources}


def _bounds_of(hw: Hardware) -> str:
    """Return whose counts are in use where the device is stated and some of its counts are not, '' elsewhere."""
    device, bounds = hw.source("fpga.device"), [hw.source(f"fpga.{resource}") for resource in CONSTANTS]
    lenders = dict.fromkeys(filter(None, map(inherited_from, bounds)))
    if inherited_from(device):
        return ""
    if lenders:
        return f"counts {INHERITED}{', '.join(lenders)}]"
    is_renamed = device.startswith(f"{SET_BY_USER} (") and not all(b.startswith(f"{SET_BY_USER} (") for b in bounds)
    return "the counts of the device before it" if is_renamed else ""


def _mark(sources: list[str]) -> str:
    """Return the word for a demand from the sources of its constants: the one that weakens it most."""
    for start, word in ((SET_BY_USER, SET_BY_USER), ("[calibrated]", "calibrated"), ("[", "estimate")):
        if any(stated_source(source).startswith(start) for source in sources):
            return word
    return "checked"


def _differing(hw: SystolicHardware) -> list[str]:
    """Return the values in which a board's design is not the one of its report of Vivado; none without a report."""
    if hw.fpga.vivado is None:
        return []
    from pivotsim.hardware.resources.vivado import differing  # brings numpy

    return list(differing(hw, hw.fpga.vivado))


def _report_notes(report: VivadoSpec, others: list[str]) -> Iterator[str]:
    """Yield what is to be said of a report of Vivado: what it is, or that it is of another design."""
    if others:
        more = f", and {len(others) - 1} more" if len(others) > 1 else ""
        yield f"fpga.vivado: not used, {report.report} is of another design: {others[0]}{more}"
        return
    yield f"fpga.vivado: read from Vivado report {report.report}, {report.state}, {report.tool}"
    if report.wns_ns is not None:
        met = "is met" if report.wns_ns >= 0 else "is NOT met"
        yield f"fpga.vivado.wns_ns: the timing of that run {met}, worst slack {report.wns_ns:g} ns"


def _notes(hw: Hardware, is_counted: bool) -> Iterator[str]:
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
