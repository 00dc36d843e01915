"""What the pruning itself costs: by hand, and as the difference of two runs wherever it is placed."""

import pytest

import pivotsim as ps
from pivotsim.pruning.cost import host_pruning_ms
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.token_plans import pruned_at, without_steps

HW = ps.load_hardware("zcu102")
TINY = ps.plan(ps.load_model("deit_t").replace({"image_px": 64}))  # 16 patches and a class token, 3 heads, width 192
TOKEN_KINDS = ("score", "sort", "gather", "merge")
ON_PL = HW.replace({f"placement.{kind}": "pl" for kind in TOKEN_KINDS})
AWAY = HW.replace({f"placement.{kind}": "pl" for kind in ("norm", "add")})  # the pruning alone is on the processor side


def test_a_whole_plan_costs_nothing():
    assert host_pruning_ms(TINY, HW) == 0
    assert pruned_at(TINY, 4, 0) == TINY


@pytest.mark.parametrize("batch", [1, 3])
def test_the_charge_by_hand_and_by_batch(batch):
    """Reductions of the scores and of V, a softmax over 17 tokens, a sort, a gather, a mean; each is one call."""
    costs = HW.host.full
    work = [  # cost, rows, elements of one image
        (costs.score, 3 * 16, 3 * 16 * 16),
        (costs.score, 16, 16 * 16),
        (costs.score, 3 * 17, 3 * 17 * 64),
        (costs.softmax, 1, 17),
        (costs.sort, 1, 16 * 4),
        (costs.gather, 1 + 10, (1 + 10) * 192),
        (costs.merge, 6, 6 * 192),
    ]
    cycles = sum(batch * (rows * c.cycles_per_row + elements * c.cycles_per_element) for c, rows, elements in work)
    by_hand_ms = cycles / (HW.host.clock_mhz * 1e3) + 7 * costs.call_us / 1e3
    assert HW.host.cores == 1
    assert host_pruning_ms(pruned_at(TINY, 4, 5), HW, batch) == pytest.approx(by_hand_ms, rel=1e-12)


@pytest.mark.parametrize("hw", ["zcu102", "u250_mpca", ON_PL, AWAY], ids=["ps", "mpca", "units", "transfers"])
@pytest.mark.parametrize("batch", [1, 2])
def test_pruned_and_pruning_make_the_run_under_the_full_profile(hw, batch):
    profile = "paper" if hw == "u250_mpca" else "full"
    device, plan = Simulated(hw, profile=profile), pruned_at(TINY, 4, 5)
    run = ps.simulate(plan, hw, profile=profile, batch=batch)
    own_ms = device.pruning_ms(plan, batch)
    assert own_ms > 0
    assert device.latency_ms(without_steps(plan), batch) + own_ms == pytest.approx(run.delay_ms, rel=1e-12)


def test_every_profile_charges_the_pruning_alike():
    plan = pruned_at(TINY, 4, 5)
    assert Simulated(profile="paper").pruning_ms(plan) == Simulated(profile="full").pruning_ms(plan)


def test_the_array_alone_charges_what_is_on_the_logic():
    plan = pruned_at(TINY, 4, 5)
    assert Simulated(part="array").pruning_ms(plan) == 0
    units = [row for row in ps.simulate(plan, ON_PL).rows if row.kind in TOKEN_KINDS]
    assert Simulated(ON_PL, part="array").pruning_ms(plan) == pytest.approx(sum(row.delay_ms for row in units))


def test_methods_with_layers_of_their_own_charge_them():
    plan = ps.prune_tokens(TINY, "tome", r=2, encoders=[4])
    run, bare = (ps.simulate(p, profile="full").delay_ms for p in (plan, without_steps(plan)))
    assert Simulated(profile="full").pruning_ms(plan) == pytest.approx(run - bare)
    gemms = [row.delay_ms for row in ps.simulate(plan).rows if (row.module, row.kind) == ("score", "gemm")]
    assert Simulated(part="array").pruning_ms(plan) == pytest.approx(sum(gemms)) != 0
