"""Commands `calibrate` and `measure`: the walk of docs/calibration.md, its tables, and what is refused."""

import json
import os
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.calibration import MeasuredRow, form_of, read_rows, rows_text
from pivotsim.calibration.measuring import host
from pivotsim.cli.entry import main
from tests.compilers import needs_compiler
from tests.readme_commands import files_of, written_commands
from tests.unit.calibration import synthetic

PAGE = (Path(__file__).parents[2] / "docs" / "calibration.md").read_text()
ROWS = rows_text(
    MeasuredRow("gelu", m, 1, n, ms=(0.02 + m * n * 6e-6) * (1.01 if m == 64 else 1))
    for m in (8, 64, 197)
    for n in (96, 1536)
)


@needs_compiler
def test_the_walk_of_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("desk.yaml").write_text(files_of(PAGE)["desk.yaml"])
    walk = [command for command in written_commands(PAGE) if "desk" in command]
    assert [command.split()[1] for command in walk] == ["calibrate", "measure", "calibrate", "run"]
    for command in walk:
        assert main(shlex.split(command)[1:]) == 0, command
    printed = capsys.readouterr().out
    assert re.search(r"^  host\.full\.gelu\.cycles_per_element.*: \[calibrated: 5 rows, \d{4}-", printed, re.M)
    assert Path("out/calibration.png").stat().st_size > 10_000
    form, rows = read_rows(Path("desk_form.csv")), read_rows(Path("desk_rows.csv"))
    assert len(form) > len(rows) > 20 and all(row.ms for row in rows)
    board, base = ps.load_hardware("desk_calibrated.yaml"), ps.load_hardware("desk.yaml")
    assert board.array == base.array and board.host.clock_mhz == 2000
    assert board.host.full.gelu != base.host.full.gelu and len(board.intervals) >= 10


def test_the_python_of_the_page_runs(capsys):
    exec(re.search(r"```python\n(.*?)```", PAGE, re.S)[1], {})
    assert "host.full.gelu.cycles_per_element" in capsys.readouterr().out


def test_the_tables_of_the_page(pivotsim):
    data = json.loads(pivotsim("calibrate", "x86_64", "--json").out)
    text = pivotsim("calibrate", "x86_64").out
    for line in re.findall(r"^\| (ms, .*?) \|$", PAGE, re.M):
        assert re.search(r"\s+".join(map(re.escape, line.split(" | "))), text), line
    told = re.findall(r"^\| ([a-z]+\.cycles_per_\w+) \| (.*?) \| (.*?) \| (.*?) \|$", PAGE, re.M)
    fitted = {path: one for path, one in data["constants"].items() if one["state"] == "fitted"}
    assert [f"host.full.{name}" for name, *_ in told] == list(fitted)
    for name, *numbers in told:
        one = fitted[f"host.full.{name}"]
        for number, exact in zip(numbers, (one["value"], *one["interval"]), strict=True):
            assert float(number) == pytest.approx(exact, rel=2e-3, abs=1e-3)
    assert data["notes"][-1].startswith("x86_64: measured on one core of a shared x86-64 server")


def test_the_coverage_of_the_page():
    shares = re.findall(r"^\| ((?:host|array)\.[a-z_.]+) \| ([0-9.]+) % \|$", PAGE, re.M)
    assert len(shares) == 14 and min(float(share) for _, share in shares) >= 90


