"""uncertainty(): every draw equals a run on the changed board; what is drawn, held and left out is said."""

import json
import random

import numpy as np
import pytest

import pivotsim as ps
from tests.oracles.system import drawn_costs

ZCU102 = ps.load_hardware("zcu102")
TINY = ps.load_model({"name": "tiny", "depth": 2, "width": 64, "heads": 2, "image_px": 32, "patch_px": 8})
DRAWS = 24
CLOSE = 1e-12
WIDE = {"host.full.sort.cycles_per_element": [0.0, 30.0], "host.clock_mhz": [1100.0, 1300.0],
        "host.multicore_efficiency_frac": [0.5, 0.95], "host.full.add.cycles_per_row": [0.0, 20.0],
        "power.board_w": [7.0, 9.0]}  # fmt: skip


def board(rng):
    """A board that differs in everything that a delay or an energy depends on."""
    data = {"base": "zcu102", "kind": "systolic", "name": "random", "intervals": dict(WIDE)}
    data["array"] = {"rows": rng.randint(4, 70), "cols": rng.randint(4, 70), "dataflow": rng.choice(["is", "ws", "os"])}
    data["host"] = {"cores": rng.choice([1, 2, 4])}
    data["placement"] = {kind: rng.choice(["ps", "pl"]) for kind in ("softmax", "gelu", "norm", "add")}
    data["units"] = {"norm": {"elements_per_clock": 16, "fill_cycles": 64, "pj_per_element": rng.choice([0.0, 2.5])}}
    if rng.random() < 0.5:  # a kind that nothing charges but its draws
        data["host"]["full"] = {"gelu": {"cycles_per_element": 0.0, "cycles_per_row": 0.0}}
        data["ranges"] = {"host.full.gelu.cycles_per_element": [0.0, 9.0]}
    if rng.random() < 0.5:
        data["intervals"]["array.clock_mhz"] = [100.0, 150.0]
    return ps.load_hardware(data)


def plan_of(rng):
    if rng.random() < 0.5:
        return ps.prune_tokens(ps.plan(TINY), "tome", r=rng.randint(1, 3))
    return ps.skip_attention(ps.plan(TINY), active=range(1, 1 + rng.randint(0, 2)))


@pytest.mark.parametrize("seed", range(40))
def test_each_draw_is_a_run_on_the_changed_board(seed):
    rng = random.Random(seed)
    hw, plan = board(rng), plan_of(rng)
    options = {"profile": rng.choice(["paper", "full"]), "energy": rng.choice(["constant", "activity"]),
               "scope": rng.choice(["encoders", "all"]), "batch": rng.choice([1, 3])}  # fmt: skip
    found = ps.uncertainty(plan, hw, draws=DRAWS, seed=seed, **options)
    for draw in rng.sample(range(DRAWS), 8):
        expected = drawn_costs.run(plan, hw, found.draws.at(draw), **options)
        ours = [found.outcomes[name][draw] for name in ("delay_ms", "energy_j", "edp_j_ms")]
        assert ours == pytest.approx(list(expected), rel=CLOSE)


@pytest.mark.parametrize("options", [{"hw": "zcu102", "memory": "hw"}, {"hw": "u250_mpca"}])
def test_other_engines_keep_their_clocks(options):
    hw = ps.load_hardware(options.pop("hw"))
    hw = ps.load_hardware(
        hw.model_dump() | {"intervals": {"power.board_w": [hw.power.board_w * 0.9, hw.power.board_w * 1.1]}}
    )
    found = ps.uncertainty(ps.plan(TINY), hw, draws=6, **options)
    for draw in range(6):
        expected = drawn_costs.run(ps.plan(TINY), hw, found.draws.at(draw), **options)
        assert [found.outcomes[n][draw] for n in found.outcomes] == pytest.approx(list(expected), rel=CLOSE)


def test_at_own_values_nothing_moves():
    found = ps.uncertainty(ps.plan("deit_s"), draws=101, energy="activity")
    report = ps.simulate(ps.plan("deit_s"), energy="activity")
    assert found.report.input_hash == report.input_hash
    assert found.quantile("delay_ms", 0.5) == pytest.approx(report.delay_ms, rel=0.01)  # medians of one constant


def test_the_powers_alone_move_no_delay_and_keep_the_fitted_run():
    """The baseline is the fitted run: with softmax as it was, its power is 7.92 W in every draw."""
    hw = ZCU102.replace({"host.paper.softmax.cycles_per_element": 15.2244})
    found = ps.uncertainty(ps.plan("deit_s"), hw, draws=50, energy="activity")
    assert found.outcomes["delay_ms"] == pytest.approx(np.full(50, found.report.delay_ms), rel=CLOSE)
    assert found.outcomes["energy_j"] / found.outcomes["delay_ms"] * 1e3 == pytest.approx(np.full(50, 7.92), abs=1e-5)
    assert set(found.shares["delay_ms"].values()) == {0.0}


