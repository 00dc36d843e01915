"""Bytes and arithmetic of units: as counted row by row, the same in a run, many designs, a sweep and draws."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.pl_units.charges import unit_bytes, unit_pj
from pivotsim.operations import UNIT_OF, UNITS
from tests.oracles.system import unit_work

BOARD = ps.load_hardware("zcu102")
PLACED = {"placement.softmax": "pl", "placement.gelu": "pl", "placement.norm": "pl"}
SETTINGS = {**PLACED, "units.softmax.bytes_per_element": 2, "units.norm.bytes_per_element": 3}
PLAN = ps.plan(ps.load_model("deit_t"))
ALL = {
    **{f"placement.{kind}": "pl" for kind in UNIT_OF},
    **{f"units.{unit}.bytes_per_element": place + 1 for place, unit in enumerate(UNITS) if unit != "token_drop"},
    **{f"units.{unit}.pj_per_element": 0.25 * (place + 1) for place, unit in enumerate(UNITS)},
    "units.token_drop.score_bytes_per_element": 1, "units.token_drop.token_bytes_per_element": 2,
}  # fmt: skip
PLANS = {
    "whole": PLAN,
    "tdm": ps.prune_tokens(PLAN, "tdm", keep_rate=0.5),
    "top_k": ps.prune_tokens(PLAN, "top_k", r=65, encoders=[4]),
    "tome": ps.prune_tokens(PLAN, "tome", r=8),
    "dynamicvit": ps.prune_tokens(PLAN, "dynamicvit", keep_rate=0.7, encoders=[4]),
}


def moved(hw, **options):
    return ps.simulate(PLAN, hw, energy="activity", profile="full", **options)


def test_bytes_are_counted_element_by_element_and_cost_their_energy():
    before, after = moved(BOARD.replace(PLACED)), moved(BOARD.replace(SETTINGS))
    model, total = ps.load_model("deit_t"), 0
    for _ in range(model.depth):
        for _ in range(model.heads):
            total += model.tokens * model.tokens * 2
        total += 2 * model.tokens * model.width * 3  # two norms; GELU moves none
    assert after.counts.local_bytes - before.counts.local_bytes == total
    assert (after.delay_ms, after.counts.dram_bytes) == (before.delay_ms, before.counts.dram_bytes)
    pj = total * BOARD.power.activity.default.sram_pj_per_byte
    assert after.energy_j - before.energy_j == pytest.approx(pj * 1e-12, rel=1e-6)


def test_nothing_moves_by_default_or_on_the_processor():
    on_processor = BOARD.replace({"units.softmax.bytes_per_element": 2})
    assert moved(on_processor).counts == moved(BOARD).counts
    by_default = BOARD.replace({"placement.softmax": "pl"})
    assert moved(by_default).counts == moved(BOARD).counts


def test_a_batch_moves_as_many_times_the_bytes():
    one, four = moved(BOARD.replace(SETTINGS)), moved(BOARD.replace(SETTINGS), batch=4)
    off = [moved(BOARD.replace(PLACED), batch=batch).counts.local_bytes for batch in (1, 4)]
    assert four.counts.local_bytes - off[1] == 4 * (one.counts.local_bytes - off[0]) > 0


@pytest.mark.parametrize("memory", ["paper", "hw"])
def test_sweeps_count_them_as_single_runs_do(memory):
    engine = "memory" if memory == "hw" else "analytic"
    axes = {"array.rows": [32, 64], **{path: [value] for path, value in SETTINGS.items()}}
    fixed = {"engine": engine, "memory": memory, "energy": "activity", "profile": "full", "model": "deit_t"}
    table = ps.explore({"name": "s", "axes": axes, "fixed": fixed})
    runs = [moved(BOARD.replace({**SETTINGS, "array.rows": r}), engine=engine, memory=memory) for r in (32, 64)]
    assert np.asarray(table["energy_j"]).tolist() == [run.energy_j for run in runs]


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("hidden", [False, True])
def test_units_are_charged_as_rows_and_tokens_are_walked(name, hidden):
    hw, trace = BOARD.replace({**ALL, "units.token_drop.averaging_hidden": hidden}), ps.lower(PLANS[name], 2)
    assert (unit_bytes(trace, hw), unit_pj(trace, hw)) == unit_work.walk(trace, hw)  # quarters are exact


def test_arithmetic_is_a_component_of_its_own_and_nothing_else():
    before, after = moved(BOARD.replace(PLACED)), moved(BOARD.replace({**PLACED, "units.norm.pj_per_element": 4.0}))
    assert "pl_units" not in before.energy_components_j
    expected_j = 12 * 2 * 197 * 192 * 4.0 * 1e-12
    assert after.energy_components_j == {**before.energy_components_j, "pl_units": pytest.approx(expected_j)}
    assert (after.counts, after.delay_ms) == (before.counts, before.delay_ms)
    for name in ("low_j", "high_j", "pinned_low_j", "pinned_high_j"):
        moved_j = getattr(after.energy_interval, name) - getattr(before.energy_interval, name)
        assert moved_j == pytest.approx(expected_j, rel=1e-6), name
    assert "[assumed]" in after.energy_remarks["pl_units"] and "[assumed]" in "".join(after.notes)


def test_arithmetic_of_a_batch_and_of_images_side_by_side():
    hw = BOARD.replace({**PLACED, "units.gelu.pj_per_element": 1.0})
    one = moved(hw).usage.unit_pj
    assert moved(hw, batch=3).usage.unit_pj == moved(hw, batch=3, ps_pl_overlap="images").usage.unit_pj == 3 * one > 0


def test_what_is_not_charged_is_said():
    hw = BOARD.replace({"placement.softmax": "pl", "units.softmax.pj_per_element": 1.0})
    path, report = "units.softmax.pj_per_element", ps.simulate(PLAN, hw)
    assert report.usage.unit_pj == 0 and report.not_used == {path: "not used here: needs --energy activity"}
    assert moved(hw).not_used == {}
    on_processor = BOARD.replace({path: 1.0})
    assert moved(on_processor).not_used == {path: "not used here: needs --set placement.softmax=pl"}
    assert moved(on_processor).energy_components_j == moved(BOARD).energy_components_j


@pytest.mark.parametrize("memory", ["paper", "hw"])
def test_pairs_of_efforts_and_sweeps_charge_arithmetic(memory):
    engine = "memory" if memory == "hw" else "analytic"
    changes = {**PLACED, "units.softmax.pj_per_element": 2.0, "units.norm.pj_per_element": 3.0}
    fixed = {"engine": engine, "memory": memory, "energy": "activity", "profile": "full", "model": "deit_t"}
    axes = {"array.rows": [32, 64], **{path: [value] for path, value in changes.items()}}
    runs = [moved(BOARD.replace({**changes, "array.rows": r}), engine=engine, memory=memory) for r in (32, 64)]
    table = ps.explore({"name": "s", "axes": axes, "fixed": fixed})
    assert np.asarray(table["energy_j"]).tolist() == [run.energy_j for run in runs]
    priced = {"units.softmax.pj_per_element": [0.0, 2.0], "placement.softmax": ["pl"]}
    free, charged = np.asarray(ps.explore({"name": "p", "axes": priced, "fixed": fixed})["energy_j"]).tolist()
    assert charged - free == pytest.approx(12 * 3 * 197 * 197 * 2e-12)


def test_pairs_of_efforts_charge_what_each_takes():
    hw = BOARD.replace({"placement.softmax": "pl", "units.softmax.pj_per_element": 2.0})
    low, high = (
        ps.simulate(ps.skip_attention(PLAN, active=active), hw, energy="activity")
        for active in (range(4, 13), range(1, 13))
    )
    mix = ps.combine([low, high], [0.75, 0.25])
    assert (low.usage.unit_pj, high.usage.unit_pj) == tuple(n * 3 * 197 * 197 * 2.0 for n in (9, 12))
    assert mix.usage.unit_pj == low.usage.unit_pj + 0.25 * high.usage.unit_pj
    assert mix.energy_components_j["pl_units"] == pytest.approx(1e-12 * mix.usage.unit_pj)


def test_a_board_of_before_keeps_its_hash():
    zeros = {path: 0 if "bytes" in path else 0.0 for path in ALL if path.startswith("units.token_drop.")}
    assert ps.simulate(PLAN, BOARD.replace(zeros)).input_hash == ps.simulate(PLAN, BOARD).input_hash
