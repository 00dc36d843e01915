"""front_uncertainty(): costs and fronts of every draw, design by design; the next measurement; folders of sweeps."""

import json
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.dse.fronts import knee_place
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.propagation.designs import uncertain_designs
from pivotsim.propagation.sampling import Draws
from tests.oracles.system import drawn_costs

CLOSE, SLACK = 1e-12, 1e-11
MODEL = {"name": "tiny", "depth": 3, "width": 64, "heads": 2, "image_px": 32, "patch_px": 8}
INTERVALS = {"host.full.sort.cycles_per_element": [2.0, 30.0], "host.clock_mhz": [1100.0, 1300.0],
             "host.full.entropy.cycles_per_element": [20.0, 50.0], "power.board_w": [7.0, 9.0],
             "host.multicore_efficiency_frac": [0.5, 0.95]}  # fmt: skip
BOARD = {"base": "zcu102", "kind": "systolic", "name": "board", "intervals": INTERVALS}
AXES = {
    "array.dataflow": [["is", "ws"], ["os", "is", "ws"]], "array.rows": [[8, 12, 20], [9, 30]],
    "array.cols": [[8, 16], [10, 24]], "host.cores": [[1, 2]], "placement.softmax": [["ps", "pl"]],
    "placement.gelu": [["ps", "pl"]], "tokens": [["none", "tome:r=2"]], "array.clock_mhz": [[100.0, 125.0]],
    "power.activity.default.sram_pj_per_byte": [[2.0, 4.0]], "memories.opmem_bytes": [[8192, 16384]],
    "array.fold_overlap": [["none", "chained"]], "host.full.requant.cycles_per_element": [[2.5, 3.0]],
    "effort.low_frac": [[0.5, 0.8]],
}  # fmt: skip


def space_of(rng):
    fixed = {
        "model": MODEL,
        "hw": BOARD,
        "profile": rng.choice(["paper", "full"]),
        "energy": rng.choice(["constant", "activity"]),
    }
    if rng.random() < 0.3:
        fixed["engine"] = "memory"
    is_pair = rng.random() < 0.4
    if is_pair:
        fixed |= {"effort": {"low": 1, "high": 3, "low_frac": 0.7}, "gate": rng.choice(["entropy", "none"])}
    names = ["array.dataflow", "array.rows", *rng.sample(sorted(AXES)[1:], 3)]
    names = [n for n in dict.fromkeys(names) if is_pair or n != "effort.low_frac"]
    names = [n for n in names if not (is_pair and n == "tokens")]
    axes = {name: rng.choice(AXES[name]) for name in names if _counts(name, fixed)}
    if "effort.low_frac" in axes:
        del fixed["effort"]["low_frac"]
    return {"name": "random", "fixed": fixed, "axes": axes}


def _counts(name, fixed):
    """Whether an axis moves something, else it is refused."""
    if name.startswith("power.activity"):
        return fixed["energy"] == "activity"
    if name.startswith(("host.full.requant", "placement.gelu")):
        return fixed["profile"] == "full"
    return fixed.get("engine") == "memory" if name.startswith("memories.") else True


def changed_space(stated, values, hw):
    """The space on the board of one draw, the drawn values set."""
    moved = drawn_costs.changed(hw, values, stated["fixed"]["energy"])
    return {**stated, "fixed": {**stated["fixed"], "hw": moved.model_dump() | {"intervals": {}, "ranges": {}}}}


@pytest.mark.parametrize("seed", range(30))
def test_each_draw_is_the_space_on_the_changed_board(seed):
    rng = random.Random(seed)
    stated = space_of(rng)
    space = load_space(stated)
    table = ps.explore(space)
    designs = uncertain_designs(space, table)
    draws = Draws(designs.constants, 12, seed)
    costs = designs.model.costs(draws)
    found = ps.front_uncertainty(space, ["delay_ms", "energy_j", "dsp"], draws=12, seed=seed)
    for draw in rng.sample(range(12), 2):
        loop = ps.explore(changed_space(stated, draws.at(draw), space.hw))
        for name in ("delay_ms", "energy_j", "edp_j_ms"):
            assert getattr(costs, name)[draw] == pytest.approx(loop[name], rel=CLOSE)
        points = [tuple(row) for row in np.column_stack([loop[n] for n in found.names]).tolist()]
        kept = found.number >= 0
        on = np.zeros(len(table), dtype=bool)
        on[kept] = found.is_on[draw][found.number[kept]]
        loose, strict = (drawn_costs.front_by_pairs(points, slack) for slack in (SLACK, 0.0))
        for place, (is_on, may, must) in enumerate(zip(on, loose, strict, strict=True)):
            assert is_on in (may, must), (place, points[place])


def test_the_front_at_own_values_is_the_front_of_the_table():
    found = ps.front_uncertainty("zcu102_arrays", ["delay_ms", "dsp"], draws=20)
    own = found.designs.take(found.designs["on_own_front"])["point"]
    expected = ps.pareto_front(found.table, ["delay_ms", "dsp"])
    assert sorted(own.tolist()) == sorted(found.table["point"][expected].tolist())


def test_a_shift_of_all_delays_changes_no_front_and_that_is_said():
    found = ps.front_uncertainty("zcu102_arrays", ["delay_ms", "dsp"], draws=64)
    assert set(found.designs["front_share"]) == {1.0} and found.next_measurement is None
    assert "none changes the front, it is the same in all draws" in str(found)
    assert len(found.staying) == len(found.designs)


