"""What a row of the roofline is: a piece of work made ready, with what it needs of the machine."""

from collections.abc import Callable
from typing import NamedTuple


class Work(NamedTuple):
    """Work made ready.

    ``run()`` does ``units`` of it. ``needs`` says how many operations or bytes of each roof (``peaks.ROOFS``) one run
    takes; ``operations`` and ``bytes_moved`` are what the picture shows of it, ``bytes_moved`` at the level of the
    memory that bounds it.
    """

    run: Callable[[], object]
    units: float
    needs: dict[str, float]
    operations: float
    bytes_moved: float


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
