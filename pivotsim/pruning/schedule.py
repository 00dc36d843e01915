"""The pruning schedule: how many tokens to remove, and where, from a device's staircase (Eliopoulos et al., section 3).

Latency L(n) is taken with all blocks at n tokens, accuracy A(n) comes from the user, and n* = argmax U(n) over the
grid (Eq. 4); of equals the one with more tokens wins. R = N - n* is the net reduction: the length after pruning is n*,
the one that was measured. (The released code deploys two tokens more, on the wrong side of a step.) All R tokens leave
in one block after the first quarter of the depth. The paper's grid leaves the whole model out; here it may be chosen.
"""

import math
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np

from pivotsim.errors import InputError, check_integer, check_list, check_real, got
from pivotsim.pruning.accuracy.given import Accuracy, accuracies_pct
from pivotsim.pruning.devices.named import device_of
from pivotsim.pruning.devices.protocol import (
    ChargesPruning,
    Device,
    HasFit,
    HasNotes,
    HasRemarks,
    device_identity,
    options_of,
    plan_identity,
)
from pivotsim.pruning.schedule_report import Schedule
from pivotsim.pruning.staircase import staircase_of
from pivotsim.pruning.token_plans import least_tokens, pruned_at, pruning_encoder, whole_tokens, without_steps
from pivotsim.pruning.utility import best_tokens, check_alpha, utilities
from pivotsim.units import FloatArray, IntArray
from pivotsim.workload.plans import Plan

UNCHARGED = "the pruning's own cost is not known on this device and is not charged; state it with pruning_ms"


def pruning_schedule(
    plan: Plan,
    device: Device | str,
    accuracy: Accuracy,
    *,
    alpha: float = 0.5,
    batch: int = 1,
    grid: Iterable[int] | None = None,
    encoder: int | None = None,
    pruning_ms: float | None = None,
) -> Schedule:
    """Return how many tokens to remove, and where, for a model on a device.

    Parameters
    ----------
    plan : Plan
        A whole plan: every block sees the same tokens.
    device : Device or str
        What latencies come from, or the name of a hardware: ``"zcu102"``, ``"gpu/a100"``.
    accuracy : mapping, callable, str or Path
        Tokens kept -> accuracy in percent: a table, a function, or a CSV with the columns tokens, accuracy_pct. Grid
        points without one are left out; none is interpolated.
    alpha : float
        Weight of latency, 0 to 1.
    batch : int
    grid : iterable of int, optional
        Token counts to choose from. Default: all from N down to 2p + 2, the fewest that the method leaves.
    encoder : int, optional
        The encoder that prunes, from 1. Default: the one after the first quarter.
    pruning_ms : float, optional
        What the pruning itself takes, instead of what the device says.

    Returns
    -------
    Schedule
        ``best_tokens``, ``removed``, ``encoder``, the latencies, and everything that led to them.

    Raises
    ------
    InputError
        An argument is not valid, no grid point has both latency and accuracy, or the whole plan has no latency.

    Examples
    --------
    With a made-up accuracy PIVOT's board keeps 108 of 197 tokens: three full column folds of 36 instead of six.

    >>> import pivotsim as ps
    >>> found = pruning_schedule(ps.plan("deit_s"), "zcu102", lambda n: 80 - 0.002 * (197 - n) ** 2)
    >>> found.best_tokens, found.removed, found.encoder
    (108, 89, 4)
    """
    return pruning_schedules(
        plan, device, accuracy, [alpha], batch=batch, grid=grid, encoder=encoder, pruning_ms=pruning_ms
    )[0]


