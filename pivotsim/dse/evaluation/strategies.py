"""Strategies to run designs: as vectors through `analytic`, as batches behind memories, or one by one."""

from collections.abc import Callable
from typing import NamedTuple

from pivotsim.dse.evaluation.design_groups import Costs, DesignGroup
from pivotsim.dse.evaluation.memory_designs import MEMORY_FIELDS, run_with_memories
from pivotsim.dse.space.axis_kinds import LOW_FRAC, MASKED, VECTORS
from pivotsim.dse.space.definition import Space
from pivotsim.engines.base import HW
from pivotsim.engines.registry import ENGINES
from pivotsim.simulation.many_designs import design_usages
from pivotsim.simulation.run import simulate

UNIT_MEMORIES = "units.memory_bytes"
CHUNK_POINTS = 262_144
SLOW_CHUNK_POINTS = 2_048  # where a design takes a millisecond or more: a chunk is what a stop may lose


def run_as_vectors(group: DesignGroup) -> list[Costs]:
    """Return the costs of each effort, all members in one call of the closed form."""
    options, traces = group.context.space.options, [work.trace for work in group.works]
    return design_usages(
        traces, group.hw, group.arrays(), profile=options["profile"], energy=options["energy"], is_parallel=False
    )


def run_alone(group: DesignGroup) -> list[Costs]:
    """Return the costs of each effort by ``simulate`` itself; the members agree on everything that it reads."""
    options = {n: group.context.space.options[n] for n in ("engine", "memory", "profile", "energy", "scope")}
    reports = [simulate(work.plan, group.hw, **options) for work in group.works]
    return [(report.pl_cycles, report.usage) for report in reports]


class Strategy(NamedTuple):
    """One way to run designs, the axes along which it takes vectors, and the points of a chunk."""

    run: Callable[[DesignGroup], list[Costs]]
    vectors: tuple[str, ...]
    chunk_points: int


STRATEGIES = {  # what one call of an engine can vary -> how
    "arrays": Strategy(run_as_vectors, VECTORS, CHUNK_POINTS),
    "memories": Strategy(run_with_memories, (*VECTORS, *MEMORY_FIELDS), SLOW_CHUNK_POINTS),
}
ONE_BY_ONE = Strategy(run_alone, (LOW_FRAC,), SLOW_CHUNK_POINTS)


def strategy_of(space: Space) -> Strategy:
    """Return how a space's designs run."""
    if any(axis.name in MASKED for axis in space.axes):
        return ONE_BY_ONE
    overlaps = next((a.values for a in space.axes if a.name == "host.ps_pl_overlap"), (space.hw.ps_pl_overlap,))
    if "heads" in overlaps:
        return ONE_BY_ONE
    options = space.options
    sizes = next((a.values for a in space.axes if a.name == UNIT_MEMORIES), (space.hw.units.memory_bytes,))
    if options["memory"] == HW and any(sizes):
        return ONE_BY_ONE  # what a unit takes then depends on array and memories
    if any(axis.name.startswith("calls.") for axis in space.axes) or any(space.hw.calls.paths()):
        return ONE_BY_ONE  # one call of an engine counts the array's own clocks
    return STRATEGIES.get(ENGINES[options["engine"]].batched(options["memory"]), ONE_BY_ONE)
