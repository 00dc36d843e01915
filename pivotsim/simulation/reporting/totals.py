"""Totals of a run, and what follows from them: per image, per second, per joule."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from pivotsim.engines.base import Details
from pivotsim.simulation.reporting.rows import Row
from pivotsim.simulation.timeline import Timeline
from pivotsim.units import plain_sum


class Totals(ABC):
    """Base of a report: what follows from the sums that it holds."""

    options: Mapping[str, Any]
    pes: int
    pl_cycles: int
    unit_cycles: int
    delay_ms: float
    pl_ms: float
    ps_ms: float
    energy_components_j: Mapping[str, float]
    details: Details

    @property
    @abstractmethod
    def rows(self) -> tuple[Row, ...]:
        """One row per step of the run."""

    @property
    @abstractmethod
    def timeline(self) -> Timeline:
        """Every piece of work on its resource."""

    @property
    def batch(self) -> int:
        """Images in the run."""
        return int(self.options["batch"])

    @property
    def images(self) -> int:
        """Images that run side by side, each with rows of its own; 1 where the batch is stacked."""
        return self.batch if self.options["ps_pl_overlap"] == "images" else 1

    @property
    def energy_j(self) -> float:
        """Energy of the whole batch."""
        return plain_sum(self.energy_components_j.values())

    @property
    def busy_ms(self) -> float:
        """Work of all resources, one after the other; the delay where they are serial."""
        return self.pl_ms + self.ps_ms

    @property
    def overlap_ms(self) -> float:
        """What running side by side takes off the delay."""
        return max(self.busy_ms - self.delay_ms, 0.0)

    @property
    def latency_ms(self) -> float:
        """Longest time from an image's first step to its last; the delay unless images run side by side."""
        if self.images == 1:
            return self.delay_ms
        timeline = self.timeline
        return timeline.ticks.to_ms(timeline.longest(len(self.rows) // self.images))

    @property
    def delay_per_image_ms(self) -> float:
        """Delay divided by the batch: the reciprocal of throughput."""
        return self.delay_ms / self.batch

    @property
    def energy_per_image_j(self) -> float:
        """Energy divided by the batch."""
        return self.energy_j / self.batch

    @property
    def edp_j_ms(self) -> float:
        """Energy-delay product of the mean image."""
        return self.energy_per_image_j * self.delay_per_image_ms

    @property
    def fps(self) -> float:
        """Images per second."""
        return 1e3 / self.delay_per_image_ms if self.delay_ms else 0.0

    @property
    def power_w(self) -> float:
        """Mean power."""
        return self.energy_j / self.delay_ms * 1e3 if self.delay_ms else 0.0

    @property
    def fps_per_watt(self) -> float:
        """Images per joule."""
        return 1 / self.energy_per_image_j if self.energy_j else 0.0

    @property
    def macs(self) -> int:
        """Multiply-accumulates on the array."""
        return sum(row.macs for row in self.rows)

    @property
    def utilization_frac(self) -> float:
        """MACs done over MACs possible while the array is busy."""
        possible = self.details.array_cycles(self.images, self.pl_cycles - self.unit_cycles) * self.pes
        return self.macs / possible if possible else 0.0
