"""Tables of designs: lists taken together or combined, units, and the forms that they turn into."""

import itertools
import json

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.simulation import DesignTable

PLAN = ps.plan("deit_t")
AXES = {"rows": [8, 64], "dataflow": ["is", "ws", "os"], "os_edge_register": [True, False]}


def test_a_grid_is_every_combination_the_last_field_fastest():
    table = ps.simulate_designs(PLAN, "zcu102", AXES, grid=True)
    combinations = list(itertools.product(*AXES.values()))
    assert list(zip(*(table[field].tolist() for field in AXES), strict=True)) == combinations
    zipped = ps.simulate_designs(
        PLAN, "zcu102", dict(zip(AXES, map(list, zip(*combinations, strict=True)), strict=True))
    )
    assert table.to_dict() == zipped.to_dict() and len(table) == 12
    for place in (0, 5, 11):
        changes = {f"array.{field}": table[field][place] for field in ("rows", "os_edge_register")}
        changes["array.dataflow"] = str(table["dataflow"][place])
        one = ps.simulate(PLAN, ps.load_hardware("zcu102").replace(changes))
        assert table["pl_cycles"][place] == one.pl_cycles and table["delay_ms"][place] == pytest.approx(one.delay_ms)


@pytest.mark.parametrize("method", ["fitted", "synthesis"])
def test_resources_and_clocks_follow_every_field_of_the_array(method):
    board = ps.load_hardware("zcu102").replace({"fpga.use.counted_by": method, "array.cols": 35})
    axes = {"fold_overlap": ["chained", "settled"], "mac_latency": [1, 3], "mac_packing": [1, 2]}
    table = ps.simulate_designs(PLAN, board, axes, grid=True)
    for place in range(8):
        own = {f"array.{field}": table[field][place].item() for field in axes}
        design = board.replace(own)
        assert table["pl_cycles"][place] == ps.simulate(PLAN, design).pl_cycles
        assert [table[r.resource][place] for r in ps.fit(design).resources if r.resource != "uram"] == [
            r.demand for r in ps.fit(design).resources if r.resource != "uram"
        ]
    assert len(set(table["dsp"].tolist())) == 2


def test_a_table_says_its_columns_and_units():
    table = ps.simulate_designs(PLAN, "zcu102", {"rows": [8, 64], "mac_latency": [1, 2]})
    resources = ("dsp", "bram36", "lut", "ff", "fits", "fits_extrapolated")
    results = ("pl_cycles", "delay_ms", "energy_j", "edp_j_ms")
    assert table.columns == ("rows", "mac_latency", *resources, *results) == tuple(table)
    assert list(table.units.values()) == ["PEs", "clocks", "DSP48E2", "BRAM36", "LUTs", "FFs", "", "", "clocks", "ms",
                                          "J", "J*ms"]  # fmt: skip
    assert all(text.endswith(".") for text in table.descriptions.values()) and list(table.descriptions) == list(table)
    assert table["pl_cycles"].dtype == np.int64 and "rows" in table and "cols" not in table
    assert json.loads(json.dumps(table.to_dict()))["rows"] == [8, 64]
    frame = table.to_frame()
    assert list(frame.columns) == list(table.columns) and frame.attrs["units"] == table.units
    assert frame.attrs["notes"] == list(table.notes) and frame.attrs["descriptions"] == table.descriptions
    assert (
        ps.pareto_front(table, ["delay_ms"]).tolist() == ps.pareto_front(table.to_dict(), ["delay_ms"]).tolist() == [1]
    )
    best = table.take(ps.pareto_front(table, ["delay_ms"]))
    assert (len(best), best["rows"].tolist(), best.units) == (1, [64], table.units)
    with pytest.raises(ps.InputError, match=r"table: no column \(got 'delay'\), nearest valid name: 'delay_ms'"):
        table["delay"]


