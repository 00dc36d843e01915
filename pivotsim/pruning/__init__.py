"""Schedules of token pruning: how many tokens, and where, from a device's staircase and a model's accuracies."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "MeasuredAccuracy": "pivotsim.pruning.accuracy.measured",
    "measure_accuracy": "pivotsim.pruning.accuracy.measured",
    "token_importance": "pivotsim.pruning.importance",
    "Choice": "pivotsim.pruning.inverse_check",
    "losses_that_choose": "pivotsim.pruning.inverse_check",
    "pruning_schedule": "pivotsim.pruning.schedule",
    "Schedule": "pivotsim.pruning.schedule_report",
    "SweepTable": "pivotsim.pruning.sweeps.table",
    "alpha_sweep": "pivotsim.pruning.sweeps.schedules",
    "batch_sweep": "pivotsim.pruning.sweeps.schedules",
    "location_sweep": "pivotsim.pruning.sweeps.plans",
    "method_sweep": "pivotsim.pruning.sweeps.plans",
    "fit_tiles": "pivotsim.pruning.tile_fit",
    "workload_size": "pivotsim.pruning.token_workload",
}
__all__ = [
    "Choice", "MeasuredAccuracy", "Schedule", "SweepTable", "alpha_sweep", "batch_sweep", "fit_tiles", "location_sweep",
    "losses_that_choose", "measure_accuracy", "method_sweep", "pruning_schedule", "token_importance", "workload_size",
]  # fmt: skip
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.pruning.accuracy.measured import MeasuredAccuracy, measure_accuracy
    from pivotsim.pruning.importance import token_importance
    from pivotsim.pruning.inverse_check import Choice, losses_that_choose
    from pivotsim.pruning.schedule import pruning_schedule
    from pivotsim.pruning.schedule_report import Schedule
    from pivotsim.pruning.sweeps.plans import location_sweep, method_sweep
    from pivotsim.pruning.sweeps.schedules import alpha_sweep, batch_sweep
    from pivotsim.pruning.sweeps.table import SweepTable
    from pivotsim.pruning.tile_fit import fit_tiles
    from pivotsim.pruning.token_workload import workload_size
