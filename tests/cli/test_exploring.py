"""sweep, front and export as a shell sees them."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading

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


DEPENDENT = "axes depend on each other through the rules: shares overlap and do not sum"
POWER = "power.board_w: 7.92 W is that of zcu102 with its own array and clock; energy activity scales with the design"


def test_sweep_front_export(pivotsim, file, tmp_path):
    out = tmp_path / "out"
    ran = pivotsim("sweep", file, "--out", out)
    assert ran.code == 0
    assert ran.err.splitlines() == ["shapes: 12 points, 10 of them meet the constraints on axes and resources", POWER]
    assert ran.out.splitlines() == [f"{out}: 10 designs of 12 points, method grid", "  left out: 2 by dsp <= 2000"]
    ran = pivotsim("sweep", file, "--out", out, "--json")
    data = json.loads(ran.out)
    assert (data["rows"], data["chunks_before"], data["failed"], data["points_of_space"]) == (10, 1, [], 12)
    assert data["notes"] == [POWER] == json.loads((out / "_manifest.json").read_text())["notes"]
    assert ran.err == ""
    assert "  1 of 1 chunks were there before" in pivotsim("sweep", file, "--out", out).out

    ran = pivotsim("front", out, "--objectives", "delay_ms,dsp", "--where", "array.dataflow == 'is'")
    assert (ran.code, ran.err) == (0, f"{POWER}\n")
    assert re.match(r"\d+ designs on the front of delay_ms, dsp\n", ran.out)
    assert "knee" in ran.out and "share of variance explained by" in ran.out
    data = json.loads(pivotsim("front", out, "--objectives", "delay_ms,dsp", "--json").out)
    assert data["knee"] in data["front"] and data["complete"] is True and data["notes"] == [POWER]
    assert all(0 <= share <= 1 for entry in data["first_order_share"].values() for share in entry.values())
    assert (data["first_order_interval"], data["rest_share"]) == (None, None) and data["note_on_shares"] == DEPENDENT
    ran = pivotsim("front", out, "--plots", tmp_path / "p", "--heat", "array.cols,array.rows")
    assert ran.out.count("wrote ") == 3

    ran = pivotsim("export", out, "--csv", tmp_path / "all.csv")
    assert ran.out == f"wrote {tmp_path / 'all.csv'}: 10 designs\n"
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 11


def swept(pivotsim, tmp_path, axes, **parts):
    """Sweep a space file and return (what was printed, its folder)."""
    path, out = tmp_path / "s.yaml", tmp_path / "swept"
    path.write_text(yaml.safe_dump({"name": "s", "axes": axes, **parts}, sort_keys=False))
    return pivotsim("sweep", path, "--out", out), out


def test_a_front_over_resources_needs_no_rule_on_them(pivotsim, tmp_path):
    ran, out = swept(pivotsim, tmp_path, {"array.rows": [16, 32, 64, 128], "array.cols": [36, 72]})
    assert ran.code == 0
    ran = pivotsim("front", out, "--objectives", "delay_ms,dsp", "--where", "fits", "--json")
    front = json.loads(ran.out)["front"]
    assert [row["dsp"] for row in front] and all(row["fits"] and row["dsp"] <= 2520 for row in front)
    assert {"dsp", "bram36", "lut", "ff", "fits"} <= front[0].keys()


@pytest.mark.parametrize(
    ("axis", "values", "each"), [("memories.opmem_bytes", [8192, 16384, 32768], 3), ("fpga.lut", [1000, 10**6], 2)]
)
def test_designs_that_are_the_same_are_counted(pivotsim, tmp_path, axis, values, each):
    ran, out = swept(pivotsim, tmp_path, {"array.rows": [16, 32, 64], axis: values})
    note = f"axes.{axis}: only "
    assert ran.code == 0 and any(line.startswith(note) for line in ran.err.splitlines())
    ran = pivotsim("front", out, "--objectives", "delay_ms,energy_j")
    said = f"1 distinct, {each} designs each: they differ in {axis} alone"
    assert ran.out.splitlines()[0] == f"{each} designs on the front of delay_ms, energy_j; {said}"
    assert note in ran.err
    assert ran.out.splitlines()[2].split()[:4] == ["point", "designs", "delay_ms", "energy_j"]
    row, after = (ran.out.splitlines()[place].split() for place in (3, 4))
    assert row[1:3] == ["knee", str(each)] and not "".join(after[:1]).isdecimal()  # one row for all of them
    data = json.loads(pivotsim("front", out, "--objectives", "delay_ms,energy_j", "--json").out)
    assert (data["distinct"], data["without_effect"]) == (1, [axis]) and any(note in n for n in data["notes"])


def test_digits_of_a_front_fit_its_numbers(pivotsim, tmp_path):
    pair = {"effort": {"low": 6, "high": 12, "low_frac": 0.8}}
    _, out = swept(pivotsim, tmp_path, {"array.clock_mhz": [125.0], "array.cols": [36]}, fixed=pair)
    row = pivotsim("front", out).out.splitlines()[3].split()
    assert row == ["0", "knee", "48.500", "0.38412", "125", "36", "2,304", "0", "60,048", "29,452", "true", "false",
                   "2,956,824", "18.630"]  # fmt: skip


def test_an_interrupted_search_says_what_is_kept(pivotsim, file, tmp_path, monkeypatch):
    pytest.importorskip("optuna")
    from pivotsim.dse.evaluation.evaluator import Evaluator

    whole, runs = Evaluator.run, []

    def interrupted(*arguments):
        runs.append(arguments)
        if len(runs) == 4:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(Evaluator, "run", interrupted)
    ran = pivotsim("sweep", file, "--out", tmp_path / "out", "--method", "optuna", "--samples", "8")
    assert (ran.code, ran.out) == (130, "")
    kept = "all designs that were tried are kept; the same command goes on"
    assert ran.err.splitlines()[-1] == f"{tmp_path / 'out'}: {kept}"
    monkeypatch.undo()
    ran = pivotsim("sweep", file, "--out", tmp_path / "out", "--method", "optuna", "--samples", "8")
    assert ran.code == 0 and "designs of 8 points, method optuna" in " ".join(ran.out.split())  # a long path wraps


def test_one_design(pivotsim, tmp_path):
    ran, out = swept(pivotsim, tmp_path, {"array.rows": [16]})
    assert ran.out == f"{out}: 1 design of 1 point, method grid\n"
    assert pivotsim("front", out).out.startswith("1 design on the front of delay_ms, energy_j\n")


@pytest.mark.parametrize(
    ("axes", "problem"),
    [
        ({"memories.read_latency_ns": [0, 9]}, "no column depends on it here: needs fixed.memory: hw"),
        ({"units.softmax.fill_cycles": [0, 9]}, "no column depends on it here: needs placement.softmax: pl"),
        ({"host.multicore_efficiency_frac": [0.5, 1.0]}, "no column depends on it here: needs host.cores: 2 or more"),
        ({"model.qkv_bias": [True, False]}, "no column depends on it here: it counts parameters, not operations"),
    ],
)
def test_axes_without_effect_are_refused_before_anything_runs(pivotsim, tmp_path, axes, problem):
    fixed = {"set": {"host.cores": 1}} if "host.multicore_efficiency_frac" in axes else {}
    ran, out = swept(pivotsim, tmp_path, {**axes, "array.rows": [16, 32]}, fixed=fixed)
    place = f"{tmp_path / 's.yaml'}:3: "
    assert (ran.code, ran.out, ran.err) == (2, "", f"{place}axes.{next(iter(axes))}: {problem}\n")
    assert not out.exists()


SQUARES = {"array.rows": {"start": 8, "stop": 128, "step": 8}, "array.cols": {"start": 8, "stop": 128, "step": 8}}


def rows_in(folder):
    """Return how many designs a dataset holds, and how many different ones."""
    from pivotsim.dse.dataset import open_dataset

    parts = [list(zip(*(t[n].tolist() for n in SQUARES), strict=True)) for t in open_dataset(folder).tables()]
    rows = [row for part in parts for row in part]
    return len(rows), len(set(rows))


def test_samples_are_so_many_different_designs(pivotsim, tmp_path):
    path, out = tmp_path / "s.yaml", tmp_path / "out"
    path.write_text(yaml.safe_dump({"name": "s2", "axes": SQUARES}, sort_keys=False))
    ran = pivotsim("sweep", path, "--out", out, "--method", "random", "--samples", "100")
    assert ran.out == f"{out}: 100 designs of 100 points drawn, method random\n" and rows_in(out) == (100, 100)
    out = tmp_path / "whole"
    ran = pivotsim("sweep", path, "--out", out, "--method", "random", "--samples", "1000000")
    said = "method grid: the space has no more points than random may try"
    assert ran.out.splitlines() == [said, f"{out}: 256 designs of 256 points, method grid"]
    assert ran.err.splitlines()[-1] == "samples: the space has 256 points: all are taken, not 1,000,000"
    assert rows_in(out) == (256, 256)
    out = tmp_path / "sobol"
    ran = pivotsim("sweep", path, "--out", out, "--method", "sobol", "--samples", "300")
    assert ran.out.splitlines()[1] == "  points of a Sobol sequence may repeat; none stands in for what rules leave out"
    assert rows_in(out)[0] == 300 > rows_in(out)[1]
    path.write_text(yaml.safe_dump({"name": "s2", "axes": SQUARES, "constraints": ["dsp <= 1000"]}, sort_keys=False))
    out = tmp_path / "ruled"
    ran = pivotsim("sweep", path, "--out", out, "--method", "random", "--samples", "30", "--json")
    data = json.loads(ran.out)
    assert data["rows"] == 30 and rows_in(out) == (30, 30) and data["dropped"] == {"dsp <= 1000": data["points"] - 30}


def test_a_search_tries_each_design_once(pivotsim, tmp_path):
    pytest.importorskip("optuna")
    path, out = tmp_path / "s.yaml", tmp_path / "out"
    path.write_text(yaml.safe_dump({"name": "s2", "axes": SQUARES}, sort_keys=False))
    for samples in (30, 60):
        ran = pivotsim("sweep", path, "--out", out, "--method", "optuna", "--samples", samples)
        assert ran.out.splitlines()[-1] == f"{out}: {samples} designs of {samples} points, method optuna"
        assert rows_in(out) == (samples, samples)
    alike = "objectives: delay_ms, energy_j order the designs alike, energy is a constant power times delay: "
    assert ran.err.splitlines()[-1] == f"{alike}delay_ms, dsp are minimised"
    ran = pivotsim("sweep", path, "--out", out, "--method", "optuna", "--samples", 60, "--objectives", "edp_j_ms")
    other = f"{out / '_optuna.journal'}: is another search, for delay_ms,dsp; use another folder"
    assert (ran.code, ran.err.splitlines()[-1]) == (2, other)


def test_a_front_of_proportional_objectives(pivotsim, tmp_path):
    ran, out = swept(pivotsim, tmp_path, {"array.rows": [16, 32, 64], "array.cols": [18, 36]})
    ran = pivotsim("front", out)
    said = "energy_j is proportional to delay_ms in all designs: "
    assert ran.err.splitlines()[-1] == f"{said}the front is that of delay_ms, dsp"
    assert re.match(r"\d designs on the front of delay_ms, dsp\n", ran.out)
    ran = pivotsim("front", out, "--objectives", "delay_ms,energy_j")
    assert ran.err.splitlines()[-1] == f"{said}they count as one objective"
    assert ran.out.startswith("1 design on the front of delay_ms, energy_j\n")
    data = json.loads(pivotsim("front", out, "--objectives", "delay_ms,energy_j", "--json").out)
    assert data["notes"][-1] == f"{said}they count as one objective"


def test_shares_of_a_front(pivotsim, tmp_path):
    """A grid's shares and the rest are the whole; a sample's stand with their intervals."""
    _, out = swept(pivotsim, tmp_path, SQUARES)
    data = json.loads(pivotsim("front", out, "--json").out)
    assert data["note_on_shares"] == "" and data["first_order_interval"] is None
    for name in data["objectives"]:
        shares = [entry[name] for entry in data["first_order_share"].values()]
        assert sum(shares) + data["rest_share"][name] == pytest.approx(1, abs=1e-9)
    lines = pivotsim("front", out).out.splitlines()
    assert [line.split("  ")[0] for line in lines[-3:]] == ["array.rows", "array.cols", "interactions and the rest"]
    exact = data["first_order_share"]
    pivotsim("sweep", tmp_path / "s.yaml", "--out", tmp_path / "few", "--method", "random", "--samples", "128")
    data = json.loads(pivotsim("front", tmp_path / "few", "--json").out)
    for axis, entry in data["first_order_interval"].items():
        for name, (low, high) in entry.items():
            share = data["first_order_share"][axis][name]
            assert low < share < high and abs(share - exact[axis][name]) < high - low
    lines = pivotsim("front", tmp_path / "few").out.splitlines()
    assert re.search(r"^interactions and the rest +\d+\.\d % \(\d+\.\d to \d+\.\d\)", lines[-1])


def test_a_sweep_that_is_interrupted_before_it_begins_keeps_nothing(pivotsim, file, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pivotsim.dse.sweep.run.chunk_points_for", interrupted)
    ran = pivotsim("sweep", file, "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (130, "")
    said = "stopped before the first chunk was begun; nothing is kept"
    assert ran.err.splitlines()[-1] == f"{tmp_path / 'out'}: {said}"


def test_an_interrupted_sweep_says_what_is_kept(pivotsim, file, tmp_path, monkeypatch):
    out, runs = tmp_path / "out", []

    def interrupted(*arguments):
        runs.append(arguments)
        if len(runs) == 3:
            raise KeyboardInterrupt
        return whole(*arguments)

    from pivotsim.dse.evaluation.evaluator import Evaluator

    whole = Evaluator.run
    monkeypatch.setattr("pivotsim.dse.sweep.run.chunk_points_for", lambda _: 4)
    monkeypatch.setattr(Evaluator, "run", interrupted)
    ran = pivotsim("sweep", file, "--out", out)
    assert (ran.code, ran.out) == (130, "")
    assert ran.err.splitlines()[-1] == f"{out}: 2 of 3 chunks are kept; the same command goes on"
    monkeypatch.undo()
    monkeypatch.setattr("pivotsim.dse.sweep.run.chunk_points_for", lambda _: 4)
    ran = pivotsim("sweep", file, "--out", out)
    assert ran.code == 0 and "  2 of 3 chunks were there before" in ran.out.splitlines()


def test_a_line_a_minute_without_a_terminal(pivotsim, file, tmp_path, monkeypatch):
    """Twenty-five seconds a chunk: a line after the third one, no second one after the fourth."""
    times = iter(range(0, 10_000, 25))
    monkeypatch.setattr("pivotsim.cli.output.clock", lambda: now[0])
    now = [0.0]
    monkeypatch.setattr("pivotsim.dse.sweep.run.chunk_points_for", lambda _: 3)
    from pivotsim.dse.evaluation.evaluator import Evaluator

    whole = Evaluator.run

    def slow(*arguments):
        now[0] = float(next(times) + 25)
        return whole(*arguments)

    monkeypatch.setattr(Evaluator, "run", slow)
    ran = pivotsim("sweep", file, "--out", tmp_path / "out")
    assert ran.err.splitlines()[2:] == ["sweep: 3 of 4 chunks, 9 of 12 points, 0.12 points/s"]


def test_methods_say_what_they_chose(pivotsim, file, tmp_path):
    ran = pivotsim("sweep", file, "--out", tmp_path / "a", "--method", "optuna", "--samples", "12")
    assert ran.out.startswith("method grid: the space has no more points than optuna may try\n")
    ran = pivotsim("sweep", file, "--out", tmp_path / "b", "--method", "sobol", "--samples", "8", "--seed", "1")
    assert "of 8 points, method sobol" in ran.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sweep", "{file}"), "Missing option '--out'"),
        (("sweep", "nowhere", "--out", "{out}"), "unknown name (got 'nowhere'), valid names: digits_arrays, zcu102"),
        (("sweep", "{file}", "--out", "{out}", "--samples", "3"), "samples: a grid visits every point"),
        (("sweep", "{file}", "--out", "{out}", "--method", "all"), "method: must be one of grid, random, sobol"),
        (("sweep", "{file}", "--out", "{out}", "--workers", "x"), "--workers: must be an integer (got 'x')"),
        (("sweep", "{file}", "--out", "{file}"), "cannot be used as a folder: is not a directory"),
        (("sweep", "{file}", "--out", "{out}", "--method", "optuna", "--workers", "2"), "leave --workers and"),
        (("sweep", "{file}", "--out", "{out}", "--objectives", "latency"), "--objectives: --method optuna alone"),
        (("sweep", "{file}", "--out", "{out}", "--objectives", "dsp"), "a sweep stores every column, and front takes"),
        (("sweep", "{file}", "--out", "{out}", "--method", "optuna", "--objectives", "latency"), "no result (got 'lat"),
        (("sweep", "{file}", "--out", "{out}", "--method", "optuna", "--objectives", "fits"), "no result (got 'fits')"),
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
    assert message in ran.err.splitlines()[-1]
    assert ran.err.splitlines()[0] == ran.err.splitlines()[-1] or "12 points" in ran.err.splitlines()[0]
    assert not out.exists()


def test_maximised_columns_are_objectives(pivotsim, file, tmp_path):
    pivotsim("sweep", file, "--out", tmp_path / "out")
    ran = pivotsim("front", tmp_path / "out", "--maximize", "dsp")
    assert (ran.code, ran.err) == (
        2, "--maximize: must be among --objectives (got 'dsp'), valid names: delay_ms, energy_j\n"
    )  # fmt: skip


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
    shown = []

    def read():  # all the while: a terminal that nobody reads stops who writes
        with contextlib.suppress(OSError):
            while part := os.read(ours, 65_536):
                shown.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    command = [sys.executable, "-m", "pivotsim", "sweep", file, "--out", tmp_path / "out", "--json"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, timeout=120)
    os.close(theirs)
    reader.join(10)
    os.close(ours)
    text = b"".join(shown).decode()
    assert ran.returncode == 0 and "points/s" in text and "chunks" in text
