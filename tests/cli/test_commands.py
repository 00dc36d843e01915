"""Commands as a user runs them: text, JSON of the documented form, exit codes, files."""

import csv
import json
import re
from pathlib import Path

import pytest

import pivotsim as ps

RECORDED = Path(__file__).parents[2] / "notebooks" / "recorded"
SHARED = {
    "schema_version", "delay_ms", "energy_j", "edp_j_ms", "fps_per_watt", "ps_ms", "breakdown", "energy_breakdown",
    "pivotsim_version", "input_hash", "set", "notes", "workload", "hardware",
}  # fmt: skip


def json_of(ran):
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def test_gemm(pivotsim):
    data = json_of(pivotsim("gemm", 197, 384, 1536, "--hw", "zcu102", "--json"))
    assert (data["cycles"], data["folds"]) == (61128, 36)
    assert data["utilization_frac"] == pytest.approx(0.825, abs=0.001)
    assert data["delay_ms"] == pytest.approx(0.489024)
    text = pivotsim("gemm", 197, 384, 1536)
    assert text.code == 0 and "61,128" in text.out


@pytest.mark.parametrize(
    ("options", "cycles"),
    [
        (("--array", "64x36", "--dataflow", "ws"), 92_622),
        (("--hw", "zcu102_os"), 93_912),
        (("--fold-overlap", "pipelined"), 55_458),
        (("--fold-overlap", "settled"), 55_458),
        (("--edge", "aware"), 61_014),
        (("--set", "array.edge=aware"), 61_014),
        (("--mac-latency", "2"), 61_128 + 36),
        (("--dataflow", "os", "--no-os-edge-register"), 93_912 - 172),
        (("--arrays", "2"), 61_128 // 2),  # six column tiles of its rows, three for each
        (("--arrays", "2", "--split", "cols"), 36 * (2 * 64 + 36 + 768 - 2)),
    ],
)
def test_every_option_of_gemm_does_something(pivotsim, options, cycles):
    assert json_of(pivotsim("gemm", 197, 384, 1536, *options, "--json"))["cycles"] == cycles


def test_gemm_of_a_density(pivotsim):
    options = ("--density", "0.5", "--block", "32", "--seed", "3")
    data = json_of(pivotsim("gemm", 197, 384, 1536, *options, "--json"))
    same = ps.simulate_gemm(197, 384, 1536, density=0.5, block=32, seed=3, clock_mhz=125.0)
    assert {key: data[key] for key in same.__dict__} == same.__dict__
    assert data["dense_cycles"] == 61_128 > data["cycles"]
    text = pivotsim("gemm", 197, 384, 1536, *options).out
    assert f"{same.cycles:,}" in text and "61,128" in text and "density 0.5, block 32" in text
    assert "50.0 % of all" in text and "256 masks" in text
    default = json_of(pivotsim("gemm", 197, 384, 1536, "--density", "0.5", "--json"))
    assert (default["block"], default["seed"]) == (16, 0)
    assert json_of(pivotsim("gemm", 1, 1, 1, "--json"))["density"] is None


def test_gemm_of_a_density_of_more_masks_than_are_drawn(pivotsim, monkeypatch):
    monkeypatch.setattr("pivotsim.simulation.gemm.masked.MAX_EXPECTED_BLOCKS", 0)
    options = ("gemm", 197, 384, 1536, "--density", "0.5", "--block", "32")
    lines = pivotsim(*options).out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("expected")] == ["-"]
    assert any("a larger --block takes less" in line for line in lines)
    assert json_of(pivotsim(*options, "--json"))["expected_cycles"] is None


def test_run(pivotsim):
    data = json_of(pivotsim("run", "deit_s", "--json"))
    assert data.keys() >= SHARED | {"pl_cycles"}
    assert data["pl_cycles"] == 3_026_160
    assert data["delay_ms"] == pytest.approx(59.66, rel=0.005)
    assert sum(e["share"] for e in data["breakdown"].values()) == pytest.approx(1)
    assert sum(e["energy_j"] for e in data["energy_breakdown"].values()) == pytest.approx(data["energy_j"])


