"""Intervals of few rows: Student's t by scipy, and no width of a million from rows that are drawn alike."""

import numpy as np
import pytest
from scipy import stats

from pivotsim.calibration.fitting.fit import Problem, fitted
from pivotsim.calibration.fitting.intervals import bootstrap_intervals, t_quantile
from pivotsim.calibration.predictions import Coefficients

WATTS = (7.1, 7.5, 6.9, 7.3, 7.0)


def interval_of(watts):
    """The interval of one constant in every row, as the board's power is."""
    count = len(watts)
    of = Coefficients(np.ones((count, 1)), np.zeros((count, 1)), np.zeros(count), np.zeros(count))
    low, high, start = np.array([1e-6, 1.0]), np.array([1e6, 1.0]), np.array([8.0, 1.0])
    problem, free = Problem(of, np.array(watts), low, high, start, is_relative=False), np.array([True, False])
    ends = bootstrap_intervals(problem, fitted(problem, free), free)
    return None if ends is None else (float(ends.low[0]), float(ends.high[0]))


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_few_rows_have_the_interval_of_students_t(count):
    watts = WATTS[:count]
    error = stats.sem(watts)
    expected = stats.t.interval(0.95, count - 1, np.mean(watts), error)
    assert interval_of(watts) == pytest.approx(expected, rel=1e-8)


def test_one_row_has_none():
    assert interval_of(WATTS[:1]) is None


def test_rows_that_are_drawn_alike_have_it_too():
    """One of seven differs: a third of the draws of the residuals leave it out."""
    watts = (7.0,) * 6 + (8.0,)
    expected = stats.t.interval(0.95, 6, np.mean(watts), stats.sem(watts))
    assert interval_of(watts) == pytest.approx(expected, rel=1e-3)
    assert interval_of((7.0,) * 7) == pytest.approx((7.0, 7.0), abs=1e-9)


def test_many_rows_are_near_it():
    watts = np.random.default_rng(0).normal(7, 0.2, 40)
    expected = stats.t.interval(0.95, 39, np.mean(watts), stats.sem(watts))
    found = interval_of(watts)
    assert found == pytest.approx(expected, rel=0.01) and found != pytest.approx(expected, rel=1e-4)


def test_quantiles_of_students_t():
    for freedom in (*range(1, 40), 1000):
        assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-3 if freedom > 4 else 1e-9)
