"""A seeded permutation of 0 .. size - 1 in integer arithmetic: samples without repeats and without a list of them.

The generalised Feistel network of Black and Rogaway ("Ciphers with Arbitrary Finite Domains", CT-RSA 2002, method 3):
a number is a pair (left, right) of Z_a x Z_b with a * b >= size, and each round adds a hash of one half to the other.
A result beyond the size goes through the network again until it is within (their method 2, cycle walking).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

SAMPLING = "feistel-10"  # what a manifest calls this algorithm; another name once any of its numbers changes
ROUNDS = 10  # as in FF1 (NIST SP 800-38G); even, so that each half is changed five times
MAX_SIZE = 2**62  # pairs may exceed the size by a half of them, and stay below 2**63


@dataclass(frozen=True)
class Permutation:
    """A bijection of 0 .. size - 1 that follows from the size and a seed below 2**32.

    Examples
    --------
    >>> shuffled = Permutation(12, seed=1).of(np.arange(12))
    >>> sorted(shuffled.tolist()) == list(range(12))
    True
    """

    size: int
    seed: int

    def of(self, numbers: Any) -> Any:
        """Return where numbers below ``size``, int64 (n,), go, int64 (n,)."""
        found = self._network(numbers)
        beyond = np.flatnonzero(found >= self.size)
        while len(beyond):  # each cycle comes back to a number within, where it began
            found[beyond] = self._network(found[beyond])
            beyond = beyond[found[beyond] >= self.size]
        return found

    def _network(self, numbers: Any) -> Any:
        """Return a permutation of 0 .. a * b - 1."""
        a = math.isqrt(self.size - 1) + 1
        b = -(-self.size // a)
        left, right = numbers.astype(np.uint64) % np.uint64(a), numbers.astype(np.uint64) // np.uint64(a)
        for number in range(0, ROUNDS, 2):
            left = (left + hashed(right, self.seed, number) % np.uint64(a)) % np.uint64(a)
            right = (right + hashed(left, self.seed, number + 1) % np.uint64(b)) % np.uint64(b)
        return (right * np.uint64(a) + left).astype(np.int64)


def hashed(numbers: Any, seed: int, stream: int) -> Any:
    """Return 64 random bits of each number, uint64 (n,): splitmix64 (Steele, Lea and Flood, OOPSLA 2014).

    ``seed`` is below 2**32; ``stream`` numbers independent uses of it.
    """
    with np.errstate(over="ignore"):
        key = _mixed(np.array([seed * 1_000_003 + stream], dtype=np.uint64))
        return _mixed(key + numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))


def _mixed(z: Any) -> Any:
    """Return splitmix64's output function of uint64 values."""
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
