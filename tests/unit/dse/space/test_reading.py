"""Spaces are answered before anything runs: every problem at once, the nearest name given."""

import time

import pytest

from pivotsim.dse.evaluation.counting import Count, count_points
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.space.sampling import points_of
from pivotsim.errors import InputError
from pivotsim.io.documents import available
from tests.oracles.system import design_walk

ROWS = {"array.rows": [16, 32]}


def space(axes=ROWS, **parts):
    return {"name": "s", "axes": axes, **parts}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (space({"array.row": [1]}), "axes.array.row: unknown field, nearest valid name: 'array.rows'"),
        (space({"rows": [1]}), "axes.rows: unknown field, nearest valid name: 'array.rows'"),
        (space({"array.rows": [0]}), "axes.array.rows: must be at least 1 (got 0)"),
        (space({"array.rows": [1.5]}), "axes.array.rows: must be an integer (got 1.5)"),
        (space({"array.rows": []}), "axes.array.rows: has no values"),
        (space({}), "axes: at least one is needed"),
        (space({"array.dataflow": ["iss"]}), "must be one of is, ws, os (got 'iss'), nearest valid name: 'is'"),
        (space({"memories.gb_bytes": ["no"]}), "must be an integer or the word unlimited"),
        (space({"model": ["deit_x"]}), "axes.model: model: unknown name (got 'deit_x')"),
        (space({"model.width": [0]}), "axes.model.width: must be at least 1"),
        (space({"effort.low": [3]}), "fixed.effort.high: is missing beside the rest of the pair"),
        (space({"effort.low": [-1], "effort.high": [12], "effort.low_frac": [0.5]}), "effort.low: must be at least 0"),
        (space({"active": [[1, 1]]}), "an encoder stands twice"),
        (space({"active": [[[1]]]}), "axes.active: must hold numbers, words, true or false, or lists of encoders"),
        (space({"active": [3, [[1, 2], 3]]}), "or lists of encoders (got 1, 2; 3)"),
        (space({"effort.low": [[[1]]]}), "axes.effort.low: must hold numbers, words"),
        (space({"array.rows": [[[1]]]}), "axes.array.rows: must hold numbers, words"),
        (space({"array.rows": [[16]]}), "array.rows: must be an integer (got a list of one: 16); write one number"),
        (space({"array.dataflow": [["is"]]}), "axes.array.dataflow: must be one of is, ws, os (got a list of one: is)"),
        (space({"qkv": [["fused"]]}), "axes.qkv: must be one of fused, separate (got a list of one: fused)"),
        (space({"model": [1]}), "axes.model: must be a name or a YAML file (got 1)"),
        (space({"model": [[1]]}), "axes.model: must be a name or a YAML file (got a list of one: 1)"),
        (space({"model": [True]}), "axes.model: must be a name or a YAML file (got true)"),
        (space(fixed={"active": [[1]]}), "fixed.active: must be an integer (got a list of one: 1)"),
        (space({"array.rows": [10**400]}), "axes.array.rows: must be at most 65536 (got 1000000"),
        (space({"array.rows": [10**5000]}), "axes.array.rows: must be at most 65536 (got an integer of about 5,000"),
        (space({"array.dataflow": [10**5000]}), "must be one of is, ws, os (got an integer of about 5,000 digits)"),
        (space(fixed={"score_bits": 10**400}), "fixed.score_bits: must be an integer within int64 (got 1000"),
        (space(constraints=[f"array.rows * {10**309} > 1"]), "constraints, number 1: a number is beyond 1.8e+308"),
        (space(constraints=["array.rows < 1e400"]), "constraints, number 1: a number is beyond 1.8e+308, the most of"),
        (space({"tokens": [3]}), "axes.tokens: must be 'none' or a text such as 'evit:keep_rate=0.7' (got 3)"),
        (space({"tokens": ["evti"]}), "axes.tokens: must be one of"),
        (space({"tokens": ["evit:keep_rat=1"]}), "evit: keep_rat: unknown parameter, nearest valid name: 'keep_rate'"),
        (space({"tokens": ["single:r=4"]}), "axes.tokens: single: encoder: is required"),
        (space({"blocks": ["density=0.5"]}), "axes.blocks: block: is missing (got 'density=0.5')"),
        (space({"blocks": ["block=0,density=0.5"]}), "axes.blocks: block: must be at least 1 (got 0)"),
        (space({"blocks": ["block=16,mlp=0.5/1.5"]}), "axes.blocks: mlp: must lie above 0 and at most 1 (got 1.5)"),
        (space({"blocks": ["block=16,dens=0.5"]}), "axes.blocks: unknown name (got 'dens')"),
        (space({"blocks": ["block=16,masks=m.npz"]}), "masks: a file is no part of a space; state a density"),
        (space({"attention": ["seed=1"]}), "axes.attention: density: must be a number (got nothing)"),
        (space({"attention": ["density=0.1,seed=-1"]}), "axes.attention: seed: must be at least 0 (got -1)"),
        (space({"split": [-1]}), "axes.split: must be at least 0 (got -1)"),
        (space({"active": [3]}, fixed={"effort": {"low": 1, "high": 2, "low_frac": 0.5}}), "one effort or a pair, not"),
        (space(fixed={"effort": {"low": 1, "high": 2, "low_frac": 1.5}}), "fixed.effort.low_frac: must lie in 0 to 1"),
        (space(fixed={"effort": {"lo": 1}}), "fixed.effort.lo: unknown key, nearest valid name: 'effort.low'"),
        (space(fixed={"engine": "exact"}), "fixed.engine: must be one of"),
        (space(fixed={"engine": "analytic", "memory": "hw"}), "fixed.memory: 'hw' needs engine 'memory'"),
        (space(fixed={"set": {"array.col": 3}}), "fixed.set: array.col: unknown key, nearest valid name: 'array.cols'"),
        (space(constraints=["array.rows <"]), "constraints, number 1: is no expression"),
        (space(constraints=["array.rows <= 2", "dps <= 3"]), "constraints, number 2: unknown name (got 'dps')"),
        (space(constraints=["delay_ms"]), "constraints, number 1: must compare"),
        (space(constraints=["array.dataflow < 3"]), "words compare by == and !="),
        (space(conditions={"array.cols": "array.rows > 16"}), "conditions.array.cols: is no axis"),
        (space(conditions={"array.rows": "array.rows > 16"}), "conditions.array.rows: unknown name (got 'array.rows')"),
        (space(constrains=[]), "constrains: unknown key, nearest valid name: 'constraints'"),
        ({"axes": ROWS}, "name: required key is missing"),
        ("zcu102_array", "nearest valid name: 'zcu102_arrays'"),
    ],
)  # fmt: skip
def test_bad_spaces(source, message):
    with pytest.raises(InputError) as caught:
        load_space(source)
    assert message in str(caught.value)


