"""Schedules of token pruning: how many tokens, and where, from a device's staircase and a model's accuracies."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "MeasuredAccuracy": "pivotsim.pruning.measured_accuracy",
    "measure_accuracy": "pivotsim.pruning.measured_accuracy",
    "token_importance": "pivotsim.pruning.importance",
    "Schedule": "pivotsim.pruning.schedule",
    "pruning_schedule": "pivotsim.pruning.schedule",
}
__all__ = ["MeasuredAccuracy", "Schedule", "measure_accuracy", "pruning_schedule", "token_importance"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.pruning.importance import token_importance
    from pivotsim.pruning.measured_accuracy import MeasuredAccuracy, measure_accuracy
    from pivotsim.pruning.schedule import Schedule, pruning_schedule
