"""The permutation that draws samples against one in Python's integers, and against what a permutation is."""

import math

import numpy as np
import pytest

from pivotsim.dse.space.permutation import MAX_SIZE, Permutation
from pivotsim.dse.space.sampling import RandomPoints
from tests.oracles.system import feistel

LAST_SEED = 2**32 - 1


def test_every_small_size_is_permuted():
    for size in (*range(1, 130), 1000, 4097):
        for seed in (0, 1, LAST_SEED):
            assert np.array_equal(np.sort(Permutation(size, seed).of(np.arange(size))), np.arange(size)), (size, seed)


@pytest.mark.parametrize("size", [1, 2, 3, 12, 256, 257, 10**6 + 3, 10**12, 2**61 + 1, MAX_SIZE - 1, MAX_SIZE])
def test_every_number_is_the_oracles(size):
    numbers = np.unique(np.append(np.arange(min(size, 50)), [size // 2, size - 1]))
    for seed in (0, 7, LAST_SEED):
        expected = [feistel.permuted(int(n), size, seed) for n in numbers]
        assert Permutation(size, seed).of(numbers).tolist() == expected


def test_seeds_give_all_orders_alike():
    """4,000 seeds over the 24 orders of four numbers: 167 each, by four standard deviations of 12.6."""
    orders = np.stack([Permutation(4, seed).of(np.arange(4)) for seed in range(4000)])
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24 and abs(counts - 4000 / 24).max() < 4 * math.sqrt(4000 / 24 * 23 / 24)


def test_first_draws_of_a_large_space_are_uniform():
    """Sums of 63 degrees of freedom, 7 of them: mean 63, standard deviation 11.2 each."""
    drawn = Permutation(10**12, seed=5).of(np.arange(64_000))
    assert len(np.unique(drawn)) == 64_000
    for shift in (1, 64, 4096, 10**6, 10**8, 10**9, 10**10 // 64 * 64):
        counts = np.bincount(drawn // shift % 64, minlength=64) if shift < 10**10 else np.bincount(drawn * 64 // 10**12)
        assert ((counts - 1000) ** 2 / 1000).sum() < 63 + 5 * math.sqrt(2 * 63)


@pytest.mark.parametrize(
    "sizes", [(1,), (256,), (3, 5, 2), (10**6, 10**6), (10**6,) * 4, (7, 3, 10**6, 10**6, 10**6, 4), (2**31, 2**31)]
)
def test_places_of_samples(sizes):
    points = RandomPoints(sizes, 40, seed=3)
    count = min(40, math.prod(sizes))
    drawn = np.stack(points.places(0, count)).T.tolist()
    assert drawn == [feistel.places(number, sizes, 3) for number in range(count)]
    assert len(set(map(tuple, drawn))) == count
