"""Hypervolume against cells counted one by one, attainment against trying every value."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.dse.indicators import attainment, hypervolume
from tests.oracles.system import drawn_costs

NAMES = ("a", "b", "c")


@pytest.mark.parametrize("seed", range(150))
def test_volume_is_the_sum_of_the_cells(seed):
    rng = np.random.default_rng(seed)
    width = 2 + seed % 2
    points = (
        rng.integers(0, 6, size=(rng.integers(0, 9), width)) if seed % 3 else rng.random((rng.integers(1, 9), width))
    )
    points = points.astype(float)
    worst = [float(v) for v in rng.integers(2, 8, size=width)] if seed % 3 else [0.9] * width
    names = NAMES[:width]
    table = {name: points[:, i] for i, name in enumerate(names)}
    expected = drawn_costs.volume_by_cells([tuple(p) for p in points.tolist()], worst)
    assert hypervolume(table, names, dict(zip(names, worst, strict=True))) == pytest.approx(expected, rel=1e-12)


def test_maximised_objectives_count_upwards():
    table = {"ms": [1.0, 2.0], "fps": [1.0, 4.0]}
    assert hypervolume(table, ["ms", "fps"], {"ms": 3, "fps": 0}, maximize=["fps"]) == 2 * 1 + 1 * 3


def test_dominated_rows_add_nothing():
    rng = np.random.default_rng(3)
    table = {name: rng.random(300) for name in NAMES}
    front = ps.pareto_front(table, NAMES)
    worst = dict.fromkeys(NAMES, 1.0)
    assert hypervolume(table, NAMES, worst) == pytest.approx(
        hypervolume({n: c[front] for n, c in table.items()}, NAMES, worst), rel=1e-12
    )


@pytest.mark.parametrize("seed", range(60))
def test_attainment_is_what_a_share_of_the_draws_reaches(seed):
    rng = np.random.default_rng(seed)
    x, y = (rng.integers(0, 7, size=(rng.integers(1, 7), rng.integers(1, 5))).astype(float) for _ in range(2))
    y = rng.integers(0, 7, size=x.shape).astype(float)
    at, shares = np.arange(8.0), [0.1, 0.5, 0.9, 1.0]
    draws = [list(zip(a, b, strict=True)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    expected = [[drawn_costs.attained(draws, limit, share) for limit in at] for share in shares]
    assert attainment(x, y, at, shares).tolist() == expected


def test_what_has_no_volume_is_told():
    table = {name: [1.0] for name in "abcd"}
    with pytest.raises(ps.InputError, match=r"is of two or three objectives \(got 4\)"):
        hypervolume(table, list("abcd"), dict.fromkeys("abcd", 1))
    with pytest.raises(ps.InputError, match="reference: lacks b"):
        hypervolume(table, ["a", "b"], {"a": 1})
    with pytest.raises(ps.InputError, match="no column"):
        hypervolume(table, ["a", "x"], {"a": 1, "x": 1})
