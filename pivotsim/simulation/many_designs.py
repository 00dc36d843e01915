"""simulate_designs(): one workload on millions of arrays at once, by the analytic engine."""

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pivotsim.energy.constant import constant_power_note
from pivotsim.energy.rules import CONSTANT, RULES, whole_j
from pivotsim.energy.usage import Usage
from pivotsim.engines.array import many_designs as analytic
from pivotsim.engines.array.designs import VECTOR_FIELDS
from pivotsim.engines.array.several.bytes import bytes_per_design
from pivotsim.engines.base import PAPER
from pivotsim.engines.pl_units.charges import unit_bytes, unit_pj
from pivotsim.engines.pl_units.units import unit_cycles
from pivotsim.errors import InputError, check_choice, check_flag, got
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.host import PROFILES
from pivotsim.hardware.kinds.systolic import SystolicHardware, as_systolic
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.resources.many_designs import RESOURCES, ResourceModel, fit_paths
from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import host_ops
from pivotsim.io.spec_values import leaves
from pivotsim.kernels.types import DesignColumns
from pivotsim.simulation.design_table import DesignTable
from pivotsim.simulation.notes.needs import possible_in
from pivotsim.simulation.notes.reading import inherited_by_board
from pivotsim.simulation.notes.requirements import unmet
from pivotsim.simulation.notes.widths import width_remarks
from pivotsim.simulation.reporting.summary import inherited_lines
from pivotsim.simulation.run import SCOPES, as_trace, runnable, scoped
from pivotsim.units import INT64_MAX, FloatArray, IntArray, cycles_to_ms
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan
from pivotsim.workload.remarks import workload_notes

TOTALS = {
    "pl_cycles": ("clocks", "Clocks of the array and of PL units."),
    "delay_ms": ("ms", "Delay of the workload."),
    "energy_j": ("J", "Energy of the workload."),
    "edp_j_ms": ("J*ms", "Energy times delay."),
}
# column -> (unit, description)
COLUMNS = {
    **{path: (unit, text) for path, unit, text in leaves(ArraySpec)},
    **{name: (row.unit, row.description) for name, row in RESOURCES.items()},
    **TOTALS,
}
MAX_GRID = 100_000_000  # designs; a larger space belongs into a sweep's files
CORES = os.cpu_count() or 1
BLOCK_DESIGNS = 8_192  # whose resources are worked out at once: vectors that an allocator keeps for the next ones


