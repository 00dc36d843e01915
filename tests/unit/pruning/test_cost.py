"""What the pruning itself costs beyond what a run charges: the difference of two runs, and by hand."""

import pytest

import pivotsim as ps
from pivotsim.pruning.cost import OWN_MODULES, host_pruning_ms
from pivotsim.pruning.token_plans import pruned_at

HW = ps.load_hardware("zcu102")
TINY = ps.plan(ps.load_model("deit_t").replace({"image_px": 64}))  # 16 patches and a class token, 3 heads, width 192


def test_a_whole_plan_costs_nothing():
    assert host_pruning_ms(TINY, HW, 1, "paper") == 0
    assert pruned_at(TINY, 4, 0) == TINY


def test_the_charge_by_hand_and_by_batch():
    """Reductions of the scores and of V, a softmax over 17 tokens (charged by both), a sort, a gather, a mean."""
    costs = HW.host.full
    work = {
        costs.score: ((3 * 16 * 16 + 16 * 16) + (17 * 192), None),
        costs.sort: (16 * 4, None),
        costs.gather: ((1 + 10) * 192, None),
        costs.merge: (6 * 192, None),
    }
    elements_ms = sum(cost.cycles_per_element * elements for cost, (elements, _) in work.items()) / 1.2e6
    found = host_pruning_ms(pruned_at(TINY, 4, 5), HW, 1, "paper")
    assert found >= elements_ms  # calls and rows come on top
    assert found == pytest.approx(elements_ms, abs=0.2)
    assert host_pruning_ms(pruned_at(TINY, 4, 5), HW, 3, "paper") > found
    assert host_pruning_ms(pruned_at(TINY, 4, 5), HW, 1, "full") == 0


def test_both_profiles_add_up_to_the_same_pruning():
    pruned = pruned_at(TINY, 4, 5)
    runs = [ps.simulate(pruned, HW, profile=profile) for profile in ("paper", "full")]
    own = [sum(row.delay_ms for row in run.rows if row.module in OWN_MODULES) for run in runs]
    assert own[0] + host_pruning_ms(pruned, HW, 1, "paper") == pytest.approx(own[1])


def test_on_a_unit_the_run_charges_it():
    moved = HW.replace({f"placement.{kind}": "pl" for kind in ("score", "sort", "gather", "merge", "softmax")})
    assert host_pruning_ms(pruned_at(TINY, 4, 5), moved, 1, "paper") == 0
