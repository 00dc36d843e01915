"""Resources of a design: DSPs, block RAMs, UltraRAM, look-up tables and flip-flops, beside what the device has.

What each part takes stands in ``parts``; parts that nothing counts are named as unknown until they are synthesised.
``fpga.use.counted_by`` says what counts: `synthesis`, the default, structures of the Verilog that ships, or `fitted`,
constants of ``fpga.use`` that are fitted to the one design that PIVOT (section 4.1) publishes, so that its FF and
BRAM36 check nothing; DSP does. Under `fitted` the registers that a fold overlap takes beside those of `none` are told
apart (``OverlapRegisters``): the published design has none of them, and FF leaves them out.
That a design does not fit is a result: it can be simulated all the same. So is a memory of unlimited size or width: it
cannot be built, which stands as a demand of ``INT64_MAX`` that no device meets.
"""

from typing import Any

from pivotsim.errors import InputError, got
from pivotsim.hardware.array import unpackable
from pivotsim.hardware.fold_overlaps import overlap_registers
from pivotsim.hardware.kinds.systolic import SystolicHardware, as_systolic
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.resources.block_rams import MEMORIES, blocks_text, memory_blocks, numbers_wanted
from pivotsim.hardware.resources.chains import cascade_notes, cascades_of
from pivotsim.hardware.resources.fit_notes import (
    CONSTANTS,
    bounds_of,
    constant_notes,
    left_out_notes,
    mark_of,
    report_notes,
)
from pivotsim.hardware.resources.fit_result import READ_FROM_VIVADO, Fit, ResourceFit
from pivotsim.hardware.resources.parts import built_parts, demand_of, left_out, parts_of, unknown_parts
from pivotsim.hardware.spec import Hardware
from pivotsim.io.documents import inherited_from
from pivotsim.units import INT64_MAX

NO_DEVICE = "not stated"  # `fpga.device` of hardware that is no FPGA's, or whose FPGA is not known

FEWER_PES = "fewer PEs: array.rows, array.cols"
FEWER_ARRAYS = "fewer arrays: array.count"
NARROWER_UNITS = "narrower units: units.*.elements_per_clock; fewer: placement"
LEVERS = {
    "dsp": ("array.mac_packing: two columns' multiply-accumulates in one DSP", FEWER_PES),
    "bram36": (
        "narrower ports: memories.*_port_bytes_per_clock, and what the array moves: array.rows, array.cols",
        "smaller memories, once a port is as narrow as a block: memories.*_bytes",
    ),
    "lut": (FEWER_PES,),
    "ff": (FEWER_PES,),
    "uram": (
        "narrower ports: memories.*_port_bytes_per_clock, array.rows, array.cols",
        "smaller memories, where they are deeper than a block: memories.*_bytes",
        "a larger fpga.use.uram_from_bytes: memories of block RAM",
    ),
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
    >>> found.fits, found["dsp"].demand, found["dsp"].gap, found["lut"].demand
    (True, 2304, 216, 60048)
    >>> ps.fit(ps.load_hardware("zcu102").replace({"array.cols": 72}))["dsp"].fits
    False
    """
    hw = as_systolic(load_hardware(hw), "fit")
    if hw.fpga.device == NO_DEVICE:
        raise InputError(f"fit: '{hw.name}' states no FPGA, so nothing tells whether it fits {got(hw.fpga.device)}")
    memories = tuple(memory_blocks(hw, name) for name in MEMORIES)
    by_memory = {m.memory: blocks_text(m) for m in memories}
    resources = []
    overlap = overlap_registers(hw.array.fold_overlap, hw.array.dataflow, hw.pes)
    is_counted = hw.fpga.use.counted_by == "synthesis"
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
        levers = LEVERS[resource][1 if resource == "dsp" and not _may_pack(hw) else 0 :]
        terms = (f"{part.name} {by_memory[part.name]}" if part.name in by_memory else part.formula for part in parts)
        formula = " + ".join(terms) or "no memory of fpga.use.uram_from_bytes"
        if resource == "bram36":
            levers = (*numbers_wanted(hw), *levers)
        levers = (*levers, *([FEWER_ARRAYS] if hw.array.count > 1 else []))
        mark = "checked" if resource == "dsp" else mark_of([hw.source(path) for path in constants])
        if is_built:
            formula, mark = parts[0].formula, READ_FROM_VIVADO
        elif is_counted and resource in counted_fit.COUNTED:
            formula = f"{len(parts) or 'no'} part{'s' * (len(parts) > 1)} of the Verilog that ships"
            mark = counted_fit.mark_of(parts)
        elif is_counted and len(parts) > 1:  # DSPs of units beside those of the array, which follow from its size
            formula, mark = f"{parts[0].formula} and units of programmable logic", counted_fit.mark_of(parts[1:])
        if is_counted and not is_built and resource in ("lut", "ff") and counted_fit.is_mostly_ports(parts):
            levers = (counted_fit.NARROWER_PORTS, *levers)
        if is_counted and not is_built and any(map(counted_fit.is_unit, parts)):
            levers = (*levers, NARROWER_UNITS)
        fits = demand <= bound and demand < INT64_MAX
        resources.append(ResourceFit(resource, demand, bound, bound - demand, unit, fits, mark, formula, levers, parts))
    lender = inherited_from(hw.source("fpga.device"))
    cascades = cascades_of(hw)
    of_report = [] if report is None else report_notes(report, others)
    lacking = left_out_notes(hw, is_fitted=not (is_counted or is_built))
    notes = (*of_report, *of_method, *lacking, *cascade_notes(hw, cascades), *constant_notes(hw, is_counted))
    return Fit(
        hw.name, hw.fpga.device, tuple(resources), memories, overlap, notes, lender, bounds_of(hw),
        unknown_parts(hw, is_counted), cascades, hw.fpga.use.counted_by, hw,
        "" if is_built else left_out(hw, is_counted),
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


def _may_pack(hw: SystolicHardware) -> bool:
    """Whether two columns could share slices that do not yet."""
    return hw.array.mac_packing == 1 and not hw.slices_problem and not unpackable(2, hw.array.dataflow, hw.array.cols)


def _differing(hw: SystolicHardware) -> list[str]:
    """Return the values in which a board's design is not the one of its report of Vivado; none without a report."""
    if hw.fpga.vivado is None:
        return []
    from pivotsim.hardware.resources.vivado import differing  # brings numpy

    return list(differing(hw, hw.fpga.vivado))
