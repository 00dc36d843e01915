"""Inference: which hidden settings meet the cells that a paper prints, and how many were tried.

Every candidate is tried and counted, so that "the only one" says of how many. A value meets a cell where it lies within
what the printed digits stand for, widened by what is known of the model's own error (``known``, 0 by default).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from pivotsim.published.base.claims import Interval
from pivotsim.tables import Table, figures
from pivotsim.units import FloatArray

_NUMBER = re.compile(r"[-+]?[0-9.,]*[0-9](e[-+]?[0-9]+)?")
UNIT_FACTORS, UNIT_WITHIN = (1_000, 100), 1.5  # s for ms, a share for %; and how near a ratio must come to be told
MET = 1 + 1e-9  # of misses: a border that only rounding of floats crosses counts as met


@dataclass(frozen=True)
class Cell:
    """One printed number: its quantity, what its digits stand for, the model's own error in the same unit, the unit."""

    quantity: str
    interval: Interval
    known: float = 0.0
    unit: str = ""

    @property
    def text(self) -> str:
        """The printed number."""
        return f"{self.interval.value:.10g}"

    @property
    def reach(self) -> Interval:
        """All values that meet it."""
        own = self.interval
        return Interval(own.value, own.low - self.known, own.high + self.known)

    def misses(self, values: FloatArray) -> FloatArray:
        """Return how far values lie from the printed one, 1 at the border of what is met; infinite where there is none.

        >>> Cell("delay", Interval(59.66, 59.655, 59.665)).misses(np.array([59.66, 59.665, 59.68])).round(3).tolist()
        [0.0, 1.0, 4.0]
        """
        value, low, high = self.reach.value, self.reach.low, self.reach.high
        above, below = high - value, value - low
        off: FloatArray = np.asarray(values, dtype=float) - value
        with np.errstate(divide="ignore", invalid="ignore"):
            misses = np.where(off == 0, 0.0, np.abs(off) / np.where(off > 0, above, below))
        return np.where(np.isnan(misses), np.inf, misses)


@dataclass(frozen=True)
class Candidate:
    """One set of hidden settings, the values that follow, and how far each is from its cell (1 is the border).

    ``ranges`` holds, of a setting that was solved for, the least and the greatest value that meet all cells; the value
    in ``settings`` lies between them. It is empty where no value does.
    """

    settings: Mapping[str, Any]
    values: Mapping[str, float]
    misses: Mapping[str, float]
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def worst(self) -> float:
        """The largest miss over the cells."""
        return max(self.misses.values(), default=0.0)

    @property
    def fits(self) -> bool:
        """Whether every cell is met; a border that only rounding of floats crosses counts as met."""
        return self.worst <= MET

    @property
    def score(self) -> float:
        """The root mean square of the misses: what ranks candidates."""
        return float(np.sqrt(np.mean(np.square(list(self.misses.values()))))) if self.misses else 0.0

    def text_of(self, name: str) -> str:
        """Return a setting as a table shows it: of one that was solved for, all values that meet the cells."""
        if name in self.ranges:
            return "..".join(f"{end:.4f}" for end in self.ranges[name])
        value = self.settings[name]
        return f"{value:.6g}" if isinstance(value, float) else ",".join(map(str, value)) if isinstance(
            value, (tuple, list)
        ) else str(value)  # fmt: skip

    def __str__(self) -> str:
        return ", ".join(f"{name} {self.text_of(name)}" for name in self.settings)

    def to_dict(self) -> dict[str, Any]:
        """Return the candidate as plain numbers and text."""
        score = self.score if np.isfinite(self.score) else None
        ranges = {name: list(ends) for name, ends in self.ranges.items()}
        return {
            "settings": dict(self.settings), "ranges": ranges, "values": dict(self.values), "meets_all": self.fits,
            "score": score,
        }  # fmt: skip