def test_run_prints_totals_modules_and_marks(pivotsim):
    ran = pivotsim("run", "deit_s", "--active", "1-6")
    assert (ran.code, ran.err) == (0, "")
    assert "deit_s, effort 6 on zcu102" in ran.out
    assert re.search(r"softmax +17\.73 +48\.5 %", ran.out)
    assert "[calibrated] once, on DeiT-S's 59.66 ms" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    "options",
    [
        ("--active", "1-6"), ("--active", "none"), ("--profile", "full"), ("--scope", "all"), ("--batch", "2"),
        ("--qkv", "separate"), ("--score-bits", "32", "--profile", "full"), ("--set", "array.rows=32"),
        ("--set", "model.depth=13"), ("--hw", "zcu102_ws"), ("--energy", "activity"), ("--set", "power.board_w=10"),
        ("--ps-pl-overlap", "heads"), ("--set", "placement.softmax=pl"), ("--tokens", "evit:keep_rate=0.7"),
    ],
)  # fmt: skip
def test_every_option_of_run_does_something(pivotsim, options):
    plain = json_of(pivotsim("run", "deit_s", "--json", *(("--profile", "full") if "32" in options else ())))
    other = json_of(pivotsim("run", "deit_s", "--json", *options))
    assert other["energy_j"] != plain["energy_j"]


def test_a_timeline_is_written_and_named(pivotsim, tmp_path):
    path = tmp_path / "t.json"
    ran = pivotsim("run", "deit_s", "--ps-pl-overlap", "heads", "--timeline", path)
    assert ran.code == 0 and f"wrote {path}" in ran.out and "side by side 3.64" in ran.out
    assert json.loads(path.read_text())["otherData"]["delay_ms"] == pytest.approx(56.022464376)
    data = json_of(pivotsim("run", "deit_s", "--ps-pl-overlap", "heads", "--json"))
    assert (data["ps_pl_overlap"], data["overlap_ms"]) == ("heads", pytest.approx(3.63744))
    text = pivotsim("run", "deit_s", "--ps-pl-overlap", "images", "--batch", 4).out
    assert "latency" in text and "per image" in text


def test_softmax_on_a_pl_unit(pivotsim):
    data = json_of(pivotsim("run", "deit_s", "--set", "placement.softmax=pl", "--json"))
    assert data["delay_ms"] == pytest.approx(59.6599 / 2.33, rel=0.002)
    assert (data["ps_ms"], data["unit_cycles"]) == (0, 179_280)
    text = pivotsim("run", "deit_s", "--set", "placement.softmax=pl").out
    assert "3,026,160" in text and "179,280" in text and "units.softmax: [assumed]" in text


def test_combine_takes_ps_pl_overlap(pivotsim):
    command = ("combine", "deit_s", "--low", "1-6", "--high", "all", "--f-low", "0.8", "--json")
    serial, heads = json_of(pivotsim(*command)), json_of(pivotsim(*command, "--ps-pl-overlap", "heads"))
    assert heads["ps_pl_overlap"] == "heads"
    assert heads["delay_ms"] + heads["overlap_ms"] == pytest.approx(serial["delay_ms"])


def test_set_is_echoed(pivotsim):
    data = json_of(pivotsim("run", "deit_s", "--set", "array.rows=32", "--set", "model.depth=6", "--json"))
    assert data["set"] == {"array.rows": 32, "model.depth": 6}
    assert any(note == "array.rows: set by the user (was 64)" for note in data["notes"])


def test_a_trace_runs_as_its_model_does(pivotsim, tmp_path):
    path = tmp_path / "t.csv"
    assert pivotsim("show", "trace", "deit_s", "--active", "1,2", "--csv", path).code == 0
    from_trace = json_of(pivotsim("run", "--trace", path, "--json"))
    from_model = json_of(pivotsim("run", "deit_s", "--active", "1,2", "--json"))
    for key in ("delay_ms", "pl_cycles", "energy_j", "breakdown"):
        assert from_trace[key] == from_model[key]


