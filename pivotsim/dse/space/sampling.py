"""Samples that a sweep visits: the whole grid, independent random designs, or a Sobol sequence.

A sample is a number from 0 on; its places on the axes follow from the number alone, so that a sweep may be cut anywhere
and done in any order. Grids count by mixed radix, the last axis fastest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from pivotsim.dse.space.definition import Space
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
        numbers = np.arange(start, stop, dtype=np.int64)
        found, stride = [], 1
        for size in reversed(self.sizes):
            inner = numbers if stride == 1 else _runs(start, stop, stride)
            found.append(inner % size)
            stride *= size
        return found[::-1]


def _runs(start: int, stop: int, stride: int) -> Any:
    """Return n // stride for n from ``start`` up to ``stop``: runs of equal numbers, without a division each."""
    first, last = start // stride, (stop - 1) // stride
    numbers = np.arange(first, last + 1, dtype=np.int64)
    lengths = np.full(len(numbers), stride, dtype=np.int64)
    lengths[-1] = stop - last * stride
    lengths[0] -= start - first * stride
    return np.repeat(numbers, lengths)


@dataclass(frozen=True)
class RandomPoints:
    """Independent samples: splitmix64 (Steele, Lea and Flood, OOPSLA 2014) of (seed, axis, number)."""

    sizes: tuple[int, ...]
    count: int
    seed: int

    def places(self, start: int, stop: int) -> list[Any]:
        """Return each axis' place: the hash's 53 upper bits as a fraction of the axis."""
        numbers = np.arange(start, stop, dtype=np.uint64)
        found = []
        with np.errstate(over="ignore"):
            for axis, size in enumerate(self.sizes):
                key = _mixed(np.array([self.seed * 1_000_003 + axis], dtype=np.uint64))
                fraction = (_mixed(key + numbers * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(11)) * 2.0**-53
                found.append((fraction * size).astype(np.int64))
        return found


def _mixed(z: Any) -> Any:
    """Return splitmix64's output function of uint64 values."""
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@dataclass(frozen=True)
class SobolPoints:
    """A scrambled Sobol sequence (scipy), its unit cube cut into the axes' values."""

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


def points_of(space: Space, method: str, samples: int | None = None, seed: int = 0) -> Points:
    """Return the samples that a method visits.

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
        return RandomPoints(sizes, count, seed)
    _qmc()
    return SobolPoints(sizes, count, seed)
