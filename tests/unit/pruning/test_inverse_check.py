"""Losses that make choices the best: tried on accuracies inside and outside the intervals, by trying every count."""

import math

import numpy as np
import pytest

from pivotsim.errors import InputError
from pivotsim.pruning.inverse_check import Choice, losses_that_choose

TOKENS = (197, 128, 64)
HIGHEST, SLOWEST = 80.0, 100.0


def choices(latency, ranges):
    return [Choice(n, ms, *alphas) for n, ms, alphas in zip(TOKENS, latency, ranges, strict=True)]


def all_chosen(latency, losses, ranges):
    """Whether each count has the greatest utility at both ends of its range; the grid's maxima are of other points."""
    accuracy = [70.0, 70.0 - losses[0], 70.0 - losses[0] - losses[1]]
    for n, ends in zip(TOKENS, ranges, strict=True):
        for alpha in ends:
            utility = {
                m: alpha * (1 - ms / SLOWEST) + (1 - alpha) * pct / HIGHEST
                for m, ms, pct in zip(TOKENS, latency, accuracy, strict=True)
            }
            if max(utility, key=utility.get) != n:
                return False
    return True


def test_inside_the_intervals_every_choice_is_the_best_and_outside_one_is_not():
    draw = np.random.default_rng(3)
    tried = 0
    for _ in range(400):
        latency = sorted(draw.uniform(20, 90, 3).tolist(), reverse=True)
        a = np.sort(draw.uniform(0.05, 0.95, 6)).reshape(3, 2).tolist()
        found = losses_that_choose(choices(latency, a), slowest_ms=SLOWEST, highest_pct=HIGHEST)
        assert all(f.possible and f.least_points <= f.halfway_points <= f.most_points for f in found)
        inside = [f.least_points + draw.uniform(0.01, 0.99) * (f.most_points - f.least_points) for f in found]
        if sum(inside) > 70:
            continue
        assert all_chosen(latency, inside, a)
        for place, outside in ((0, found[0].least_points * 0.98), (1, found[1].most_points * 1.02)):
            changed = list(inside)
            changed[place] = outside
            assert not all_chosen(latency, changed, a)
        tried += 1
    assert tried > 200


def test_digits_of_latencies_widen_the_interval_by_hand():
    """A gain of 20 ms known to 1 ms each: 18 to 22 of 100 ms, at alpha 1/4 and 3/4, of 80 points."""
    pair = [Choice(197, 90.0, 0.1, 0.25), Choice(128, 70.0, 0.75, 0.9)]
    (found,) = losses_that_choose(pair, slowest_ms=100.0, highest_pct=80.0, within_ms=1.0)
    assert (found.least_points, found.most_points) == pytest.approx((80 * 0.18 / 3, 80 * 0.22 * 3))


def test_a_count_that_is_slower_and_has_fewer_tokens_must_gain_accuracy():
    (found,) = losses_that_choose(
        [Choice(197, 70.0, 0.1, 0.2), Choice(128, 90.0, 0.5, 0.5)], slowest_ms=100.0, highest_pct=80.0
    )
    assert (found.least_points, found.most_points) == pytest.approx((-80 * 0.2 / 9, -80 * 0.2))
    assert not found.possible


def test_alpha_1_asks_for_latency_alone():
    (found,) = losses_that_choose(
        [Choice(197, 90.0, 0.0, 0.2), Choice(128, 70.0, 1.0, 1.0)], slowest_ms=100.0, highest_pct=80.0
    )
    assert found.most_points == math.inf
    (equal,) = losses_that_choose(
        [Choice(197, 70.0, 0.0, 0.2), Choice(128, 70.0, 1.0, 1.0)], slowest_ms=100.0, highest_pct=80.0
    )
    assert (equal.least_points, equal.most_points) == (0.0, 0.0)


GOOD = [Choice(197, 90.0, 0.1, 0.2), Choice(128, 70.0, 0.5, 0.6)]


@pytest.mark.parametrize(
    ("given", "changes", "problem"),
    [
        (GOOD[:1], {}, r"choices: must be at least two \(got 1\)"),
        (GOOD[::-1], {}, "choices: tokens must fall and ranges of alpha rise"),
        ([GOOD[0], GOOD[1]._replace(least_alpha=0.2)], {}, "ranges of alpha rise"),
        ([GOOD[0]._replace(least_alpha=0.3), GOOD[1]], {}, "a range of alpha runs backwards"),
        ([GOOD[0]._replace(tokens=1.5), GOOD[1]], {}, "choices: tokens: must be an integer"),
        ([GOOD[0]._replace(latency_ms=-1.0), GOOD[1]], {}, "choices: latency_ms: must be finite and above 0"),
        (GOOD, {"slowest_ms": 0}, "slowest_ms: must be finite and above 0"),
        (GOOD, {"highest_pct": 101}, "highest_pct: must be at most 100"),
        (GOOD, {"within_ms": -0.1}, "within_ms: must be finite and not negative"),
    ],
)
def test_what_is_no_pair_of_choices_is_refused(given, changes, problem):
    with pytest.raises(InputError, match=problem):
        losses_that_choose(given, **{"slowest_ms": 100.0, "highest_pct": 80.0, **changes})
