"""A run's operations where they run: their sums, and in time, which is worked out when it is asked for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pivotsim.engines.base import Details, OtherCycles
from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import HostOp
from pivotsim.operations import ARRAY, PS
from pivotsim.simulation.chains import check_tasks, positions_in_heads, timeline_of, timeline_of_stages
from pivotsim.simulation.placed_ops import PlacedOp, place_ops
from pivotsim.simulation.reporting.rows import Row
from pivotsim.simulation.timeline import Timeline
from pivotsim.units import cycles_to_ms
from pivotsim.workload.ops import Trace


@dataclass(frozen=True, eq=False)
class PlacedRun:
    """What one image runs in the programmable logic and on the processor; equal where all rows are.

    Attributes
    ----------
    trace : Trace
    hw : Hardware
    details : Details
        What the engine knows.
    images : int
        Copies that run side by side.
    cycles : sequence of int
        Clocks of each GEMM of the trace.
    others : sequence of OtherCycles
        Clocks of what else runs in the programmable logic.
    on_host : sequence of HostOp
        What runs on the processor.
    block_cycles : mapping
        Place in the trace -> clocks of each repeat, where they differ and heads run side by side.

    Raises
    ------
    InputError
        There are more pieces of work than can be listed.
    """

    trace: Trace
    hw: Hardware
    details: Details
    images: int
    cycles: Sequence[int]
    others: Sequence[OtherCycles]
    on_host: Sequence[HostOp]
    block_cycles: Mapping[int, tuple[int, ...]]

    def __post_init__(self) -> None:
        in_heads = positions_in_heads(self.trace) if self.hw.ps_pl_overlap == "heads" else set()
        blocks = [step.blocks for step in self.steps if step.position in in_heads] if in_heads else []
        check_tasks(self.step_count, blocks, self.hw.ps_pl_overlap, self.details, self.images)

    @property
    def pl_cycles(self) -> int:
        """Clocks of the programmable logic, of all images."""
        return self.images * (sum(self.cycles) + sum(one.cycles for one in self.others))

    @property
    def unit_cycles(self) -> int:
        """Those of them that are not the array's."""
        return self.images * sum(one.cycles for one in self.others if one.resource != ARRAY)

    @property
    def ps_ms(self) -> float:
        """Time of the processor, of all images."""
        return math.fsum([one.delay_ms for one in self.on_host] * self.images)

    @property
    def step_count(self) -> int:
        """How many steps an image has."""
        return len(self.cycles) + len(self.others) + len(self.on_host)

    @cached_property
    def steps(self) -> list[PlacedOp]:
        """The steps of one image in the trace's order."""
        return place_ops(self.trace, self.cycles, self.others, self.on_host, self.block_cycles)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlacedRun) and self.rows == other.rows

    @cached_property
    def timeline(self) -> Timeline:
        """When each piece of work runs on which resource."""
        if self.details.side_by_side:
            return timeline_of_stages(self.steps, self.details, self.hw, self.images)
        return timeline_of(self.steps, self.trace, self.hw, self.images)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The steps of all images in the trace's order, each with its start."""
        steps, ops, to_ms = self.steps * self.images, self.trace.ops, self.timeline.ticks.to_ms
        rows = []
        for step, start in zip(steps, self.timeline.starts(len(steps)), strict=True):
            place = (step.encoder, step.module, step.kind, "ps" if step.resource == PS else "pl")
            busy_ms = self._busy_ms(step)
            rows.append(Row(*place, step.cycles, step.macs, busy_ms, to_ms(start), ops[step.position].layer))
        return tuple(rows)

    def _busy_ms(self, step: PlacedOp) -> float:
        return step.host_ms if step.resource == PS else cycles_to_ms(float(step.cycles), self.hw.clock_mhz)