def test_combine(pivotsim):
    command = ("combine", "deit_s", "--low", "1-6", "--high", "all", "--f-low", "0.8")
    data = json_of(pivotsim(*command, "--json"))
    extra = {"mean_pl_cycles", "edp_mean_of_images_j_ms", "edp_sum_of_efforts_j_ms", "per_effort"}
    assert data.keys() >= SHARED | extra
    assert data["gate_ms"] == pytest.approx(0.03)
    ungated = json_of(pivotsim(*command, "--gate", "none", "--json"))
    assert ungated["delay_ms"] == pytest.approx(48.47, abs=0.005)
    assert data["delay_ms"] - ungated["delay_ms"] == pytest.approx(0.03)
    assert ungated["edp_sum_of_efforts_j_ms"] == pytest.approx(16.211, abs=0.001)
    assert [e["reach_frac"] for e in data["per_effort"]] == pytest.approx([1, 0.2])
    assert isinstance(data["mean_pl_cycles"], float)
    assert "sum of efforts" in pivotsim(*command).out


def test_a_cascade_of_three(pivotsim):
    efforts = [x for text in ("1-3", "1-6", "all") for x in ("--effort", text)]
    data = json_of(pivotsim("combine", "deit_s", *efforts, "--exit-fractions", "0.5,0.3,0.2", "--json"))
    assert [e["reach_frac"] for e in data["per_effort"]] == pytest.approx([1, 0.5, 0.2])


def test_compare_several(pivotsim, tmp_path):
    boards = ("zcu102", "zcu102_os", "kv260")
    paths = [tmp_path / f"{board}.json" for board in boards]
    runs = [json_of(pivotsim("run", "deit_t", "--hw", board, "--json")) for board in boards]
    for path, run in zip(paths, runs, strict=True):
        path.write_text(json.dumps(run))
    data = json_of(pivotsim("compare", *paths, "--json"))
    assert (data["first"]["hardware"], [other["name"] for other in data["others"]]) == ("zcu102", ["B", "C"])
    for other, run in zip(data["others"], runs[1:], strict=True):
        assert other["totals"][0]["ratio"] == run["delay_ms"] / runs[0]["delay_ms"]
    rows = {
        row[0]: row[1:] for row in csv.reader(pivotsim("compare", *paths, "--format", "csv").out.splitlines()) if row
    }
    assert rows["totals"] == ["A", "B", "C", "B / A", "C / A"] and rows["hardware"] == list(boards)
    assert [float(cell) for cell in rows["delay_ms"][:3]] == [round(run["delay_ms"], 4) for run in runs]
    assert rows["delay_ms"][4] == f"{runs[2]['delay_ms'] / runs[0]['delay_ms']:.3f}"
    fc1 = [run["breakdown"]["fc1"]["delay_ms"] for run in runs]
    assert rows["fc1"][:3] == [f"{value:.2f}" for value in fc1]


def test_compare(pivotsim, tmp_path):
    for name, options in (("a", ()), ("b", ("--active", "1-3"))):
        (tmp_path / f"{name}.json").write_text(pivotsim("run", "deit_s", "--json", *options).out)
    table = json_of(pivotsim("compare", tmp_path / "a.json", tmp_path / "b.json", "--json"))
    deltas = {row["name"]: row for row in table["modules"]}
    assert deltas["fc1"]["delta"] == 0
    assert deltas["softmax"]["ratio"] == pytest.approx(3 / 12)
    totals = {row["name"]: row for row in table["totals"]}
    assert totals["delay_ms"]["delta"] == pytest.approx(sum(row["delta"] for row in table["modules"]))
    assert "softmax" in pivotsim("compare", tmp_path / "a.json", tmp_path / "b.json").out


def test_show_hw(pivotsim):
    data = json_of(pivotsim("show", "hw", "zcu102", "--json"))
    assert data["values"]["array.clock_mhz"] == {
        "value": 125.0, "unit": "MHz", "source": "PIVOT Table 1", "description": "Clock of the programmable logic.",
    }  # fmt: skip
    assert data["derived"]["peak_gmac_per_s"]["value"] == pytest.approx(288)
    text = pivotsim("show", "hw", "zcu102", "--set", "array.rows=32").out
    assert "set by the user (was 64)" in text
    assert "not stated" not in text


