"""The latency staircase: latency over tokens kept, and where its steps are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pivotsim.errors import InputError, check_integer, got
from pivotsim.pruning.devices.protocol import Device, KnowsStaircase
from pivotsim.pruning.token_plans import at_tokens, whole_tokens
from pivotsim.units import FloatArray, IntArray
from pivotsim.workload.plans import Plan

LEAST_JUMP_FRAC = 0.02  # smaller ones are not worth a token
TIMES_ITS_NEIGHBOURS = 4.0  # a slope is no step: a jump stands out among the increases around it
NEIGHBOURS = 8  # on either side


class Edge(NamedTuple):
    """A step: the most tokens before it (the best), the fewest after it (the worst), and how far latency jumps."""

    tokens: int
    next_tokens: int
    latency_ms: float
    next_latency_ms: float

    @property
    def jump_frac(self) -> float:
        """The jump as a share of the latency before it."""
        return self.next_latency_ms / self.latency_ms - 1


@dataclass(frozen=True)
class Staircase:
    """Latencies of a plan with all blocks at n tokens: ``tokens`` ascending int64 (G,), ``latency_ms`` float64 (G,)."""

    tokens: IntArray
    latency_ms: FloatArray

    @property
    def edges(self) -> list[Edge]:
        """The steps up: jumps of at least 2 %, and four times the median increase of the eight before and after.

        >>> Staircase(np.arange(1, 7), np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])).edges[0][:2]
        (3, 4)
        """
        known = ~np.isnan(self.latency_ms)
        tokens, latency = self.tokens[known], self.latency_ms[known]
        rises = np.diff(latency)
        found = []
        for i, rise in enumerate(rises):
            around = np.concatenate([rises[max(0, i - NEIGHBOURS) : i], rises[i + 1 : i + 1 + NEIGHBOURS]])
            usual = max(float(np.median(around)), 0.0) if len(around) else 0.0
            if rise >= LEAST_JUMP_FRAC * latency[i] and rise > TIMES_ITS_NEIGHBOURS * usual and latency[i] > 0:
                found.append(Edge(int(tokens[i]), int(tokens[i + 1]), float(latency[i]), float(latency[i + 1])))
        return found


def staircase_of(plan: Plan, device: Device, tokens: Sequence[int] | None = None, batch: int = 1) -> Staircase:
    """Return a device's latencies with all blocks at n tokens, for n = 1 to N or the token counts asked for.

    Parameters
    ----------
    plan : Plan
        A whole plan: every block sees the same tokens.
    device : Device
    tokens : sequence of int, optional
        Token counts, each at least 1.
    batch : int

    Raises
    ------
    InputError
        The plan prunes already, there is no token count, or the device answers with something that is no latency.

    Examples
    --------
    PIVOT's array, 64 rows by 36 columns, input stationary: tokens fold over the columns.

    >>> from pivotsim.pruning.devices.simulated import Simulated
    >>> from pivotsim.workload.plans import plan
    >>> stairs = staircase_of(plan("deit_s"), Simulated("zcu102", part="array"), range(100, 198))
    >>> [edge.tokens for edge in stairs.edges if edge.jump_frac > 0.1]
    [108, 144, 180]
    """
    whole = whole_tokens(plan)
    grid = sorted({check_integer("tokens", n, 1) for n in (range(1, whole + 1) if tokens is None else tokens)})
    if not grid:
        raise InputError(f"tokens: must hold at least one count {got(tokens)}")
    if isinstance(device, KnowsStaircase):
        latency = np.asarray(device.latencies_ms(plan, grid, batch), dtype=np.float64)
    else:
        latency = np.array([device.latency_ms(at_tokens(plan, n), batch) for n in grid], dtype=np.float64)
    wrong = np.isinf(latency) | (latency < 0)
    if wrong.any():
        n, value = grid[int(np.argmax(wrong))], float(latency[wrong][0])
        raise InputError(f"{device.name}: {n} tokens: latency must be finite and not negative {got(value)}")
    return Staircase(np.array(grid, dtype=np.int64), latency)
