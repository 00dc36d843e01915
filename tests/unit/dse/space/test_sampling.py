"""Points: a sample's places follow from its number alone."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from pivotsim.dse.space.reading import load_space
from pivotsim.dse.space.sampling import GridPoints, ListedPoints, points_of
from pivotsim.errors import InputError

SPACE = load_space(
    {"name": "s", "axes": {"array.rows": [1, 2, 3], "array.cols": [1, 2, 3, 4, 5], "host.cores": [1, 2]}}
)


def test_grid_counts_by_mixed_radix():
    grid = points_of(SPACE, "grid")
    expected = list(itertools.product(range(3), range(5), range(2)))
    assert list(zip(*(p.tolist() for p in grid.places(0, 30)), strict=True)) == expected
    for start in range(30):
        for stop in range(start + 1, 31):
            assert list(zip(*(p.tolist() for p in grid.places(start, stop)), strict=True)) == expected[start:stop]


def test_large_grids():
    sizes = (10**6, 10**6, 10**6)
    last = GridPoints(sizes, 10**18).places(10**18 - 2, 10**18)
    assert [p.tolist() for p in last] == [[10**6 - 1] * 2, [10**6 - 1] * 2, [10**6 - 2, 10**6 - 1]]


LARGE = load_space({"name": "l", "axes": {"array.rows": list(range(1, 31)), "array.cols": list(range(1, 51)),
                                         "host.cores": [1, 2]}})  # fmt: skip


def test_a_grid_visits_at_most_a_million_millions():
    whole = SimpleNamespace(axes=[range(10**6)] * 2, size=10**12)
    assert points_of(whole, "grid").count == 10**12
    with pytest.raises(InputError, match="1,000,000,000,001 points are too many for a grid"):
        points_of(SimpleNamespace(axes=[range(10**12 + 1)], size=10**12 + 1), "grid")


@pytest.mark.parametrize("method", ["random", "sobol"])
def test_samples_may_be_cut_anywhere(method):
    points = points_of(LARGE, method, 1000, seed=3)
    whole = np.stack(points.places(0, 1000))
    for cuts in ([0, 1, 1000], [0, 7, 512, 1000], [0, 333, 334, 1000]):
        parts = [np.stack(points.places(a, b)) for a, b in itertools.pairwise(cuts)]
        assert np.array_equal(np.concatenate(parts, axis=1), whole)
    for stop in range(1, 18):
        assert np.array_equal(np.stack(points.places(0, stop)), whole[:, :stop])
    for places, size in zip(whole, (30, 50, 2), strict=True):
        counts = np.bincount(places, minlength=size)
        assert len(counts) == size
        assert abs(counts / 1000 - 1 / size).max() < 0.06  # a uniform sample's, by more than four deviations
    other = np.stack(points_of(LARGE, method, 1000, seed=4).places(0, 1000))
    assert not np.array_equal(other, whole)


def test_random_points_differ_and_are_never_more_than_there_are():
    for samples in (1, 29, 30, 31, 10**12):
        points = points_of(SPACE, "random", samples, seed=9)
        assert points.count == min(samples, 30)
        drawn = list(zip(*(p.tolist() for p in points.places(0, points.count)), strict=True))
        assert len(set(drawn)) == points.count
    assert points_of(SPACE, "random", 3, draws=20).count == 20 and points_of(SPACE, "random", 3, draws=40).count == 30


def test_random_axes_are_independent():
    """Pairs of axes over 2,000 seeds: each of the 30 points comes first 66.7 times, by four deviations of 8.0."""
    first = [[p.item() for p in points_of(SPACE, "random", 1, seed=seed).places(0, 1)] for seed in range(2000)]
    joint = np.bincount([a * 10 + b * 2 + c for a, b, c in first], minlength=30)
    assert len(joint) == 30 and abs(joint - 2000 / 30).max() < 4 * 8.03


def test_listed():
    points = ListedPoints([(2, 4, 1), (0, 0, 0)])
    assert points.count == 2
    assert [p.tolist() for p in points.places(0, 2)] == [[2, 0], [4, 0], [1, 0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("grids",), "method: must be one of"),
        (("grid", 5), "samples: a grid visits every point"),
        (("random", 0), "samples: must be at least 1"),
        (("sobol", 2**30 + 1), "samples: must be at most"),
        (("random", 5, -1), "seed: must be at least 0"),
    ],
)
def test_bad_methods(arguments, message):
    with pytest.raises(InputError, match=message):
        points_of(SPACE, *arguments)