def simulate_designs(
    workload: Plan | Trace,
    hw: Hardware | str,
    designs: Mapping[str, ArrayLike],
    *,
    profile: str = "paper",
    energy: str = "constant",
    scope: str | None = None,
    grid: bool = False,
) -> DesignTable:
    """Return totals of one workload on many arrays at once, each as ``simulate`` would give it.

    Parameters
    ----------
    workload : Plan or Trace
        For one image.
    hw : Hardware or str
        Gives every value that ``designs`` does not.
    designs : mapping
        Field of ``array`` -> values: rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency,
        mac_packing, count, split. Lists of one length, of which the first values are the first design, the second
        ones the second.
    profile, energy, scope : str, optional
        As in ``simulate``; engine `analytic`, memory `paper`.
    grid : bool
        Take every combination of the values instead, the last field changing fastest.

    Returns
    -------
    DesignTable
        A row per design: the fields of ``designs``; dsp, bram36, lut, ff (int64) and fits (bool) as ``fit`` counts
        them, fits_extrapolated where counts larger than any recorded one decide that (bool); pl_cycles (int64),
        delay_ms, energy_j, edp_j_ms (float64). ``notes`` says where the constant power is that of another array.

    Raises
    ------
    InputError
        As ``simulate``; also for an unknown field, vectors of different lengths, and ``ps_pl_overlap`` heads.

    Examples
    --------
    >>> import pivotsim as ps
    >>> table = simulate_designs(ps.plan("deit_s"), "zcu102", {"rows": [64, 32], "cols": [36, 72]})
    >>> table["pl_cycles"].tolist(), table["dsp"].tolist(), table["fits"].tolist()
    ([3026160, 2838240], [2304, 2304], [True, True])
    >>> grid = simulate_designs(ps.plan("deit_s"), "zcu102", {"rows": [64, 32], "cols": [36, 72]}, grid=True)
    >>> grid["rows"].tolist(), grid["cols"].tolist(), grid["pl_cycles"].tolist()
    ([64, 64, 32, 32], [36, 72, 36, 72], [3026160, 1606392, 5318784, 2838240])
    """
    hw = as_systolic(load_hardware(hw), "designs")
    if not isinstance(designs, Mapping):
        raise InputError(f"designs: must map fields of the array to vectors {got(designs)}")
    check_choice("profile", profile, PROFILES)
    check_choice("energy", energy, RULES)
    if scope is not None:
        check_choice("scope", scope, SCOPES)
    whole, scope = scoped(as_trace(workload, 1), scope)
    trace = runnable(whole, hw, scope)
    if any(mask is not None for mask in trace.gemm_masks):
        raise InputError(f"{trace.name}: many designs at once run dense operations only; simulate() takes masks")
    vectors = {field: _vector(values) for field, values in designs.items()}
    if check_flag("grid", grid):
        vectors = _combined(hw.array, vectors)
    columns = analytic.design_columns(hw.array, vectors)
    if hw.ps_pl_overlap == "heads":
        raise InputError("host.ps_pl_overlap: many designs at once are serial; simulate() runs 'heads' (got 'heads')")
    if calls := list(hw.calls.paths()):
        raise InputError(f"calls: many designs at once count no driver calls; simulate() and explore() do {got(calls)}")
    ((pl_cycles, usage),) = design_usages([trace], hw, columns, profile=profile, energy=energy)
    delay_ms: Any = usage.delay_ms
    joules = whole_j(energy, hw, usage)
    totals = dict(zip(TOTALS, (pl_cycles, delay_ms, joules, joules * delay_ms), strict=True))
    units, descriptions = ({name: row[place] for name, row in COLUMNS.items()} for place in (0, 1))
    notes = [*workload_notes(whole, scope, hw.operand_bits, hw.packs_operands), *width_remarks(trace, hw, PAPER)]
    power = constant_power_note(hw, _varied(hw.array, vectors)) if energy == "constant" else ""
    options = {"memory": PAPER, "profile": profile, "energy": energy, "scope": scope}
    possible = possible_in(hw, options, trace.first_ops, interval=False)

    of_fit = fit_paths(hw)

    def counts(path: str) -> bool:
        if path.removeprefix("array.") in vectors:
            return False
        return path in of_fit or unmet(path, possible) is None

    notes += inherited_lines(inherited_by_board(hw, counts))
    if "split" in vectors and columns.array_count.max(initial=1) == 1:
        notes.append("array.split: not used here: every design has one array")
    resources = dict.fromkeys(RESOURCES, partial(_resources, hw, vectors, columns))
    table = {**vectors, **resources, **totals}
    return DesignTable(table, units, descriptions, [*notes, *([power] if power else [])])


def _varied(array: ArraySpec, vectors: Mapping[str, Any]) -> list[str]:
    """Return the dotted paths of the fields of which a design has another value than the array's own."""
    own = {field: getattr(array, field) for field in vectors}
    return [f"array.{field}" for field, values in vectors.items() if (np.asarray(values) != own[field]).any()]