def test_explore_gives_the_same_kind_of_table():
    table = ps.explore({"name": "s", "axes": {"array.rows": [16, 64], "array.dataflow": ["is", "os"]}})
    assert isinstance(table, DesignTable) and len(table) == 4
    assert table.units == {"point": "", "array.rows": "PEs", "array.dataflow": "", "dsp": "DSP48E2", "bram36": "BRAM36",
                           "lut": "LUTs", "ff": "FFs", "fits": "", "fits_extrapolated": "", "pl_cycles": "clocks",
                           "delay_ms": "ms", "energy_j": "J", "edp_j_ms": "J*ms"}  # fmt: skip
    assert list(table.descriptions) == list(table) and all(text.endswith(".") for text in table.descriptions.values())


@pytest.mark.parametrize(
    ("axes", "options", "is_noted"),
    [
        ({"rows": [16, 64]}, {}, True), ({"dataflow": ["is", "os"]}, {}, True),
        ({"rows": [16, 64]}, {"energy": "activity"}, False),
    ],
)  # fmt: skip
def test_a_power_that_is_another_arrays_is_said(axes, options, is_noted):
    note = (
        "power.board_w: 7.92 W is that of zcu102 with its own array and clock; energy activity scales with the design"
    )
    table = ps.simulate_designs(PLAN, "zcu102", axes, **options)
    assert (note in table.notes) == is_noted and table.take([0]).notes == table.notes
    assert ("power.board_w: 7.92 W is that of zcu102" in str(table)) == is_noted


def test_a_long_table_prints_its_start():
    table = ps.simulate_designs(PLAN, "zcu102", {"rows": range(1, 31)})
    lines = str(table).splitlines()
    assert lines[0] == "30 designs" and lines[1].split() == ["rows,", "pl_cycles,"]
    assert lines[2].split() == [
        "PEs", "dsp", "bram36", "lut", "ff", "fits", "fits_extrapolated", "clocks", "delay_ms", "energy_j", "edp_j_ms"
    ]  # fmt: skip
    assert lines[13] == "... 20 more" and len(lines) == 18
    assert lines[14].startswith("scope: ") and lines[16].startswith("power.board_w: ")
    assert str(table.take([3])).startswith("1 design\n")
    assert table._repr_html_().count("<tr>") == 11 and "\n" not in repr(table)


@pytest.mark.parametrize(
    ("designs", "options", "message"),
    [
        ({"rows": [1, 2], "cols": [1]}, {},
         "designs: vectors differ in length (got 1, 2); grid=True takes every combination of their values"),
        ({"rows": [0], "dataflow": ["xs"]}, {"grid": True}, "designs: rows: must be at least 1 (got 0)"),
        ({"rows": [1], "colls": [1]}, {"grid": True}, "designs: colls: unknown field, nearest valid name: 'cols'"),
        ({"rows": [[1], [1, 2]]}, {"grid": True}, "designs: rows: must be a vector"),
        ({"rows": range(1, 65_537), "cols": range(1, 65_537)}, {"grid": True},
         "designs: more than 100,000,000 combinations do not belong in memory; use pivotsim sweep (got 4294967296)"),
        ({"rows": [1]}, {"grid": 1}, "grid: must be true or false (got 1)"),
    ],
)  # fmt: skip
def test_wrong_designs(designs, options, message):
    with pytest.raises(ps.InputError) as error:
        ps.simulate_designs(PLAN, "zcu102", designs, **options)
    assert error.value.problems[0].startswith(message)


def test_an_empty_grid_is_an_empty_table():
    assert len(ps.simulate_designs(PLAN, "zcu102", {"rows": [], "cols": [1, 2]}, grid=True)) == 0


def test_columns_may_be_worked_out_when_they_are_asked_for():
    calls = []

    def late():
        calls.append(1)
        return {"b": np.array([3, 4]), "c": np.array([5, 6])}

    table = DesignTable({"a": np.array([1, 2]), "b": late, "c": late}, {"b": "ms"})
    assert (len(table), table.columns, "c" in table, calls) == (2, ("a", "b", "c"), True, [])
    assert table["c"].tolist() == [5, 6] and table["b"].tolist() == [3, 4] and calls == [1]
    again = DesignTable({"a": np.array([1, 2]), "b": late, "c": late}, {})
    assert again.take([1]).to_dict() == {"a": [2], "b": [4], "c": [6]} and calls == [1, 1]
    assert ps.pareto_front(again, ["b"]).tolist() == [0]
    assert list(again.to_frame()["c"]) == [5, 6] and "3" in str(again)
