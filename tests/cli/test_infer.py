"""The command infer."""

import csv
import io
import json

import pytest

from pivotsim.cli.entry import main
from pivotsim.published.hidden_settings import runs

PAIRS = ("--vary", "effort.low={start: 1, stop: 11, step: 1}", "--vary", "effort.high={start: 2, stop: 12, step: 1}",
         "--vary", "effort.low_frac=free", "--gate", "none")  # fmt: skip


def ran(capsys, *arguments):
    code = main(["infer", *arguments])
    return code, *capsys.readouterr()


def test_it_finds_the_pair_behind_pvds_50(capsys):
    code, out, err = ran(capsys, "pvds_50", *PAIRS)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    first = next(line for line in lines if line.split()[:1] == ["1"]).split()
    assert first[1:4] == ["6", "12", "0.7998..0.8001"] and "yes" in first
    assert "1 of 66 tried meets all cells" in lines and "Behind these numbers:" in lines


def test_json_and_csv_hold_every_candidate(capsys, tmp_path):
    out_csv = tmp_path / "all.csv"
    code, out, _ = ran(capsys, "pvds_50", *PAIRS, "--json", "--csv", str(out_csv))
    data = json.loads(out)
    assert (code, data["tried"], data["meeting_all"], len(data["candidates"])) == (0, 66, 1, 66)
    assert data["vary"]["effort.low_frac"] == "free" and data["candidates"][0]["meets_all"]
    rows = list(csv.DictReader(io.StringIO(out_csv.read_text())))
    assert len(rows) == 66 and rows[0]["meets_all"] == "true" and rows[1]["meets_all"] == "false"
    assert float(rows[0]["effort.low_frac least"]) < 0.8 < float(rows[0]["effort.low_frac most"])
    code, out, err = ran(capsys, "pvds_50", *PAIRS, "--csv", "-")
    assert code == 0 and len(list(csv.reader(io.StringIO(out)))) == 67 and "1 of 66" in err


def test_cells_that_nothing_meets_exit_with_1(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"quantity,value\ndelay,12\n")))
    code, out, _ = ran(capsys, "-", "--vary", "model.depth=11,12")
    assert code == 1 and "0 of 2 tried meet all cells" in out
    assert "delay 12 ms: no candidate meets it; the nearest is 54.688 ms (model.depth 11)" in out


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("delay,0.05966", "about 1,000 times as much: is it printed in another unit?"),
        ("delay,59660", "about 1/1,000 of it: is it printed in another unit?"),
        ("softmax_share,0.594", "about 100 times as much: is it printed in another unit?"),
        ("delay,12", None),
    ],
)
def test_a_number_in_another_unit_is_suspected(capsys, monkeypatch, claim, said):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"quantity,value\n{claim}\n".encode())))
    code, out, _ = ran(capsys, "-", "--vary", "model.depth=12,13")
    assert code == 1 and (said in out if said else "another unit" not in out)


def test_long_runs_say_how_far_they_are(capsys, monkeypatch):
    monkeypatch.setattr(runs, "SAID_EVERY_S", 0.0)
    monkeypatch.setattr("pivotsim.cli.output.LINE_EVERY_S", 0.0)
    code, _, err = ran(capsys, "pvds_50", *PAIRS)
    assert code == 0 and "infer: 65 of 66 combinations" in err.splitlines()


def test_settings_without_effect_are_said(capsys):
    code, out, _ = ran(capsys, "pvds_50", *PAIRS, "--set", "model.classes=10")
    assert code == 0 and "model.classes" in out and "not used here" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pvds_50",), "infer: give --vary PATH=VALUES, such as --vary model.depth=11,12,13"),
        (("pvds_50", "--vary", "model.depth"), "--vary: expected PATH=VALUES such as array.rows=32,64"),
        (("pvds_50", "--vary", "model.depth=1", "--vary", "model.depth=2"), "--vary: model.depth: stated twice"),
        (("pvds_50", "--vary", "model.depth=[1"), "--vary: model.depth: is not valid YAML"),
        (
            ("pvds_50", "--vary", "model.dept=1"),
            "--vary: model.dept: unknown setting, nearest valid name: 'model.depth'",
        ),
        (("pvds_50", "--vary", "model.depth=x"), "--vary: model.depth: must be an integer (got 'x')"),
        (
            ("pvds_50", "--vary", "model.depth=1", "--set", "model.depth=3"),
            "infer: model.depth: stated by --set and varied",
        ),
        (
            ("pvds_50", "--vary", "profile=paper", "--vary", "gate=none", "--profile", "full"),
            "infer: profile: stated by --profile and varied",
        ),
        (("pvds_51", "--vary", "model.depth=1"), "claims: no such file, and no sample of that name (got 'pvds_51')"),
        (("pvds_50", "--vary", "model.depth=1", "--show", "0"), "--show: must be at least 1 (got 0)"),
        (("pvds_50", "--vary", "model.depth=1", "--json", "--csv", "-"), "--csv: standard output takes the JSON"),
        (("pvds_50", "--vary", "model.depth=1", "--hw", "alveo_u250_mpca"), "hardware: "),
    ],
)
def test_misuse_is_one_line(capsys, arguments, message):
    code, out, err = ran(capsys, *arguments)
    assert (code, out) == (2, "") and err.startswith(message) and err.count("\n") == 1
