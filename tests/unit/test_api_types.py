"""Types that callers really pass: numpy's numbers work, everything else gets one line."""

import json

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.hardware.host import HostCosts, PlacementSpec
from pivotsim.operations import PS_KINDS
from pivotsim.simulation.comparison import read_result
from pivotsim.workload import EncoderPlan, Op
from pivotsim.workload.ops import KINDS

PLAN = ps.plan("deit_t")


def test_numpy_numbers_are_as_good_as_pythons():
    for integer in (np.int8, np.int32, np.int64, np.uint16):
        assert ps.simulate(PLAN, batch=integer(100)).rows == ps.simulate(PLAN, batch=100).rows
        a = ps.simulate_gemm(integer(99), integer(5), integer(7), rows=integer(4), cols=integer(3))
        assert a == ps.simulate_gemm(99, 5, 7, rows=4, cols=3)
        json.dumps(a.to_dict())
        assert ps.skip_attention(PLAN, active=[integer(3)]).active == [3]
        assert ps.load_hardware("zcu102").replace({"array.rows": integer(32)}).array.rows == 32
    large = ps.simulate_gemm(2**20, 2**20, 2**10, rows=np.int32(60_000), cols=np.int32(60_000))
    assert 0 < large.utilization_frac <= 1
    report = ps.simulate(PLAN, batch=np.int32(3000), profile="full")
    assert report == ps.simulate(PLAN, batch=3000, profile="full")
    assert json.loads(report.to_json())["macs"] == report.macs > 0
    low = ps.simulate(PLAN)
    assert ps.combine([low, low], np.array([0.5, 0.5], dtype=np.float32)).delay_ms > low.delay_ms


@pytest.mark.parametrize(
    ("op", "problem"),
    [
        ({"m": 0}, "m: must be at least 1 (got 0)"),
        ({"m": 5.7}, "m: must be an integer (got 5.7)"),
        ({"repeats": -3}, "repeats: must be at least 1 (got -3)"),
        ({"encoder": -1}, "encoder: must be at least 0 (got -1)"),
        ({"kind": "gem"}, "kind: must be one of"),
        ({"module": "fcX"}, "module: must be one of"),
        ({"density": float("nan")}, "density: must lie in 0 to 1 (got nan)"),
        ({"n": 2**63}, "n: must be at most 9223372036854775807"),
    ],
)
def test_traces_made_in_python_meet_the_same_bounds(op, problem):
    good = Op(1, "fc1", "gemm", 197, 384, 1536)
    trace = ps.Trace((good, good._replace(**op)))
    for run in (lambda: ps.simulate(trace), lambda: ps.simulate_designs(trace, "zcu102", {"rows": [8]})):
        with pytest.raises(ps.InputError) as error:
            run()
        assert str(error.value).startswith(f"trace: operation 2: {problem}")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ps.simulate("deit_s"), "workload: must be a Plan or a Trace"),
        (lambda: ps.lower(None), "plan: must be a Plan"),
        (lambda: ps.lower(ps.Plan(PLAN.model, ())), "plan: encoders must count 1, 2, ..."),
        (
            lambda: ps.lower(ps.Plan(PLAN.model, (EncoderPlan(1, True, 0, 5),))),
            "encoder 1: attention_tokens: must",
        ),
        (lambda: ps.lower(ps.Plan(PLAN.model, PLAN.encoders, "bogus")), "qkv: must be one of fused, separate"),
        (lambda: ps.skip_attention(PLAN, active=None), "active: must be a list of encoder numbers"),
        (lambda: ps.skip_attention(PLAN, active=3), "active: must be a list of encoder numbers"),
        (
            lambda: ps.skip_attention(PLAN, active=np.array(3)),
            "encoder numbers (got 3); write [3], [1, 2], or range(1, 7) for the first six",
        ),
        (lambda: ps.skip_attention(PLAN, active="1-6"), "(got '1-6'); write [3], [1, 2], or range(1, 7)"),
        (lambda: ps.skip_attention(PLAN, active=np.int8(3)), "(got 3); write [3], [1, 2], or range(1, 7)"),
        (
            lambda: ps.skip_attention(PLAN, active=[np.array([[1, 2], [3, 4]])]),
            "active: must be an integer (got array([[1, 2], [3, 4]])); deit_t has encoders 1 to 12",
        ),
        (
            lambda: ps.plan("deit_s", depth=6),
            "depth: belongs to the model; write plan(load_model('deit_s').replace({'depth': 6}))",
        ),
        (
            lambda: ps.plan("deit_s", active=3),
            "active: is no option of plan (got 3); write skip_attention(plan('deit_s'), active=[1, 2, 3])",
        ),
        (
            lambda: ps.plan("deit_s", score_bit=8),
            "score_bit: is no option of plan (got 8), nearest valid name: 'score_bits'",
        ),
        (lambda: ps.simulate(PLAN, batch=10**5000), "batch: must be at most 9223372036854775807 (got an integer of"),
        (lambda: ps.simulate_gemm(1, 1, 1, clock_mhz=10**5000), "must be a number (got an integer of about 5,000 dig"),
        (
            lambda: ps.load_hardware("zcu102").replace({"array.rows": {10**5000}}),
            "replace: array.rows: must be an integer (got a set)",
        ),
        (
            lambda: ps.load_hardware({"base": "zcu102", "array": {"rows": np.array([1, 2])}}),
            "array.rows: must be an integer (got 1, 2); write one number",
        ),
        (lambda: ps.combine(ps.simulate(PLAN), [1]), "reports: must be a list of Reports"),
        (lambda: ps.simulate_gemm(1, 1, 1, clock_mhz="125"), "clock_mhz: must be a number (got '125')"),
        (lambda: ps.simulate_gemm(1, 1, 1, clock_mhz=0), "clock_mhz: must lie in"),
        (lambda: ps.simulate_gemm(1, 1, 1, rows=True), "rows: must be an integer (got true)"),
        (lambda: ps.simulate_gemm(1, 1, 1, os_edge_register=1), "os_edge_register: must be true or false"),
        (lambda: ps.simulate(PLAN, engine=np.array(["analytic"])), "engine: must be one of analytic"),
        (lambda: ps.load_hardware("zcu102").replace(None), "replace: must map dotted paths to values"),
        (lambda: ps.load_hardware(5), "hardware: must be a name, a path or a dict"),
        (lambda: ps.load_model(["deit_s"]), "model: must be a name, a path or a dict"),
        (lambda: ps.write_trace(ps.lower(PLAN), "nul\0byte"), "cannot be written"),
        (lambda: ps.simulate_designs(PLAN, "zcu102", {"rows": [[1], [1, 2]]}), "designs: rows: must be a vector"),
        (lambda: ps.simulate_designs(PLAN, "zcu102", {"rows": [True]}), "designs: rows: must hold integers"),
        (lambda: ps.simulate(PLAN).breakdown("modul"), "breakdown: must be one of"),
        (lambda: ps.compare(5, 6), "a: expected the JSON of 'run' or 'combine'"),
        (lambda: ps.compare(ps.simulate(PLAN), ps.simulate(PLAN, batch=2)), "batch: differs between a and b"),
    ],
)
def test_wrong_types_get_one_line(call, message):
    with pytest.raises(ps.InputError) as error:
        call()
    assert message in str(error.value) and "\n" not in str(error.value)