def pruning_schedules(
    plan: Plan,
    device: Device | str,
    accuracy: Accuracy,
    alphas: Iterable[float],
    *,
    batch: int = 1,
    grid: Iterable[int] | None = None,
    encoder: int | None = None,
    pruning_ms: float | None = None,
) -> list[Schedule]:
    """Return the schedule of each weight of latency, the staircase and the accuracies taken once.

    Parameters and errors are those of ``pruning_schedule``; ``alphas`` holds at least one.
    """
    device = device_of(device) if isinstance(device, str) else device
    if not isinstance(device, Device):
        raise InputError(f"device: must have a name and latency_ms(plan, batch) {got(device)}")
    batch = check_integer("batch", batch, 1)
    weights = [check_alpha(alpha) for alpha in check_list("alphas", alphas, "numbers", "state one")]
    if not weights:
        raise InputError("alphas: must hold at least one number")
    whole, place = whole_tokens(plan), pruning_encoder(plan, encoder)
    points = _grid(grid, whole, plan.model.leading_tokens)
    stairs = staircase_of(plan, device, points.tolist(), batch)
    all_pct = accuracies_pct(accuracy, points, whole)
    tokens, latency, accuracy_pct, left_out = _complete(points, stairs.latency_ms[::-1], all_pct)
    baseline = device.latency_ms(plan, batch)
    if math.isnan(baseline):
        raise InputError(f"{device.name}: has no latency of the whole model, {whole} tokens")

    @cache
    def at_best(best: int) -> _Deployed:
        return _deployed(plan, device, place, whole - best, batch, pruning_ms)

    schedules = []
    for alpha in weights:
        found = utilities(latency, accuracy_pct, alpha)
        best = best_tokens(tokens, found.total)
        there = at_best(best)
        asked = (batch, alpha, place, points.tolist(), all_pct.tolist())
        identity = (
            plan_identity(plan), device_identity(device), *asked, None if pruning_ms is None else there.pruning_ms,
        )  # fmt: skip
        schedules.append(Schedule(
            plan, device.name, batch, alpha, stairs, tokens, latency, accuracy_pct, found, best, place, baseline,
            there.latency_ms, there.pruning_ms, options_of(device), identity, left_out + there.notes,
            there.remarks, device.fit if isinstance(device, HasFit) else None,
        ))  # fmt: skip
    return schedules


class _Deployed(NamedTuple):
    """A plan that prunes on a device: its latency without its own cost, that cost, and what is said beside them."""

    latency_ms: float
    pruning_ms: float
    notes: tuple[str, ...]
    remarks: tuple[str, ...]


def _deployed(plan: Plan, device: Device, encoder: int, removed: int, batch: int, stated_ms: float | None) -> _Deployed:
    pruned = pruned_at(plan, encoder, removed)
    own = _pruning_ms(device, pruned, batch, stated_ms)
    notes: tuple[str, ...] = (UNCHARGED,) if math.isnan(own) else ()
    notes += device.notes(pruned, batch) if isinstance(device, HasNotes) else ()
    remarks = device.remarks(pruned, batch) if isinstance(device, HasRemarks) else ()
    return _Deployed(device.latency_ms(without_steps(pruned), batch), own, notes, remarks)


def _grid(grid: Iterable[int] | None, whole: int, prefix: int) -> IntArray:
    """Return the token counts to choose from, descending."""
    least = least_tokens(prefix)
    if whole < least:
        raise InputError(f"plan: {whole} tokens are too few to prune, the method leaves at least {least} {got(whole)}")
    values = range(least, whole + 1) if grid is None else grid
    if not isinstance(values, Iterable) or isinstance(values, (str, bytes)):
        raise InputError(f"grid: must be token counts {got(grid)}")
    points = sorted({check_integer("grid", n, 1) for n in values}, reverse=True)
    if not points:
        raise InputError("grid: must hold at least one token count")
    if points[0] > whole:
        raise InputError(f"grid: must be at most the model's {whole} tokens {got(points[0])}")
    if points[-1] < least:
        why = f"the method leaves {prefix} prefix tokens, more patches than those, and their mean"
        raise InputError(f"grid: must be at least {least}, {why} {got(points[-1])}")
    return np.array(points, dtype=np.int64)


def _complete(
    points: IntArray, latency: FloatArray, accuracy: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray, tuple[str, ...]]:
    """Return the grid points that have both numbers, and a note on those that have not."""
    unknown = {"latency": np.isnan(latency), "accuracy": np.isnan(accuracy)}
    known = ~(unknown["latency"] | unknown["accuracy"])
    notes = tuple(
        f"{int(missing.sum())} of {len(points)} grid points have no {what} and are left out"
        for what, missing in unknown.items()
        if missing.any()
    )
    if not known.any():
        raise InputError(["grid: no point has both latency and accuracy", *notes])
    return points[known], latency[known], accuracy[known], notes


def _pruning_ms(device: Device, pruned: Plan, batch: int, stated: float | None) -> float:
    if stated is not None:
        value = check_real("pruning_ms", stated)
        if not 0 <= value < math.inf:
            raise InputError(f"pruning_ms: must be finite and not negative {got(value)}")
        return value
    return device.pruning_ms(pruned, batch) if isinstance(device, ChargesPruning) else math.nan
