"""Pictures of a co-search: the data equal the search, and drawing shows all of it."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.plots.exploration import effort
from pivotsim.plots.style import new_axes
from tests.unit.effort import synthetic

PLAN = ps.plan(ps.load_model("deit_s").replace({"classes": 5}))


@pytest.fixture(scope="module")
def search():
    return ps.effort.cosearch(PLAN, synthetic.outputs((3, 6, 12), images=100), synthetic.cka(), ["zcu102", "zcu102_os"])


def test_entropies(search):
    choice = search.at_lec((3, 12), [0.7])
    data = effort.entropy_data(search, choice)
    assert (data.effort, data.threshold, data.exit_frac) == (3, choice.thresholds[0], 0.7)
    assert sum(counts.sum() for counts in data.counts.values()) == 100
    assert data.counts["right"].sum() == search.outputs.right[3].sum()
    low = search.outputs.entropies[3] < data.edges[1]
    assert data.counts["right"][0] + data.counts["wrong"][0] == low.sum()
    axes = effort.draw_entropies(data, new_axes(4, 3)[1][0])
    assert sum(p.get_height() for p in axes.patches) == 100
    assert axes.lines[0].get_xdata()[0] == choice.thresholds[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("normalised entropy", "images")
    alone = effort.entropy_data(search, search.at_lec((12,), []))
    assert alone.threshold is None and not effort.draw_entropies(alone, new_axes(4, 3)[1][0]).lines


def test_a_threshold_near_0_is_seen():
    """Its bins are in powers, and images below the first stay counted."""
    arrays = synthetic.outputs((3, 12), images=100)
    arrays["effort3"] = arrays["effort3"] * 5  # nearly sure of most
    sure = ps.effort.cosearch(PLAN, arrays, synthetic.cka())
    data = effort.entropy_data(sure, sure.at_lec((3, 12), [0.3]))
    assert 0 < data.edges[0] <= data.threshold / 10 and data.threshold < 0.1
    assert np.allclose(np.diff(np.log(data.edges)), np.log(data.edges[1] / data.edges[0]))
    assert sum(counts.sum() for counts in data.counts.values()) == 100
    axes = effort.draw_entropies(data, new_axes(4, 3)[1][0])
    assert axes.get_xscale() == "log" and "first bar holds all below" in axes.get_xlabel()


def test_entropies_without_labels():
    arrays = synthetic.outputs((3, 12))
    del arrays["labels"]
    search = ps.effort.cosearch(PLAN, arrays, synthetic.cka())
    assert list(effort.entropy_data(search, search.at_lec((3, 12), [0.5])).counts) == ["images"]


def test_front(search):
    front = search.front("energy_j", max_efforts=3)
    data = effort.front_data(front, "energy_j")
    points = sorted(point for group in data.values() for point in group)
    assert points == [(c.mix.energy_j, 100 * c.accuracy_frac) for c in front]
    axes = effort.draw_front(data, new_axes(4, 3)[1][0], effort.LABELS["energy_j"])
    assert len(axes.collections) == len(data)
    assert axes.get_xlabel() == "energy of the mean image, J"
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), points)
    assert effort.LABELS.keys() == {
        "delay_ms",
        "energy_j",
        "edp_j_ms",
        "edp_mean_of_images_j_ms",
        "edp_sum_of_efforts_j_ms",
    }


def test_hardwares_are_named_where_there_are_several(search):
    both = [search.at_lec((3, 12), [0.7], board) for board in (0, 1)]
    assert list(effort.front_data(both, "delay_ms")) == ["3 then 12 on zcu102", "3 then 12 on zcu102_os"]
    assert list(effort.front_data(both[:1], "delay_ms")) == ["3 then 12"]
    effort.draw_front({}, new_axes(4, 3)[1][0], "nothing")
