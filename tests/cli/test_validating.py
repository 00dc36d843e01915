"""`pivotsim validate`: all machines in short, one row by row, and its files."""

import csv
import io
import json

from pivotsim.truth.machines import MACHINES


def test_all_machines_in_short(pivotsim):
    ran = pivotsim("validate")
    assert ran.code == 0 and not ran.err
    named = [line.split()[0] for line in ran.out.splitlines()]
    assert [name for name in named if name in MACHINES] == list(MACHINES)


def test_one_machine_row_by_row(pivotsim):
    ran = pivotsim("validate", "vck190_dsp58")
    assert "2 fitted constants; fitted on: 64^3 of each edition" in ran.out
    assert [line.split()[-2:] for line in ran.out.splitlines() if line.startswith("2025.2  128^3")] == [["+0.00", "%"]]


def test_json_of_one_and_of_all(pivotsim):
    one = json.loads(pivotsim("validate", "u250_blas", "--json").out)
    assert one["fitted_constants"] == 0 and len(one["rows"]) == 5 and one["kind"] == "board"
    every = json.loads(pivotsim("validate", "--json").out)
    assert list(every) == list(MACHINES) and every["u250_blas"] == one


def test_csv_alone_on_stdout(pivotsim):
    ran = pivotsim("validate", "deit_on_fpga", "--csv", "-")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert len(rows) == 120 and {row["fitted"] for row in rows} == {"True", "False"}
    assert "wrote -: 120 rows" in ran.err


def test_picture(pivotsim, tmp_path):
    ran = pivotsim("validate", "vck190_dsp58", "--plot", str(tmp_path))
    assert (tmp_path / "validation.png").read_bytes().startswith(b"\x89PNG") and "validation.png" in ran.out


def test_wrong_input_is_told(pivotsim, tmp_path):
    ran = pivotsim("validate", "heatvit")
    assert ran.code == 2 and "nearest valid name: 'heatvit_kc705'" in ran.err
    ran = pivotsim("validate", "--rows", "x.csv")
    assert (ran.code, ran.err) == (2, "--rows: needs the MACHINE that they were measured on (got 'x.csv')\n")
    ran = pivotsim("validate", "--json", "--csv", "-")
    assert ran.code == 2 and "standard output takes the JSON" in ran.err
