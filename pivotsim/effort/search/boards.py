"""One simulation per plan and hardware: what every cascade of a search costs follows from these."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypedDict, Unpack

from pivotsim.effort.outputs import Name
from pivotsim.errors import InputError
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.spec import Hardware
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.workload.plans import Plan

Boards: TypeAlias = Hardware | str | Sequence[Hardware | str]


class RunOptions(TypedDict, total=False):
    """Options of ``simulate`` that a search hands on."""

    engine: str | None
    memory: str | None
    profile: str
    energy: str
    scope: str
    ps_pl_overlap: str | None


def loaded_boards(hw: Boards) -> list[Hardware]:
    """Return one or several hardwares as a list, or raise InputError where there is none."""
    several = hw if isinstance(hw, Sequence) and not isinstance(hw, str) else [hw]
    boards = [load_hardware(one) for one in several]
    if not boards:
        raise InputError("hw: at least one hardware is needed (got none)")
    return boards


def simulated(
    plans: Mapping[Name, Plan], boards: Sequence[Hardware], **options: Unpack[RunOptions]
) -> tuple[Mapping[Name, Report], ...]:
    """Return the report of every plan, a mapping per hardware."""
    return tuple({name: simulate(plan, board, **options) for name, plan in plans.items()} for board in boards)