def test_show_fit(pivotsim):
    data = json_of(pivotsim("show", "fit", "zcu102", "--json"))
    assert data["fits"] is True and data["result"] == "fit"
    assert data["resources"]["dsp"]["demand"] == data["published"]["dsp"] == 2304
    assert data["published"] == {"dsp": 2304, "lut": 4566, "ff": 20668, "bram36": 48}
    text = pivotsim("show", "fit").out
    assert re.search(r"LUTs +60,048 +274,080 +214,032 +21\.9 % +fits +interpolated +4,566", text)
    assert "zcu102 on XCZU9EG: fits" in text and "what lowers it" not in text


def test_a_design_that_does_not_fit_is_a_result(pivotsim):
    large = ("--set", "array.rows=80")
    data = json_of(pivotsim("show", "fit", "zcu102", *large, "--json"))
    assert (data["fits"], data["resources"]["dsp"]["gap"], data["set"]) == (False, 2520 - 2880, {"array.rows": 80})
    ran = pivotsim("show", "fit", *large)
    assert ran.code == 0 and "zcu102 on XCZU9EG: DOES NOT FIT" in ran.out
    assert re.search(r"360 +DSP48E2 +array\.mac_packing", ran.out)
    assert json_of(pivotsim("run", "deit_s", *large, "--json"))["pl_cycles"] > 0


def test_energy_by_activity(pivotsim):
    data = json_of(pivotsim("run", "deit_s", "--energy", "activity", "--json"))
    assert list(data["energy_breakdown"]) == ["ps", "pe_array", "sram", "periphery", "dram"]
    assert sum(e["energy_j"] for e in data["energy_breakdown"].values()) == data["energy_j"]
    assert data["power_w"] == pytest.approx(7.92, abs=1e-6)
    assert data["energy_low_j"] < data["energy_j"] < data["energy_high_j"]
    assert data["energy_pinned_low_j"] == pytest.approx(data["energy_pinned_high_j"], rel=1e-6)  # the fitted run
    assert data["counts"]["dram_bytes"] == 195_839_784
    assert any("calibrated residual" in e.get("remark", "") for e in data["energy_breakdown"].values())
    text = pivotsim("run", "deit_s", "--energy", "activity").out
    assert re.search(r"pe_array +0\.0636 +1\.066 +13\.5 % +relative", text)
    assert "\nrelative: no component was ever measured by itself" in text
    assert re.search(r"periphery +0\.2385 +3\.997 +50\.5 % .*calibrated residual", text)
    assert re.search(r"each constant at its own low or high +0\.1943 +0\.7160 +3\.257 +12\.001", text)
    assert "power.activity.default.periphery_w: [calibrated] residual" in text


def test_a_mean_image_by_activity(pivotsim):
    command = ("combine", "deit_s", "--low", "1-6", "--high", "all", "--f-low", "0.8", "--energy", "activity")
    data = json_of(pivotsim(*command, "--json"))
    assert data["energy_low_j"] < data["energy_pinned_low_j"] < data["energy_j"] < data["energy_pinned_high_j"]
    text = pivotsim(*command).out
    assert "a calibrated residual" in text and "energy interval" in text
    assert "energy interval" not in pivotsim(*command[:-2]).out


def test_show_model_plan_and_trace(pivotsim):
    assert json_of(pivotsim("show", "model", "deit_s", "--json"))["derived"]["parameters"] == 22_050_664
    plan = json_of(pivotsim("show", "plan", "deit_s", "--active", "2", "--json"))
    assert [e["encoder"] for e in plan["encoders"] if e["attention"] == "active"] == [2]
    assert len(json_of(pivotsim("show", "trace", "deit_s", "--json"))["ops"]) == 222
    for what in ("model", "plan", "trace"):
        ran = pivotsim("show", what, "deit_s")
        assert ran.code == 0 and len(ran.out.splitlines()) > 10


def test_reproduce(pivotsim, tmp_path):
    data = json_of(pivotsim("reproduce", "pivot", "--json"))
    assert data["unexpected"] == []
    text = pivotsim("reproduce", "pivot", "--full").out
    for claim in data["claims"]:
        assert claim["id"] in text and claim["reason"] in text
    assert [(a["row"], a["possible"]) for a in data["additive_energy"]] == [
        ("PVDS-50", "no"), ("PVLS-50", "only by rounding"),
    ]  # fmt: skip
    assert re.search(r"PVDS-50 +1\.23x +1\.6x +2\.0x +no +42 %", text)
    markdown = pivotsim("reproduce", "pivot", "--full", "--format", "markdown").out
    assert markdown.startswith("### ") and "| table2.deit_s.delay | 59.66 | 59.660 |" in markdown


