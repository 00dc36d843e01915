"""Uncertain constants of a board: those that have a 95 % interval or a range, and how each is drawn.

What is drawn is independent of all else: intervals do not say what a calibration ties together.
The median of a constant's draws is the board's own value, so that half of them lie on either side, whatever the shape
is; a value at an end of its range has all draws on the other side. Medians of outcomes are others.

    95 % interval    log-normal on either side, the ends at the 2.5 and 97.5 percentiles: a factor too much is as likely
                     as a factor too little, and nothing becomes negative
    range            log-uniform on either side, nothing beyond the ends: ranges span factors of up to 93, and a source
                     that states the least and the most says no more
    a low end of 0   the side below the value is uniform, of either kind
"""

import math
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from pivotsim.energy.activity import DEFAULTS, RESIDUAL, is_residual
from pivotsim.energy.rules import ACTIVITY
from pivotsim.hardware.power import ActivityCosts, ComponentPowerSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.io.documents import SET_BY_USER
from pivotsim.io.spec_values import value_at
from pivotsim.units import FloatArray

INTERVAL, RANGE = "95 % interval", "range"
OUTER_Z = 1.959963984540054  # standard deviations that hold 95 % of a normal distribution on both sides


class Constant(NamedTuple):
    """An uncertain constant: its dotted path, its value, and what bounds it."""

    path: str
    value: float
    low: float
    high: float
    kind: Literal["95 % interval", "range"]

    def quantiles(self, shares: FloatArray) -> FloatArray:
        """Return the values below which given shares of the draws lie.

        Examples
        --------
        >>> import numpy as np
        >>> Constant("host.full.call_us", 20.0, 5.0, 80.0, "range").quantiles(np.array([0.0, 0.25, 0.5, 1.0])).tolist()
        [5.0, 10.0, 20.0, 80.0]
        """
        import numpy as np

        below = 0.0 if self.low == self.value else 1.0 if self.high == self.value else 0.5
        is_low = shares < below
        down = np.where(is_low, 1 - shares / below if below else 0.0, 0.0)  # 0 at the value, 1 at the far end
        up = np.where(is_low, 0.0, (shares - below) / (1 - below) if below < 1 else 0.0)
        found: FloatArray = np.where(is_low, self._moved(self.low, down), self._moved(self.high, up))
        return found

    def _moved(self, end: float, way: Any) -> Any:
        """Return values at shares of the way from the value to an end, and beyond the end of a 95 % interval."""
        import numpy as np

        if end <= 0 or self.value <= 0:
            return self.value + (end - self.value) * way
        steps = way if self.kind == RANGE else normal_quantiles(0.5 + way / 2) / OUTER_Z
        return self.value * np.exp(steps * math.log(end / self.value))


def normal_quantiles(shares: Any) -> Any:
    """Return the quantiles of the standard normal distribution, by Python's own ``statistics``."""
    from statistics import NormalDist

    import numpy as np

    inverse, most = NormalDist().inv_cdf, math.nextafter(1, 0)
    return np.array([inverse(min(share, most)) for share in np.asarray(shares).tolist()])


def stated_constants(hw: Hardware, energy: str) -> list[Constant]:
    """Return the constants of a board that have an interval or a range, in the order of its file.

    The ranges of the constants of `activity` are its low and high ends. A constant that the user set has none; nor has
    the periphery's, which follows from the others as long as it is their residual.
    """
    bounds: dict[str, tuple[tuple[float, float], str]] = {path: (ends, RANGE) for path, ends in hw.ranges.items()}
    bounds |= dict(_activity_ranges(hw)) if energy == ACTIVITY else {}
    bounds |= {path: (ends, INTERVAL) for path, ends in hw.intervals.items()}
    return [
        Constant(path, float(value_at(hw, path)), *ends, kind)  # type: ignore[arg-type]
        for path, (ends, kind) in bounds.items()
        if ends[0] < ends[1]
    ]


def _activity_ranges(hw: Hardware) -> Iterator[tuple[str, tuple[tuple[float, float], str]]]:
    if not isinstance(hw.power, ComponentPowerSpec):
        return
    activity = hw.power.activity
    for name in ActivityCosts.model_fields:
        path = f"{DEFAULTS}{name}"
        is_set = hw.source(path).startswith(SET_BY_USER)
        if not is_set and not (name == RESIDUAL and is_residual(hw)):
            yield path, ((getattr(activity.low, name), getattr(activity.high, name)), RANGE)


def follows_residual(hw: Hardware, energy: str) -> bool:
    """Whether the periphery's power is drawn along with the others, as what they leave of the fitted run's power."""
    path = f"{DEFAULTS}{RESIDUAL}"
    return energy == ACTIVITY and is_residual(hw) and path not in hw.intervals and path not in hw.ranges
