"""Utilities and their argmax: golden vectors, scaling by the maximum, ties, edges."""

import json
from pathlib import Path

import numpy as np
import pytest

from pivotsim.errors import InputError
from pivotsim.pruning.utility import best_tokens, utilities

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "token_golden_vectors.json").read_text())["utility"]


@pytest.mark.parametrize("case", GOLDEN["results"], ids=lambda case: f"alpha {case['alpha']}")
def test_the_golden_vectors(case):
    found = utilities(GOLDEN["latency"], GOLDEN["accuracy"], case["alpha"])
    np.testing.assert_allclose(found.total, case["U"], rtol=0, atol=1e-12)
    assert best_tokens(np.array(GOLDEN["n"]), found.total) == case["n_star"]


def test_scaling_is_by_the_maximum_not_between_the_extremes():
    differ = [case for case in GOLDEN["results"] if case["n_star"] != case["n_star_minmax_variant"]]
    assert differ  # the golden vectors tell the two apart


def test_a_utility_without_a_scale_is_zero():
    assert utilities([0.0, 0.0], [50.0, 25.0]).total.tolist() == [0.5, 0.25]
    assert utilities([2.0, 1.0], [0.0, 0.0]).total.tolist() == [0.0, 0.25]


def test_of_equals_more_tokens_win_in_any_order():
    assert best_tokens(np.array([3, 9, 5]), np.array([0.5, 0.5, 0.5])) == 9


@pytest.mark.parametrize(
    ("latency", "accuracy", "alpha", "problem"),
    [
        ([1.0], [1.0], -0.1, "alpha: must lie in 0 to 1"),
        ([1.0], [1.0], 1.1, "alpha: must lie in 0 to 1"),
        ([1.0], [1.0], float("nan"), "alpha: must lie in 0 to 1"),
        ([1.0], [1.0], True, "alpha: must be a number"),
        ([], [], 0.5, "latency_ms: must be a vector"),
        ([[1.0]], [1.0], 0.5, "latency_ms: must be a vector"),
        (["fast"], [1.0], 0.5, "latency_ms: must be a vector of numbers"),
        ([float("nan")], [1.0], 0.5, "latency_ms: must hold finite numbers"),
        ([-1.0], [1.0], 0.5, "latency_ms: must hold finite numbers"),
        ([1.0], [1.0, 2.0], 0.5, "accuracy_pct: must be as long"),
        ([1.0], [100.1], 0.5, "accuracy_pct: must be at most 100"),
    ],
)
def test_what_has_no_utility_is_refused(latency, accuracy, alpha, problem):
    with pytest.raises(InputError, match=problem):
        utilities(latency, accuracy, alpha)
