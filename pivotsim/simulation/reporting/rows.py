"""Rows of a report, one per step of a run, and their sums by what a breakdown goes by."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from pivotsim.errors import check_choice
from pivotsim.simulation.reporting.shares import add_up
from pivotsim.workload.ops import GROUP_OF

BREAKDOWNS = ("module", "layer", "group", "encoder", "resource")


class Row(NamedTuple):
    """One step of a run: ``resource`` is ``pl`` or ``ps``; ``cycles`` counts PL clocks, 0 on the PS.

    ``delay_ms`` is the time that the resource works on it, from ``start_ms`` on; under ``ps_pl_overlap`` not always
    in one piece. ``layer`` is the name that the trace gives the operation's layer, '' where it gives none.
    """

    encoder: int
    module: str
    kind: str
    resource: str
    cycles: int
    macs: int
    delay_ms: float
    start_ms: float
    layer: str = ""

    @property
    def label(self) -> str:
        """What a picture calls it: the name of its layer, else its module."""
        return self.layer or self.module


def breakdown_of(rows: Iterable[Row], by: str) -> dict[Any, float]:
    """Return {key: ms} by one of ``BREAKDOWNS``, or raise InputError for another one; groups are ``ops.GROUPS``."""
    check_choice("breakdown", by, BREAKDOWNS)
    if by == "group":
        return add_up((GROUP_OF.get(row.module, "other"), row.delay_ms) for row in rows)
    return add_up((getattr(row, by), row.delay_ms) for row in rows)