FILE = """\
name: many
fixed:
  model: deit_x
  scope: some
  gat: none
  set: {array.col: 3}
axes:
  array.rows:
    - 16
    - 0
  array.cls: [1]
  array.cols: [8, 8]
conditions:
  array.dataflow: array.rows > 1
constraints:
  - dps <= 3
  - array.rows <
axis: []
"""


def test_all_problems_of_a_file_at_once_each_with_its_line(tmp_path):
    path = tmp_path / "many_space.yaml"
    path.write_text(FILE)
    with pytest.raises(InputError) as caught:
        load_space(path)
    starts = {problem.removeprefix(f"{path}:").partition(" (got")[0] for problem in caught.value.problems}
    assert starts == {
        "5: fixed.gat: unknown key, nearest valid name: 'gate'",
        "18: axis: unknown key, nearest valid name: 'axes'",
        "4: fixed.scope: must be one of encoders, all",
        "6: fixed.set: array.col: unknown key, nearest valid name: 'array.cols'",
        "3: fixed.model: model: unknown name",
        "8: axes.array.rows: must be at least 1",
        "11: axes.array.cls: unknown field, nearest valid name: 'array.cols'",
        "12: axes.array.cols: a value stands twice",
        "14: conditions.array.dataflow: is no axis, valid names: array.cls, array.cols, array.rows",
        "16: constraints, number 1: unknown name",
        "17: constraints, number 2: is no expression such as delay_ms <= 50",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: s\naxes: {array.rows: [16]}\nconstraints: [delay_ms]\n", "3: constraints, number 1: must compare"),
        ("name: s\naxes:\n  array.rows: [16]\nfixed:\n  effort:\n    low: 3\n", "5: fixed.effort.high: is missing"),
        ("name: s\naxes: 5\n", "2: axes: must be a group of 'key: value' lines (got 5)"),
        ("name: s\nfixed: {set: 3}\naxes: {array.rowz: [1]}\n", "3: axes.array.rowz: unknown field"),
        ("name: s\naxes:\n  array.rows: {start: 1, stop: 9}\n", "3: axes.array.rows: must be a list, {start, stop"),
        (f"name: s\naxes:\n  array.rows: [{'9' * 400}]\n", "3: axes.array.rows: must be at most 65536 (got 99999"),
        (f"name: s\naxes:\n  active: [[{'9' * 400}]]\n", "3: axes.active: must be at most 4096 (got 99999"),
        (
            f"name: s\naxes:\n  array.cols: {{start: 1, stop: {'9' * 400}, step: 1}}\n",
            "3: axes.array.cols.stop: must be a number (got 99999",
        ),
        (
            "name: s\naxes:\n  array.clock_mhz:\n    start: 1\n    stop: 100\n    step: 1.0e-300\n",
            "6: axes.array.clock_mhz.step: makes more than 1,000,000 values (got 1e-300)",
        ),
        ("name: s\naxes: {active: [[[1]]]}\n", "2: axes.active: must hold numbers, words"),
    ],
)
def test_problems_have_their_line(tmp_path, text, problem):
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_space(path)
    assert any(each.startswith(f"{path}:{problem}") for each in caught.value.problems), caught.value.problems


