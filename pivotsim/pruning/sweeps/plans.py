"""Sweeps of one R: over the encoder that prunes (Eliopoulos et al., Table 5), and over methods at its MACs (Fig. 4).

Latencies count the pruning's own cost, as far as the device knows it.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from pivotsim.errors import InputError, check_integer, check_list, got
from pivotsim.pruning.devices.named import device_of
from pivotsim.pruning.devices.protocol import ChargesPruning, Device, HasNotes, HasRemarks
from pivotsim.pruning.schedule import UNCHARGED
from pivotsim.pruning.sweeps.table import SweepTable
from pivotsim.pruning.token_plans import pruned_at, pruning_encoder, whole_tokens, without_steps
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.matching import METHODS, matched_plans
from pivotsim.workload.plans import Plan

PROGRESSIVE = ("Top-K", "ToMe", "DynamicViT")


def location_sweep(
    plan: Plan, device: Device | str, removed: int, encoders: Iterable[int] | None = None, *, batch: int = 1
) -> SweepTable:
    """Return what one R saves in each encoder that prunes (Table 5): the earlier, the more blocks are faster.

    Parameters
    ----------
    plan : Plan
        A whole plan.
    device : Device or str
    removed : int
        R, the net reduction.
    encoders : iterable of int, optional
        From 1. Default: all.
    batch : int

    Returns
    -------
    SweepTable
        A row per encoder.

    Raises
    ------
    InputError
        The plan prunes already, a number is out of bounds, or the device has no latency of the whole plan.

    Examples
    --------
    >>> import pivotsim as ps
    >>> location_sweep(ps.plan("deit_s"), "gpu/tx2", 69, [1, 4, 12])["latency_ms"].round(1).tolist()
    [16.5, 19.6, 27.9]
    """
    whole_tokens(plan)
    asked = range(1, len(plan.encoders) + 1) if encoders is None else encoders
    places = [pruning_encoder(plan, one) for one in check_list("encoders", asked, "encoder numbers", "state one")]
    if not places:
        raise InputError("encoders: must hold at least one encoder number")
    cases = {("encoder", place): pruned_at(plan, place, removed) for place in places}
    rows = [{"encoder": label[1], "removed": removed, **row} for label, row in _measured(plan, device, cases, batch)]
    where = device_of(device) if isinstance(device, str) else device
    title = f"{plan.model.name} on {where.name}, batch {batch}: encoder that prunes"
    return _with_notes(title, rows, where, list(cases.values()), batch)


def method_sweep(
    plan: Plan, device: Device | str, removed: int, *, encoder: int | None = None, batch: int = 1
) -> SweepTable:
    """Return one layer that prunes beside methods that prune in many, all at about its MACs (Fig. 4).

    Parameters
    ----------
    plan : Plan
        A whole plan.
    device : Device or str
    removed : int
        R of the one layer.
    encoder : int, optional
        That layer, from 1. Default: as in ``pruning_schedule``.
    batch : int

    Returns
    -------
    SweepTable
        A row for the whole model, for the one layer, and for Top-K, ToMe and DynamicViT.

    Raises
    ------
    InputError
        As ``location_sweep``.

    Examples
    --------
    >>> import pivotsim as ps
    >>> method_sweep(ps.plan("deit_s"), "gpu/tx2", 69)["setting"].tolist()
    ['', 'R = 69, encoder 4', 'r 8', 'r 8', 'keep_rate 0.79']
    """
    cases = plans_at_equal_macs(plan, removed, encoder)
    rows = [{"method": label[0], "setting": label[1], **row} for label, row in _measured(plan, device, cases, batch)]
    where = device_of(device) if isinstance(device, str) else device
    title = f"{plan.model.name} on {where.name}, batch {batch}: one layer that prunes, and many"
    return _with_notes(title, rows, where, list(cases.values()), batch)


def plans_at_equal_macs(plan: Plan, removed: int, encoder: int | None = None) -> dict[tuple[str, str], Plan]:
    """Return (method, setting) -> plan: the whole, one layer that prunes, and each progressive method nearest its MACs.

    >>> from pivotsim.workload.plans import plan
    >>> [method for method, _ in plans_at_equal_macs(plan("deit_s"), 69)]
    ['whole model', 'one layer', 'Top-K', 'ToMe', 'DynamicViT']
    """
    whole_tokens(plan)
    place = pruning_encoder(plan, encoder)
    single = pruned_at(plan, place, removed)
    methods = [method for method in METHODS if method.name in PROGRESSIVE]
    matched = {(m.name, m.setting): m.plan for m in matched_plans(plan, lower(single).macs, methods)}
    return {("whole model", ""): plan, ("one layer", f"R = {removed}, encoder {place}"): single, **matched}


def _measured(
    plan: Plan, device: Device | str, cases: Mapping[Any, Plan], batch: int
) -> "list[tuple[tuple[str, Any], dict[str, Any]]]":
    """Return the columns of plans that prune: tokens, MACs, latency with its own cost, that cost, and the change."""
    where = device_of(device) if isinstance(device, str) else device
    if not isinstance(where, Device):
        raise InputError(f"device: must have a name and latency_ms(plan, batch) {got(where)}")
    check_integer("batch", batch, 1)
    baseline = where.latency_ms(plan, batch)
    if math.isnan(baseline):
        raise InputError(f"{where.name}: has no latency of the whole model, {whole_tokens(plan)} tokens")
    found = []
    for label, pruned in cases.items():
        own = where.pruning_ms(pruned, batch) if isinstance(where, ChargesPruning) else math.nan
        own = 0.0 if pruned == plan else own
        bare = where.latency_ms(without_steps(pruned), batch)
        latency = bare if math.isnan(own) else bare + own
        found.append((label, {
            "tokens_left": pruned.encoders[-1].mlp_tokens, "macs": lower(pruned).macs, "latency_ms": latency,
            "own_ms": own, "change_frac": latency / baseline - 1,
        }))  # fmt: skip
    return found


def _with_notes(title: str, rows: list[dict[str, Any]], device: Device, plans: list[Plan], batch: int) -> SweepTable:
    notes = [UNCHARGED] if any(math.isnan(row["own_ms"]) for row in rows) else []
    if isinstance(device, HasNotes):
        notes += dict.fromkeys(note for one in plans for note in device.notes(one, batch))
    remarks = [line for one in plans for line in device.remarks(one, batch)] if isinstance(device, HasRemarks) else []
    return SweepTable(title, rows, notes, list(dict.fromkeys(remarks)))
