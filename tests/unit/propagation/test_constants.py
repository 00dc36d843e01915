"""How constants are drawn: their bounds, medians and tails; what is drawn of a board at all."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.propagation.constants import Constant, stated_constants
from pivotsim.propagation.sampling import Draws, shares_of

ZCU102 = ps.load_hardware("zcu102")
SOFTMAX = "host.full.softmax.cycles_per_element"


def quantiles(low, value, high, kind, *shares):
    return Constant("x", value, low, high, kind).quantiles(np.array(shares)).tolist()


def test_a_range_is_kept_and_its_median_is_the_value():
    assert quantiles(5.0, 20.0, 180.0, "range", 0, 0.25, 0.5, 0.75, 1) == pytest.approx([5, 10, 20, 60, 180])


def test_an_interval_has_its_ends_at_the_outer_percentiles():
    assert quantiles(5.0, 20.0, 180.0, "95 % interval", 0.025, 0.5, 0.975) == pytest.approx([5, 20, 180])
    beyond = quantiles(5.0, 20.0, 180.0, "95 % interval", 0.001, 0.999)
    assert 0 < beyond[0] < 5 and 180 < beyond[1] < np.inf


def test_below_a_low_end_of_zero_draws_are_uniform():
    assert quantiles(0.0, 15.0, 40.0, "range", 0, 0.25, 0.5) == pytest.approx([0, 7.5, 15])
    assert quantiles(0.0, 0.0, 40.0, "range", 0, 0.5, 1) == pytest.approx([0, 20, 40])


def test_a_value_at_an_end_has_all_draws_on_the_other_side():
    assert quantiles(90.0, 130.0, 130.0, "range", 0, 0.5, 1) == pytest.approx([90, (90 * 130) ** 0.5, 130])
    assert quantiles(20.0, 20.0, 80.0, "range", 0, 0.5, 1) == pytest.approx([20, 40, 80])


@pytest.mark.parametrize("kind", ["range", "95 % interval"])
def test_quantiles_rise(kind):
    shares = np.linspace(0, 1, 501)[1:-1]
    assert (np.diff(Constant("x", 3.0, 1.0, 9.0, kind).quantiles(shares)) > 0).all()


def test_draws_lie_one_in_each_stratum_and_depend_on_nothing_but_seed_and_path():
    for count in (2, 7, 1000):
        assert sorted((shares_of("a.b", count, 3) * count).astype(int).tolist()) == list(range(count))
    a, b = Constant("a", 2.0, 1.0, 4.0, "range"), Constant("b", 2.0, 1.0, 4.0, "range")
    alone, together = Draws([a], 64, 5), Draws([b, a], 64, 5)
    assert (alone["a"] == together["a"]).all() and (together["a"] != together["b"]).any()
    assert (alone["a"] != Draws([a], 64, 6)["a"]).any()
    assert abs(np.corrcoef(Draws([a, b], 4096, 0)["a"], Draws([a, b], 4096, 0)["b"])[0, 1]) < 0.05


def test_what_is_drawn_of_a_board():
    constant = {each.path for each in stated_constants(ZCU102, "constant")}
    activity = {each.path: each for each in stated_constants(ZCU102, "activity")}
    assert constant == set(ZCU102.ranges)
    added = {path.rpartition(".")[2] for path in activity.keys() - constant}
    assert added == {"ps_idle_w", "ps_active_w", "pl_static_w", "pe_array_pj_per_mac", "sram_pj_per_byte",
                     "dram_pj_per_byte"}  # fmt: skip
    dram = activity["power.activity.default.dram_pj_per_byte"]
    assert (dram.value, dram.low, dram.high, dram.kind) == (160.0, 80.0, 320.0, "range")


def test_what_the_user_sets_is_not_drawn():
    path = "power.activity.default.dram_pj_per_byte"
    hw = ZCU102.replace({SOFTMAX: 20.0, path: 170.0})
    assert not {SOFTMAX, path} & {each.path for each in stated_constants(hw, "activity")}


def test_an_interval_counts_more_than_a_range():
    hw = ps.load_hardware({"base": "zcu102", "kind": "systolic", "name": "b", "intervals": {SOFTMAX: [15.0, 15.5]}})
    (found,) = (each for each in stated_constants(hw, "constant") if each.path == SOFTMAX)
    assert (found.low, found.high, found.kind) == (15.0, 15.5, "95 % interval")


def test_every_range_of_the_board_stands_in_the_text_of_its_source():
    """The numbers are the sources' own: each end is written in the source of its value, or of the same constant's."""
    for path, ends in ZCU102.ranges.items():
        text = ZCU102.source(path.replace("host.paper.softmax", "host.full.softmax"))
        assert all(f"{end:g}" in text for end in ends), (path, text)