def test_a_memory_that_limits_brings_its_engine():
    assert load_space(space(fixed={"memory": "hw"})).options["engine"] == "memory"
    stated = load_space(space(fixed={"engine": "memory"}))
    assert stated.input_hash == load_space(space(fixed={"memory": "hw"})).input_hash
    assert load_space(space()).options["engine"] == "analytic"


def test_all_problems_at_once():
    with pytest.raises(InputError) as caught:
        load_space(space({"array.rows": [0, -1], "array.cls": [3]}, fixed={"scope": "some"}))
    assert len(caught.value.problems) == 4


def test_contradictions_are_found_before_anything_runs():
    for rules, reason in (
        (["array.rows > 16", "array.rows < 20"], "array.rows > 16 (1 of 2)"),
        (["dsp <= 100"], "dsp <= 100 (2 of 2)"),
    ):
        with pytest.raises(InputError, match="space: no point is left") as caught:
            count_points(load_space(space(constraints=rules)))
        assert reason in str(caught.value)
    checked = load_space(space({"memories.gb_bytes": [64]}, constraints=["bram36 < 900"]))
    with pytest.raises(InputError, match=r"is not valid: memories\.weight_share_bytes: the shares exceed gb_bytes"):
        count_points(checked)


def test_enormous_spaces_are_counted_exactly_and_refused_by_grids():
    axis = {"start": 1, "stop": 1000, "step": 1}
    names = ("array.rows", "array.cols", "memories.ipmem_bytes", "memories.wtmem_bytes", "memories.opmem_bytes")
    begin = time.monotonic()
    checked = load_space(space(dict.fromkeys(names, axis)))
    assert count_points(checked) == Count(10**15, 10**15)
    with pytest.raises(InputError, match=r"1,000,000,000,000,000 points are too many .* random, sobol or optuna"):
        points_of(checked, "grid")
    assert points_of(checked, "random", 10).count == 10
    assert time.monotonic() - begin < 60  # answered, not enumerated
    many = {**dict.fromkeys(names, axis), **dict.fromkeys(("fpga.dsp", "fpga.lut"), axis)}
    assert count_points(load_space(space(many))).points == 10**21
    tied = load_space(space(dict.fromkeys(names, axis), constraints=["bram36 <= 900"]))
    assert count_points(tied) == Count(10**15, None)  # too many to try


def test_count_equals_a_walk():
    axes = {
        "array.dataflow": ["is", "os"], "array.os_edge_register": [True, False], "array.rows": [16, 64, 100],
        "array.cols": [8, 36, 40], "host.cores": [1, 2, 4],
    }  # fmt: skip
    checked = load_space(
        space(axes, conditions={"array.os_edge_register": "array.dataflow == 'os'"},
              constraints=["array.rows * array.cols <= 2304", "host.cores != 2", "delay_ms <= 1"])
    )  # fmt: skip
    walked = 0
    for p in design_walk.all_points(axes):
        repeated = p["array.dataflow"] != "os" and not p["array.os_edge_register"]
        walked += not repeated and p["array.rows"] * p["array.cols"] <= 2304 and p["host.cores"] != 2
    assert count_points(checked) == Count(108, walked)


def test_fixed_names_may_stand_in_rules():
    checked = load_space(space(constraints=["dsp <= fpga.dsp", "array.cols * model.depth == 432"]))
    assert count_points(checked).admitted == 2


def test_spaces_are_not_listed_as_models():
    assert "zcu102_arrays" not in available("workloads") and "zcu102_arrays_space" not in available("workloads")
    assert "zcu102_arrays" in available("workloads", "space")
    assert load_space("zcu102_arrays_space").name == load_space("zcu102_arrays").name  # as its file is called
    assert "deit_s" in available("workloads") and "deit_s" not in available("workloads", "space")


@pytest.mark.parametrize("name", available("workloads", "space"))
def test_shipped_spaces(name):
    checked = load_space(name)
    assert checked.name == name
    assert count_points(checked).admitted
    assert load_space(name).input_hash == checked.input_hash


def test_the_hash_sees_every_part():
    base = {"axes": ROWS, "fixed": {"engine": "memory"}}
    spaces = [
        space(**base), space({"array.rows": [16, 33]}, fixed={"engine": "memory"}),
        space(ROWS, fixed={"engine": "memory", "profile": "full"}), space(**base, constraints=["delay_ms < 1"]),
        space(ROWS, fixed={"engine": "memory", "set": {"host.cores": 2}}),
        space(ROWS, fixed={"engine": "memory", "set": {"memories.dram": "dram/ddr4_2400"}}),
        space(ROWS, fixed={"engine": "memory", "model": "deit_t"}),
    ]  # fmt: skip
    assert len({load_space(s).input_hash for s in spaces}) == len(spaces)
