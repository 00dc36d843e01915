"""Costs of designs behind memories, many at once: equal multiplications on equal arrays and memories run once."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from pivotsim.dse.evaluation.cache import BesideArray, Work
from pivotsim.dse.evaluation.design_groups import Context, Costs, DesignGroup, DoesNotFitError
from pivotsim.dse.space.axis_kinds import HARDWARE
from pivotsim.energy.usage import Usage
from pivotsim.engines.array.designs import DESIGN_FIELDS
from pivotsim.engines.counts import counts_by_level
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.many_designs import ALONE, MISFIT, MemoryDesign, Searches, run_one
from pivotsim.errors import InputError
from pivotsim.units import INT64_MAX, IntArray, cycles_to_ms
from pivotsim.workload.sizes import Size, joint_gemms

MEMORY_FIELDS = tuple(name for name in HARDWARE if name.startswith("memories."))
MAX_GEMMS_KEPT = 16_384
MAX_MEMORIES_KEPT = 4_096
MOST_AT_ONCE = 8_192  # designs whose searches are held together


def run_with_memories(group: DesignGroup) -> list[Costs]:
    """Return the costs of each effort; members whose memories are not valid or too small are dropped."""
    sizes, repeats = joint_gemms([work.trace.gemms_with_bits for work in group.works])
    memories, index = _memories(group)
    columns = group.arrays()
    several = np.broadcast_to(columns.array_count > 1, len(group))
    if several.any():
        group.drop(several, InputError("array.count: several arrays run with memory paper alone"))
    valid = np.flatnonzero((index >= 0) & (group.reasons == 0))
    if not len(valid):
        nothing: Any = np.zeros(len(group))
        return [(nothing, Usage(**dict.fromkeys(Usage._fields, nothing))) for _ in group.works]
    arrays = [np.broadcast_to(column, len(group))[valid] for column in columns[: len(DESIGN_FIELDS)]]
    designs, back = np.unique(np.column_stack([*arrays, index[valid]]), axis=0, return_inverse=True)
    found, problems = _run(group.context, sizes, designs, memories)
    hosts = [group.context.builder.host(work, group.hw) for work in group.works]
    cycles = _total_cycles(found[:, :, 0], repeats, [host.unit_cycles for host in hosts], problems)
    sram, dram = (found[:, :, level].astype(np.float64) @ repeats for level in (1, 2))  # exact below 2**53
    for error in dict.fromkeys(problems.values()):
        group.drop(valid[np.isin(back.reshape(-1), [d for d, each in problems.items() if each is error])], error)
    places = np.zeros(len(group), dtype=np.int64)
    places[valid] = back.reshape(-1)
    return [
        _costs(group, work, host, cycles[:, w], sram[:, w], dram[:, w], places)
        for w, (work, host) in enumerate(zip(group.works, hosts, strict=True))
    ]


def _memories(group: DesignGroup) -> tuple[list[MemoryDesign], IntArray]:
    """Return the group's distinct memories, and which of them each member has; -1 and dropped where not valid."""
    context = group.context
    axes = [axis for axis in context.space.axes if axis.name in MEMORY_FIELDS]
    if not axes:
        return [_memory_design(context, group, {})], np.zeros(len(group), dtype=np.int64)
    places = np.column_stack(group.places([axis.name for axis in axes]))
    distinct, index = np.unique(places, axis=0, return_inverse=True)
    index = index.reshape(-1)
    memories: list[MemoryDesign] = []
    kept = np.full(len(distinct), -1)
    for i, row in enumerate(distinct.tolist()):
        try:
            memory_design = _memory_design(
                context, group, {axis.name: axis.at(place) for axis, place in zip(axes, row, strict=True)}
            )
        except InputError as error:
            group.drop(index == i, error)
        else:
            kept[i] = len(memories)
            memories.append(memory_design)
    return memories, kept[index]


def _memory_design(context: Context, group: DesignGroup, values: dict[str, Any]) -> MemoryDesign:
    """Return memories with the values of axes, from the cache where they were made before."""
    clock_mhz = group.hw.array.clock_mhz

    def make() -> MemoryDesign:
        memories = context.builder.hardware({**group.values, **values}).memories
        return MemoryDesign(limits_of(memories, clock_mhz), memories.loop_order, memories.chunk)

    made: MemoryDesign = context.memories.get_or_compute((tuple(values.items()), clock_mhz), make, MAX_MEMORIES_KEPT)
    return made


