"""Samples that a sweep visits: the whole grid, different points in random order, or a Sobol sequence.

A sample is a number from 0 on; its places on the axes follow from the number alone, so that a sweep may be cut anywhere
and done in any order. Grids count by mixed radix, the last axis fastest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.permutation import MAX_SIZE, ROUNDS, Permutation, hashed
from pivotsim.errors import InputError, MissingExtraError, check_choice, check_integer, got

METHODS = ("grid", "random", "sobol", "optuna")
MAX_GRID = 10**12
MAX_SAMPLES = {"random": 10**12, "sobol": 2**30}
DEFAULT_SAMPLES = 65_536


class Points(Protocol):
    """Numbered samples of a space."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    def places(self, start: int, stop: int) -> list[Any]:
        """Return, for each axis, the place of samples ``start`` up to ``stop``, int64 (n,)."""
        ...


@dataclass(frozen=True)
class GridPoints:
    """Every combination."""

    sizes: tuple[int, ...]
    count: int

    def places(self, start: int, stop: int) -> list[Any]:
        """Return the digits of the numbers."""
        found, stride = [], 1
        for size in reversed(self.sizes):
            if stride == 1:  # what is left of a number beside whole turns of its digit
                digit = np.arange(start, stop, dtype=np.int64) - _runs(start, stop, size) * size
            else:
                digit = _runs(start, stop, stride, size)
            found.append(digit)
            stride *= size
        return found[::-1]


def _runs(start: int, stop: int, stride: int, size: int = 2**62) -> Any:
    """Return n // stride % size for n from ``start`` up to ``stop``: runs of equal numbers, without a division each."""
    first, last = start // stride, (stop - 1) // stride
    numbers = np.arange(first, last + 1, dtype=np.int64) % size
    lengths = np.full(len(numbers), stride, dtype=np.int64)
    lengths[-1] = stop - last * stride
    lengths[0] -= start - first * stride
    return np.repeat(numbers, lengths)


@dataclass(frozen=True)
class RandomPoints:
    """Different points in random order: the numbers of a grid, permuted.

    Of a space of more points than ``Permutation`` takes, as many of the last axes as it does take are permuted, at
    least 2**42 combinations, and the others hashed: points still differ.
    """

    sizes: tuple[int, ...]
    count: int
    seed: int

    def places(self, start: int, stop: int) -> list[Any]:
        """Return each axis' place."""
        numbers = np.arange(start, stop, dtype=np.int64)
        first, size = permuted_axes(self.sizes)
        rest = Permutation(size, self.seed).of(numbers)
        found = []
        for axis in range(len(self.sizes) - 1, -1, -1):
            length = self.sizes[axis]
            if axis >= first:
                rest, place = np.divmod(rest, length)
            else:
                place = (hashed(numbers, self.seed, ROUNDS + axis) % np.uint64(length)).astype(np.int64)
            found.append(place)
        return found[::-1]


def permuted_axes(sizes: Sequence[int]) -> tuple[int, int]:
    """Return (the first axis that is permuted, the combinations of it and those after it).

    >>> permuted_axes((3, 5)), permuted_axes((10**6,) * 4)
    ((0, 15), (1, 1000000000000000000))
    """
    first, size = len(sizes), 1
    while first and size * sizes[first - 1] <= MAX_SIZE:
        first -= 1
        size *= sizes[first]
    return first, size


@dataclass(frozen=True)
class SobolPoints:
    """A scrambled Sobol sequence (scipy), its unit cube cut into the axes' values.

    It covers a space evenly, and so takes what falls on a point as it comes: points may repeat.
    """

    sizes: tuple[int, ...]
    count: int
    seed: int

    def places(self, start: int, stop: int) -> list[Any]:
        """Return each axis' place."""
        qmc = _qmc()
        sampler = qmc.Sobol(len(self.sizes), scramble=True, seed=self.seed, bits=30)
        if start:
            sampler.fast_forward(start)
        # a first draw of 2**k samples: of any other number scipy warns, since it cannot know of the next ones
        cube = sampler.random(stop - start if start else 1 << (stop - 1).bit_length())[: stop - start]
        return [np.minimum((cube[:, axis] * size).astype(np.int64), size - 1) for axis, size in enumerate(self.sizes)]


def _qmc() -> Any:
    try:
        from scipy.stats import qmc
    except ImportError:
        raise MissingExtraError("scipy", "dse", "method sobol") from None
    return qmc


@dataclass(frozen=True)
class ListedPoints:
    """Samples whose places are stated, (n, axes)."""

    listed: Sequence[Sequence[int]]
    count: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", len(self.listed))

    def places(self, start: int, stop: int) -> list[Any]:
        """Return each axis' place."""
        return list(np.array(self.listed[start:stop], dtype=np.int64).T)


def points_of(space: Space, method: str, samples: int | None = None, seed: int = 0, draws: int | None = None) -> Points:
    """Return the samples that a method visits.

    Of `random` they are ``draws`` points where that is given, else ``samples`` of them, and never more than there are.

    Raises
    ------
    InputError
        The method is unknown, a grid is too large for it, or ``samples`` does not fit the method.
    """
    check_choice("method", method, [m for m in METHODS if m != "optuna"])
    sizes = tuple(len(axis) for axis in space.axes)
    check_integer("seed", seed, 0, 2**32 - 1)
    if method == "grid":
        if samples is not None:
            raise InputError(f"samples: a grid visits every point; use random, sobol or optuna {got(samples)}")
        if space.size > MAX_GRID:
            raise InputError(
                f"space: {space.size:,} points are too many for a grid, which visits at most {MAX_GRID:,};"
                " use --method random, sobol or optuna with --samples"
            )
        return GridPoints(sizes, space.size)
    count = check_integer("samples", DEFAULT_SAMPLES if samples is None else samples, 1, MAX_SAMPLES[method])
    if method == "random":
        return RandomPoints(sizes, min(count if draws is None else draws, permuted_axes(sizes)[1]), seed)
    _qmc()
    return SobolPoints(sizes, count, seed)
