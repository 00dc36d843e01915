"""Sources behind a run's numbers that are more, or less, than read from a source; and remarks beside its totals."""

from collections.abc import Mapping
from typing import Any

from pivotsim.energy.constant import constant_power_note
from pivotsim.energy.rules import RULES
from pivotsim.engines.base import HW
from pivotsim.engines.pl_units.placed import is_behind_memories, pass_notes
from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.fold_overlaps import without_loads
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.fit_notes import unpacked_note
from pivotsim.hardware.sourced import SourcedSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import constants_used, defaults_used, left_out, uncharged
from pivotsim.io.documents import is_inherited
from pivotsim.simulation.notes.reading import Reading, paths_of
from pivotsim.workload.ops import Trace

CALIBRATED = "[calibrated: "  # what a calibrated board's file says of a value
SPARSE_SCORES = "sparse scores: [assumed] those left out cost nothing beside the array, nor does finding the kept ones"


def remarks_of(hw: Hardware, options: Mapping[str, Any], reading: Reading, overlap_ms: float) -> tuple[str, ...]:
    """Return what must be said beside a run's totals: whose power it is, overlaps that hide nothing or pack none."""
    power = constant_power_note(hw, read=reading.run) if options["energy"] == "constant" else ""
    mode = options["ps_pl_overlap"]
    needs = "needs --batch 2 or more" if mode == "images" and options["batch"] == 1 else "nothing runs side by side"
    overlap = f"ps_pl_overlap: '{mode}' has no effect here: {needs}" if mode != "serial" and not overlap_ms else ""
    folds = without_loads(hw.array.fold_overlap, hw.array.dataflow) if isinstance(hw, SystolicHardware) else ""
    unpacked = unpacked_note(hw) if isinstance(hw, SystolicHardware) else ""
    lines = (power, overlap, f"array.fold_overlap: {folds}" if folds else "", unpacked)
    return tuple(line for line in lines if line)


def notes_of(
    trace: Trace,
    hw: Hardware,
    linked: Mapping[str, SourcedSpec],
    options: Mapping[str, Any],
    reading: Reading,
) -> tuple[str, ...]:
    """Return the sources of the constants in use that are more, or less, than read from a source.

    ``linked`` are the specifications in files of their own that the run read, by the path that names each.
    """
    profile = options["profile"]
    engine = ENGINES[options["engine"]]
    used = [*constants_used(trace, hw, profile), *engine.other_constants(trace, hw)]
    used += [*RULES[options["energy"]].constants, *hw.assumptions]
    used += [path for path in defaults_used(trace, hw, profile) if path not in used]
    used += [] if hw.host else ["host"]
    used += [path for path, source in hw.sources.items() if source.startswith(CALIBRATED) and path in reading.run]
    groups = tuple(f"{group}." for group in engine.values_read(options["memory"]))
    used += [path for path in paths_of(type(hw)) if path.startswith(groups)] if groups else []
    idle = _of_no_pass(used, hw, options["energy"]) if options["memory"] == HW and is_behind_memories(trace, hw) else []
    unchanged = [leaf for path in used for leaf in _without(path, [*reading.used, *idle], hw)]
    marked = [
        path
        for path in dict.fromkeys(unchanged)
        if hw.source(path).startswith("[") and not is_inherited(hw.source(path))
    ]
    notes = tuple(f"{path}: {hw.source(path)}" for path in (*reading.used, *marked, *reading.inherited))
    unpaid = left_out(trace, hw, profile)
    if unpaid:
        notes += (f"profile: '{profile}' leaves out what is placed on ps, where no processor is: {', '.join(unpaid)}",)
    elif hw.host is None and isinstance(hw, SystolicHardware) and any(op.kind != "gemm" for op in trace):
        where = "there is no processor, they run in the programmable logic"
        notes += (f"profile: '{profile}' leaves no operation's time out here: {where}",)
    free = uncharged(trace, hw, profile)
    if free:
        more = "" if profile == "full" else "; profile 'full' charges more"
        notes += (f"profile: '{profile}' charges no time for {', '.join(free)}{more}",)
    if any(op.kind != "gemm" and op.density != 1 for op in trace):
        notes += (SPARSE_SCORES,)
    notes += engine.notes(trace, hw)
    notes += pass_notes(trace, hw) if options["memory"] == HW else ()
    for name, spec in linked.items():
        notes += tuple(f"{name}, {path}: {text}" for path, text in spec.sources.items() if text.startswith("["))
    return notes


def _of_no_pass(used: list[str], hw: Hardware, energy: str) -> list[str]:
    """Return what passes between memories do not read of units among some paths: the Verilog has its own fills."""
    names = ("fill_cycles", "bytes_per_element", *(() if energy == "activity" else ("pj_per_element",)))
    paths = (f"{path}.{name}" for path in used if path.startswith("units.") for name in names)
    there = frozenset(paths_of(type(hw)))
    return [path for path in paths if path in there and "token_drop" not in path]


def _without(path: str, changed: list[str], hw: Hardware) -> list[str]:
    """Return a path, or the values of its group that are not changed where some are."""
    inside = [c for c in changed if c == path or c.startswith(f"{path}.")]
    if not inside:
        return [path]
    return [leaf for leaf in paths_of(type(hw)) if leaf.startswith(f"{path}.") and leaf not in inside]
