"""Reports of Vivado: what is read of them, one clear line where they are none, and a fit that prefers them.

The texts are made here after the form that report_utilization and report_timing_summary print; none is of a run.
"""

import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.hardware.resources.many_designs import ResourceModel
from pivotsim.hardware.resources.vivado import read_slack_ns, read_utilisation, with_vivado

UTILISATION = """\
Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.
---------------------------------------------------------------
| Tool Version : Vivado v.2022.2 (lin64) Build 3671981
| Command      : report_utilization -file utilisation.rpt
| Design       : top
| Device       : xczu9eg-ffvb1156-2-e
| Design State : Fully Placed
---------------------------------------------------------------

1. CLB Logic
------------

+----------------------------+-------+-------+------------+-----------+-------+
|          Site Type         |  Used | Fixed | Prohibited | Available | Util% |
+----------------------------+-------+-------+------------+-----------+-------+
| CLB LUTs*                  | 31415 |     0 |          0 |    274080 | 11.46 |
|   LUT as Logic             | 29000 |     0 |          0 |    274080 | 10.58 |
| CLB Registers              | 27182 |     0 |          0 |    548160 |  4.96 |
+----------------------------+-------+-------+------------+-----------+-------+

2. CLB Logic Distribution
-------------------------

| CLB Registers              | 27182 |       |            |           |       |

3. BLOCKRAM
-----------

+-------------------+------+-------+------------+-----------+-------+
|     Site Type     | Used | Fixed | Prohibited | Available | Util% |
+-------------------+------+-------+------------+-----------+-------+
| Block RAM Tile    | 38.5 |     0 |          0 |       912 |  4.22 |
|   RAMB18          |   77 |     0 |          0 |      1824 |  4.22 |
+-------------------+------+-------+------------+-----------+-------+

4. ARITHMETIC
-------------

+----------------+------+-------+------------+-----------+-------+
|    Site Type   | Used | Fixed | Prohibited | Available | Util% |
+----------------+------+-------+------------+-----------+-------+
| DSPs           | 2304 |     0 |          0 |      2520 | 91.43 |
+----------------+------+-------+------------+-----------+-------+
"""
TIMING = """\
| Design Timing Summary
| ---------------------
    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints
    -------      -------  ---------------------  -------------------
     -0.125       -3.500                     41                90210
"""
COUNTS = {"lut": 31415, "ff": 27182, "bram36": 38.5, "dsp": 2304, "uram": 0}


@pytest.fixture
def report(tmp_path):
    def write(text=UTILISATION, name="utilisation.rpt"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_report_is_read_as_it_stands(report):
    found = read_utilisation(report())
    assert found.counts == COUNTS
    assert (found.device, found.state) == ("xczu9eg-ffvb1156-2-e", "Fully Placed")
    assert found.tool.startswith("Vivado v.2022.2")
    of_7_series = UTILISATION.replace("CLB LUTs* ", "Slice LUTs").replace("CLB Registers", "Slice Registers")
    assert read_utilisation(report(of_7_series)).counts == COUNTS
    assert read_slack_ns(report(TIMING, "timing.rpt")) == -0.125


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("| CLB LUTs*                  | 31415", "| CLB LUTs*   | many ", r":16: CLB LUTs\*: must be an integer"),
        ("| Block RAM Tile    | 38.5", "| Block RAM Tile    | 38.3", ":32: Block RAM Tile: must be a multiple of 0.5"),
        ("| CLB Registers              | 27182 |       |", "| CLB Registers              | 27183 |       |",
         ":24: CLB Registers: differs from line 18, 27182"),
        ("| DSPs ", "| dsps ", ": no row 'DSPs' or 'DSP Slices' in a table of 'Site Type' and 'Used'"),
        ("Site Type", "Instance", ": no row 'CLB LUTs' or 'Slice LUTs' in a table"),
        ("Design State", "State", ": is no report of Vivado's report_utilization: its head lacks 'Design State'"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_told_in_a_line(report, old, new, told):
    assert old in UTILISATION
    with pytest.raises(InputError, match=f"utilisation.rpt{told}") as caught:
        read_utilisation(report(UTILISATION.replace(old, new)))
    assert len(caught.value.problems) == 1


def test_a_timing_summary_without_slack_is_told_in_a_line(report):
    with pytest.raises(InputError, match=r"timing.rpt:5: WNS\(ns\): must be a number \(got 'NA'"):
        read_slack_ns(report(TIMING.replace("-0.125", "NA"), "timing.rpt"))
    with pytest.raises(InputError, match=r"is no report of Vivado's report_timing_summary"):
        read_slack_ns(report("nothing\n", "timing.rpt"))


def test_a_fit_prefers_what_was_built_and_says_so(report):
    board = with_vivado(ps.load_hardware("zcu102"), report(), report(TIMING, "timing.rpt"))
    found = ps.fit(board)
    assert {r.resource: r.demand for r in found.resources} == {"dsp": 2304, "bram36": 39, "lut": 31415, "ff": 27182}
    assert {r.mark for r in found.resources} == {"read from Vivado"}
    assert any("read from Vivado report utilisation.rpt, Fully Placed" in note for note in found.notes)
    assert any("the timing of that run is NOT met, worst slack -0.125 ns" in note for note in found.notes)
    assert board.values() != ps.load_hardware("zcu102").values()


def test_a_report_of_another_design_counts_nothing(report):
    board = with_vivado(ps.load_hardware("zcu102"), report()).replace({"array.rows": 32})
    plain = ps.load_hardware("zcu102").replace({"array.rows": 32})
    assert ps.fit(board).resources == ps.fit(plain).resources
    (told,) = (note for note in ps.fit(board).notes if note.startswith("fpga.vivado"))
    assert told == "fpga.vivado: not used, utilisation.rpt is of another design: array.rows 32, the report's 64"


def test_another_device_is_refused(report):
    with pytest.raises(InputError, match=r"Device: is not the board's XCZU7EV \(got 'xczu9eg"):
        with_vivado(ps.load_hardware("zcu104"), report())


def test_many_designs_prefer_it_where_they_are_that_design(report):
    board = with_vivado(ps.load_hardware("zcu102"), report())
    draw = random.Random(11)
    values = {"array.rows": [32, 64], "array.dataflow": ["is", "os"], "memories.gb_bytes": [16384, 32768]}
    places = {path: np.array([draw.randrange(2) for _ in range(40)]) for path in values}
    found = ResourceModel(board, values).columns(places, 40)
    built = 0
    for i in range(40):
        design = {path: values[path][places[path][i]] for path in values}
        fit = ps.fit(board.replace(design))
        expected = {r.resource: r.demand for r in fit.resources} | {"fits": fit.fits, "fits_extrapolated": False}
        assert expected == {name: column[i].item() for name, column in found.items()}
        built += fit["ff"].mark == "read from Vivado"
    assert 0 < built < 40
