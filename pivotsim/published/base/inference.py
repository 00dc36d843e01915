"""Inference: which hidden settings meet the cells that a paper prints, and how many were tried.

Every candidate is tried and counted, so that "the only one" says of how many. A value meets a cell where it lies within
what the printed digits stand for, widened by what is known of the model's own error (``known``, 0 by default).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pivotsim.published.base.claims import Interval
from pivotsim.tables import Table, number
from pivotsim.units import FloatArray


@dataclass(frozen=True)
class Cell:
    """One printed number: its quantity, what its digits stand for, and the model's own error in the same unit."""

    quantity: str
    interval: Interval
    known: float = 0.0

    def misses(self, values: FloatArray) -> FloatArray:
        """Return how far values lie from the printed one, 1 at the border of what is met; infinite where there is none.

        >>> Cell("delay", Interval(59.66, 59.655, 59.665)).misses(np.array([59.66, 59.665, 59.68])).round(3).tolist()
        [0.0, 1.0, 4.0]
        """
        above = self.interval.high - self.interval.value + self.known
        below = self.interval.value - self.interval.low + self.known
        off: FloatArray = np.asarray(values, dtype=float) - self.interval.value
        with np.errstate(divide="ignore", invalid="ignore"):
            misses = np.where(off == 0, 0.0, np.abs(off) / np.where(off > 0, above, below))
        return np.where(np.isnan(misses), np.inf, misses)


@dataclass(frozen=True)
class Candidate:
    """One set of hidden settings, the values that follow, and how far each is from its cell (1 is the border)."""

    settings: Mapping[str, Any]
    values: Mapping[str, float]
    misses: Mapping[str, float]

    @property
    def worst(self) -> float:
        """The largest miss over the cells."""
        return max(self.misses.values(), default=0.0)

    @property
    def fits(self) -> bool:
        """Whether every cell is met; a border that only rounding of floats crosses counts as met."""
        return self.worst <= 1 + 1e-9

    @property
    def score(self) -> float:
        """The root mean square of the misses: what ranks candidates."""
        return float(np.sqrt(np.mean(np.square(list(self.misses.values()))))) if self.misses else 0.0

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.settings.items())


@dataclass(frozen=True, repr=False)
class Inference:
    """Candidates, those that meet all cells first, then by score; equal ones in the order in which they were tried."""

    cells: Sequence[Cell]
    candidates: Sequence[Candidate]

    @property
    def tried(self) -> int:
        """How many candidates were tried."""
        return len(self.candidates)

    @cached_property
    def fitting(self) -> list[Candidate]:
        """The candidates that meet all cells."""
        return [candidate for candidate in self.candidates if candidate.fits]

    @property
    def best(self) -> Candidate:
        """The candidate that fits best."""
        return self.candidates[0]

    @property
    def counted(self) -> str:
        """How many of how many meet all cells, in words: what stands beside every inferred number."""
        return f"{len(self.fitting)} of {self.tried} tried meet{'s' if len(self.fitting) == 1 else ''} all cells"

    def table(self, title: str, rows: int = 10) -> Table:
        """Return the first candidates: settings, values, whether all cells are met, score."""
        names, quantities = list(self.best.settings), [cell.quantity for cell in self.cells]
        body = [
            (rank, *(one.settings[n] for n in names), *(number(one.values[q]) for q in quantities),
             "yes" if one.fits else "no", number(one.score))
            for rank, one in enumerate(self.candidates[:rows], start=1)
        ]  # fmt: skip
        printed = ("", *("" for _ in names), *(number(cell.interval.value) for cell in self.cells), "printed", "")
        columns = ("rank", *names, *quantities, "meets all", "score")
        numeric = [i for i, name in enumerate(names, 1) if isinstance(self.best.settings[name], (int, float))]
        right = (0, *numeric, *range(1 + len(names), 1 + len(names) + len(quantities)), len(columns) - 1)
        return Table(title, columns, [printed, *body], right, (self.counted,))

    def __repr__(self) -> str:
        return f"<Inference: {self.counted}; best: {self.best}>"


def infer(cells: Sequence[Cell], settings: Sequence[Mapping[str, Any]], values: Mapping[str, FloatArray]) -> Inference:
    """Judge every candidate by all cells together.

    Parameters
    ----------
    cells : sequence of Cell
        At least one.
    settings : sequence of mapping
        One per candidate, name -> value; all with the same names.
    values : mapping
        Quantity -> float array, (candidates,), in the unit of its cell; every cell's quantity is there.

    Examples
    --------
    >>> from pivotsim.published.base.claims import printed
    >>> depths = [{"depth": depth} for depth in range(10, 15)]
    >>> found = infer([Cell("delay", printed("59.66"))], depths, {"delay": np.arange(10, 15) * 4.9715})
    >>> found.counted, found.best.settings
    ('1 of 5 tried meets all cells', {'depth': 12})
    """
    misses = {cell.quantity: cell.misses(values[cell.quantity]) for cell in cells}
    found = [
        Candidate(
            one,
            {quantity: float(column[at]) for quantity, column in values.items()},
            {quantity: float(column[at]) for quantity, column in misses.items()},
        )
        for at, one in enumerate(settings)
    ]
    return Inference(cells, sorted(found, key=lambda one: (not one.fits, round(one.score, 9))))