def test_the_next_measurement_is_what_decides():
    """Softmax on a unit takes a fixed time, on the processor elements times a constant, and that decides the place."""
    small = {"units.softmax.elements_per_clock": 1, "host.cores": 4}
    stated = {"name": "place", "fixed": {"profile": "full", "set": small},
              "axes": {"placement.softmax": ["ps", "pl"]}}  # fmt: skip
    found = ps.front_uncertainty(stated, ["delay_ms"], draws=400)
    path, share = found.next_measurement
    assert path == "host.full.softmax.cycles_per_element" and share > 0.5
    assert 0.5 < max(found.designs["front_share"]) < 1
    assert found.designs["front_share"].sum() == pytest.approx(1)
    assert f"next measurement: {path}, which explains" in str(found)


def test_a_maximised_objective_and_a_filter():
    found = ps.front_uncertainty(
        "zcu102_arrays", ["delay_ms", "dsp"], maximize=["dsp"], where=["array.rows <= 24"], draws=8
    )
    assert set(found.table["array.rows"]) <= {8, 12, 16, 20, 24}
    kept = ps.pareto_front(found.table, ["delay_ms", "dsp"], maximize=["dsp"])
    assert len(found.designs.take(found.designs["on_own_front"])) == len(kept)
    with pytest.raises(ps.InputError, match="draws minimise delay"):
        ps.front_uncertainty("zcu102_arrays", ["delay_ms", "dsp"], maximize=["delay_ms"], draws=8)


def test_forms_of_the_result():
    found = ps.front_uncertainty("zcu102_arrays", ["delay_ms", "dsp"], draws=16)
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["draws"] == 16 and plain["next_measurement"] is None and plain["designs"][0]["front_share"] == 1.0
    assert len(found.to_frame()) == len(found.designs) and "<table>" in found._repr_html_()
    assert "host.paper.softmax.cycles_per_element" in str(found)


def test_a_folder_is_the_space_that_it_holds(tmp_path):
    pytest.importorskip("pyarrow")
    stated = {
        "name": "zcu102_arrays",
        "fixed": {"energy": "activity"},
        "axes": {"array.rows": [16, 32], "array.cols": [16, 32]},
    }
    run_sweep(load_space(stated), tmp_path / "out")
    with pytest.raises(ps.InputError, match="is of another space than its file holds now"):
        ps.front_uncertainty(tmp_path / "out", draws=8)
    names = ["dsp", "energy_j"]
    of_folder = ps.front_uncertainty(tmp_path / "out", names, space=stated, draws=8)
    of_space = ps.front_uncertainty(stated, names, draws=8)
    assert of_folder.to_dict() == of_space.to_dict()
    run_sweep(load_space({**stated, "name": "nowhere"}), tmp_path / "other")
    with pytest.raises(ps.InputError, match="its space 'nowhere' is not found by that name"):
        ps.front_uncertainty(tmp_path / "other", draws=8)
    with pytest.raises(ps.InputError, match="goes with a sweep's folder"):
        ps.front_uncertainty(stated, space=stated, draws=8)
    with pytest.raises(ps.InputError, match="no row is left"):
        ps.front_uncertainty(tmp_path / "out", names, where=["array.rows >= 99"], space=stated, draws=8)


def test_candidates_lose_no_design_and_the_knee_is_the_fronts():
    """Fronts of all 5,445 designs, each draw's own, against those of the candidates."""
    space = load_space("zcu102_energy")
    found = ps.front_uncertainty(space, ["dsp", "energy_j"], draws=16, seed=5)
    designs = uncertain_designs(space, found.table)
    energies = designs.model.costs(Draws(designs.constants, 16, 5)).energy_j
    for draw, joules in enumerate(energies):
        table = {"dsp": found.table["dsp"], "energy_j": joules}
        rows = ps.pareto_front(table, ["dsp", "energy_j"])
        expected = {(int(table["dsp"][row]), f"{joules[row]:.10g}") for row in rows}
        on = found.points[draw][found.is_on[draw]]
        assert {(int(dsp), f"{j:.10g}") for dsp, j in on.tolist()} == expected
        knee = knee_place({"dsp": on[:, 0], "energy_j": on[:, 1]}, ["dsp", "energy_j"])
        assert found.points[draw, found.knees[draw]].tolist() == on[knee].tolist()
    assert len(found.own) < len(found.table) / 10


def test_the_clock_is_left_out_where_some_designs_wait_for_calls():
    board = {**BOARD, "ranges": {"array.clock_mhz": [100, 200]}}
    stated = {"name": "calls", "fixed": {"model": MODEL, "hw": board, "energy": "activity"},
              "axes": {"calls.gemm_us": [0, 20], "array.rows": [8, 16]}}  # fmt: skip
    found = ps.front_uncertainty(stated, ["delay_ms", "dsp"], draws=8)
    assert found.left_out == ("array.clock_mhz",) and "array.clock_mhz" not in found.draws
    without = ps.front_uncertainty({**stated, "axes": {"array.rows": [8, 16]}}, ["delay_ms", "dsp"], draws=8)
    assert "array.clock_mhz" in without.draws
