"""What the pruning itself costs: counted by hand on a small case, and charged once."""

import pytest

import pivotsim as ps
from pivotsim.pruning.cost import host_pruning_ms, pruning_elements
from pivotsim.pruning.token_plans import pruned_at

TINY = ps.plan(ps.load_model("deit_t").replace({"image_px": 64}))  # 16 patches and a class token, 3 heads, width 192


def test_elements_by_hand():
    assert pruning_elements(pruned_at(TINY, 4, 5)) == {
        "head_max": 3 * 16 * 16,
        "column_sum": 16 * 16,
        "v_max_sum": 17 * 192,
        "softmax": 17,
        "sort": 16 * 4,  # log2 of 16 patches
        "gather": (17 - 5 - 1 - 1) * 192,
        "mean": (5 + 1) * 192,
    }


def test_a_whole_plan_costs_nothing():
    assert set(pruning_elements(TINY).values()) == {0}
    assert host_pruning_ms(TINY, ps.load_hardware("zcu102"), 1) == 0


def test_the_charge_by_hand_and_by_batch():
    hw = ps.load_hardware("zcu102")
    elements = 3 * 256 + 256 + 17 * 192 + 64 + 10 * 192 + 6 * 192
    by_hand = (elements * 3.0 + 17 * 15.2244) / 1.2e6  # a residual add and a softmax, at 1.2 GHz
    assert host_pruning_ms(pruned_at(TINY, 4, 5), hw, 1) == pytest.approx(by_hand, rel=1e-12)
    assert host_pruning_ms(pruned_at(TINY, 4, 5), hw, 3) == pytest.approx(3 * by_hand, rel=1e-12)
