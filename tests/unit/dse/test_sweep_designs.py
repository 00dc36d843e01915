"""A design of a sweep comes back as the hardware and the work that gave its row."""

import pytest

import pivotsim as ps
from pivotsim.dse.dataset import open_dataset
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.dse.sweep_designs import stored_design
from pivotsim.errors import InputError

AXES = {"array.dataflow": ["is", "os"], "array.rows": [4, 8], "array.os_edge_register": [True, False], "active": [1, 4]}
FIXED = {"model": "digits_vit", "memory": "hw", "set": {"memories.opmem_bytes": 2048}}


def test_each_row_is_what_its_design_gives(tmp_path):
    space = {
        "name": "small",
        "fixed": FIXED,
        "axes": AXES,
        "conditions": {"array.os_edge_register": "array.dataflow == 'os'"},
    }
    run_sweep(load_space(space), tmp_path / "out")
    (table,) = open_dataset(tmp_path / "out").tables()
    for place, point in enumerate(table["point"].tolist()):
        found = stored_design(tmp_path / "out", point, space)
        assert {name: found.row[name] for name in AXES} == {name: table[name][place].item() for name in AXES}
        array = found.hw.array
        assert (array.dataflow, array.rows, array.os_edge_register) == tuple(found.row[name] for name in list(AXES)[:3])
        (work,) = found.works
        report = ps.simulate(work.plan, found.hw, engine="memory", memory="hw")
        assert report.pl_cycles == found.row["pl_cycles"]


def test_a_key_that_the_board_does_not_state_stays_what_the_axis_says(tmp_path):
    space = {
        "name": "ahead", "axes": {"memories.outstanding_reads": [1, 4]},
        "fixed": {**FIXED, "set": {**FIXED["set"], "memories.read_latency_ns": 320}},
    }  # fmt: skip
    run_sweep(load_space(space), tmp_path / "out")
    found = stored_design(tmp_path / "out", 1, space).hw
    assert found.replace({"array.mac_latency": 2}).memories.outstanding_reads == found.memories.outstanding_reads == 4


def test_a_pair_has_two_works(tmp_path):
    space = {
        "name": "pair", "axes": {"array.rows": [32]},
        "fixed": {"model": "digits_vit", "effort": {"low": 2, "high": 6, "low_frac": 0.5}},
    }  # fmt: skip
    run_sweep(load_space(space), tmp_path / "out")
    low, high = stored_design(tmp_path / "out", 0, space).works
    counts = [sum(op.module == "qkt" for op in work.trace.ops) for work in (low, high)]
    assert counts == [2, 6]


def test_a_number_that_is_not_stored_and_a_space_that_is_not_found(tmp_path):
    space = {"name": "nowhere", "fixed": FIXED, "axes": {"array.rows": [4, 8]}, "constraints": ["array.rows > 4"]}
    run_sweep(load_space(space), tmp_path / "out")
    for point, message in ((0, "no design of this number, rules or a memory"), (2, "its points are 0 to 1 (got 2)")):
        with pytest.raises(InputError) as raised:
            stored_design(tmp_path / "out", point, space)
        assert raised.value.problems[0].startswith("--point: ") and message in raised.value.problems[0]
    with pytest.raises(InputError, match="its space 'nowhere' is not found by that name; give its file"):
        stored_design(tmp_path / "out", 1)
    with pytest.raises(InputError, match="is of another space"):
        stored_design(tmp_path / "out", 1, {**space, "axes": {"array.rows": [4, 8, 16]}})