@dataclass(frozen=True, repr=False)
class Inference:
    """Candidates, those that meet all cells first, then by score; equal ones in the order in which they were tried."""

    cells: Sequence[Cell]
    candidates: Sequence[Candidate]
    notes: Sequence[str] = ()

    def with_notes(self, notes: Sequence[str]) -> "Inference":
        """Return the same with lines that must stand beside the numbers."""
        return replace(self, notes=tuple(notes))

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
    def unmet(self) -> list[str]:
        """One line per cell that no candidate meets, with the nearest value."""
        lines = []
        for cell in self.cells:
            nearest = min(self.candidates, key=lambda one: one.misses[cell.quantity])
            if nearest.misses[cell.quantity] > MET:
                value, unit = figures(nearest.values[cell.quantity], 5), f" {cell.unit}" if cell.unit else ""
                said = f"no candidate meets it; the nearest is {value}{unit} ({nearest})"
                said += _another_unit(nearest.values[cell.quantity], cell)
                lines.append(f"{cell.quantity} {cell.text}{unit}: {said}")
        return lines

    @property
    def counted(self) -> str:
        """How many of how many meet all cells, in words: what stands beside every inferred number."""
        return f"{len(self.fitting)} of {self.tried} tried meet{'s' if len(self.fitting) == 1 else ''} all cells"

    def table(self, title: str, rows: int = 10, units: Mapping[str, str] | None = None) -> Table:
        """Return the first candidates: settings, values, whether all cells are met, score; below them what is said."""
        names, quantities = list(self.best.settings), [cell.quantity for cell in self.cells]
        body = [
            (rank, *map(one.text_of, names), *(figures(one.values[q], 5) for q in quantities),
             "yes" if one.fits else "no", figures(one.score, 3))
            for rank, one in enumerate(self.candidates[:rows], start=1)
        ]  # fmt: skip
        head = ("", *("" for _ in names), *(cell.text for cell in self.cells), "printed", "")
        heads = [f"{q}, {units[q]}" if units and units.get(q) else q for q in quantities]
        columns = ("rank", *names, *heads, "meets all", "score")
        numeric = [place for place, name in enumerate(names, start=1) if _is_number(self.best.text_of(name))]
        right = (0, *numeric, *range(1 + len(names), 1 + len(names) + len(quantities)), len(columns) - 1)
        return Table(title, columns, [head, *body], right, (self.counted, *self.unmet))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text, the candidates in their order."""
        cells = [
            {"quantity": c.quantity, "printed": c.interval.value, "low": c.reach.low, "high": c.reach.high}
            for c in self.cells
        ]
        return {
            "cells": cells, "tried": self.tried, "meeting_all": len(self.fitting), "unmet": self.unmet,
            "candidates": [one.to_dict() for one in self.candidates], "notes": list(self.notes),
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"<Inference: {self.counted}; best: {self.best}>"


def _another_unit(value: float, cell: Cell) -> str:
    """Return a question where a value is about a hundred or a thousand times the printed one, or such a part of it."""
    times = value / cell.interval.value if cell.interval.value else 0.0
    for factor in UNIT_FACTORS:
        if factor / UNIT_WITHIN < times < factor * UNIT_WITHIN:
            return f"; about {factor:,} times as much: is it printed in another unit?"
        if 1 / UNIT_WITHIN < times * factor < UNIT_WITHIN:
            return f"; about 1/{factor:,} of it: is it printed in another unit?"
    return ""


def infer(
    cells: Sequence[Cell],
    settings: Sequence[Mapping[str, Any]],
    values: Mapping[str, FloatArray],
    *,
    ranges: Sequence[Mapping[str, tuple[float, float]]] = (),
    order: Sequence[Any] = (),
) -> Inference:
    """Judge every candidate by all cells together.

    Parameters
    ----------
    cells : sequence of Cell
        At least one.
    settings : sequence of mapping
        One per candidate, name -> value; all with the same names.
    values : mapping
        Quantity -> float array, (candidates,), in the unit of its cell; every cell's quantity is there.
    ranges : sequence of mapping, optional
        One per candidate: setting that was solved for -> the values that meet all cells; empty where none does.
    order : sequence, optional
        One key per candidate that sorts those that meet all cells: a preference, printed as such.

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
            ranges[at] if ranges else {},
        )
        for at, one in enumerate(settings)
    ]
    keys = {id(one): (not one.fits, order[at] if order and one.fits else 0, round(one.score, 9))
            for at, one in enumerate(found)}  # fmt: skip
    return Inference(cells, sorted(found, key=lambda one: keys[id(one)]))


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text))
