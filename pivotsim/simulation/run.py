"""simulate(): workload and hardware in, a report out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pivotsim.energy.rules import CONSTANT, RULES
from pivotsim.energy.usage import usage_of
from pivotsim.engines.base import HW
from pivotsim.engines.counts import Counts
from pivotsim.engines.pl_units.charges import unit_pj
from pivotsim.engines.pl_units.placed import is_behind_memories, placed_bytes
from pivotsim.engines.registry import ENGINES, resolved
from pivotsim.errors import InputError, check_choice, check_integer, got
from pivotsim.hardware.host import PS_PL_OVERLAPS
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.sourced import SourcedSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import host_ops
from pivotsim.simulation.chains import head_cycles, head_ranges
from pivotsim.simulation.notes.reading import reading_of, watch_if_changed
from pivotsim.simulation.placed_run import PlacedRun
from pivotsim.simulation.report import Report
from pivotsim.units import INT64_MAX, cycles_to_ms
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.op_checks import checked
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan

SCOPES = ("encoders", "all")


def simulate(
    workload: Plan | Trace,
    hw: Hardware | str = "zcu102",
    *,
    engine: str | None = None,
    memory: str | None = None,
    profile: str = "paper",
    energy: str = "constant",
    scope: str | None = None,
    batch: int = 1,
    ps_pl_overlap: str | None = None,
) -> Report:
    """Return delay, energy and breakdowns of a workload on a hardware.

    Parameters
    ----------
    workload : Plan or Trace
        A plan is lowered for ``batch`` images. A trace runs as it is; ``batch`` then says how many images it
        holds.
    hw : Hardware or str
        Hardware, or its name.
    engine : {'analytic', 'pe', 'memory', 'mpca', 'serial', 'pipeline'}, optional
        How array cycles are counted: in closed form, PE by PE, with the memory hierarchy, on the lanes of an MPCA,
        tile by tile without any overlap, or with a stage for each operation, all side by side.
        Left out, `analytic` (`memory` with ``memory='hw'``) or, for hardware of kind mpca, serial or pipeline,
        the engine of that name.
    memory : {'paper', 'hw'}, optional
        Memories without limits or stalls, as the paper's delays assume, or those of the hardware (engine `memory`;
        engine `mpca`: its DMA). Left out, 'paper', and 'hw' for hardware of kind mpca.
    profile : {'paper', 'full'}
        What the processor side charges: softmax alone, or also GELU, LayerNorm, residual adds, requantisation
        and transfers.
    energy : {'constant', 'activity'}
        Board power times delay, or each component's static power times time plus its energy per event.
    scope : {'encoders', 'all'}, optional
        Charge the encoders only (the paper), or patch embedding and head too. Left out, 'encoders', and 'all' for a
        trace none of whose operations is in an encoder.
    batch : int
        Images, at least 1.
    ps_pl_overlap : {'serial', 'heads', 'images'}, optional
        What runs on the processor while the PL works, instead of the hardware's ``host.ps_pl_overlap``. ``heads``
        shortens the delay of an image (DeiT-S by 6.1 %); ``images`` runs the batch's images side by side, each on
        its own: more images a second, none of them earlier.

    Returns
    -------
    Report
        Totals, breakdowns, timeline and the notes behind the numbers; ``print`` shows a summary.

    Raises
    ------
    InputError
        An option is not valid, the trace has operations that the engine cannot run, or nothing is in scope.

    Examples
    --------
    >>> import pivotsim as ps
    >>> report = ps.simulate(ps.plan("deit_s"), "zcu102")
    >>> report.pl_cycles, round(report.delay_ms, 2), round(report.energy_j, 4)
    (3026160, 59.66, 0.4725)
    """
    hw = load_hardware(hw)
    engine, memory = resolved(hw, engine, memory, profile)
    check_choice("energy", energy, RULES)
    if scope is not None:
        check_choice("scope", scope, SCOPES)
    batch = check_integer("batch", batch, 1)
    if ps_pl_overlap is not None:
        check_choice("ps_pl_overlap", ps_pl_overlap, PS_PL_OVERLAPS)
        if hw.host is not None or ps_pl_overlap != hw.ps_pl_overlap:  # without a processor everything is serial
            hw = hw.replace({"host.ps_pl_overlap": ps_pl_overlap}, label="ps_pl_overlap")
    stated, board_watch = hw, watch_if_changed(hw)
    hw = stated if board_watch is None else board_watch.spec
    mode = hw.ps_pl_overlap
    images = batch if mode == "images" else 1  # chains side by side; else the images stack in one trace
    if images > 1 and isinstance(workload, Trace):
        problem = f"a trace of {batch} images cannot be taken apart; give a model, or a trace of one image and batch 1"
        raise InputError(f"ps_pl_overlap: 'images': {problem} {got(batch)}")
    whole, scope = scoped(as_trace(workload, batch // images), scope)
    trace = runnable(whole, stated, scope)
    if mode == "heads" and not head_ranges(trace) and _is_split(trace):
        problem = "a split attention runs its heads one by one, so none is side by side with another"
        raise InputError(f"ps_pl_overlap: {problem}; leave the split out {got(mode)}")

    board = hw if memory == HW else hw.without_memory_limits()
    if mode != "serial" and is_behind_memories(trace, board):
        problem = "a unit pass runs beside no multiplication; use serial, or units.memory_bytes 0"
        raise InputError(f"ps_pl_overlap: {problem} {got(mode)}")
    # first, since it refuses in no time what the engine would count for long
    others = tuple(ENGINES[engine].other_cycles(trace, board))
    counted = ENGINES[engine].run(trace, board, memory)
    cycles = counted.cycles.tolist()
    if mode == "heads" and counted.details.runs_heads_at_once:
        remedy = "several arrays take heads at once; array.split: rows or cols runs them one by one"
        raise InputError(f"ps_pl_overlap: {remedy} {got(mode)}")
    of_heads = (
        head_cycles(trace, lambda part: ENGINES[engine].run(part, board, memory).cycles) if mode == "heads" else {}
    )
    on_host = tuple(host_ops(trace, hw, profile))
    placed = PlacedRun(trace, stated, counted.details, images, cycles, others, on_host, of_heads)
    pl_cycles, ps_ms = placed.pl_cycles, placed.ps_ms
    if pl_cycles > INT64_MAX:
        raise InputError(f"{trace.name}: sizes too large, the clocks of array and PL units exceed int64")
    pl_ms = cycles_to_ms(float(pl_cycles), hw.clock_mhz)
    # serial: the sum (PIVOT, section 3.4), which is the timeline's end but for the last bit of a float
    is_serial = mode != "heads" and images == 1 and not counted.details.side_by_side
    delay_ms = pl_ms + ps_ms if is_serial else placed.timeline.delay_ms
    counts = counted.counts.plus(Counts(**placed_bytes(trace, board)._asdict())).times(images)
    arithmetic_pj = 0.0 if energy == CONSTANT else images * unit_pj(trace, hw)
    usage = usage_of(delay_ms, pl_ms, ps_ms, hw.ps_cores if ps_ms else 0, counts, arithmetic_pj)
    options = {"engine": engine, "memory": memory, "profile": profile, "energy": energy, "scope": scope, "batch": batch}
    options["ps_pl_overlap"] = mode
    energy_components_j = RULES[energy].components_j(hw, usage)
    linked = board.linked()
    if board_watch is not None:
        RULES[energy].interval_j(hw, usage)  # a report works it out when it is asked for, and reads this too
        board_watch.stop()
    return Report(
        workload=_name(workload),
        hardware=stated.name,
        options=options,
        placed=placed,
        pes=stated.pes,
        pl_cycles=pl_cycles,
        unit_cycles=placed.unit_cycles,
        delay_ms=delay_ms,
        pl_ms=pl_ms,
        ps_ms=ps_ms,
        energy_components_j=energy_components_j,
        counts=counts,
        usage=usage,
        details=counted.details,
        reading=reading_of(stated, board_watch),
        inputs=Inputs(trace, stated, linked, options, whole),
    )


def as_trace(workload: Plan | Trace, batch: int) -> Trace:
    """Return a plan lowered for a batch, or a trace checked."""
    if isinstance(workload, Plan):
        return lower(workload, batch)
    if isinstance(workload, Trace):
        return checked(workload)
    raise InputError(f"workload: must be a Plan or a Trace; use pivotsim.plan(model) {got(workload)}")


def scoped(whole: Trace, scope: str | None) -> tuple[Trace, str]:
    """Return a trace and the scope of its run: left out, all where no operation is in an encoder, which is noted."""
    if scope is not None:
        return whole, scope
    if any(op.encoder for op in whole):
        return whole, "encoders"
    return replace(whole, notes=(*whole.notes, "scope: 'all', since no operation is in an encoder")), "all"


def _is_split(trace: Trace) -> bool:
    """Whether an encoder's scores are several multiplications, as ``split_attention`` makes them."""
    encoders = [op.encoder for op in trace if op.module == "qkt" and op.kind == "gemm"]
    return len(set(encoders)) < len(encoders)


