"""Gates: where the images of a batch leave a cascade of efforts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pivotsim.effort.entropy import as_array, checked_entropies, exit_threshold
from pivotsim.errors import InputError, check_real, got
from pivotsim.units import FloatArray, IntArray

Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Exits:
    """Where the images leave a cascade: counts per effort, and how many of those are classified right.

    For two efforts ``correct`` is (C_L, C_H), ``incorrect`` is (I_L, I_H), ``fractions`` is (F_L, F_H).
    ``seen`` are the entropies as they were given, not a copy: a front has many choices over the same images.
    """

    counts: tuple[int, ...]
    correct: tuple[int, ...] | None
    seen: tuple[FloatArray, ...] = field(repr=False, compare=False)
    thresholds: tuple[float, ...] = field(repr=False, compare=False)

    @property
    def at(self) -> IntArray:
        """Place in the cascade, from 0, at which each image leaves; shape (n,)."""
        return _exits_at(self.seen, self.thresholds)

    @property
    def images(self) -> int:
        """Images of the batch."""
        return sum(self.counts)

    @property
    def fractions(self) -> tuple[float, ...]:
        """Fraction of the images that each effort classifies; they sum to 1."""
        return tuple(count / self.images for count in self.counts)

    @property
    def incorrect(self) -> tuple[int, ...] | None:
        """Images that each effort classifies wrongly; None without labels."""
        if self.correct is None:
            return None
        return tuple(count - right for count, right in zip(self.counts, self.correct, strict=True))

    @property
    def accuracy_frac(self) -> float | None:
        """(C_L + C_H) / n; None without labels."""
        return None if self.correct is None else sum(self.correct) / self.images


def run_gates(entropies: Sequence[Any], thresholds: Sequence[float], right: Sequence[Flags] | None = None) -> Exits:
    """Return where each image leaves a cascade: at the first effort with E < Th, else at the last.

    Parameters
    ----------
    entropies : sequence of arrays, each of shape (n,)
        One per effort in the order in which images meet them; the last one's decide nothing.
    thresholds : sequence of float
        One per effort but the last.
    right : sequence of bool arrays of shape (n,), optional
        Whether each effort classifies each image right.

    Raises
    ------
    InputError
        The numbers, lengths or types do not fit, or an entropy lies outside 0 to 1.

    Examples
    --------
    >>> exits = run_gates([[0.1, 0.6, 0.7], [0.0, 0.2, 0.9]], [0.5], [[True, True, True], [True, False, True]])
    >>> exits.at.tolist(), exits.counts, exits.correct, exits.incorrect
    ([0, 1, 1], (1, 2), (1, 1), (0, 1))
    """
    _check_list("entropies", entropies, "arrays, one per effort")
    _check_list("thresholds", thresholds, "numbers, one per effort but the last")
    if not len(entropies):
        raise InputError("entropies: at least one effort is needed (got none)")
    gates = len(entropies) - 1
    if len(thresholds) != gates:
        raise InputError(f"thresholds: expected {gates}, one per effort but the last {got(len(thresholds))}")
    cuts = [check_real("thresholds", threshold) for threshold in thresholds]
    if any(math.isnan(cut) for cut in cuts):
        raise InputError(f"thresholds: must be numbers {got(cuts)}")
    values = [checked_entropies(f"entropies[{i}]", e) for i, e in enumerate(entropies)]
    if len({len(v) for v in values}) > 1:
        raise InputError(f"entropies: efforts differ in the number of images {got([len(v) for v in values])}")
    at = _exits_at(values, cuts)
    counts = tuple(np.bincount(at, minlength=len(values)).tolist())
    correct = None
    if right is not None:
        hits = _checked_right(right, len(values), len(at))[at, np.arange(len(at))]
        correct = tuple(np.bincount(at[hits], minlength=len(values)).tolist())
    return Exits(counts, correct, tuple(values), tuple(cuts))


def _exits_at(entropies: Sequence[FloatArray], thresholds: Sequence[float]) -> IntArray:
    """Return the first effort with E < Th of each image, else the last one."""
    at: IntArray = np.full(len(entropies[0]), len(thresholds), np.int64)
    for place in reversed(range(len(thresholds))):
        at[entropies[place] < thresholds[place]] = place
    return at


def _check_list(path: str, values: Any, what: str) -> None:
    """Raise InputError unless a value is a list or an array with a first axis."""
    if not (isinstance(values, Sequence) or (isinstance(values, np.ndarray) and values.ndim)):
        raise InputError(f"{path}: must be a list of {what} {got(values)}")


def _checked_right(right: Any, efforts: int, images: int) -> Flags:
    """Return which effort classifies which image right, bool (efforts, n), or raise InputError."""
    _check_list("right", right, "arrays, one per effort")
    if len(right) != efforts:
        raise InputError(f"right: expected {efforts}, one per effort {got(len(right))}")
    rows = [as_array(f"right[{i}]", row, "n,", 1, kinds="b") for i, row in enumerate(right)]
    wrong = {i: len(row) for i, row in enumerate(rows) if len(row) != images}
    if wrong:
        raise InputError(f"right[{i}]: expected {images}, one per image {got(found)}" for i, found in wrong.items())
    return np.array(rows)


def thresholds_for(entropies: Sequence[FloatArray], lecs: Sequence[float]) -> list[float]:
    """Return one threshold per gate: each the smallest that classifies the fraction ``lec`` of what reaches it.

    The paper has one gate; for a longer cascade a constraint on the images that reach the gate is this project's
    choice. Where none is left to classify the threshold is 0.
    """
    reached, thresholds = np.ones(len(entropies[0]), bool), []
    for values, lec in zip(entropies, lecs, strict=False):
        threshold = exit_threshold(values[reached], lec) if reached.any() else 0.0
        thresholds.append(threshold)
        reached &= values >= threshold
    return thresholds