def test_what_would_change_clocks_is_left_out_and_said():
    found = ps.uncertainty(ps.plan(TINY), draws=10, memory="hw")
    assert found.left_out == ("memories.read_latency_ns",)
    assert "would change clocks, not drawn: memories.read_latency_ns" in found.remarks
    assert ps.uncertainty(ps.plan(TINY), draws=10).left_out == ()


def test_what_has_no_interval_is_held_and_said():
    found = ps.uncertainty(ps.plan(TINY), draws=10)
    assert found.held == ("array.clock_mhz", "host.clock_mhz", "power.board_w")
    assert "no interval is stated, held at: array.clock_mhz, host.clock_mhz, power.board_w" in found.remarks


def test_the_same_seed_draws_the_same():
    one, same, other = (ps.uncertainty(ps.plan(TINY), draws=16, seed=seed) for seed in (1, 1, 2))
    assert (one.outcomes["delay_ms"] == same.outcomes["delay_ms"]).all()
    assert (one.outcomes["delay_ms"] != other.outcomes["delay_ms"]).any()


def test_softmax_explains_the_papers_delay_and_is_said_with_its_interval():
    found = ps.uncertainty(ps.plan("deit_s"), draws=1000)
    low, high = found.interval("delay_ms")
    report = found.report
    per_cycle = report.ps_ms / 15.2244
    assert report.pl_ms + 11.6 * per_cycle <= low < report.delay_ms < high <= report.pl_ms + 72 * per_cycle
    assert found.shares["delay_ms"]["host.paper.softmax.cycles_per_element"] > 0.98


def test_forms_of_the_result():
    found = ps.uncertainty(ps.plan(TINY), draws=40, profile="full", energy="activity")
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["draws"] == 40 and plain["outcomes"]["delay_ms"]["value"] == found.report.delay_ms
    assert len(found.to_frame()) == 40
    text = str(found)
    assert "97.5 %" in text and "no confidence is stated" in text and "<table>" in found._repr_html_()


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(ps.InputError, match=r"draws: must be at least 2 \(got 1\)"):
        ps.uncertainty(ps.plan(TINY), draws=1)
    with pytest.raises(ps.InputError, match="work side by side is no sum"):
        ps.uncertainty(ps.plan(TINY), draws=5, ps_pl_overlap="heads")
    bare = ZCU102.replace({"host.paper.softmax.cycles_per_element": 9.0})
    with pytest.raises(ps.InputError, match="no constant that counts here has an interval or a range"):
        ps.uncertainty(ps.plan(TINY), bare, draws=5)
    with pytest.raises(ps.InputError, match="outcome"):
        ps.uncertainty(ps.plan(TINY), draws=5).quantile("delay", 0.5)


def test_a_pipeline_is_refused():
    """Its stages work side by side: the sum of their clocks is eight times its delay."""
    hw = ps.load_hardware("truth/hgpipe_vck190").model_dump() | {"ranges": {"power.board_w": [5, 20]}}
    with pytest.raises(ps.InputError, match=r"^kind: work side by side .* pipeline are; .*\(got 'pipeline'\)$"):
        ps.uncertainty(ps.plan("deit_t"), ps.load_hardware(hw), draws=10)


def test_the_clock_of_an_array_that_waits_for_calls_is_left_out():
    """A wait in us is other clocks at another MHz: with the clocks held, a draw would not be a run."""
    bounds = {"array.clock_mhz": [100, 200], "calls.gemm_us": [10, 30], "power.board_w": [5, 20]}
    hw = {"base": "zcu102", "kind": "systolic", "name": "calls", "calls": {"gemm_us": 20}, "ranges": bounds}
    board = ps.load_hardware(hw)
    found = ps.uncertainty(ps.plan(TINY), board, draws=10)
    assert set(found.left_out) == {"array.clock_mhz", "calls.gemm_us"} and "power.board_w" in found.draws
    for draw in range(3):
        expected = drawn_costs.run(ps.plan(TINY), board, found.draws.at(draw))
        assert [found.outcomes[n][draw] for n in found.outcomes] == pytest.approx(list(expected), rel=CLOSE)
    without = ps.load_hardware(hw | {"name": "none", "calls": {}, "ranges": {"array.clock_mhz": [100, 200]}})
    assert ps.uncertainty(ps.plan(TINY), without, draws=10).left_out == ()