def _name(workload: Plan | Trace) -> str:
    if isinstance(workload, Trace):
        return workload.name
    skipped = workload.effort < len(workload.encoders)
    parts = [f"effort {workload.effort}"] if skipped else []
    parts += [*workload.token_methods, *(["pruned"] if workload.is_pruned else [])]
    return ", ".join([workload.model.name, *parts])


def runnable(whole: Trace, hw: Hardware, scope: str) -> Trace:
    """Return the operations in scope, or raise InputError for the first that the engine cannot run."""
    trace = whole.within(scope)
    if not len(whole):
        raise InputError(f"{whole.name}: has no operations")
    if not len(trace):
        raise InputError(f"scope: '{scope}' leaves no operation of {whole.name}; use scope 'all'")
    widest = hw.operand_bits
    if any(max(a_bits, w_bits) > widest for _, _, _, _, a_bits, w_bits, *_ in trace.distinct_gemm_rows):
        raise InputError(_too_wide(trace, hw))
    return trace


def _too_wide(trace: Trace, hw: Hardware) -> str:
    """Return what is wrong with the first operation whose operands the hardware does not multiply."""
    wide = [op.kind == "gemm" and max(op.a_bits, op.w_bits) > hw.operand_bits for op in trace].index(True)
    op, place = trace.ops[wide], trace.places[wide] if trace.places else f"{trace.name}: operation {wide + 1}"
    problem = f"operands are wider than {hw.compute}.operand_bits {hw.operand_bits} {got(max(op.a_bits, op.w_bits))}"
    return f"{place} ({op.module}, encoder {op.encoder}): {problem}"


@dataclass(frozen=True)
class Inputs:
    """Everything that went into a run; turned to text only when a hash is asked for."""

    trace: Trace
    hw: Hardware
    linked: Mapping[str, SourcedSpec]
    options: Mapping[str, Any]
    whole: Trace  # with what is out of scope

    def __str__(self) -> str:
        ops = tuple(op.unnamed for op in self.trace)
        parts: tuple[Any, ...] = (ops, sorted(self.hw.values().items()), sorted(self.options.items()))
        digests = [mask.digest for mask in self.trace.gemm_masks if mask is not None]
        parts += (digests,) if digests else ()
        return repr((*parts, *(spec.model_dump() for spec in self.linked.values())))