def test_pictures_of_pivot_with_and_without_recordings(pivotsim, tmp_path):
    ran = pivotsim("reproduce", "pivot", "--json", "--plots", tmp_path / "a")
    assert ran.code == 0 and json.loads(ran.out)["unexpected"] == []
    assert {p.name for p in (tmp_path / "a").iterdir()} == {
        "pivot_delays.png", "pivot_fig1b_attention.png", "pivot_fig4b_search_space.png", "pivot_fig4c_training.png",
        "pivot_fig6a_shares.png", "pivot_fig6b_components.png", "pivot_fig8a_edp.png", "pivot_fig8b_edp_parts.png",
        "pivot_table4_systems.png",
    }  # fmt: skip
    (note,) = ran.err.splitlines()
    assert note.startswith("left out for lack of recordings: Figs. 1c (throughput on GPUs and CPUs), 2c")
    assert "9 (paths of the efforts); give --recorded DIR" in note and "`make cosearch`" in note
    ran = pivotsim("reproduce", "pivot", "--plots", tmp_path / "b", "--recorded", RECORDED)
    assert (ran.code, ran.err) == (0, "") and ran.out.count("wrote ") == len(list((tmp_path / "b").iterdir())) == 16


def test_recordings_that_are_not_there(pivotsim, tmp_path):
    for arguments, problem in (
        (("--recorded", RECORDED), "--recorded: changes pictures alone, give --plots too"),
        (("--plots", tmp_path / "out", "--recorded", tmp_path / "no"), f"--recorded: {tmp_path}/no: no such folder"),
        (("--plots", tmp_path / "out", "--recorded", tmp_path), "holds no recording, such as cosearch_digits_efforts"),
        (("--plots", tmp_path / "out", "--recorded", ""), "--recorded: must name a folder"),
        (("--plots", tmp_path / "out", "--recorded", "a" * 300), "no such folder"),
        (("--plots", tmp_path / "out", "--recorded", "a\0"), "no such folder"),
    ):
        ran = pivotsim("reproduce", "pivot", *arguments)
        assert ran.code == 2 and problem in ran.err and len(ran.err.splitlines()) == 1, ran.err
    (tmp_path / "effort_overhead_cpu.csv").write_bytes((RECORDED / "effort_overhead_cpu.csv").read_bytes())
    ran = pivotsim("reproduce", "pivot", "--plots", tmp_path / "out", "--recorded", tmp_path)
    assert ran.code == 0 and f"{tmp_path} lacks cosearch_digits_seed0_calibration.npz" in ran.err
    assert "pivot_fig7_processors.png" in ran.out and "pivot_fig9_paths" not in ran.out