def _run(
    context: Context, sizes: Sequence[Size], designs: IntArray, memories: Sequence[MemoryDesign]
) -> tuple[IntArray, dict[int, InputError]]:
    """Return (clocks, SRAM bytes, DRAM bytes), (D, G, 3), and the designs that cannot run; rows end with memories."""
    blocks = [designs[start : start + MOST_AT_ONCE] for start in range(0, len(designs), MOST_AT_ONCE)]
    found = np.concatenate([_searched(context, sizes, block, memories) for block in blocks])
    problems: dict[int, InputError] = {}
    misfit: InputError | None = None  # one message is enough
    for d in np.flatnonzero((found[:, :, 0] < 0).any(axis=1)).tolist():
        design, behind = designs[d, :-1], memories[designs[d, -1]]
        for g, size in enumerate(sizes):
            if found[d, g, 0] == ALONE:
                key = size, behind, tuple(design.tolist())
                entry = context.gemms.get_or_compute(key, partial(_alone, size, design, behind), MAX_GEMMS_KEPT)
                if isinstance(entry, InputError):
                    problems[d] = entry
                    break
                found[d, g] = entry
            if found[d, g, 0] == MISFIT:
                problems[d] = misfit = misfit or _misfit(size, design, behind)
                break
    found[list(problems)] = 0
    return found, problems


def _searched(context: Context, sizes: Sequence[Size], designs: IntArray, memories: Sequence[MemoryDesign]) -> IntArray:
    """Return what ``run_many`` does of all GEMMs, of searches that were made before from the cache."""
    searches = Searches(sizes, designs[:, :-1], memories, designs[:, -1])
    keys, kept = searches.keys(), context.gemms
    entries = [kept.get(key) for key in keys]
    is_new = np.array([entry is None for entry in entries], dtype=np.bool_)
    for place, entry in zip(np.flatnonzero(is_new).tolist(), searches.run(is_new).tolist(), strict=True):
        entries[place] = entry
        kept.put(keys[place], entry, MAX_GEMMS_KEPT)
    return searches.results(np.array(entries, dtype=np.int64).reshape(-1, 3))


def _alone(size: Size, design: IntArray, memory_design: MemoryDesign) -> "list[int] | InputError":
    """Return one GEMM's clocks and bytes, or what ``run_gemm`` raises."""
    try:
        result = run_one(size, design, memory_design)
    except InputError as error:
        return InputError(error.problems)  # without its traceback, which holds all that was being computed
    if isinstance(result, DoesNotFit):
        return [MISFIT, 0, 0]
    counts = counts_by_level(0, result.moved_bytes)
    return [result.cycles, counts.sram_bytes, counts.dram_bytes]


def _misfit(size: Size, design: IntArray, memory_design: MemoryDesign) -> DoesNotFitError:
    """Return what does not fit."""
    result = run_one(size, design, memory_design)
    assert isinstance(result, DoesNotFit)
    return DoesNotFitError(f"memories: gemm {'x'.join(map(str, size[:3]))}: {m}" for m in result.misfits)


def _total_cycles(
    cycles: IntArray, repeats: IntArray, units: Sequence[int], problems: dict[int, InputError]
) -> IntArray:
    """Return the PL clocks of each effort on each design, units and all, (D, W); beyond int64 is a problem."""
    about = (cycles.astype(np.float64) @ repeats + np.array(units, dtype=np.float64)).max(axis=1, initial=0.0)
    for d in np.flatnonzero(about > INT64_MAX / 2).tolist():  # near the limit: exactly
        exact = (
            sum(c * r for c, r in zip(cycles[d].tolist(), row, strict=True)) + own
            for row, own in zip(repeats.T.tolist(), units, strict=True)
        )
        if max(exact) > INT64_MAX:
            problems[d] = InputError("gemm: sizes too large, the cycles would exceed int64 with their repeats")
            cycles[d] = 0
    totals: IntArray = cycles @ repeats + np.array(units)
    return totals


def _costs(
    group: DesignGroup, work: Work, host: BesideArray, pl_cycles: IntArray, sram: Any, dram: Any, places: IntArray
) -> Costs:
    """Return one effort's costs for each member, from those of the distinct designs."""
    _, unit_bytes, unit_pj, ps_ms = host
    pl_ms: Any = cycles_to_ms(pl_cycles, group.hw.array.clock_mhz)[places]
    vectors: dict[str, Any] = {"delay_ms": pl_ms + ps_ms, "pl_ms": pl_ms, "sram_bytes": sram[places] + unit_bytes}
    vectors |= {"dram_bytes": dram[places], "ps_core_ms": ps_ms * group.hw.ps_cores, "macs": work.trace.macs}
    return pl_cycles[places], Usage(**vectors, ps_ms=ps_ms, unit_pj=unit_pj)
