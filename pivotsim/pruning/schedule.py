"""The pruning schedule: how many tokens to remove, and where, from a device's staircase (Eliopoulos et al., section 3).

Latency L(n) is taken with all blocks at n tokens, accuracy A(n) comes from the user, and n* = argmax U(n) over the
grid (Eq. 4); of equals the one with more tokens wins. R = N - n* is the net reduction: the length after pruning is n*,
the one that was measured. (The released code deploys two tokens more, on the wrong side of a step.) All R tokens leave
in one block after the first quarter of the depth. The paper's grid leaves the whole model out; here it may be chosen.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pivotsim.errors import InputError, check_integer, check_real, got
from pivotsim.hardware.resources import Fit, fit_to_dict
from pivotsim.pruning.accuracy import Accuracy, accuracies_pct
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
from pivotsim.pruning.staircase import Staircase, staircase_of
from pivotsim.pruning.token_plans import least_tokens, pruned_at, pruning_encoder, whole_tokens, without_steps
from pivotsim.pruning.utility import Utilities, best_tokens, check_alpha, utilities
from pivotsim.simulation.results import hash_of, header
from pivotsim.simulation.summary import fits_row
from pivotsim.tables import Printable, Table, number, percent
from pivotsim.units import FloatArray, IntArray
from pivotsim.workload.plans import Plan

UNCHARGED = "the pruning's own cost is not known on this device and is not charged; state it with pruning_ms"


@dataclass(frozen=True)
class Schedule(Printable):
    """A schedule, with everything that led to it.

    Attributes
    ----------
    plan : Plan
        The whole plan that the schedule is for.
    device : str
    batch : int
    alpha : float
        Weight of latency.
    staircase : Staircase
        Latencies of the grid.
    tokens : ndarray
        Grid points that have latency and accuracy, descending, int64 (G,).
    latency_ms, accuracy_pct : ndarray
        Theirs, float64 (G,) each.
    utility : Utilities
        Theirs, float64 (G,) each.
    best_tokens : int
        n*, of the greatest utility.
    encoder : int
        The encoder that prunes, from 1.
    baseline_ms, pruned_ms : float
        Latency of the whole plan, and of the plan that loses R tokens in ``encoder`` at no cost of its own.
    pruning_ms : float
        What the pruning itself takes beside that; NaN where nobody knows.
    options : mapping
        The device's options.
    notes : tuple of str
        Marks behind the latencies.
    remarks : tuple of str
        What must be said beside them: settings without effect.
    fit : Fit or None
        Whether the design fits its FPGA; None where the device is none, or nothing is known.
    """

    plan: Plan
    device: str
    batch: int
    alpha: float
    staircase: Staircase
    tokens: IntArray
    latency_ms: FloatArray
    accuracy_pct: FloatArray
    utility: Utilities
    best_tokens: int
    encoder: int
    baseline_ms: float
    pruned_ms: float
    pruning_ms: float
    options: Mapping[str, Any]
    identity: tuple[Any, ...] = field(repr=False)
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    fit: Fit | None = None

    @property
    def input_hash(self) -> str:
        """16 hex digits over everything that went in: model, device, options, accuracy, grid, batch, alpha."""
        return hash_of(self.identity)

    def __repr__(self) -> str:
        where = f"{self.plan.model.name} on {self.device}, batch {self.batch}"
        return f"<Schedule: {where}, {self.whole_tokens} to {self.best_tokens} tokens in encoder {self.encoder}>"

    def _tables(self) -> tuple[Table]:
        rows = [
            ("remove", self.removed, "tokens", f"{self.whole_tokens} - {self.best_tokens}"),
            ("in encoder", self.encoder, "", "between attention and MLP"),
            ("whole model", number(self.baseline_ms, 3), "ms", ""),
            ("pruned model", number(self.pruned_ms, 3), "ms", ""),
            ("pruning itself", number(_or_none(self.pruning_ms), 3), "ms", ""),
            ("gain", number(self.gain_ms, 3), "ms", percent(self.gain_ms / self.baseline_ms)),
            *([] if self.fit is None else [fits_row(self.fit)]),
        ]
        title = f"{self.plan.model.name} on {self.device}, batch {self.batch}, alpha {self.alpha:g}"
        return (Table(title, ("schedule", "value", "unit", ""), rows, (1,), (*self.remarks, *self.notes)),)

    @property
    def whole_tokens(self) -> int:
        """N, the tokens of the whole plan."""
        return whole_tokens(self.plan)

    @property
    def removed(self) -> int:
        """R = N - n*, what the utilities choose."""
        return self.whole_tokens - self.best_tokens

    @property
    def gain_ms(self) -> float:
        """What the schedule saves, its own cost charged as far as it is known."""
        own = 0.0 if math.isnan(self.pruning_ms) else self.pruning_ms
        return self.baseline_ms - self.pruned_ms - own

    @property
    def recommended_removed(self) -> int:
        """R, or 0 where the pruning takes as much as it saves."""
        return self.removed if self.gain_ms > 0 else 0

    @property
    def pruned_plan(self) -> Plan:
        """The plan that removes the recommended tokens."""
        return pruned_at(self.plan, self.encoder, self.recommended_removed)

    def to_dict(self) -> dict[str, Any]:
        """Return the schedule as plain numbers and text, the form that ``--json`` prints."""
        body = {
            "model": self.plan.model.name, "device": self.device, **self.options,
            "batch": self.batch, "alpha": self.alpha,
            "tokens": self.whole_tokens, "best_tokens": self.best_tokens, "removed": self.removed,
            "recommended_removed": self.recommended_removed, "encoder": self.encoder,
            "baseline_ms": self.baseline_ms, "pruned_ms": self.pruned_ms, "pruning_ms": _or_none(self.pruning_ms),
            "gain_ms": self.gain_ms,
            "grid": [
                dict(zip(("tokens", "latency_ms", "accuracy_pct", "utility_latency", "utility_accuracy", "utility"),
                         row, strict=True))
                for row in self.to_rows()
            ],
            "staircase": [
                {"tokens": int(n), "latency_ms": _or_none(float(ms))}
                for n, ms in zip(self.staircase.tokens, self.staircase.latency_ms, strict=True)
            ],
            "steps": [{**edge._asdict(), "jump_frac": edge.jump_frac} for edge in self.staircase.edges],
            **fit_to_dict(self.fit),
            "remarks": list(self.remarks),
            "notes": list(self.notes),
        }  # fmt: skip
        return {**header("schedule", self.input_hash), **body}

    def to_rows(self) -> list[tuple[Any, ...]]:
        """Return (tokens, latency, accuracy, U_L, U_A, U) of every grid point, tokens descending."""
        columns = (self.tokens, self.latency_ms, self.accuracy_pct, *self.utility)
        return list(zip(*(column.tolist() for column in columns), strict=True))


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
    device = device_of(device) if isinstance(device, str) else device
    if not isinstance(device, Device):
        raise InputError(f"device: must have a name and latency_ms(plan, batch) {got(device)}")
    batch = check_integer("batch", batch, 1)
    alpha, whole, place = check_alpha(alpha), whole_tokens(plan), pruning_encoder(plan, encoder)
    points = _grid(grid, whole, plan.model.leading_tokens)
    stairs = staircase_of(plan, device, points.tolist(), batch)
    accuracy_pct = accuracies_pct(accuracy, points, whole)
    asked = (batch, alpha, place, points.tolist(), accuracy_pct.tolist())
    tokens, latency, accuracy_pct, notes = _complete(points, stairs.latency_ms[::-1], accuracy_pct)
    found = utilities(latency, accuracy_pct, alpha)
    best = best_tokens(tokens, found.total)
    baseline = device.latency_ms(plan, batch)
    if math.isnan(baseline):
        raise InputError(f"{device.name}: has no latency of the whole model, {whole} tokens")
    pruned = pruned_at(plan, place, whole - best)
    own = _pruning_ms(device, pruned, batch, pruning_ms)
    identity = (plan_identity(plan), device_identity(device), *asked, None if pruning_ms is None else own)
    notes += (UNCHARGED,) if math.isnan(own) else ()
    notes += device.notes(pruned, batch) if isinstance(device, HasNotes) else ()
    remarks = device.remarks(pruned, batch) if isinstance(device, HasRemarks) else ()
    return Schedule(
        plan, device.name, batch, alpha, stairs, tokens, latency, accuracy_pct, found, best, place, baseline,
        device.latency_ms(without_steps(pruned), batch), own, options_of(device), identity, notes,
        remarks, device.fit if isinstance(device, HasFit) else None,
    )  # fmt: skip


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


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
