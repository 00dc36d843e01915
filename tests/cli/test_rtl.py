"""The command rtl as a shell sees it."""

import json

import pytest

SMALL = ("--set", "array.rows=16", "--set", "array.cols=12", "--set", "model.depth=1")


def test_programs_and_clocks_are_listed(pivotsim, tmp_path):
    code, out, err = pivotsim("rtl", "deit_t", "--out", str(tmp_path / "design"), *SMALL)
    assert (code, err) == (0, "")
    assert "fc1_197x192x768" in out and "make in it lints, builds and runs them" in out
    assert "memories.buffer_read_cycles 0 is built as 1" in out and "array.mac_latency 1 is built as 2" in out
    assert "memories.gb_bytes: 12,608 B are built of 16,384 B stated, the most that a program uses" in " ".join(
        out.split()
    )
    assert "as stated" in out and "seeded random ones" in out
    assert (tmp_path / "design" / "rtl" / "accelerator.v").exists()
    code, out, err = pivotsim("rtl", "deit_t", "--out", str(tmp_path / "second"), "--json", *SMALL)
    found = json.loads(out)
    assert found["parameters"]["R"] == 16 and found["cycles"] == sum(g["cycles"] * g["repeats"] for g in found["gemms"])


def test_the_clocks_are_those_of_run(pivotsim, tmp_path):
    _, out, _ = pivotsim("rtl", "deit_t", "--out", str(tmp_path / "design"), "--json", *SMALL)
    _, of_run, _ = pivotsim("run", "deit_t", "--memory", "hw", "--scope", "all", "--json", *SMALL)
    assert json.loads(out)["cycles_as_stated"] == json.loads(of_run)["pl_cycles"] < json.loads(out)["cycles"]


def test_a_pruned_model_has_the_clocks_of_run(pruned_of_run, pivotsim, tmp_path):
    asked, clocks = pruned_of_run
    _, out, _ = pivotsim("rtl", "deit_t", "--out", str(tmp_path / "design"), "--json", *SMALL, *asked)
    found = json.loads(out)
    assert found["cycles_as_stated"] == clocks
    assert f"pruned: {asked[0].removeprefix('--')} {TYPED[asked]}" in found["notes"]


TYPED = {
    ("--blocks", "block=8,density=0.5"): "block=8,density=0.5",
    ("--tokens", "tome:r=4"): "method=tome,r=4",
    ("--heads", "2"): "2",
}


@pytest.fixture(params=TYPED, ids=[asked[0] for asked in TYPED])
def pruned_of_run(request, pivotsim):
    """What is asked for, and the clocks that run has of it."""
    _, out, _ = pivotsim("run", "deit_t", "--memory", "hw", "--scope", "all", "--json", *SMALL, *request.param)
    return request.param, json.loads(out)["pl_cycles"]


def test_an_unlimited_buffer_is_built_as_large_as_it_is_used(pivotsim, tmp_path):
    _, out, _ = pivotsim("rtl", "digits_vit", "--out", str(tmp_path / "d"), "--set", "memories.gb_bytes=unlimited")
    assert "B are built where no size is stated" in " ".join(out.split())


def test_pruning_that_removes_nothing_is_said(pivotsim, tmp_path):
    _, out, _ = pivotsim("rtl", "deit_t", "--out", str(tmp_path / "design"), *SMALL, "--heads", "3")
    assert "--heads: not used here: it removes nothing" in out


def test_a_sweeps_design_takes_the_integers_of_its_model(pivotsim, tmp_path):
    space, sweep = tmp_path / "mine.yaml", tmp_path / "sweep"
    fixed = {"model": "digits_vit", "memory": "hw", "set": {"memories.opmem_bytes": 2048}}
    space.write_text(json.dumps({"name": "mine", "fixed": fixed, "axes": {"array.rows": [8, 16], "active": [6]}}))
    assert pivotsim("sweep", space, "--out", sweep).code == 0
    design = ("rtl", "--from", sweep, "--space", space, "--point", "1")
    ran = pivotsim(*design, "--integer", "digits", "--out", tmp_path / "design", "--json")
    found = json.loads(ran.out)
    assert found["from"]["point"] == 1 and found["parameters"]["R"] == found["from"]["array.rows"]
    assert (tmp_path / "design" / "layers" / "program.bin").stat().st_size
    assert "a layer program needs the whole model, of which the sweep has `scope: encoders`" in found["notes"]
    plain = json.loads(pivotsim(*design, "--out", tmp_path / "plain", "--json").out)
    assert {gemm["name"] for gemm in plain["gemms"]} < {gemm["name"] for gemm in found["gemms"]}
    assert "layer program" not in " ".join(plain["notes"])


