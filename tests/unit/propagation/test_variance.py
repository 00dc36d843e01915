"""Shares of variance: known ones of sums and products, what is not told from nothing, several outcomes at once."""

import numpy as np
import pytest

from pivotsim.propagation.constants import Constant
from pivotsim.propagation.sampling import Draws
from pivotsim.propagation.variance import noise_floor, shares_of_variance

NAMES = "abc"


def draws(count=4096, seed=0):
    return Draws([Constant(name, 2.0, 0.0, 4.0, "range") for name in NAMES], count, seed)  # 0 at the low end: uniform


@pytest.fixture(scope="module")
def uniform():
    found = draws()
    for name in NAMES:  # uniform on both sides
        found._values[name] = np.where(found[name] <= 2, found[name], 2 + 2 * np.log2(found[name] / 2))
    return found


def test_a_sum_has_the_squares_of_its_weights(uniform):
    found = shares_of_variance(uniform, 3 * uniform["a"] + 2 * uniform["b"] + uniform["c"])
    assert list(found.values()) == pytest.approx([9 / 14, 4 / 14, 1 / 14], abs=0.02)
    assert sum(found.values()) == pytest.approx(1, abs=0.02)


def test_an_interaction_belongs_to_nobody_alone(uniform):
    found = shares_of_variance(uniform, (uniform["a"] - 2) * (uniform["b"] - 2))
    assert max(found.values()) <= noise_floor(uniform.count)


def test_several_outcomes_count_by_their_variance(uniform):
    found = shares_of_variance(uniform, np.column_stack([3 * uniform["a"], uniform["b"], 0 * uniform["c"]]))
    assert list(found.values()) == pytest.approx([0.9, 0.1, 0.0], abs=0.02)


def test_nothing_that_varies_has_no_shares(uniform):
    assert set(shares_of_variance(uniform, np.ones(uniform.count)).values()) == {0.0}


def test_what_cannot_matter_has_no_share(uniform):
    assert shares_of_variance(uniform, uniform["a"], may_matter=["b"])["a"] == 0.0


@pytest.mark.parametrize("count", [100, 1000])
def test_a_constant_without_effect_stays_below_the_floor(count):
    above = 0
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(size=count)
        above += sum(share > noise_floor(count) for share in shares_of_variance(draws(count, seed), noise).values())
    assert above / 600 < 0.06  # two standard errors; chi squared is skewed
