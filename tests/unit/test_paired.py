"""Paired bootstrap intervals of the recordings: by the normal approximation, by symmetry, and how often they cover."""

import numpy as np
import pytest

from tests.recordings.paired import paired_difference


def test_with_many_pairs_it_is_the_normal_interval():
    rng = np.random.default_rng(0)
    seeds = rng.normal(0, 5, 2000)  # what a seed does to both methods
    of, to = seeds + rng.normal(0.3, 1, 2000), seeds
    found = paired_difference(of, to)
    mean, half = (of - to).mean(), 1.96 * (of - to).std() / 2000**0.5
    assert found.mean == pytest.approx(mean)
    assert (found.low, found.high) == pytest.approx((mean - half, mean + half), abs=0.05 * half)
    assert found.is_clear and not paired_difference(of - mean, to).is_clear


def test_the_other_way_round_is_the_negative():
    of, to = np.random.default_rng(1).random((2, 10))
    there, back = paired_difference(of, to), paired_difference(to, of)
    assert (back.mean, back.low, back.high) == pytest.approx((-there.mean, -there.high, -there.low))


def test_ten_pairs_cover_about_nine_times_in_ten():
    rng = np.random.default_rng(2)
    found = [paired_difference(rng.normal(1, 1, 10), np.zeros(10), seed=i) for i in range(300)]
    assert 0.85 < np.mean([one.low <= 1 <= one.high for one in found]) < 0.95


def test_a_difference_is_written_with_its_interval():
    assert str(paired_difference([0.5, 0.5], [0.25, 0.25])) == "+0.2500 [+0.2500, +0.2500]"