def test_a_sweeps_clocks_are_those_of_gemms_and_of_units(pivotsim, tmp_path):
    """They are called equal where those of GEMMs are: of the whole model there are more."""
    space, sweep = tmp_path / "mine.yaml", tmp_path / "sweep"
    units = {"placement.softmax": "pl", "units.memory_bytes": 8192}
    fixed = {"model": "digits_vit", "memory": "hw", "set": {"memories.opmem_bytes": 2048, **units}}
    space.write_text(json.dumps({"name": "mine", "fixed": fixed, "axes": {"array.rows": [8, 16]}}))
    assert pivotsim("sweep", space, "--out", sweep).code == 0
    design = ("rtl", "--from", sweep, "--space", space, "--point", "0")
    found = json.loads(pivotsim(*design, "--out", tmp_path / "design", "--json").out)
    of = found["from"]
    assert of["gemm_cycles"] == found["cycles_as_stated"] and of["gemm_cycles"] + of["unit_cycles"] == of["pl_cycles"]
    parts = f"{of['gemm_cycles']:,} of GEMMs and {of['unit_cycles']:,} of units, behind memories"
    assert of["unit_cycles"] > 0 and f"the sweep has {of['pl_cycles']:,} clocks, {parts}" in found["notes"]
    equal = "the clocks of GEMMs, as the board states, are the sweep's"
    assert equal in pivotsim(*design, "--out", tmp_path / "plain").out
    assert equal not in pivotsim(*design, "--out", tmp_path / "whole", "--integer", "digits").out


def test_a_design_that_does_not_fit_is_said(pivotsim, tmp_path):
    wide = ("--set", "array.rows=64", "--set", "array.cols=64")
    for name, more, there in (("wide", wide, 1), ("board", (), 0)):
        out = pivotsim("rtl", "digits_vit", "--out", tmp_path / name, "--json", *more).out
        notes = [note for note in json.loads(out)["notes"] if note.startswith("fpga: DOES NOT FIT")]
        assert len(notes) == there and all("4,096 of 2,520 DSP48E2" in note for note in notes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("deit_t",), "--out"),
        (("--out", "new"), "rtl: needs MODEL, or --from SWEEP --point N"),
        (("--out", "new", "--from", "mine"), "rtl: --from needs --point, the number of a design"),
        (("--out", "new", "--from", "mine", "--point", "1"), "mine: is a file; give the folder that"),
        (("--out", "new", "--from", "none", "--point", "1"), "none: is no sweep's folder, it has no _manifest.json"),
        (("deit_t", "--out", "new", "--from", "none", "--point", "1"), "rtl: MODEL: a sweep's design states it"),
        (
            ("--out", "new", "--from", "none", "--point", "1", "--heads", "2"),
            "rtl: --heads: a sweep's design states it",
        ),
        (("deit_t", "--out", "new", "--heads", "9"), "--heads: "),
        (("deit_t", "--out", "new", "--point", "1"), "--point: goes with --from (got 1)"),
        (("deit_t", "--out", "new", "--weights", "none.npz"), "none.npz: no such file"),
        (("deit_t", "--out", "."), "--out: must be a new or an empty folder"),
        (("deit_t", "--out", "new", "--hw", "u250_mpca"), "systolic"),
        (
            ("deit_t", "--out", "new", "--set", "memories.opmem_bytes=unlimited"),
            "hardware needs a size (got unlimited)",
        ),
        (("deit_t", "--out", "new", "--set", "memories.buffer_read_cycles=3"), "memories.buffer_read_cycles"),
    ],
)
def test_wrong_input_is_one_line_and_nothing_written(pivotsim, tmp_path, monkeypatch, arguments, message):
    (tmp_path / "mine").write_text("")
    monkeypatch.chdir(tmp_path)
    code, out, err = pivotsim("rtl", *arguments)
    assert code == 2 and message in err and out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
