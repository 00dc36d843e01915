"""Schedules of token pruning: how many tokens, and where, from a device's staircase and a model's accuracies."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "token_importance": "pivotsim.pruning.importance",
    "Schedule": "pivotsim.pruning.schedule_report",
    "pruning_schedule": "pivotsim.pruning.schedule",
}
__all__ = ["Schedule", "pruning_schedule", "token_importance"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.pruning.importance import token_importance
    from pivotsim.pruning.schedule import pruning_schedule
    from pivotsim.pruning.schedule_report import Schedule
