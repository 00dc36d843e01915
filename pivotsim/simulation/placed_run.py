"""A run's placed operations in time: the timeline and the rows of a report, worked out when they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pivotsim.engines.base import Details
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import PS
from pivotsim.simulation.chains import check_tasks, timeline_of, timeline_of_stages
from pivotsim.simulation.placed_ops import PlacedOp
from pivotsim.simulation.reporting.rows import Row
from pivotsim.simulation.timeline import Timeline
from pivotsim.units import cycles_to_ms
from pivotsim.workload.ops import Trace


@dataclass(frozen=True, eq=False)
class PlacedRun:
    """The steps of one image, of which ``images`` run side by side; equal where all rows are.

    Raises
    ------
    InputError
        There are more pieces of work than can be listed.
    """

    steps: Sequence[PlacedOp]
    trace: Trace
    hw: Hardware
    details: Details
    images: int

    def __post_init__(self) -> None:
        check_tasks(self.steps, self.trace, self.hw, self.details, self.images)

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
        steps, ops, to_ms = list(self.steps) * self.images, self.trace.ops, self.timeline.ticks.to_ms
        rows = []
        for step, start in zip(steps, self.timeline.starts(len(steps)), strict=True):
            place = (step.encoder, step.module, step.kind, "ps" if step.resource == PS else "pl")
            busy_ms = self._busy_ms(step)
            rows.append(Row(*place, step.cycles, step.macs, busy_ms, to_ms(start), ops[step.position].layer))
        return tuple(rows)

    def _busy_ms(self, step: PlacedOp) -> float:
        return step.host_ms if step.resource == PS else cycles_to_ms(float(step.cycles), self.hw.clock_mhz)