def test_calibrate(pivotsim, tmp_path):
    path, board, table = tmp_path / "rows.csv", tmp_path / "mine.yaml", tmp_path / "table.csv"
    path.write_text(ROWS + "norm,8,,96,1,,,,,,,\n")
    ran = pivotsim("calibrate", path, "--out", board, "--csv", table, "--plots", tmp_path / "plots")
    assert (ran.code, ran.err) == (0, "")
    assert "zcu102: 3 constants from 6 rows" in ran.out and "left out, no result: 1 row\n" in ran.out
    assert [line for line in ran.out.splitlines() if line.startswith("wrote ")] == [
        f"wrote {board}: 3 constants on the base zcu102", f"wrote {table}: 6 rows",
        f"wrote {tmp_path / 'plots' / 'calibration.png'}",
    ]  # fmt: skip
    assert ps.load_hardware(board).host.full.of("gelu").cycles_per_element == pytest.approx(7.2, rel=0.02)
    lines = table.read_text().splitlines()
    assert lines[0].startswith("row,unit,measured,predicted,error_frac") and len(lines) == 7
    data = json.loads(pivotsim("calibrate", path, "--json").out)
    assert data["scores"]["ms"]["cross_validated"]["rows"] == 6
    assert data["constants"]["host.full.gelu.cycles_per_element"]["state"] == "fitted"
    assert data["constants"]["host.full.norm.cycles_per_row"]["state"] == "unmeasured"
    held = json.loads(pivotsim("calibrate", path, "--json", "--hold", "*.cycles_per_row").out)
    assert held["constants"]["host.full.gelu.cycles_per_row"]["state"] == "held"


def test_the_board_goes_to_stdout(pivotsim, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    ran = pivotsim("calibrate", path, "--out", "-")
    assert ran.code == 0 and ran.out.startswith('base: "zcu102"\nname: "zcu102_calibrated"\n')
    assert "95 % low" in ran.err


def test_a_form(pivotsim, tmp_path):
    ran = pivotsim("calibrate", "--template", "deit_t", "--cores", 2)
    assert (ran.code, ran.err) == (0, "") and ran.out.startswith("# What to measure")
    assert sum(line.startswith("softmax") for line in ran.out.splitlines()) == 6
    path = tmp_path / "form.csv"
    assert pivotsim("calibrate", "--template", "deit_t", "--cores", 2, "--out", path).out.startswith(f"wrote {path}: ")
    assert path.read_text() == ran.out
    empty = pivotsim("calibrate", path)
    assert empty.code == 2 and "rows: none has a result; fill in ms or watts" in empty.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("", "calibrate: name the file of measured rows, or --template MODEL for the form to fill in"),
        ("nothing", "calibrate: no such file, and no sample of that name (got 'nothing')"),
        ("rows.csv --cores 4", "--cores: asks for rows of a form; add --template MODEL (got 4)"),
        ("rows.csv --template deit_s", "--template: writes a form and takes no MEASURED"),
        ("--template deit_s --json", "--template: writes a form and takes no --json"),
        ("--template deit_x", "nearest valid name"),
        ("rows.csv --hw zcu12", "nearest valid name: 'zcu102'"),
        ("rows.csv --errors both", "--errors: must be one of relative, absolute (got 'both')"),
        ("rows.csv --draws 5", "--draws: must be at least 100 (got 5)"),
        ("rows.csv --hold host.full.gelu", "--hold: names no constant that times depend on"),
        ("rows.csv --memory disk", "--memory: must be one of paper, hw"),
        ("rows.csv --out mine.csv", "mine.csv: a board's file ends in .yaml (got '.csv')"),
        ("rows.csv --json --out -", "--out: standard output takes the JSON; name a file (got '-')"),
        ("bad.csv", "bad.csv:2: ms: must be a number above 0"),
    ],
)
def test_what_calibrate_refuses(pivotsim, tmp_path, monkeypatch, arguments, problem):
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text(ROWS)
    Path("bad.csv").write_text("kind,m,n,ms\ngelu,8,8,-3\n")
    ran = pivotsim("calibrate", *shlex.split(arguments))
    assert ran.code == 2 and problem in ran.err and not ran.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "rows.csv"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            "host deit_s --cc no_such_cc",
            "compiler: no such program (got 'no_such_cc'); name another one, or language numpy",
        ),
        ("host deit_s --language rust", "--language: must be one of c, numpy (got 'rust')"),
        ("host deit_s --budget-ms 0", "--budget-ms: must be above 0"),
        ("host deit_s --rounds 0", "--rounds: must be at least 1 (got 0)"),
        ("host deit_s --cores 1024", "--cores: on 1024 cores: this machine has "),
        ("host deit_s --hw u250_mpca", "--hw: 'u250_mpca' has no processor"),
    ],
)
def test_what_measure_refuses(pivotsim, tmp_path, monkeypatch, arguments, problem):
    monkeypatch.chdir(tmp_path)
    ran = pivotsim("measure", *shlex.split(arguments))
    assert ran.code == 2 and problem in ran.err and not ran.out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [()])