@pytest.mark.parametrize(
    "command", [("run", "deit_s"), ("combine", "deit_s", "--low", "1", "--high", "all", "--f-low", "1")]
)
def test_plots_are_whole_png_files(pivotsim, tmp_path, command):
    ran = pivotsim(*command, "--plots", tmp_path / "new" / "folder")
    pictures = sorted((tmp_path / "new" / "folder").iterdir())
    assert len(pictures) == (4 if command[0] == "run" else 2)
    for picture in pictures:
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB`\x82")
        assert f"wrote {picture}" in ran.out


def test_version_and_help(pivotsim):
    assert pivotsim("--version").out == f"pivotsim {ps.__version__}\n"
    for command in (
        (),
        ("gemm",),
        ("run",),
        ("combine",),
        ("compare",),
        ("reproduce",),
        ("show",),
        ("show", "hw"),
        ("show", "fit"),
    ):
        ran = pivotsim(*command, "--help")
        assert ran.code == 0 and ran.out.lstrip().startswith("Usage: pivotsim") and "╭" not in ran.out
    ran = pivotsim()
    assert ran.code == 2 and ran.err.startswith("Usage: pivotsim")


def test_a_terminal_gets_bold_names_of_columns(pivotsim, monkeypatch):
    monkeypatch.setattr("pivotsim.cli.output.is_terminal", lambda: True)
    ran = pivotsim("run", "deit_s")
    assert (ran.code, ran.out.count("\033[1m")) == (0, 2)
    assert "\n\033[1mmodule   delay, ms   share\033[0m\nqkv           4.54   7.6 %\n" in ran.out


def test_memory_hw_implies_its_engine_and_says_what_limits(pivotsim):
    data = json_of(pivotsim("run", "deit_s", "--memory", "hw", "--json"))
    assert (data["engine"], data["pl_cycles"]) == ("memory", 12 * 743_690)
    assert data["stall_cycles"]["dram"] == 12 * 1_248
    text = " ".join(pivotsim("run", "deit_s", "--memory", "hw").out.split())
    assert (
        "8,924,280 clocks = 3,026,160 with unlimited memories + 5,878,656 to reload and refill it for each chunk"
        in text
    )
    assert "GEMMs whose roofline is DRAM's: none" in text and data["memory_bound"] == []
    slow = pivotsim("run", "deit_s", "--memory", "hw", "--set", "memories.dram_bytes_per_s=3000000000").out
    assert "GEMMs whose roofline is DRAM's: 12 qkt (dram_write), 12 sv (dram_read)" in slow
    mixed = pivotsim("combine", "deit_s", "--low", "1-6", "--high", "all", "--f-low", "0.8", "--memory", "hw", "--json")
    assert json_of(mixed)["mean_pl_cycles"] > 2 * 2_351_592


@pytest.mark.parametrize("engine", ["pe", "memory"])
def test_gemm_on_every_engine(pivotsim, engine):
    assert json_of(pivotsim("gemm", 197, 384, 1536, "--engine", engine, "--json"))["cycles"] == 61_128


def test_watch(pivotsim, tmp_path):
    data = json_of(pivotsim("watch", 5, 4, 6, "--array", "4x3", "--gif", "--out", tmp_path, "--json"))
    assert (data["cycles"], data["folds"]) == (30, 2)
    assert data["fold_times"][1] == {"load_cycle": 15, "start_cycle": 19, "end_cycle": 29, "cycles": 15}
    name = "watch_5x4x6_on_4x3_is_none"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.gif", f"{name}.png"]
    text = pivotsim("watch", 40, 4, 6, "--array", "2x2", "--dataflow", "os", "--out", tmp_path)
    assert text.code == 0 and "... and 48 more folds (--json lists all)" in text.out


def test_tokens_are_pruned_and_echoed(pivotsim):
    options = ("--tokens", "evit:keep_rate=0.7,fuse=false", "--tokens", "heatvit:keep_rates=0.3/0.2,encoders=8/11")
    data = json_of(pivotsim("run", "deit_s", "--json", *options))
    assert data["workload"] == "deit_s, evit, heatvit"
    assert data["pruning"]["tokens"] == [
        {"method": "evit", "keep_rate": 0.7, "fuse": False},
        {"method": "heatvit", "keep_rates": [0.3, 0.2], "encoders": [8, 11]},
    ]
    plan = ps.prune_tokens(ps.plan("deit_s"), "evit", keep_rate=0.7, fuse=False)
    plan = ps.prune_tokens(plan, "heatvit", keep_rates=[0.3, 0.2], encoders=[8, 11])
    assert data["pl_cycles"] == ps.simulate(plan).pl_cycles
    shown = json_of(pivotsim("show", "plan", "deit_s", "--json", *options))
    assert shown["pruning"] == data["pruning"]
    assert [(e["attention_tokens"], e["mlp_tokens"]) for e in shown["encoders"]] == [
        (e.attention_tokens, e.mlp_tokens) for e in plan.encoders
    ]
    assert shown["encoders"][3]["token_steps"] == "between evit(keep_rate=0.7, fuse=false)"
    trace = json_of(pivotsim("show", "trace", "deit_s", "--json", *options))
    assert trace["macs"] == ps.lower(plan).macs and trace["pruning"] == data["pruning"]
    assert json_of(pivotsim("run", "deit_s", "--json"))["pruning"] == {}


def test_both_efforts_are_pruned(pivotsim):
    efforts = ("combine", "deit_s", "--low", "1-6", "--high", "all", "--f-low", "0.8", "--json")
    pruned = json_of(pivotsim(*efforts, "--tokens", "dynamicvit:keep_rate=0.7"))
    assert pruned["pruning"]["tokens"] == [{"method": "dynamicvit", "keep_rate": 0.7}]
    assert pruned["delay_ms"] < json_of(pivotsim(*efforts))["delay_ms"]
    whole = ps.prune_tokens(ps.plan("deit_s"), "dynamicvit", keep_rate=0.7)
    reports = [ps.simulate(ps.skip_attention(whole, active=range(1, n + 1))) for n in (6, 12)]
    assert pruned["delay_ms"] == pytest.approx(ps.combine(reports, [0.8, 0.2]).delay_ms)


def test_a_plan_shows_its_steps(pivotsim):
    ran = pivotsim("show", "plan", "deit_s", "--tokens", "tdm:keep_rate=0.5")
    assert ran.code == 0
    assert re.search(r"3  active +197 +100  between tdm\(keep_rate=0.5\)", ran.out)


def test_run_on_an_mpca(pivotsim):
    data = json_of(pivotsim("run", "deit_s", "--hw", "u250_mpca", "--json"))
    assert set(data) >= SHARED
    assert (data["engine"], data["memory"], data["pl_cycles"]) == ("mpca", "hw", 1_188_696)
    fc1 = data["mpca_by_module"]["fc1"]
    assert (fc1["lane_efficiency_frac"], fc1["dma_cycles"], fc1["bound"]) == (1.0, 221_184, "compute")
    text = pivotsim("run", "deit_s", "--hw", "u250_mpca").out
    assert "lanes busy" in text and "bound by" in text and "8 lanes of 12 x 8 tokens, balance lpt" in text
    slow = json_of(pivotsim("run", "deit_s", "--hw", "u250_mpca", "--set", "mpca.dma_bytes_per_cycle=8", "--json"))
    assert slow["mpca_by_module"]["fc1"]["bound"] == "dma"


def test_run_on_an_mpca_by_the_authors_rules(pivotsim):
    ran = ("run", "deit_s", "--hw", "u250_mpca", "--set", "model.prefix_tokens=2", "--set", "mpca.rules=authors")
    data = json_of(pivotsim(*ran, "--json"))
    assert (data["pl_cycles"], data["unit_cycles"]) == (958_464, 0)
    assert data["mpca_by_module"]["fc2"]["cycles"] == 294_912
    assert any("charges no time for the DMA of weights, fill, headers" in note for note in data["notes"])
    pruned = json_of(pivotsim(*ran, "--preset", "parikh_code", "--json"))
    assert (pruned["pl_cycles"], round(pruned["delay_ms"], 3)) == (260_523, 0.868)
    refused = pivotsim("run", "deit_s", "--hw", "u250_mpca", "--set", "mpca.rules=author")
    assert (refused.code, refused.err) == (
        2, "--set: mpca.rules: must be one of pivotsim, authors (got 'author'), nearest valid name: 'authors'\n"
    )  # fmt: skip


def test_show_hw_of_a_gpu(pivotsim):
    data = json_of(pivotsim("show", "hw", "gpu/a100", "--json", "--set", "sm.count=54"))
    assert data["values"]["sm.count"]["value"] == 54
    assert data["derived"]["tile_slots"]["value"] == 54 * data["values"]["kernel.tiles_per_sm"]["value"]
    ran = pivotsim("show", "hw", "gpu/a100")
    assert (ran.code, ran.err) == (0, "")
    assert "kernel.wave_us" in ran.out and "TFLOP/s" in ran.out


def test_show_hw_of_an_mpca(pivotsim):
    data = json_of(pivotsim("show", "hw", "u250_mpca", "--json"))
    assert data["values"]["mpca.p_t"]["value"] == 12
    assert data["derived"]["pes"]["value"] == 6_144
    assert not any(path.startswith("host.") for path in data["values"])


def test_idle_arrays_are_said(pivotsim):
    ran = pivotsim("gemm", "1", "384", "1", "--array", "32x18", "--arrays", "4", "--split", "rows")
    assert ran.code == 0 and "1 with 1 row, 3 idle; folds are those of all" in ran.out
