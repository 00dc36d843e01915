"""What a method costs at an accuracy of its test images, between the settings that were measured, and the ratio of two.

A setting chosen on calibration images misses its accuracy on others, the more so the more there was to choose from. So
means over the seeds of accuracy and cost make a curve per method, and costs are compared where the curves have one
accuracy. The interval draws the seeds of both methods together.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tests.recordings.paired import COVERAGE

RESAMPLES = 2_000


class Ratio(NamedTuple):
    """The other's cost over the first's, its percentile interval, and the share of draws in which both get there."""

    ratio: float
    low: float
    high: float
    reached_frac: float

    @property
    def is_clear(self) -> bool:
        """Whether nearly all draws get there, and the interval leaves out 1."""
        return self.reached_frac >= COVERAGE and (self.low > 1 or self.high < 1)


def cost_at(target: float, accuracies: Sequence[float], costs: Sequence[float]) -> float:
    """Return the least cost at an accuracy, on straight lines between settings that no other beats; nan beyond them.

    >>> round(cost_at(0.85, [0.8, 0.9, 0.7], [1.0, 3.0, 2.0]), 9)
    2.0
    >>> cost_at(0.95, [0.8, 0.9], [1.0, 3.0]), cost_at(0.5, [0.8, 0.9], [1.0, 3.0])
    (nan, 1.0)
    """
    front: list[tuple[float, float]] = []
    for accuracy, cost in sorted(zip(accuracies, costs, strict=True), key=lambda p: (-p[0], p[1])):
        if not front or cost < front[-1][1]:
            front.append((accuracy, cost))
    xs, ys = zip(*reversed(front), strict=True)
    return float("nan") if target > xs[-1] else float(np.interp(target, xs, ys))


def ratio_at(loss: float, whole: Any, first: tuple[Any, Any], other: tuple[Any, Any], *, seed: int = 0) -> Ratio:
    """Return the ratio of two methods' costs where both lose so much of the whole model's mean accuracy.

    ``whole`` has an accuracy per seed; each method has (accuracies, costs), arrays of seeds x settings.
    """

    def once(drawn: Any) -> float:
        target = float(np.mean(whole[drawn])) - loss
        costs = [cost_at(target, of[drawn].mean(axis=0), cost[drawn].mean(axis=0)) for of, cost in (other, first)]
        return costs[0] / costs[1]

    whole = np.asarray(whole)
    draws = np.random.default_rng(seed).integers(0, len(whole), (RESAMPLES, len(whole)))
    ratios = np.array([once(drawn) for drawn in draws])
    known, tail = ratios[~np.isnan(ratios)], 50 * (1 - COVERAGE)
    low, high = np.percentile(known, [tail, 100 - tail]) if len(known) else (float("nan"),) * 2
    return Ratio(once(np.arange(len(whole))), float(low), float(high), len(known) / RESAMPLES)