def test_a_filled_form_end_to_end(pivotsim, tmp_path, options):
    """Rows of the processor, modules, the whole and watts, of a board beyond zcu102's ranges, and then once more."""
    truth = ps.load_hardware("zcu102").replace({"host.full.softmax.cycles_per_element": 5.2})
    rows = [row for row in form_of("deit_t") if options == () or row.kind != "gemm"]
    timed = [row for row in rows if "watts" not in row.note]
    filled = synthetic.filled(timed, truth, np.random.default_rng(0), 0.01)
    assert any(row.module for row in filled) and any(row.model and not row.module for row in filled)
    path, board, again = tmp_path / "form.csv", tmp_path / "mine.yaml", tmp_path / "again.yaml"
    path.write_text(rows_text([*filled, *(row._replace(watts=9.0) for row in rows if "watts" in row.note)]))
    for hw, out in (("zcu102", board), (board, again)):
        ran = pivotsim("calibrate", path, "--hw", hw, "--out", out, *options)
        assert ran.code == 0, ran.err
        assert ("lies outside the board's stated range 11.6 to 72" in ran.out) == (hw == "zcu102")
        loaded = ps.load_hardware(out)
        assert loaded.host.full.of("softmax").cycles_per_element == pytest.approx(5.2, rel=0.1)
        assert loaded.power.board_w == 9.0 and loaded.intervals
        assert pivotsim("run", "deit_t", "--hw", out, "--profile", "full").code == 0


def test_what_was_measured_is_not_overwritten(pivotsim, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = Path("rows.csv")
    rows.write_text(ROWS)
    Path("link.csv").symlink_to("rows.csv")
    os.link("rows.csv", "hard.csv")
    for name in ("rows.csv", "./rows.csv", "link.csv", "hard.csv"):
        ran = pivotsim("calibrate", "rows.csv", "--csv", name)
        assert ran.code == 2 and "--csv: holds the measured rows; name another file (got " in ran.err
    both = pivotsim("calibrate", "rows.csv", "--out", "a.yaml", "--csv", "a.yaml")
    assert both.code == 2 and "--csv: is the board's file of --out too" in both.err
    form = pivotsim("calibrate", "--template", "deit_t", "--out", "link.csv")
    assert form.code == 2 and "--out: holds 6 measured rows; name another file (got 'link.csv')" in form.err
    Path("wrong.csv").write_text("kind;m;n;ms\ngelu;8;8;3,5\n")
    assert pivotsim("calibrate", "--template", "deit_t", "--out", "wrong.csv").code == 2
    assert rows.read_text() == ROWS and Path("link.csv").is_symlink() and not Path("a.yaml").exists()
    for _ in range(2):  # an empty form may be written anew
        assert pivotsim("calibrate", "--template", "deit_t", "--out", "form.csv").code == 0


def test_a_measurement_tells_how_far_it_is_and_that_nothing_is_written(pivotsim, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    arguments = (
        "measure",
        "host",
        "deit_t",
        "--language",
        "numpy",
        "--budget-ms",
        0.01,
        "--rounds",
        1,
        "--out",
        "a.csv",
    )
    with caplog.at_level("INFO", "pivotsim.progress"):
        assert pivotsim(*arguments).code == 0
    lines = [record.getMessage() for record in caplog.records]
    rows = read_rows(Path("a.csv"))
    kinds = list(dict.fromkeys(row.kind for row in rows))
    assert [line.split()[1].rstrip(",") for line in lines] == kinds and len(kinds) > 3
    assert lines[-1].endswith(f"to {len(rows)} of {len(rows)}")

    def interrupted(*_):
        raise KeyboardInterrupt

    Path("a.csv").unlink()
    monkeypatch.setattr(host, "numpy_times_ns", interrupted)
    ran = pivotsim(*arguments)
    assert ran.code == 130 and "nothing was written" in ran.err and not Path("a.csv").exists()
