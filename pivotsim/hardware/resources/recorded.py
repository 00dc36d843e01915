"""What a tool counted, read from a table: its rows, and curves between them.

synthesis.csv holds what yosys counted of each part of the Verilog that ships, for UltraScale+, before place and route
(`make synth`, tests/recordings/synthesis.py). ``levels`` are of logic, between registers.
"""

import csv
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

TABLE = Path(__file__).with_name("synthesis.csv")
# how a count is known, from the best to the worst
EXACT, RECORDED, INTERPOLATED, EXTRAPOLATED = range(4)
HOW = ("exact formula", "recorded", "interpolated", "extrapolated")


class SynthesisRow(NamedTuple):
    """One recorded run: the part, its module and parameters at an array's size (0 x 0: of any), and its counts.

    ``lut`` includes ``memory_lut``, those that store. Block RAMs are of 36 Kb; one of 18 Kb is a half. UltraRAM blocks
    are of 288 Kb.
    """

    part: str
    module: str
    rows: int
    cols: int
    parameters: dict[str, int]
    dsp48e2: int
    lut: int
    memory_lut: int
    ff: int
    bram36: float
    uram: int
    carry4: int
    levels: int
    tool: str


@functools.cache
def recorded() -> tuple[SynthesisRow, ...]:
    """Return the rows of synthesis.csv."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        return tuple(_row(row) for row in csv.DictReader(file))


def _row(row: dict[str, str]) -> SynthesisRow:
    words = (word.split("=") for word in row["parameters"].split())
    lut, memory_lut, ff, uram, carry4 = (int(row[name]) for name in ("lut", "memory_lut", "ff", "uram", "carry4"))
    return SynthesisRow(
        row["part"], row["module"], int(row["rows"]), int(row["cols"]), {name: int(value) for name, value in words},
        int(row["dsp48e2"]), lut, memory_lut, ff, float(row["bram36"]), uram, carry4, int(row["levels"]), row["tool"],
    )  # fmt: skip


def rows_of(part: str, **parameters: int) -> Iterator[SynthesisRow]:
    """Yield the runs of a part that had these parameters."""
    for row in recorded():
        if row.part == part and all(row.parameters.get(name) == value for name, value in parameters.items()):
            yield row


def row_of(part: str, **parameters: int) -> SynthesisRow:
    """Return the one run of a part that had these parameters."""
    (row,) = rows_of(part, **parameters)
    return row


class Curve(NamedTuple):
    """A count over a size of its part, in straight lines between what was recorded.

    Beyond the ends the first and the last line go on, nowhere below 0 or, of a rest, the least that was left.
    """

    sizes: Any  # float64 (n,), ascending
    counts: Any  # float64 (n,)

    def at(self, size: Any) -> Any:
        """Return the count at sizes, float64."""
        size = np.asarray(size, dtype=np.float64)
        place = np.clip(np.searchsorted(self.sizes, size) - 1, 0, len(self.sizes) - 2)
        left, right = self.sizes[place], self.sizes[place + 1]
        low, high = self.counts[place], self.counts[place + 1]
        return np.maximum(min(0.0, float(self.counts.min())), low + (size - left) * (high - low) / (right - left))

    def how(self, size: Any) -> Any:
        """Return how each count is known: ``RECORDED``, ``INTERPOLATED`` or ``EXTRAPOLATED``."""
        size = np.asarray(size, dtype=np.float64)
        outside = (size < self.sizes[0]) | (size > self.sizes[-1])
        return np.where(outside, EXTRAPOLATED, np.where(np.isin(size, self.sizes), RECORDED, INTERPOLATED))


def curve(points: Iterator[tuple[float, float]]) -> Curve:
    """Return the curve through (size, count)."""
    ordered = sorted(points)
    return Curve(*(np.array(numbers, dtype=np.float64) for numbers in zip(*ordered, strict=True)))


def curve_of(part: str, size: Callable[[SynthesisRow], float], count: str, **parameters: int) -> Curve:
    """Return the curve of a part's count over a size of its runs."""
    return curve((size(row), getattr(row, count)) for row in rows_of(part, **parameters))
