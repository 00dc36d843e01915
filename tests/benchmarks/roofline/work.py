"""What a row of the roofline is: a piece of work made ready, with what it needs of the machine."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from pivotsim.hardware.dataflows import DATAFLOWS
from tests.benchmarks.roofline.counting import Counts


class Needs(NamedTuple):
    """What one run takes.

    ``of_roofs`` says how many operations or bytes of each roof (``peaks.ROOFS``); ``operations`` and ``bytes_moved``
    are what the picture shows of it, ``bytes_moved`` at the level of the memory that bounds it.
    """

    of_roofs: dict[str, float]
    operations: float
    bytes_moved: float


class Work(NamedTuple):
    """Work made ready: ``run()`` does ``units`` of it; ``count()``, called after it is timed, says what a run takes."""

    run: Callable[[], object]
    units: float
    count: Callable[[], Needs]


def needs_of(
    done: Counts, share: float = 1, *, arithmetic: str = "scalar", divisions: str = "int64_divisions",
    memory: str = "triad_l1",
) -> Needs:  # fmt: skip
    """Return the needs of a run that does ``share`` times what was counted, from the roofs that are named."""
    of_roofs = {
        arithmetic: share * (done.operations - done.divisions), divisions: share * done.divisions,
        memory: share * done.bytes,
    }  # fmt: skip
    of_roofs = {roof: need for roof, need in of_roofs.items() if need}
    return Needs(of_roofs, share * done.operations, share * done.bytes)


class Row(NamedTuple):
    """A kernel: what it does, its unit, how its counts come about, and what stands between it and its limit."""

    what: str
    unit: str
    counted: str
    between: str
    make: Callable[[], Work]


ROWS: dict[str, Row] = {}
INSTRUMENTED = "its Python, run on numbers and arrays that count"


def row(what: str, unit: str, counted: str, between: str) -> Callable[[Callable[[], Work]], Callable[[], Work]]:
    """Enter a function that makes work ready among the rows, under its own name."""

    def entered(make: Callable[[], Work]) -> Callable[[], Work]:
        ROWS[make.__name__] = Row(what, unit, counted, between, make)
        return make

    return entered


def row_of_each_dataflow(
    what: str, unit: str, counted: str, between: str
) -> Callable[[Callable[[str], Work]], Callable[[str], Work]]:
    """Enter a function that makes a dataflow's work ready among the rows once for each, under its name and theirs."""

    def entered(make: Callable[[str], Work]) -> Callable[[str], Work]:
        for dataflow in DATAFLOWS:
            one = Row(f"{what}, {dataflow}", unit, counted, between, partial(make, dataflow))
            ROWS[f"{make.__name__}_{dataflow}"] = one
        return make

    return entered
