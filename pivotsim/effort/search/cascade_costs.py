"""Costs of one cascade at all its thresholds at once, the vectors behind the front.

Each formula is that of ``MixedReport``; reach_i is the fraction of the images that reaches effort i.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from pivotsim.effort.edp import edp_mean_of_images
from pivotsim.effort.mixed_report import Effort
from pivotsim.effort.search.threshold_grid import Grid
from pivotsim.units import FloatArray

Fractions: TypeAlias = Sequence[Any]  # arrays
Values: TypeAlias = Sequence[Any]  # numbers


def _mean(reach: Fractions, values: Values) -> Any:
    return sum(part * value for part, value in zip(reach, values, strict=True))


# quantity -> value from (reach, exits, delays, energies); the names are those of MixedReport
COSTS: Mapping[str, Callable[[Fractions, Fractions, Values, Values], Any]] = {
    "delay_ms": lambda reach, _, delays, __: _mean(reach, delays),
    "energy_j": lambda reach, _, __, energies: _mean(reach, energies),
    "edp_j_ms": lambda reach, _, delays, energies: _mean(reach, delays) * _mean(reach, energies),
    "edp_mean_of_images_j_ms": lambda _, exits, delays, energies: edp_mean_of_images(exits, energies, delays),
    "edp_sum_of_efforts_j_ms": lambda reach, _, delays, energies: _mean(
        reach, [d * e for d, e in zip(delays, energies, strict=True)]
    ),
}
GAINS = ("accuracy_frac", "lec")  # more is better


def cascade_columns(images: int, grid: Grid, efforts: Sequence[Effort]) -> dict[str, FloatArray]:
    """Return every quantity at every combination of thresholds, each flat and in the grid's order.

    Parameters
    ----------
    images : int
        n, the images behind the counts.
    grid : Grid
    efforts : sequence of Effort
        Of any mix of these efforts: what one image costs in each, its gate included.
    """
    shape = np.broadcast_shapes(*(c.shape for c in grid.counts))
    counts = [np.broadcast_to(c, shape).ravel() for c in grid.counts]
    gone = itertools.accumulate(counts[:-1], initial=np.zeros_like(counts[0]))
    reach, exits = [(images - g) / images for g in gone], [c / images for c in counts]
    delays, energies = [e.delay_ms for e in efforts], [e.energy_j for e in efforts]
    columns = {name: np.asarray(of(reach, exits, delays, energies)) for name, of in COSTS.items()}
    columns["lec"] = exits[0]
    if grid.correct is not None:
        right = sum(np.broadcast_to(c, shape).ravel() for c in grid.correct)
        columns["accuracy_frac"] = np.asarray(right / images)
    return columns
