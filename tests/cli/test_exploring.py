"""sweep, front and export as a shell sees them."""

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

SPACE = {
    "name": "shapes",
    "axes": {"array.dataflow": ["is", "os"], "array.rows": [16, 32, 64], "array.cols": [18, 36]},
    "constraints": ["dsp <= 2000"],
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shapes.yaml"
    path.write_text(yaml.safe_dump(SPACE, sort_keys=False))
    return path


def test_sweep_front_export(pivotsim, file, tmp_path):
    out = tmp_path / "out"
    ran = pivotsim("sweep", file, "--out", out)
    assert (ran.code, ran.err) == (0, "shapes: 12 points, 10 by the rules on axes and resources\n")
    assert ran.out.splitlines() == [f"{out}: 10 designs of 12 points, method grid", "  left out: 2 by dsp <= 2000"]
    data = json.loads(pivotsim("sweep", file, "--out", out, "--json").out)
    assert (data["rows"], data["chunks_before"], data["failed"]) == (10, 1, [])

    ran = pivotsim("front", out, "--objectives", "delay_ms,dsp", "--where", "array.dataflow == 'is'")
    assert ran.code == 0
    assert re.match(r"\d+ designs on the front of delay_ms, dsp\n", ran.out)
    assert "knee" in ran.out and "share of variance explained by" in ran.out
    data = json.loads(pivotsim("front", out, "--objectives", "delay_ms,dsp", "--json").out)
    assert data["knee"] in data["front"] and data["complete"] is True
    assert all(0 <= share <= 1 for entry in data["first_order_share"].values() for share in entry.values())
    ran = pivotsim("front", out, "--plots", tmp_path / "p", "--heat", "array.cols,array.rows")
    assert ran.out.count("wrote ") == 3

    ran = pivotsim("export", out, "--csv", tmp_path / "all.csv")
    assert ran.out == f"wrote {tmp_path / 'all.csv'}: 10 designs\n"
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 11


def test_methods_say_what_they_chose(pivotsim, file, tmp_path):
    ran = pivotsim("sweep", file, "--out", tmp_path / "a", "--method", "optuna", "--samples", "12")
    assert ran.out.startswith("method grid: the space has no more points than optuna may try\n")
    ran = pivotsim("sweep", file, "--out", tmp_path / "b", "--method", "sobol", "--samples", "8", "--seed", "1")
    assert "of 8 points, method sobol" in ran.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sweep", "{file}"), "Missing option '--out'"),
        (("sweep", "nowhere", "--out", "{out}"), "space: unknown name (got 'nowhere_space')"),
        (("sweep", "{file}", "--out", "{out}", "--samples", "3"), "samples: a grid visits every point"),
        (("sweep", "{file}", "--out", "{out}", "--method", "all"), "method: must be one of grid, random, sobol"),
        (("sweep", "{file}", "--out", "{out}", "--workers", "x"), "--workers: must be an integer (got 'x')"),
        (("sweep", "{file}", "--out", "{file}"), "cannot be used as a folder: is not a directory"),
        (("sweep", "{file}", "--out", "{out}", "--method", "optuna", "--workers", "2"), "leave --workers and"),
        (("front", "{out}"), "is no sweep's folder"),
        (("front", "{out}", "--objectives", ","), "--objectives: must be columns"),
        (("front", "{out}", "--heat", "a"), "--heat: names two axes"),
        (("export", "{out}", "--csv", "x.csv"), "is no sweep's folder"),
    ],
)  # fmt: skip
def test_bad_input(pivotsim, file, tmp_path, arguments, message):
    out = tmp_path / "out"
    ran = pivotsim(*(a.format(file=file, out=out) for a in arguments))
    assert ran.code == 2 and ran.out == ""
    assert message in ran.err and len(ran.err.splitlines()) <= 2
    assert not out.exists()


def test_a_failing_chunk_is_exit_status_1(pivotsim, file, tmp_path, monkeypatch):
    monkeypatch.setattr("pivotsim.dse.evaluation.evaluator.Evaluator.run", lambda *_: 1 / 0)
    ran = pivotsim("sweep", file, "--out", tmp_path / "out")
    assert ran.code == 1
    assert "sweep: chunk 0, point 0: failed three times: ZeroDivisionError: division by zero" in ran.err


def test_quiet_where_stderr_is_no_terminal(file, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "pivotsim", "sweep", file, "--out", tmp_path / "out", "--json"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.stderr == "" and json.loads(ran.stdout)["rows"] == 10


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo terminals")
def test_progress_on_a_terminal(file, tmp_path):
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "pivotsim", "sweep", file, "--out", tmp_path / "out", "--json"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, timeout=120)
    os.close(theirs)
    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    assert ran.returncode == 0 and "points/s" in shown and "chunks" in shown
