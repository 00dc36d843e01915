"""Draws of constants: a Latin hypercube, one column per constant, the same whatever else is drawn.

Each constant's draws lie one in each of N strata of equal probability (McKay, Beckman and Conover, Technometrics 21,
1979, 239-245), in an order of its own that follows from the seed and its path alone. So two runs, or two boards, are
compared at the same draws.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np

from pivotsim.errors import check_integer
from pivotsim.propagation.constants import Constant
from pivotsim.units import FloatArray

MAX_DRAWS = 1_000_000


class Draws(Mapping[str, FloatArray]):
    """Values of constants by dotted path, float64 (N,)."""

    def __init__(self, constants: Sequence[Constant], count: int, seed: int) -> None:
        self.count, self.seed, self.constants = count, seed, tuple(constants)
        self._values = {each.path: each.quantiles(shares_of(each.path, count, seed)) for each in constants}

    @classmethod
    def none_moved(cls, constants: Sequence[Constant]) -> "Draws":
        """Return one draw at the constants' own values."""
        draws = cls(constants, 1, 0)
        draws._values = {each.path: np.array([each.value]) for each in constants}
        return draws

    def fixed(self, path: str, value: float) -> "Draws":
        """Return the same draws with one constant at one value in all of them."""
        draws = copy(self)
        draws._values = {**self._values, path: np.full(self.count, value)}
        return draws

    def __getitem__(self, path: str) -> FloatArray:
        return self._values[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def at(self, draw: int) -> dict[str, float]:
        """Return one draw, as ``Hardware.replace`` takes it."""
        return {path: float(values[draw]) for path, values in self.items()}


def shares_of(path: str, count: int, seed: int) -> FloatArray:
    """Return one share in each of ``count`` equal strata of 0 to 1, in the order of a seed and a path.

    Examples
    --------
    >>> sorted((shares_of("host.full.call_us", 4, seed=0) * 4).astype(int).tolist())
    [0, 1, 2, 3]
    """
    random: Any = np.random.default_rng([seed, *path.encode()])
    shares: FloatArray = (random.permutation(count) + random.random(count)) / count
    return shares


def check_draws(draws: int, seed: int) -> tuple[int, int]:
    """Return draws and seed, or raise InputError where they are no numbers of draws and no seed."""
    return check_integer("draws", draws, 2, MAX_DRAWS), check_integer("seed", seed, 0, 2**32 - 1)
