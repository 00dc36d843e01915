"""Sweeps of the schedule: over alpha (Eliopoulos et al., Table 4 and Fig. 6), and over the batch (section 8.2)."""

from collections.abc import Iterable
from typing import Any

from pivotsim.errors import InputError, check_integer, check_list
from pivotsim.pruning.accuracy.given import Accuracy
from pivotsim.pruning.devices.named import device_of
from pivotsim.pruning.devices.protocol import Device
from pivotsim.pruning.schedule import pruning_schedules
from pivotsim.pruning.schedule_report import Schedule
from pivotsim.pruning.sweeps.table import SweepTable
from pivotsim.pruning.token_workload import workload_size
from pivotsim.workload.plans import Plan

ALPHAS = tuple(tenth / 10 for tenth in range(1, 10))


def alpha_sweep(
    plan: Plan,
    device: Device | str,
    accuracy: Accuracy,
    alphas: Iterable[float] = ALPHAS,
    *,
    batch: int = 1,
    grid: Iterable[int] | None = None,
    encoder: int | None = None,
    pruning_ms: float | None = None,
) -> SweepTable:
    """Return the schedule of every alpha: what Eliopoulos et al. show in Table 4 and Fig. 6.

    Parameters
    ----------
    plan : Plan
    device : Device or str
    accuracy : mapping, callable, str or Path
        As in ``pruning_schedule``.
    alphas : iterable of float
        Weights of latency, 0 to 1 each. Default: 0.1 to 0.9.
    batch : int
    grid : iterable of int, optional
    encoder : int, optional
    pruning_ms : float, optional
        As in ``pruning_schedule``.

    Returns
    -------
    SweepTable
        A row per alpha.

    Raises
    ------
    InputError
        As ``pruning_schedule``.

    Examples
    --------
    >>> import pivotsim as ps
    >>> found = alpha_sweep(ps.plan("deit_s"), "zcu102", lambda n: 80 - 0.002 * (197 - n) ** 2, [0.1, 0.5, 0.9])
    >>> found["removed"].tolist()
    [17, 89, 167]
    """
    found = pruning_schedules(
        plan, device, accuracy, alphas, batch=batch, grid=grid, encoder=encoder, pruning_ms=pruning_ms
    )
    rows = [{"alpha": one.alpha, **_row(one)} for one in found]
    return _table(f"{_on(found[0])}, batch {found[0].batch}: alpha", rows, found)


def batch_sweep(
    plan: Plan,
    device: Device | str,
    accuracy: Accuracy,
    batches: Iterable[int],
    *,
    alpha: float = 0.5,
    grid: Iterable[int] | None = None,
    encoder: int | None = None,
    reading: str = "linear",
) -> SweepTable:
    """Return the schedule of every batch, beside its workload size: small and large workloads (section 8.2).

    Parameters
    ----------
    plan : Plan
    device : Device or str
    accuracy : mapping, callable, str or Path
        As in ``pruning_schedule``.
    batches : iterable of int
        At least one.
    alpha : float
    grid : iterable of int, optional
    encoder : int, optional
        As in ``pruning_schedule``.
    reading : {'linear', 'quadratic'}
        Of the workload size, see ``workload_size``.

    Returns
    -------
    SweepTable
        A row per batch.

    Raises
    ------
    InputError
        As ``pruning_schedule``.

    Examples
    --------
    >>> import pivotsim as ps
    >>> found = batch_sweep(ps.plan("deit_s"), "gpu/tx2", {197: 79.8, 128: 78.8}, [1, 2])
    >>> found["removed"].tolist(), found["workload"].tolist()
    ([69, 69], [75648, 151296])
    """
    sizes = [check_integer("batch", one, 1) for one in check_list("batches", batches, "integers", "state one")]
    if not sizes:
        raise InputError("batches: must hold at least one integer")
    device = device_of(device) if isinstance(device, str) else device
    found = [
        pruning_schedules(plan, device, accuracy, [alpha], batch=size, grid=grid, encoder=encoder)[0] for size in sizes
    ]
    rows = [
        {"batch": one.batch, "workload": workload_size(plan.model, None, one.batch, reading=reading), **_row(one)}
        for one in found
    ]
    return _table(f"{_on(found[0])}, alpha {found[0].alpha:g}: batch", rows, found)


def _row(found: Schedule) -> dict[str, Any]:
    """Return the columns that every schedule has."""
    place = found.tokens.tolist().index(found.best_tokens)
    return {
        "tokens": found.best_tokens, "removed": found.removed, "recommended": found.recommended_removed,
        "accuracy_pct": float(found.accuracy_pct[place]), "baseline_ms": found.baseline_ms,
        "pruned_ms": found.pruned_ms, "own_ms": found.pruning_ms, "change_frac": -found.gain_ms / found.baseline_ms,
    }  # fmt: skip


def _on(found: Schedule) -> str:
    return f"{found.plan.model.name} on {found.device}"


def _table(title: str, rows: list[dict[str, Any]], found: list[Schedule]) -> SweepTable:
    notes = dict.fromkeys(note for one in found for note in one.notes)
    remarks = dict.fromkeys(remark for one in found for remark in one.remarks)
    return SweepTable(title, rows, list(notes), list(remarks))
