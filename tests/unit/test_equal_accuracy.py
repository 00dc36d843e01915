"""Costs at one accuracy: the curve by hand, and intervals that hold what is known."""

import math

import numpy as np
import pytest

from tests.recordings.equal_accuracy import cost_at, ratio_at


def test_the_curve_leaves_out_what_another_setting_beats():
    accuracies, costs = [0.9, 0.8, 0.85, 0.95], [2.0, 1.0, 3.0, 4.0]  # the third loses to the first
    assert cost_at(0.85, accuracies, costs) == pytest.approx(1.5)
    assert cost_at(0.925, accuracies, costs) == pytest.approx(3.0)
    assert cost_at(0.1, accuracies, costs) == 1.0 and math.isnan(cost_at(0.96, accuracies, costs))


def test_equal_curves_shifted_along_themselves_cost_the_same():
    """A method that was measured at lower accuracies is not cheaper for that."""
    seeds = np.random.default_rng(0).normal(0, 0.001, (10, 1))
    low, high = np.array([[0.90, 0.94]]) + seeds, np.array([[0.92, 0.96]]) + seeds
    cost = 100 * (np.array([[0.90, 0.94], [0.92, 0.96]]) - 0.85)
    found = ratio_at(0.04, np.full(10, 0.97) + seeds[:, 0], (low, np.tile(cost[0], (10, 1))),
                     (high, np.tile(cost[1], (10, 1))))  # fmt: skip
    assert found.ratio == pytest.approx(1) and found.low == pytest.approx(1, abs=1e-9) and not found.is_clear
    assert found.reached_frac == 1


def test_a_method_at_half_the_cost_is_clear_and_one_that_never_gets_there_is_not():
    accuracies = np.tile([0.90, 0.95], (10, 1)) + np.random.default_rng(1).normal(0, 0.003, (10, 1))
    costs = np.tile([1.0, 2.0], (10, 1))
    found = ratio_at(0.02, np.full(10, 0.95), (accuracies, costs / 2), (accuracies, costs))
    assert found.ratio == pytest.approx(2) and found.is_clear
    nowhere = ratio_at(0.0, np.full(10, 0.99), (accuracies, costs / 2), (accuracies, costs))
    assert nowhere.reached_frac == 0 and not nowhere.is_clear and math.isnan(nowhere.ratio)
