"""What an effort pair behind a row of PIVOT's tables says, how a row may be read, and what was tried for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

BEST_LECS = (0.8, 0.7)  # section 4.4


class Reading(NamedTuple):
    """One way to read a row: the cells that count, and whether the delay cell is the target that was asked for."""

    name: str
    quantities: tuple[str, ...]
    by_target: bool = False


ALL_CELLS = Reading("delay, energy and EDP", ("delay", "energy", "edp"))
BY_DELAY = Reading("delay and EDP, energy left out", ("delay", "edp"))
BY_ENERGY = Reading("energy and EDP, the delay cell being the target", ("delay", "energy", "edp"), by_target=True)


@dataclass(frozen=True)
class Hypothesis:
    """One way to explain a row.

    Attributes
    ----------
    low, high : int
        Attentions that the efforts run.
    low_frac : float
        F_L in use: 0.8 or 0.7 where it holds the cells, else the middle of what does, else the nearest.
    high_fracs : tuple of float or None
        The least and the greatest F_H that hold the cells; None where none does.
    digits : {'rounded', 'cut', ''}
        How the printed digits must be read.
    mlp_ratio : float
        Of the variant of the model.
    reading : Reading
        Which cells of the row count.
    edp_definition : str
        What the EDP cell means.
    in_paper : bool
        Whether section 4.1 lists both efforts, or they are the whole model, and F_L is within section 4.4's LECs.
    miss : float
        Root mean square of the cells' misses, 1 being the border of what is met.
    share_base : {'baseline', 'own', ''}
        Whose delay Fig. 6a's shares are of.
    """

    low: int
    high: int
    low_frac: float
    high_fracs: tuple[float, float] | None
    digits: str
    mlp_ratio: float
    reading: Reading
    edp_definition: str
    in_paper: bool
    cells: Mapping[str, float]
    miss: float
    share_base: str = ""

    @property
    def holds(self) -> bool:
        """Whether some F_H holds all cells that count."""
        return self.high_fracs is not None

    @property
    def fits(self) -> bool:
        """Whether it holds the cells with efforts and LECs that the paper states: what names the pair."""
        return self.holds and self.in_paper

    @property
    def lec_distance(self) -> float:
        """How far F_L lies from 0.7 or 0.8, whichever is nearer."""
        low, high = self.high_fracs or (1 - self.low_frac, 1 - self.low_frac)
        return min(max(low - (1 - lec), (1 - lec) - high, 0.0) for lec in BEST_LECS)

    @property
    def fraction_text(self) -> str:
        """All F_H that hold the cells."""
        return "..".join(f"{end:.4f}" for end in self.high_fracs) if self.high_fracs else "-"

    def to_dict(self) -> dict[str, Any]:
        """Return the hypothesis as plain numbers and text."""
        return {
            "low": self.low, "high": self.high, "low_frac": self.low_frac,
            "high_frac_range": list(self.high_fracs) if self.high_fracs else None, "digits": self.digits,
            "mlp_ratio": self.mlp_ratio or None, "cells_that_count": self.reading.name,
            "edp_definition": self.edp_definition, "share_base": self.share_base, "holds": self.holds,
            "in_paper": self.in_paper, "fits": self.fits, **self.cells,
        }  # fmt: skip

    def __str__(self) -> str:
        how = f"F_H {self.fraction_text}" if self.holds else f"F_L {self.low_frac:.2f}, the nearest"
        return f"({self.low}, {self.high}) at {how}" + (f", MLP ratio {self.mlp_ratio:g}" if self.mlp_ratio else "")


class Count(NamedTuple):
    """How many pairs hold a row's cells: with digits rounded or cut, and with digits rounded alone."""

    holding: int
    rounded: int


@dataclass(frozen=True)
class Search:
    """All pairs that were tried for one row.

    Attributes
    ----------
    row : str
        PVDS-50, PVDS-35, PVLS-50 or PVLS-35.
    pairs : int
        Pairs of efforts; ``ratios`` are the MLP ratios that each was tried with, 0 for the model as it is.
    readings : tuple of Reading
        How the row was read, one after the other.
    definition : str
        The EDP of all rows.
    counts : mapping
        (Definition of EDP, name of a reading) -> Count.
    hypotheses : sequence of Hypothesis
        Ranked: those that ``fits``, by how near F_L is to 0.7 or 0.8, then others that hold the cells, then the rest.
    """

    row: str
    pairs: int
    ratios: tuple[float, ...]
    readings: tuple[Reading, ...]
    definition: str
    counts: Mapping[tuple[str, str], Count]
    hypotheses: Sequence[Hypothesis]

    @property
    def best(self) -> Hypothesis:
        """The first, used for all cells of the row."""
        return self.hypotheses[0]

    @property
    def holding(self) -> list[Hypothesis]:
        """Those that hold the cells of their reading, in their order."""
        return [one for one in self.hypotheses if one.holds]

    def shown(self, count: int) -> list[Hypothesis]:
        """Return the one in use, and the first of the others that hold the cells."""
        return [self.best, *(one for one in self.holding if one is not self.best)][:count]

    @property
    def tried(self) -> str:
        """How many were tried, in words."""
        if len(self.ratios) == 1:
            return f"{self.pairs} pairs"
        return f"{self.pairs * len(self.ratios)} (pair, MLP ratio {' or '.join(f'{r:g}' for r in self.ratios)})"

    def count_text(self, reading: Reading) -> str:
        """Return how many of how many hold the cells of a reading, and how many of those the paper allows."""
        count = self.counts[self.definition, reading.name]
        allowed = sum(one.fits for one in self.holding if one.reading == reading)
        text = f"{count.holding} of {self.tried} hold{'s' if count.holding == 1 else ''} {reading.name}"
        if count.rounded < count.holding:
            text += f" ({count.rounded} with digits rounded, not cut)"
        if allowed < count.holding:
            text += f", {allowed} of them with efforts and LECs that the paper states"
        return text

    @property
    def counted(self) -> str:
        """``count_text`` of every reading."""
        return "; ".join(map(self.count_text, self.readings))