def _vector(values: object) -> Any:
    """Return values as an array, or as they are where they do not make one, which is told later."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError):
        return values
    return array if array.ndim else values


def _combined(array: ArraySpec, vectors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the vectors of every combination of values, the last field changing fastest."""
    problems: list[str] = []
    for field, values in vectors.items():
        try:
            analytic.design_columns(array, {field: values})
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    count = math.prod(map(len, vectors.values()))
    if count > MAX_GRID:
        problem = f"more than {MAX_GRID:,} combinations do not belong in memory; use pivotsim sweep"
        raise InputError(f"designs: {problem} {got(count)}")
    combined, inner = {}, count
    for field, values in vectors.items():
        inner //= max(len(values), 1)
        combined[field] = np.tile(np.repeat(values, inner), count // (inner * len(values)) if count else 0)
    return combined


def _resources(hw: SystolicHardware, vectors: Mapping[str, Any], columns: DesignColumns) -> dict[str, Any]:
    """Return resource -> column, block by block: vectors of all designs would take thrice the time.

    A table asks for them only with the first of them: they are a third of a table's memory, whose first use takes a
    quarter of the time of all the rest.
    """
    count, by_field = len(columns.rows), dict(zip(VECTOR_FIELDS, columns, strict=True))
    words = {"dataflow": DATAFLOWS, "fold_overlap": FOLD_OVERLAPS}
    values: dict[str, Any] = {f"array.{field}": of_field for field, of_field in words.items() if field in vectors}
    for field in ("rows", "cols", "count", "mac_latency", "mac_packing"):
        if field in vectors:  # a value is its own place
            values[f"array.{field}"] = np.arange(by_field[field].max(initial=0) + 1, dtype=np.int64)
    model = ResourceModel(hw, values)
    table: dict[str, Any] = {
        name: np.empty(count, dtype=np.bool_ if name.startswith("fits") else np.int64) for name in RESOURCES
    }

    def work_out(start: int) -> None:
        block = slice(start, min(count, start + BLOCK_DESIGNS))
        places = {path: by_field[path.removeprefix("array.")][block] for path in values}
        for name, column in model.columns(places, block.stop - start).items():
            table[name][block] = column

    if count <= BLOCK_DESIGNS:
        work_out(0)
    else:
        with ThreadPoolExecutor(CORES) as pool:
            list(pool.map(work_out, range(0, count, BLOCK_DESIGNS)))
    return table


def design_usages(
    traces: Sequence[Trace], hw: SystolicHardware, columns: DesignColumns, *, profile: str, energy: str,
    is_parallel: bool = True,
) -> list[tuple[IntArray, Usage]]:  # fmt: skip
    """Return PL clocks and usage of each trace on each design, (D,); ``columns`` as in ``analytic.design_columns``.

    Bytes are zero where the energy rule charges none.
    """
    cycles = analytic.cycles_per_design([trace.gemms for trace in traces], columns, is_parallel=is_parallel)
    totals = []
    for trace, pl_cycles in zip(traces, cycles, strict=True):
        units = sum(cycles for _, cycles in unit_cycles(trace, hw))
        if pl_cycles.max(initial=0) > INT64_MAX - units:
            raise InputError(f"{trace.name}: sizes too large, the clocks of array and PL units exceed int64")
        pl_cycles += units
        ps_ms = math.fsum(step.delay_ms for step in host_ops(trace, hw, profile))
        delay_ms = cycles_to_ms(pl_cycles, hw.array.clock_mhz)
        delay_ms += ps_ms
        totals.append((pl_cycles, _usage(trace, hw, columns, delay_ms, ps_ms, energy)))
    return totals


def _usage(
    trace: Trace, hw: SystolicHardware, columns: DesignColumns, delay_ms: FloatArray, ps_ms: float, energy: str
) -> Usage:
    """Return the times and counts of each design, (D,)."""
    vectors: dict[str, Any] = {"delay_ms": delay_ms, "pl_ms": 0.0, "sram_bytes": 0.0, "dram_bytes": 0.0}
    if energy != CONSTANT:  # of millions of designs no vector more than needed
        sram, dram = bytes_per_design(trace.gemms_with_bits, columns)
        vectors |= {"pl_ms": delay_ms - ps_ms, "sram_bytes": sram + unit_bytes(trace, hw), "dram_bytes": dram}
        vectors |= {"unit_pj": unit_pj(trace, hw)}
    return Usage(**vectors, ps_ms=ps_ms, ps_core_ms=ps_ms * hw.ps_cores, macs=trace.macs)
