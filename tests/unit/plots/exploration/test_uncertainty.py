"""Data behind the pictures of uncertainty."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.plots.exploration.uncertainty import (
    attained_data,
    draw_attained,
    draw_shares,
    plot_front_uncertainty,
    share_data,
    spread_data,
    staying_data,
)
from pivotsim.plots.style import new_axes


@pytest.fixture(scope="module")
def front():
    axes = {"array.dataflow": ["is", "ws", "os"], "array.rows": [16, 24, 32], "array.cols": [18, 36]}
    space = {"name": "s", "fixed": {"energy": "activity"}, "axes": axes}
    return ps.front_uncertainty(space, ["dsp", "energy_j"], draws=60)


def test_bins_hold_all_draws():
    found = ps.uncertainty(ps.plan("deit_t"), draws=100)
    data = spread_data(found, "delay_ms")
    assert data.counts.sum() == 100 and data.edges[0] <= data.low < data.value < data.high <= data.edges[-1]


def test_shares_are_those_above_the_floor_largest_first():
    shares = {"a": {"x": 0.2, "y": 0.001, "z": 0.5}, "b": {"x": 0.7, "y": 0.0, "z": 0.1}}
    assert share_data(shares, 0.01) == {"x": [0.2, 0.7], "z": [0.5, 0.1]}


def test_designs_are_the_tables_own_values(front):
    data = staying_data(front)
    pairs = set(zip(front.designs["dsp"].tolist(), front.designs["energy_j"].round(9).tolist(), strict=True))
    assert set(zip(data.x.tolist(), data.y.round(9).tolist(), strict=True)) == pairs
    assert data.share.max() <= 1 and data.is_own.any()


def test_more_draws_attain_less_well(front):
    at, surfaces = attained_data(front)
    best, half, most = surfaces
    assert (best <= half).all() and (half <= most).all() and (np.diff(at) > 0).all()


def test_pictures_are_written(front, tmp_path):
    assert [path.name for path in plot_front_uncertainty(front, tmp_path)] == [
        "front_uncertainty.png",
        "front_attainment.png",
    ]


def test_a_single_constant_is_no_higher_than_one_of_many():
    axes = [draw_shares({name: [0.5, 0.2] for name in names}, ["delay_ms", "energy_j"], each)
            for names, each in zip(("a", "abcd"), new_axes(8, 3, columns=2)[1], strict=True)]  # fmt: skip
    shares = [each.patches[0].get_height() / abs(np.diff(each.get_ylim())[0]) for each in axes]
    assert shares[0] == shares[1] < 0.15
    assert axes[0].get_ylim()[0] > axes[0].get_ylim()[1]  # the largest on top


def test_legends_print_shares_as_texts_do(front):
    axes = draw_attained(attained_data(front), ["x", "y"], new_axes(4, 3)[1][0])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["10 %", "50 %", "90 %"]