def test_every_kind_on_the_processor_has_a_cost_and_a_place():
    assert set(PS_KINDS) | {"entropy", "call_us", "transfers"} == set(HostCosts.model_fields)
    assert set(KINDS) == set(PlacementSpec.model_fields)


def test_a_base_lends_its_values_but_not_its_sources_to_other_values(tmp_path):
    path = tmp_path / "zcu102.yaml"  # named as its base, which it must not find in itself
    path.write_text("base: zcu102\narray:\n  rows: 32\npower:\n  board_w: 5\n")
    for hw in (
        ps.load_hardware(path),
        ps.load_hardware({"base": "zcu102", "array": {"rows": 32}, "power": {"board_w": 5}}),
    ):
        assert hw.source("array.rows").startswith("set by the user in ")
        assert hw.source("power.board_w").startswith("set by the user in ")
        assert hw.source("array.cols") == "[inherited from zcu102] PIVOT Table 1, PE array 64x36"
        assert any(note.startswith("power.board_w: set by the user") for note in ps.simulate(PLAN, hw).notes)


def test_a_user_file_may_build_on_the_one_of_its_own_name(tmp_path, monkeypatch):
    (tmp_path / "hwconfigs").mkdir()
    (tmp_path / "hwconfigs" / "zcu102.yaml").write_text("base: zcu102\narray:\n  rows: 32\n")
    monkeypatch.setenv("PIVOTSIM_PATH", str(tmp_path))
    assert ps.load_hardware("zcu102").array.rows == 32


def test_a_changed_constant_is_no_longer_called_calibrated():
    hw = ps.load_hardware("zcu102").replace({"host.paper.softmax.cycles_per_element": 10})
    notes = ps.simulate(PLAN, hw).notes
    assert "host.paper.softmax.cycles_per_element: set by the user (was 15.2244)" in notes
    assert not any("cycles_per_element: [calibrated]" in note or "softmax: [calibrated]" in note for note in notes)
    rows = ps.load_hardware("zcu102").replace({"host.paper.softmax.cycles_per_row": 5})
    assert any("softmax.cycles_per_element: [calibrated]" in note for note in ps.simulate(PLAN, rows).notes)


def test_results_read_back_compare_as_reports_do(tmp_path):
    a, b = ps.simulate(PLAN), ps.simulate(ps.skip_attention(PLAN, active=[1]))
    for name, report in (("a", a), ("b", b)):
        (tmp_path / f"{name}.json").write_text(report.to_json())
    read = [read_result(tmp_path / f"{name}.json") for name in ("a", "b")]
    assert ps.compare(*read) == ps.compare(a, b)
    assert ps.compare(a, a)["modules"][0].ratio == 1


