"""A front at drawn constants: how often each design is on it, and which constant would settle it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pivotsim.propagation.sampling import Draws
from pivotsim.propagation.tables import constants_table, constants_to_dict, remark_lines, rest_of
from pivotsim.propagation.variance import noise_floor
from pivotsim.simulation.design_table import DesignTable
from pivotsim.tables import Printable, Table, counted, figures, percent
from pivotsim.units import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas

STAYS_FROM = 0.9  # share of the draws
SHOWN_ROWS = 20
EXTRA = {
    "front_share": ("", "Share of the draws in which the design is on the front."),
    "knee_share": ("", "Share of the draws in which the design is the front's knee."),
    "on_own_front": ("", "Whether it is on the front at the board's own values."),
}


@dataclass(frozen=True)
class FrontUncertainty(Printable):
    """A front at drawn constants; ``print`` shows designs, shares and the next measurement.

    Candidates are the distinct designs that may be on a front; several designs may be one candidate.

    Attributes
    ----------
    names, maximize : tuple of str
        Objectives, and those of them that are maximised.
    draws : Draws
        Values of the constants.
    table : DesignTable
        All designs, at the board's own values.
    rows : numpy array of int64
        Those that are on the front of some draw, or at the board's own values.
    number : numpy array of int64
        The candidate of each design, -1 of what is on no front.
    is_on : numpy array of bool, (draws, candidates)
        Which candidates are on the front of each draw.
    points, own : numpy array, float64 (draws, candidates, objectives), (candidates, objectives)
        Objectives to minimise, at the draws and at the board's own values.
    own_front : numpy array of bool
        The candidates on the front at the board's own values.
    knees, own_knee : numpy array of int64, int
        The candidate that is the knee of each draw, and at the board's own values.
    shares : mapping
        ``front`` (which candidates are on it) and each objective of the knee -> constant -> share of the variance.
    held, left_out, axes : tuple of str
        As in ``Uncertainty``; constants that are axes of the space.
    follows_residual : bool
        As in ``Uncertainty``.
    notes : tuple of str
        What must be said of the designs.
    """

    names: tuple[str, ...]
    maximize: tuple[str, ...]
    draws: Draws
    table: DesignTable
    rows: IntArray
    number: IntArray
    is_on: Any
    own_front: Any
    points: FloatArray
    own: FloatArray
    knees: IntArray
    own_knee: int
    shares: Mapping[str, Mapping[str, float]]
    held: tuple[str, ...]
    left_out: tuple[str, ...]
    axes: tuple[str, ...]
    follows_residual: bool
    notes: tuple[str, ...]

    @cached_property
    def designs(self) -> DesignTable:
        """Return the designs that are on the front of some draw, the most frequent first."""
        candidates = self.number[self.rows]
        front = self.is_on.mean(axis=0)[candidates]
        knee = (np.bincount(self.knees, minlength=len(self.own)) / self.draws.count)[candidates]
        order = np.lexsort((self.rows, -front))
        found = self.table.take(self.rows[order])
        columns = {**dict(found.items()), "front_share": front[order], "knee_share": knee[order],
                   "on_own_front": self.own_front[candidates][order]}  # fmt: skip
        units = {**found.units, **{name: unit for name, (unit, _) in EXTRA.items()}}
        return DesignTable(
            columns, units, {**found.descriptions, **{name: text for name, (_, text) in EXTRA.items()}}, self.remarks
        )

    @property
    def staying(self) -> DesignTable:
        """The designs that are on the front in at least 90 % of the draws."""
        return self.designs.take(self.designs["front_share"] >= STAYS_FROM)

    @property
    def next_measurement(self) -> tuple[str, float] | None:
        """The constant that explains most of which designs are on the front, and its share; None where none does."""
        of = self.shares["front"]
        path = max(of, key=lambda each: of[each])
        return (path, of[path]) if of[path] > noise_floor(self.draws.count) else None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be said beside the numbers."""
        lines = tuple(remark_lines(self.draws, self.held, self.left_out, self.follows_residual))
        return (*lines, f"axes of the space, not drawn: {', '.join(self.axes)}") if self.axes else lines

    def to_frame(self) -> "pandas.DataFrame":
        """Return ``designs`` as a pandas frame.

        Raises
        ------
        MissingExtraError
            pandas is not installed; the message holds the command.
        """
        return self.designs.to_frame()

    def to_dict(self) -> dict[str, Any]:
        """Return designs, constants and shares as plain numbers and text."""
        columns = self.designs.to_dict()
        best = self.next_measurement
        return {
            "objectives": list(self.names), "maximize": list(self.maximize), "draws": self.draws.count,
            "seed": self.draws.seed, "constants": constants_to_dict(self.draws.constants),
            "candidates": len(self.own), "staying": len(self.staying),
            "designs": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
            "first_order_share": {name: dict(of) for name, of in self.shares.items()},
            "rest_share": {name: rest_of(of) for name, of in self.shares.items()},
            "next_measurement": None if best is None else {"constant": best[0], "share": best[1]},
            "held": list(self.held), "left_out": list(self.left_out), "axes": list(self.axes),
            "remarks": list(self.remarks), "notes": list(self.notes),
        }  # fmt: skip

    def tables(self) -> Iterable[Table]:
        """Yield what is printed, table by table."""
        shown = [*self.table.units]
        designs, count = self.designs, len(self.designs)
        axes = [name for name in shown[1:] if name in self._varied]
        heads = ("on the front", "is the knee", "at own values", *axes, *self.names)
        rows = [
            (percent(designs["front_share"][i]), percent(designs["knee_share"][i]),
             "front" if designs["on_own_front"][i] else "-", *(str(designs[a][i]) for a in axes),
             *(figures(float(designs[n][i]), 5) for n in self.names))
            for i in range(min(count, SHOWN_ROWS))
        ]  # fmt: skip
        more = [f"... {count - SHOWN_ROWS:,} more on the front of fewer draws"] if count > SHOWN_ROWS else []
        own = int(np.count_nonzero(self.own_front[self.number[self.rows]]))
        yield Table(self._title(own), heads, rows, tuple(range(len(heads))), more)
        floors = {"front": noise_floor(self.draws.count)}  # estimated from the draws
        yield constants_table(self.draws, self.shares, (*self.remarks, self.next_line), floors)

    _tables = tables

    def _title(self, own: int) -> str:
        names = ", ".join(f"{n} (maximised)" if n in self.maximize else n for n in self.names)
        kept = int(np.count_nonzero(self.staying["on_own_front"]))
        joined = len(self.staying) - kept
        more = f", and {counted(joined, 'other')}" if joined else ""
        return (
            f"front of {names}, {self.draws.count:,} draws of {counted(len(self.draws), 'constant')}: of "
            f"{counted(own, 'design')} at the board's own values {kept:,} stay in 90 % of the draws or more{more}"
        )

    @property
    def _varied(self) -> set[str]:
        return {name for name in self.table.columns if len(np.unique(self.designs[name])) > 1 and "." in name}

    @property
    def next_line(self) -> str:
        """The next measurement in words."""
        best = self.next_measurement
        if best is None:
            if (self.is_on == self.is_on[0]).all():
                return "next measurement: none changes the front, it is the same in all draws"
            return "next measurement: no constant alone explains the changes of the front"
        return f"next measurement: {best[0]}, which explains {percent(best[1])} of which designs are on the front"
