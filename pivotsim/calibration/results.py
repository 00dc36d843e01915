"""Results of a calibration, one by one: constants, and measured rows with their predictions."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from pivotsim.calibration.rows import MeasuredRow
from pivotsim.tables import percent
from pivotsim.truth.scores import score

ROW_COLUMNS = (
    "row",
    "unit",
    "measured",
    "predicted",
    "error_frac",
    "left_out_prediction",
    "left_out_error_frac",
    "fitted",
)
WEAK = 1.0  # width of an interval over its value above which the rows say little


class State(Enum):
    """What became of a constant."""

    FITTED = "fitted"
    HELD = "held at the board's value, as asked"
    NOT_TOLD_APART = "kept: the rows cannot tell it from others"
    UNMEASURED = "kept: no row depends on it"


class Constant(NamedTuple):
    """One constant: the board's value, the new one, its 95 % interval (None where no row is left over), what it is.

    ``others`` are the constants that it cannot be told from, ``rows`` the places of the rows that depend on it.
    """

    path: str
    unit: str
    old: float
    value: float
    interval: tuple[float, float] | None
    state: State
    others: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()

    @property
    def is_weak(self) -> bool:
        """Whether the interval is wider than the value."""
        return self.interval is not None and self.interval[1] - self.interval[0] > WEAK * abs(self.value)


class RowResult(NamedTuple):
    """A row with its prediction by the fit, and by a fit without its point; ``fitted`` tells whether it was used."""

    row: MeasuredRow
    unit: str
    measured: float
    predicted: float
    left_out: float | None
    fitted: bool


def error_of(used: Sequence[RowResult]) -> str:
    """Return the mean error of rows in words: cross-validated where that could be done."""
    pairs = [(each.measured, each.left_out) for each in used if each.left_out is not None]
    if pairs:
        found = score([m for m, _ in pairs], [p for _, p in pairs])
        return f"error {percent(found.mape_frac, 2)} cross-validated"
    found = score([each.measured for each in used], [each.predicted for each in used])
    return f"error {percent(found.mape_frac, 2)} of the fit itself"


def untold_line(group: tuple[str, ...]) -> str:
    """Return what is said of constants that cannot be told apart, with a remedy."""
    if len(group) == 1:
        return f"cannot be told, no row depends on it and else on what is told: {group[0]}; it keeps its value"
    return (
        f"cannot be told apart: {', '.join(group)}; they keep their values. Measure other sizes (--template), or hold "
        f"all but one: {' '.join(f'--hold {path}' for path in group[1:])}"
    )