def test_numpy_scalars_in_a_dict():
    hw = ps.load_hardware({"base": "zcu102", "array": {"rows": np.int64(3), "clock_mhz": np.float32(100)}})
    assert (hw.array.rows, hw.array.clock_mhz) == (3, 100.0)
    assert hw.replace({"array.rows": np.array(4)}).array.rows == 4


@pytest.mark.parametrize(
    "call",
    [
        lambda: ps.simulate(PLAN, batch=np.array([1, 2])),
        lambda: ps.simulate_gemm(np.array([1, 2]), 1, 1),
        lambda: ps.plan("deit_s", score_bits=np.array([8, 32])),
        lambda: ps.plan("deit_s", score_bits=8.0),
        lambda: ps.simulate_designs(PLAN, "zcu102", None),
        lambda: ps.simulate(ps.Trace([[1, 2]], "x")),
        lambda: ps.simulate(ps.Trace(None, "x")),
        lambda: ps.simulate(ps.Trace((), "x")),
        lambda: ps.read_trace(5),
        lambda: ps.write_trace(5, "x"),
        lambda: ps.write_trace(ps.lower(PLAN), 5),
        lambda: ps.simulate_gemm(1, 1, 1, clock_mhz=np.True_),
        lambda: ps.simulate_gemm(1, 1, 1, clock_mhz=np.complex128(1)),
        lambda: ps.load_hardware("zcu102").replace({"name": "two\nlines"}),
        lambda: ps.load_hardware("zcu102").replace({"memories.gb_bytes": 2**63}),
        lambda: ps.lower(PLAN, 2**62),
    ],
)
def test_more_wrong_types_raise_input_errors(call):
    with pytest.raises(ps.InputError) as error:
        call()
    assert len(str(error.value).splitlines()) == 1


def test_a_shadowed_base_leaves_the_packages_own_files_alone(tmp_path, monkeypatch):
    (tmp_path / "hwconfigs").mkdir()
    (tmp_path / "hwconfigs" / "zcu102.yaml").write_text("base: zcu102\narray:\n  rows: 32\n")
    monkeypatch.setenv("PIVOTSIM_PATH", str(tmp_path))
    assert ps.load_hardware("zcu102_ws").array.rows == 64


def test_ratios_next_to_zero_are_left_out(tmp_path):
    data = ps.simulate(PLAN).to_dict()
    table = ps.compare({**data, "delay_ms": 1e-320}, {**data, "delay_ms": 1e100})
    assert table["totals"][0].ratio is None
    json.dumps([delta._asdict() for delta in table["totals"]], allow_nan=False)


def test_an_odd_order_of_efforts_is_said():
    low, high = ps.simulate(ps.skip_attention(PLAN, active=[1])), ps.simulate(PLAN)
    assert not any(note.startswith("order") for note in ps.combine([low, high], [0.5, 0.5]).notes)
    odd = ps.combine([high, low], [0.5, 0.5]).notes
    assert odd[0] == "order: effort 2 takes less time than the one before it"


@pytest.mark.parametrize(
    ("assign", "message"),
    [
        (lambda hw: setattr(hw.array, "rows", 32), "rows: is not changed in place (got 32); replace({path: value})"),
        (lambda hw: setattr(hw, "array", None), "array: is not changed in place (got nothing)"),
        (lambda hw: setattr(hw.array, "row", 32), "row: unknown field, nearest valid name: 'rows'"),
        (lambda hw: delattr(hw.array, "rows"), "rows: is not taken away in place"),
        (lambda _: setattr(PLAN.model, "depth", 6), "depth: is not changed in place (got 6)"),
    ],
)
def test_what_is_checked_is_not_changed_in_place(assign, message):
    hw = ps.load_hardware("zcu102")
    before = hw.values(), PLAN.model.model_dump()
    with pytest.raises(ps.InputError) as error:
        assign(hw)
    assert str(error.value).startswith(message) and "\n" not in str(error.value)
    assert (hw.values(), PLAN.model.model_dump()) == before


def test_axes_take_numpys_arrays():
    stated = {"array.rows": [16, 32], "array.clock_mhz": [100.0, 125.0], "active": [[1, 2], [3, 4]]}
    given = {name: np.array(values) for name, values in stated.items()}
    given["array.cols"] = {"start": np.int16(8), "stop": np.int16(24), "step": np.int16(8)}
    stated["array.cols"] = [np.int64(8), np.float32(16), 24]
    tables = [ps.explore({"name": "s", "axes": axes}) for axes in (stated, given)]
    assert len(tables[0]["point"]) == 24
    for name, column in tables[0].items():
        if name != "point":
            order = [np.lexsort([t[n] for n in stated]) for t in tables]
            assert column[order[0]].tolist() == tables[1][name][order[1]].tolist()
            assert column.dtype == tables[1][name].dtype
