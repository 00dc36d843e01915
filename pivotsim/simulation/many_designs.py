"""simulate_designs(): one workload on millions of arrays at once, by the analytic engine."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pivotsim.energy.constant import board_j
from pivotsim.energy.counts import Usage, design_bytes
from pivotsim.energy.rules import RULES
from pivotsim.engines.array import closed_form as analytic
from pivotsim.engines.pl_units.units import unit_cycles
from pivotsim.errors import InputError, check_choice, got
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.spec import PROFILES, Hardware
from pivotsim.hardware.systolic import SystolicHardware, as_systolic
from pivotsim.host.costs import host_steps
from pivotsim.simulation.run import SCOPES, as_trace, runnable
from pivotsim.units import FloatArray, IntArray, cycles_to_ms, plain_sum
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan


def simulate_designs(
    workload: Plan | Trace,
    hw: Hardware | str,
    designs: Mapping[str, object],
    *,
    profile: str = "paper",
    energy: str = "constant",
    scope: str = "encoders",
) -> dict[str, Any]:
    """Return totals of one workload on many arrays at once, each as ``simulate`` would give it.

    Parameters
    ----------
    workload : Plan or Trace
        For one image.
    hw : Hardware or str
        Gives every value that ``designs`` does not.
    designs : mapping
        Field of ``array`` -> vector of length D: rows, cols, dataflow, fold_overlap, edge, os_edge_register,
        mac_latency. All vectors have one length.
    profile, energy, scope : str
        As in ``simulate``; engine `analytic`, memory `paper`.

    Returns
    -------
    dict of numpy arrays of shape (D,)
        pl_cycles (int64), delay_ms, energy_j, edp_j_ms (float64).

    Raises
    ------
    InputError
        As ``simulate``; also for an unknown field, vectors of different lengths, and ``ps_pl_overlap`` heads.

    Examples
    --------
    >>> import pivotsim as ps
    >>> table = simulate_designs(ps.plan("deit_s"), "zcu102", {"rows": [64, 32], "cols": [36, 72]})
    >>> table["pl_cycles"].tolist()
    [3026160, 2838240]
    """
    hw = as_systolic(load_hardware(hw), "designs")
    if not isinstance(designs, Mapping):
        raise InputError(f"designs: must map fields of the array to vectors {got(designs)}")
    check_choice("profile", profile, PROFILES)
    check_choice("energy", energy, RULES)
    check_choice("scope", scope, SCOPES)
    trace = runnable(as_trace(workload, 1), hw, "analytic", scope)
    if any(mask is not None for mask in trace.gemm_masks):
        raise InputError(f"{trace.name}: many designs at once run dense operations only; simulate() takes masks")
    columns = analytic.design_columns(hw.array, designs)
    if hw.host.ps_pl_overlap == "heads":
        raise InputError("host.ps_pl_overlap: many designs at once are serial; simulate() runs 'heads' (got 'heads')")
    ((pl_cycles, delay_ms, joules),) = design_totals([trace], hw, columns, profile=profile, energy=energy)
    return {"pl_cycles": pl_cycles, "delay_ms": delay_ms, "energy_j": joules, "edp_j_ms": joules * delay_ms}


def design_totals(
    traces: Sequence[Trace], hw: SystolicHardware, columns: list[IntArray], *, profile: str, energy: str,
    is_parallel: bool = True,
) -> list[tuple[IntArray, FloatArray, Any]]:  # fmt: skip
    """Return (PL clocks, ms, J) of each trace on each design, (D,); ``columns`` as in ``analytic.design_columns``."""
    cycles = analytic.cycles_per_design([trace.gemms for trace in traces], columns, is_parallel=is_parallel)
    totals = []
    for trace, pl_cycles in zip(traces, cycles, strict=True):
        units = sum(cycles for _, cycles in unit_cycles(trace, hw))
        if pl_cycles.max(initial=0) > analytic.MAX_CYCLES - units:
            raise InputError(f"{trace.name}: sizes too large, the clocks of array and PL units exceed int64")
        pl_cycles += units
        ps_ms = math.fsum(step.delay_ms for step in host_steps(trace, hw, profile))
        delay_ms = cycles_to_ms(pl_cycles, hw.array.clock_mhz)
        delay_ms += ps_ms
        totals.append((pl_cycles, delay_ms, _energy_j(trace, hw, columns, delay_ms, ps_ms, energy)))
    return totals


def _energy_j(
    trace: Trace, hw: SystolicHardware, columns: list[IntArray], delay_ms: FloatArray, ps_ms: float, energy: str
) -> Any:
    """Return the joules of each design, float64 (D,)."""
    if energy == "constant":  # millions of designs: no vector more than needed
        return board_j(hw, delay_ms)
    sram, dram = design_bytes(trace.gemms.tolist(), *columns[:3])
    vectors: dict[str, Any] = {
        "delay_ms": delay_ms, "pl_ms": delay_ms - ps_ms, "sram_bytes": sram, "dram_bytes": dram,
    }  # fmt: skip
    usage = Usage(**vectors, ps_ms=ps_ms, ps_core_ms=ps_ms * hw.host.cores, macs=trace.macs)
    return plain_sum(RULES[energy].components_j(hw, usage).values())
