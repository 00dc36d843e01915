"""A pruning schedule: what was chosen, and everything that led to it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pivotsim.hardware.resources.device_fit import fit_to_dict
from pivotsim.hardware.resources.fit_result import Fit
from pivotsim.pruning.staircase import Staircase
from pivotsim.pruning.token_plans import pruned_at, whole_tokens
from pivotsim.pruning.utility import Utilities
from pivotsim.simulation.reporting.summary import fits_row
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Printable, Table, number, percent
from pivotsim.units import FloatArray, IntArray
from pivotsim.workload.plans import Plan


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

    def tables(self) -> tuple[Table]:
        """Return what is printed: the choice and what it saves."""
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

    _tables = tables

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


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
