"""Energy rule `activity`: terms by hand, the stored fit, intervals, and a mean image."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.energy.activity import CHARGES, RESIDUAL, components_j, fitted_usage, interval_j, residual_w
from pivotsim.energy.usage import usage_of, weighted_usage
from pivotsim.engines.counts import Counts
from pivotsim.hardware.power import ActivityCosts

ZCU102 = ps.load_hardware("zcu102")
WHOLE = ps.plan("deit_s")
BOARDS = ("zcu102", "zcu102_os", "zcu102_ws")
DEFAULT = "power.activity.default."


def run(plan=WHOLE, hw=ZCU102, **options):
    return ps.simulate(plan, hw, energy="activity", **options)


def skipped(count, **options):
    return run(ps.skip_attention(WHOLE, active=range(1, count + 1)), **options)


# -- the fit ------------------------------------------------------------------------------------------------
def test_the_stored_counts_are_those_of_the_run_they_name():
    stored, baseline = ZCU102.power.activity.fitted_on, ps.simulate(WHOLE)
    usage = baseline.usage
    assert (stored.macs, stored.sram_bytes, stored.dram_bytes) == (usage.macs, usage.sram_bytes, usage.dram_bytes)
    assert stored.delay_ms == pytest.approx(usage.delay_ms, abs=1e-6)
    assert stored.ps_core_ms == pytest.approx(usage.ps_core_ms, abs=1e-6)
    assert stored.power_w == ZCU102.power.board_w == 7.92


def test_the_residual_follows_from_the_stored_counts():
    """By hand: 7.92 W less static powers, one busy core, 14 pJ a MAC, 3 pJ an SRAM byte, 160 pJ a DRAM byte."""
    ms, ps_ms, nano = 59.659904, 35.450624, 1e-9
    dynamic = (14 * 4_540_695_552 + 3 * 1_262_664_864 + 160 * 195_839_784) * nano / ms
    by_hand = 7.92 - 2.15 - 0.75 - 0.20 * ps_ms / ms - dynamic
    assert residual_w(ZCU102.power.activity) == pytest.approx(by_hand, rel=1e-12)
    assert ZCU102.power.activity.default.periphery_w == pytest.approx(by_hand, abs=1e-6)
    assert round(by_hand, 3) == 3.247


def test_the_baseline_averages_the_papers_power():
    report = run()
    assert report.power_w == pytest.approx(7.92, abs=1e-6)
    watts = {name: 1e3 * joules / report.delay_ms for name, joules in report.energy_components_j.items()}
    assert watts == pytest.approx(
        {"ps": 2.150 + 0.119, "pe_array": 1.066, "sram": 0.063, "periphery": 0.750 + 3.247, "dram": 0.525}, abs=6e-4
    )


def test_other_runs_need_not_average_it():
    assert skipped(6).power_w > 8.2  # less waiting for softmax, as many MACs in the MLP
    assert run(hw=ps.load_hardware("zcu102_os")).power_w != pytest.approx(7.92, abs=0.01)


def test_every_board_shares_the_one_fit():
    for name in BOARDS:
        assert ps.load_hardware(name).power.activity == ZCU102.power.activity


# -- terms --------------------------------------------------------------------------------------------------
def test_each_term_by_hand():
    usage = usage_of(delay_ms=10.0, pl_ms=4.0, ps_ms=6.0, cores=4, counts=Counts(10**9, 10**8, 10**8, 10**7))
    assert components_j(ZCU102, usage) == pytest.approx(
        {
            "ps": 2.15 * 0.010 + 0.20 * 4 * 0.006,
            "pe_array": 14e-12 * 1e9,
            "sram": 3e-12 * 2e8,
            "periphery": (0.75 + 3.246913) * 0.010,
            "dram": 160e-12 * 1e7,
        }
    )


@pytest.mark.parametrize("name", ActivityCosts.model_fields)
def test_every_constant_counts(name):
    high = getattr(ZCU102.power.activity.high, name)
    assert run(hw=ZCU102.replace({DEFAULT + name: high})).energy_j > run().energy_j
    assert any(note.startswith(f"{DEFAULT}{name}: set by the user") for note in run(
        hw=ZCU102.replace({DEFAULT + name: high})).notes)  # fmt: skip


def test_every_constant_has_one_charge():
    assert sorted(charge.constant for charge in CHARGES) == sorted(ActivityCosts.model_fields)


def test_parts_add_up_to_the_total_exactly():
    for report in (run(), skipped(3), run(profile="full"), run(batch=7), run(scope="all")):
        assert sum(report.energy_components_j.values()) == report.energy_j
        entries = report.to_dict()["energy_breakdown"]
        assert sum(e["energy_j"] for e in entries.values()) == report.energy_j
        assert sum(e["share"] for e in entries.values()) == pytest.approx(1)


def test_more_cores_draw_more_while_they_are_busy():
    four = run(hw=ZCU102.replace({"host.cores": 4}))
    assert four.usage.ps_core_ms == pytest.approx(4 * four.ps_ms)
    idle_j = 2.15 * four.delay_ms / 1e3
    assert four.energy_components_j["ps"] - idle_j == pytest.approx(0.20 * 4 * four.ps_ms / 1e3)


def test_constant_stays_the_default():
    assert ps.simulate(WHOLE).energy_components_j.keys() == {"board"}
    assert ps.simulate(WHOLE).energy_interval is None
    assert ps.simulate(WHOLE).to_dict()["energy_low_j"] is None


# -- intervals ----------------------------------------------------------------------------------------------
def test_the_interval_at_the_ends_of_all_constants():
    report = run()
    ends = [
        run(hw=ZCU102.replace({f"{DEFAULT}{n}": v for n, v in end.model_dump().items()})).energy_j
        for end in (ZCU102.power.activity.low, ZCU102.power.activity.high)
    ]
    assert (report.energy_interval.low_j, report.energy_interval.high_j) == pytest.approx(tuple(ends))
    assert 1e3 * ends[0] / report.delay_ms == pytest.approx(3.26, abs=0.01)
    assert 1e3 * ends[1] / report.delay_ms == pytest.approx(12.0, abs=0.01)


def test_the_pinned_interval_is_the_hull_of_all_corners_refitted():
    """Every corner of the box of constants, the residual computed anew for each."""
    activity, report = ZCU102.power.activity, skipped(6)
    names = [n for n in ActivityCosts.model_fields if n != RESIDUAL]
    energies = []
    for corner in itertools.product((activity.low, activity.high), repeat=len(names)):
        costs = {n: getattr(c, n) for n, c in zip(names, corner, strict=True)}
        moved = activity.model_copy(update={"default": activity.default.model_copy(update=costs)})
        costs[RESIDUAL] = residual_w(moved)
        power = ZCU102.power.model_copy(update={"activity": activity.model_copy(
            update={"default": activity.default.model_copy(update=costs)})})  # fmt: skip
        energies.append(sum(components_j(ZCU102.model_copy(update={"power": power}), report.usage).values()))
    interval = report.energy_interval
    assert (interval.pinned_low_j, interval.pinned_high_j) == pytest.approx((min(energies), max(energies)), rel=1e-6)
    assert interval.pinned_low_j < report.energy_j < interval.pinned_high_j


def test_the_fitted_run_has_no_pinned_interval():
    interval = interval_j(ZCU102, fitted_usage(ZCU102.power.activity.fitted_on))
    assert interval.pinned_low_j == pytest.approx(interval.pinned_high_j, rel=1e-12)
    assert interval.low_j < interval.pinned_low_j < interval.high_j


amounts = st.floats(0, 1e9)


@given(amounts, amounts, st.integers(0, 10**12), st.integers(0, 10**12))
def test_the_total_lies_in_both_intervals(delay_ms, ps_ms, macs, size):
    usage = usage_of(delay_ms, 0.0, min(ps_ms, delay_ms), 1, Counts(macs, size, size, size))
    total = sum(components_j(ZCU102, usage).values())
    low, high, pinned_low, pinned_high = interval_j(ZCU102, usage)
    slack = 1e-9 * (1 + high)
    assert low - slack <= total <= high + slack
    assert pinned_low - slack <= total <= pinned_high + slack


# -- a mean image -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("gate", ["entropy", "none"])
def test_a_mean_image(gate):
    mix = ps.combine([skipped(6), run()], [0.8, 0.2], gate=gate)
    assert list(mix.energy_components_j) == ["ps", "pe_array", "sram", "periphery", "dram"]
    assert sum(mix.energy_components_j.values()) == pytest.approx(mix.energy_j, rel=1e-12)
    assert sum(components_j(ZCU102, mix.usage).values()) == pytest.approx(mix.energy_j, rel=1e-12)
    assert mix.usage.delay_ms == pytest.approx(mix.delay_ms)
    assert mix.usage.ps_ms == pytest.approx(mix.ps_ms)
    low, high, pinned_low, pinned_high = mix.energy_interval
    assert low < pinned_low < mix.energy_j < pinned_high < high
    alone = [e.report.energy_interval for e in mix.efforts]  # one set of constants for both: no wider than their sum
    assert (
        pinned_high - pinned_low
        <= sum(f * (i.pinned_high_j - i.pinned_low_j) for f, i in zip((1, 0.2), alone, strict=True)) + 1e-6
    )
    data = mix.to_dict()
    assert data["energy_low_j"] == low and data["energy_breakdown"]["periphery"]["remark"]
    json.dumps(data, allow_nan=False)


def test_weights_of_a_mean_usage():
    one = usage_of(1.0, 1.0, 0.0, 1, Counts(2, 3, 4, 5))
    assert weighted_usage([(1.0, one), (0.5, one)]) == tuple(1.5 * amount for amount in one)


# -- input --------------------------------------------------------------------------------------------------
def test_a_constant_outside_its_range_is_refused():
    with pytest.raises(ps.InputError) as error:
        ZCU102.replace({DEFAULT + "pe_array_pj_per_mac": 26}, label="--set")
    assert str(error.value) == (
        "--set: power.activity.default.pe_array_pj_per_mac: must lie within its range low.pe_array_pj_per_mac to "
        "high.pe_array_pj_per_mac, 3 to 25 (got 26)"
    )
    both = {DEFAULT + "pe_array_pj_per_mac": 26, "power.activity.high.pe_array_pj_per_mac": 30}
    assert run(hw=ZCU102.replace(both)).energy_j > run().energy_j


def test_no_component_is_told_as_measured():
    breakdown = run().to_dict()["energy_breakdown"]
    assert all(entry["remark"].startswith("relative") for entry in breakdown.values())
    assert "remark" not in ps.simulate(WHOLE).to_dict()["energy_breakdown"]["board"]


def test_periphery_is_called_what_it_is():
    assert "a calibrated residual" in run().to_dict()["energy_breakdown"]["periphery"]["remark"]
    assert any(note.startswith("power.activity.default.periphery_w: [calibrated] residual") for note in run().notes)
    changed = run(hw=ZCU102.replace({DEFAULT + "periphery_w": 1.0}))
    remark = changed.to_dict()["energy_breakdown"]["periphery"]["remark"]
    assert "calibrated" not in remark and "set by the user" in remark


# -- many designs -------------------------------------------------------------------------------------------
def test_many_designs_cost_what_each_costs_alone():
    designs = {
        "rows": [64, 32, 7, 200, 64, 64],
        "cols": [36, 72, 11, 1, 36, 36],
        "dataflow": ["is", "is", "ws", "os", "ws", "os"],
    }
    hw = ZCU102.replace({"host.cores": 2})
    for profile in ("paper", "full"):
        table = ps.simulate_designs(WHOLE, hw, designs, energy="activity", profile=profile)
        for i, values in enumerate(zip(*designs.values(), strict=True)):
            one = hw.replace({f"array.{name}": value for name, value in zip(designs, values, strict=True)})
            report = run(hw=one, profile=profile)
            assert table["energy_j"][i] == pytest.approx(report.energy_j, rel=1e-12)
            assert table["edp_j_ms"][i] == pytest.approx(report.edp_j_ms, rel=1e-12)


def test_many_designs_by_either_rule():
    constant, activity = (
        ps.simulate_designs(WHOLE, ZCU102, {"rows": [64, 128]}, energy=rule)["energy_j"]
        for rule in ("constant", "activity")
    )
    assert constant[0] == pytest.approx(activity[0], rel=1e-6)  # the baseline
    assert constant[1] != pytest.approx(activity[1], rel=1e-3)
    assert ps.simulate_designs(WHOLE, ZCU102, {"rows": []}, energy="activity")["energy_j"].shape == (0,)
    with pytest.raises(ps.InputError, match="energy: must be one of constant, activity"):
        ps.simulate_designs(WHOLE, ZCU102, {"rows": [1]}, energy="none")
