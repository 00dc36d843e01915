"""What stands beside the totals: whether the design fits, settings without effect, another board's values and power."""

import json
import random
import re

import pytest

import pivotsim as ps

PYNQ = "base: zcu102\nname: pynq\narray: {rows: 12, cols: 12}\npower: {board_w: 2.5}\n"
SAMPLE = (
    "cosearch",
    "digits_vit",
    "--logits",
    "digits",
    "--cka",
    "digits",
    "--target-delay-ms",
    "0.11",
    "--lec",
    "0.8",
)


@pytest.fixture
def shown(pivotsim):
    """Run a command as text and as JSON."""

    def run(*arguments):
        ran, data = pivotsim(*arguments), pivotsim(*arguments, "--json")
        assert ran.code == data.code and "Traceback" not in ran.err
        return ran.out, json.loads(data.out)

    return run


@pytest.fixture
def pynq(tmp_path):
    path = tmp_path / "pynq.yaml"
    path.write_text(PYNQ)
    return path


# -- fits ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("settings", "lacking"),
    [
        (("array.rows=128", "array.cols=64"), "8,192 of 2,520 DSP48E2"),
        (("array.cols=40",), "2,560 of 2,520 DSP48E2"),
        (("memories.gb_bytes=8388608",), r"2,048 \[extrapolated\] of 912 BRAM36"),
        (("memories.ipmem_bytes=unlimited",), "unlimited of 912 BRAM36"),
        (("fpga.lut=4000",), "60,048 of 4,000 LUTs"),
    ],
)
def test_a_design_that_does_not_fit_is_called_that(shown, settings, lacking):
    asked = [part for one in settings for part in ("--set", one)]
    text, data = shown("run", "deit_t", *asked)
    assert re.search(rf"^fits +NO +{lacking}", text, re.M)
    assert data["fits"] is False
    short = [name for name, resource in data["resources"].items() if not resource["fits"]]
    assert short and all(data["resources"][name]["demand"] > data["resources"][name]["bound"] for name in short)


def test_a_design_that_fits_shows_its_fullest_resource(shown):
    text, data = shown("run", "deit_t")
    assert re.search(r"^fits +yes +2,304 of 2,520 DSP48E2, XCZU9EG$", text, re.M)
    assert data["fits"] is True and data["resources"]["dsp"] == {
        "demand": 2304, "bound": 2520, "unit": "DSP48E2", "fits": True,
    }  # fmt: skip


def test_resources_that_nobody_counts(shown):
    text, data = shown("run", "deit_t", "--hw", "u250_mpca")
    assert re.search(r"^fits +- +no FPGA is stated, or this kind of hardware's resources are not counted$", text, re.M)
    assert data["fits"] is None and data["resources"] is None


def test_pairs_co_searches_and_schedules_say_it_too(shown):
    wide = ("--set", "array.cols=64")
    text, data = shown("combine", "deit_t", "--low", "1-6", "--high", "all", "--f-low", 0.5, *wide)
    assert re.search(r"^fits +NO +4,096 of 2,520", text, re.M) and data["fits"] is False
    text, data = shown(*SAMPLE, *wide)
    assert re.search(r"^zcu102 +NO +4,096 of 2,520", text, re.M) and data["hardware"][0]["fits"] is False
    text, data = shown("schedule", "deit_s", "--accuracy", "deit_s", *wide)
    assert re.search(r"^fits +NO +4,096 of 2,520", text, re.M) and data["fits"] is False
    assert data["resources"]["dsp"]["demand"] == 4096
    assert shown("schedule", "deit_s", "--accuracy", "deit_s")[1]["fits"] is True
    assert shown("schedule", "deit_s", "--accuracy", "deit_s", "--hw", "gpu/a100")[1]["fits"] is None


def test_multiplications_and_comparisons_say_it_too(shown, pivotsim, tmp_path):
    text, data = shown("gemm", 8, 8, 8, "--array", "128x64")
    assert re.search(r"^fits +NO +8,192 of 2,520 DSP48E2, XCZU9EG$", text, re.M) and data["fits"] is False
    assert shown("gemm", 8, 8, 8)[1]["fits"] is True
    for name, cols in (("a", 36), ("b", 64)):
        (tmp_path / name).write_text(pivotsim("run", "deit_t", "--set", f"array.cols={cols}", "--json").out)
    text, data = shown("compare", tmp_path / "a", tmp_path / "b")
    assert {"name": "fits", "a": "yes", "b": "NO"} in data["options"] and re.search(r"^fits +yes +NO$", text, re.M)
    text, _ = shown("compare", tmp_path / "b", tmp_path / "b")
    assert text.count("fits NO") == 2


def test_notebooks_and_print_say_it():
    report = ps.simulate(ps.plan("deit_t"), ps.load_hardware("zcu102").replace({"array.rows": 128}))
    for text in (str(report), report._repr_html_()):
        assert "4,608 of 2,520 DSP48E2" in text and "power.board_w" in text
    mix = ps.combine([report, report], [0.5, 0.5])
    assert "4,608 of 2,520 DSP48E2" in str(mix) and "4,608 of 2,520 DSP48E2" in mix._repr_html_()


def test_reports_fit_as_their_hardware_does():
    rng = random.Random(4)
    plan, seen = ps.plan("deit_t"), set()
    for _ in range(60):
        dataflow = rng.choice(["is", "ws", "os"])
        hw = ps.load_hardware("zcu102").replace({
            "array.rows": rng.choice([8, 48, 64, 70]), "array.cols": rng.choice([8, 36, 40]),
            "array.dataflow": dataflow, "array.mac_packing": 1 if dataflow == "os" else rng.randint(1, 2),
            "memories.gb_bytes": rng.choice([16384, 2**22, "unlimited"]), "fpga.bram36": rng.choice([60, 912]),
        })  # fmt: skip
        report, found = ps.simulate(plan, hw), ps.fit(hw)
        assert report.fits == found.fits and report.fit == found
        seen.add(found.fits)
    assert seen == {True, False}


# -- settings without effect --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("setting", "options", "line"),
    [
        ("memories.opmem_bytes=1024", (), "not used here but for fits: needs --memory hw"),
        ("memories.read_latency_ns=5", (), "not used here: needs --memory hw"),
        ("memories.dram_bytes_per_s=5", ("--memory", "hw", "--set", "memories.dram=dram/ddr4_2400"),
         "not used here: needs --set memories.dram=bandwidth"),
        ("units.softmax.fill_cycles=9", (), "not used here: needs --set placement.softmax=pl"),
        ("units.gelu.fill_cycles=9", ("--profile", "full"), "not used here: needs --set placement.gelu=pl"),
        ("units.token_drop.ports=1", (), "not used here: needs a workload with gather"),
        ("host.full.call_us=9", (), "not used here: needs --profile full"),
        ("host.paper.call_us=9", ("--profile", "full"), "not used here: needs --profile paper"),
        ("host.multicore_efficiency_frac=0.5", (), "not used here: needs --set host.cores=2 or more"),
        ("host.paper.entropy.cycles_per_element=9", (), "not used here: needs an effort pair with gate entropy"),
        ("host.transfer.ports=2", (), "not used here: needs transfers that are charged, as by --profile full"),
        ("power.activity.default.dram_pj_per_byte=99", (), "not used here: needs --energy activity"),
        ("power.board_w=9", ("--energy", "activity"), "not used here: needs --energy constant"),
        ("array.os_edge_register=false", (), "not used here: needs --set array.dataflow=os"),
        ("model.classes=10", (), "not used here: needs --scope all"),
        ("model.qkv_bias=false", ("--scope", "all"), "not used here: no operation depends on it"),
    ],
)  # fmt: skip
def test_a_setting_without_effect_is_told_with_what_it_needs(shown, setting, options, line):
    path = setting.partition("=")[0]
    text, data = shown("run", "deit_t", "--set", setting, *options)
    assert data["not_used"][path] == line
    assert text.count(f"{path}: {line}\n") == 1 and f"{path}: set by the user" not in text
    _, plain = shown("run", "deit_t", *options)
    for name in ("delay_ms", "energy_j", "pl_cycles", "breakdown", "counts"):
        assert data[name] == plain[name]


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("memories.opmem_bytes=4096", ("--memory", "hw")),
        ("units.softmax.fill_cycles=9", ("--set", "placement.softmax=pl")),
        ("host.full.call_us=9", ("--profile", "full")),
        ("array.os_edge_register=false", ("--set", "array.dataflow=os")),
        ("power.activity.default.dram_pj_per_byte=99", ("--energy", "activity")),
        ("model.classes=10", ("--scope", "all")),
    ],
)
def test_a_setting_with_effect_is_listed_behind_the_numbers(shown, setting, options):
    path = setting.partition("=")[0]
    text, data = shown("run", "deit_t", "--set", setting, *options)
    assert path not in data["not_used"] and "not used here" not in text
    if not path.startswith("model."):
        assert f"  {path}: set by the user (was " in text
    assert data["delay_ms"] != shown("run", "deit_t", *options)[1]["delay_ms"] or path.startswith("power.")


def test_a_gate_reads_what_its_efforts_do_not(shown):
    asked = ("combine", "deit_t", "--low", "1-6", "--high", "all", "--f-low", 0.5)
    setting = ("--set", "host.paper.entropy.cycles_per_element=99", "--set", "model.classes=900")
    text, data = shown(*asked, *setting)
    assert data["not_used"] == {} and "  host.paper.entropy.cycles_per_element: set by the user (was " in text
    text, data = shown(*asked, *setting, "--gate", "none")
    assert set(data["not_used"]) == {"host.paper.entropy.cycles_per_element", "model.classes"}


def test_many_settings_with_one_need_are_one_line(shown, tmp_path):
    ports = "gb_port_bytes_per_clock: 32, ipmem_port_bytes_per_clock: 32, wtmem_port_bytes_per_clock: 32"
    rest = (
        "axi_ports: 2, axi_port_bytes_per_clock: 8, read_latency_ns: 1, write_latency_ns: 1, bias: false, sum_bytes: 8"
    )
    values = f"{{{ports}, {rest}, chunk: 9, loop_order: row-outer}}"
    path = tmp_path / "slow.yaml"
    path.write_text(f"base: zcu102\nname: slow\nmemories: {values}\n")
    text, data = shown("run", "deit_t", "--hw", path)
    unread = ("read_latency_ns", "write_latency_ns", "sum_bytes", "chunk", "loop_order")  # the others decide fits
    listed = ", ".join(f"memories.{name}" for name in unread)
    assert f"{listed}: not used here: needs --memory hw" in " ".join(text.split())
    assert len(data["not_used"]) == 11


def test_options_without_effect(shown, pivotsim, tmp_path):
    line = "--score-bits: not used here: needs --memory hw or requant or transfers that take time, as by --profile full"
    assert f"{line}\n" in shown("run", "deit_t", "--score-bits", 32)[0]
    assert (
        f"{line}\n" in shown("combine", "deit_t", "--low", "1", "--high", "all", "--f-low", 0.5, "--score-bits", 32)[0]
    )
    assert f"{line}\n" in shown(*SAMPLE, "--score-bits", 32)[0]
    assert "score-bits" not in shown("run", "deit_t", "--score-bits", 32, "--profile", "full")[0]
    told = shown("run", "deit_t", "--ps-pl-overlap", "images")[1]["remarks"]
    assert told == ["ps_pl_overlap: 'images' has no effect here: needs --batch 2 or more"]
    assert shown("run", "deit_t", "--ps-pl-overlap", "heads")[1]["remarks"] == []
    told = shown("run", "deit_t", "--ps-pl-overlap", "heads", "--active", "none")[1]["remarks"]
    assert told == ["ps_pl_overlap: 'heads' has no effect here: nothing runs side by side"]
    ran = pivotsim("sweep", "zcu102_arrays", "--out", tmp_path / "o", "--seed", 5)
    assert (ran.code, ran.err) == (2, "--seed: a grid visits every point; random, sobol and optuna draw (got 5)\n")


@pytest.mark.parametrize("setting", ["array.operand_bits=16", "mpca.operand_bits=16"])
def test_a_width_decides_what_fits_alone(shown, setting):
    hw = "u250_mpca" if setting.startswith("mpca") else "zcu102"
    path = setting.partition("=")[0]
    text, data = shown("run", "deit_t", "--hw", hw, "--set", setting)
    assert data["not_used"][path].startswith("not used here") and f"{path}: set by the user" not in text


def test_a_run_of_columns_that_no_verilog_packs_says_so(shown):
    said = "array.mac_packing: no Verilog packs under this overlap, `rtl` refuses it (got 'none')"
    assert said in shown("run", "deit_t", "--set", "array.mac_packing=2")[1]["remarks"]
    settled = ("--set", "array.fold_overlap=settled", "--set", "array.mac_latency=3")
    for more in (("--set", "array.mac_packing=2", *settled), settled):
        assert not any("Verilog" in line for line in shown("run", "deit_t", *more)[1]["remarks"])


def test_what_a_multiplication_does_not_read(shown):
    text, data = shown("gemm", 8, 8, 8, "--os-edge-register", "--set", "array.operand_bits=16")
    assert set(data["not_used"]) == {"array.os_edge_register", "array.operand_bits"}
    assert "array.os_edge_register: not used here: needs --dataflow os\n" in text
    assert shown("gemm", 8, 8, 8, "--os-edge-register", "--dataflow", "os")[1]["not_used"] == {}


def test_what_settled_is_where_nothing_is_loaded(shown):
    asked = ("gemm", 8, 8, 8, "--array", "2x2", "--fold-overlap", "settled")
    text, data = shown(*asked, "--dataflow", "os")
    assert "array.fold_overlap: settled is pipelined under os, where nothing is loaded\n" in text
    assert list(data["not_used"]) == ["array.fold_overlap"] and shown(*asked)[1]["not_used"] == {}


def test_the_array_alone_has_no_use_for_the_processor(shown):
    asked = ("schedule", "deit_s", "--accuracy", "deit_s", "--set", "host.cores=4")
    assert "host.cores" not in "".join(shown(*asked)[1]["remarks"])
    text, data = shown(*asked, "--part", "array")
    assert "host.cores: not used here: needs --part delay" in data["remarks"]
    assert "  host." not in text
    text, data = shown(*asked[:-2], "--set", "power.board_w=3")
    assert data["remarks"] == ["power.board_w: not used here: a schedule tells no energy"] and "  power." not in text


# -- another board's values ---------------------------------------------------------------------------------
def test_values_that_a_run_takes_from_another_board_are_listed(shown, pynq):
    _, data = shown("run", "deit_t", "--hw", pynq)
    inherited = {note.partition(": ")[0] for note in data["notes"] if "[inherited from zcu102]" in note}
    assert {"host.paper.softmax", "host.clock_mhz", "placement", "array.dataflow", "fpga"} <= inherited
    assert not inherited & {"array.rows", "power.board_w", "name"}
    assert not any(path.startswith(("power.activity", "units", "host.full")) for path in inherited)
    text, data = shown("run", "deit_t", "--hw", pynq, "--energy", "activity")
    assert "power.activity.default.ps_idle_w: [inherited from zcu102] " in "\n".join(data["notes"])
    assert re.search(r"^periphery .* a calibrated residual \[inherited from zcu102\]$", text, re.M)
    _, data = shown("run", "deit_t", "--hw", pynq, "--profile", "full", "--set", "placement.gelu=pl")
    told = "\n".join(data["notes"])
    assert "units: [inherited from zcu102]" in told and "host.full.norm: [inherited from zcu102]" in told
    assert re.search(r"^fits +yes .* XCZU9EG \[inherited from zcu102\]$", text, re.M)


def test_many_designs_name_the_boards_that_lend(pynq):
    (line,) = (note for note in ps.simulate_designs(ps.plan("deit_t"), str(pynq), {"rows": [8, 12]}).notes
               if "inherited" in note)  # fmt: skip
    assert "host.* (" in line and "array.rows" not in line and "array.dataflow" in line
    assert line.endswith(": [inherited from zcu102], whose sources pivotsim show hw zcu102 lists")
    table = ps.explore({"name": "s", "fixed": {"hw": str(pynq)}, "axes": {"array.dataflow": ["is", "os"]}})
    (line,) = (note for note in table.notes if "inherited" in note)
    assert "array.dataflow" not in line and "array.os_edge_register" in line and "fpga.* (" in line
    assert not any("inherited" in note for note in ps.explore({"name": "s", "axes": {"array.rows": [8]}}).notes)


def test_show_fit_lists_what_it_takes_from_another_board(shown, pynq):
    told = "\n".join(shown("show", "fit", pynq)[1]["notes"])
    for path in ("array.dataflow", "memories.gb_bytes", "memories.opmem_bytes", "fpga.dsp", "fpga.lut"):
        assert f"{path}: [inherited from zcu102]" in told
    assert "array.rows: [" not in told


def test_show_hw_marks_them(shown, pynq):
    text, data = shown("show", "hw", pynq)
    assert data["values"]["host.clock_mhz"]["source"].startswith("[inherited from zcu102] ")
    assert data["values"]["array.rows"]["source"] == f"set by the user in {pynq}"
    assert re.search(r"^units\.softmax\.fill_cycles .*\[inherited from zcu102\] \[assumed\]", text, re.M)


def test_a_value_is_the_board_s_that_states_it(shown, pynq, tmp_path):
    (tmp_path / "faster.yaml").write_text("base: pynq\nname: faster\narray: {clock_mhz: 200}\n")
    _, data = shown("run", "deit_t", "--hw", tmp_path / "faster.yaml")
    told = "\n".join(data["notes"])
    assert f"array.rows: [inherited from pynq] set by the user in {pynq}" in told
    assert "host.paper.softmax: [inherited from zcu102] [calibrated]" in told
    assert data["remarks"][0].startswith("power.board_w: 2.5 W is that of pynq with its own array and clock")


def test_a_group_without_a_source_is_marked_too(tmp_path):
    whole = ps.load_hardware("zcu102").model_dump()
    whole["host"] = whole["host"] or "none"
    whole["sources"] = {path: text for path, text in whole["sources"].items() if not path.startswith(("units", "fpga"))}
    base = tmp_path / "base.yaml"
    base.write_text(json.dumps({**whole, "name": "base"}))  # JSON is YAML
    derived = tmp_path / "derived.yaml"
    derived.write_text("base: base\nname: derived\nfpga: {dsp: 999}\n")
    hw = ps.load_hardware(str(derived))
    assert hw.source("units.softmax.fill_cycles") == "[inherited from base]" == hw.source("fpga.lut")
    assert hw.source("fpga.dsp") == f"set by the user in {derived}"


# -- one board's power --------------------------------------------------------------------------------------
@pytest.mark.parametrize("setting", ["array.rows=32", "array.cols=35", "array.clock_mhz=200", "array.dataflow=ws"])
def test_another_array_has_not_the_boards_power(shown, setting):
    line = (
        "power.board_w: 7.92 W is that of zcu102 with its own array and clock; energy activity scales with the design"
    )
    text, data = shown("run", "deit_t", "--set", setting)
    assert data["remarks"] == [line] and text.count(f"{line}\n") == 1
    assert shown("run", "deit_t", "--set", setting, "--energy", "activity")[1]["remarks"] == []
    assert shown("run", "deit_t", "--set", setting, "--set", "power.board_w=5")[1]["remarks"] == []


def test_power_and_array_of_several_bases(shown, tmp_path):
    def said(name, text):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\n{text}")
        return shown("run", "deit_t", "--hw", tmp_path / f"{name}.yaml")[1]["remarks"]

    of_zcu102 = "power.board_w: 7.92 W is that of zcu102 with its own array and clock"
    assert said("narrow", "base: zcu102\narray: {rows: 32}\n")[0].startswith(of_zcu102)
    assert said("leaf", "base: narrow\nhost: {cores: 4}\n")[0].startswith(of_zcu102)
    assert said("measured", "base: narrow\npower: {board_w: 4}\n") == []
    assert said("copy", "base: measured\nhost: {cores: 4}\n") == []
    assert said("faster", "base: measured\narray: {clock_mhz: 200}\n")[0].startswith(
        "power.board_w: 4 W is that of measured "
    )
    assert said("restated", "base: zcu102\narray: {rows: 64, cols: 36}\n") == []


@pytest.mark.parametrize("setting", ["array.rows=64", "array.os_edge_register=false", "array.operand_bits=16"])
def test_a_setting_that_leaves_the_array_as_it_is(shown, setting):
    assert shown("run", "deit_t", "--set", setting)[1]["remarks"] == []


def test_a_table_of_the_boards_own_array_has_the_boards_power():
    def notes(designs):
        return ps.simulate_designs(ps.plan("deit_t"), "zcu102", designs).notes

    assert not any("power.board_w" in note for note in notes({"rows": [64, 64]}))
    assert any("power.board_w" in note for note in notes({"rows": [64, 32]}))


def test_a_board_that_states_both_has_its_own_power(shown, pynq):
    assert shown("run", "deit_t", "--hw", pynq)[1]["remarks"] == []
    assert shown("run", "deit_t", "--hw", "zcu102")[1]["remarks"] == []
    told = shown("run", "deit_t", "--hw", pynq, "--set", "array.rows=9")[1]["remarks"]
    assert told and told[0].startswith("power.board_w: 2.5 W is that of pynq")
    assert shown("run", "deit_t", "--hw", "zcu102_ws")[1]["remarks"][0].startswith(
        "power.board_w: 7.92 W is that of zcu102 "
    )
    told = shown("run", "deit_t", "--hw", "u250_mpca", "--set", "mpca.p_h=2")[1]["remarks"]
    assert told and told[0].endswith("with its own array and clock")  # it has no other rule


# -- what a stranger typed ----------------------------------------------------------------------------------
@pytest.mark.parametrize("command", [("gemm", 8, 8, 8), ("watch", 12, 8, 20)])
def test_an_unknown_dataflow_is_one_line(pivotsim, command):
    ran = pivotsim(*command, "--dataflow", "IS")
    assert (ran.code, ran.err) == (2, "--dataflow: must be one of is, ws, os (got 'IS'), nearest valid name: 'is'\n")


def test_another_device_with_borrowed_counts(shown, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("base: zcu102\nname: mine\nfpga: {device: XC7Z020}\n")
    text, _ = shown("run", "deit_t", "--hw", path)
    assert "2,304 of 2,520 DSP48E2, XC7Z020 with counts [inherited from zcu102]\n" in text
    assert "fpga.device: not used" not in text  # a file's label is no setting without effect
    text, _ = shown("run", "deit_t", "--set", "fpga.device=XC7Z020")
    assert "XC7Z020 with the counts of the device before it\n" in text
    counts = "fpga: {device: XC7Z020, dsp: 220, bram36: 140, lut: 53200, ff: 106400}"
    path.write_text(f"base: zcu102\nname: mine\narray: {{rows: 16, cols: 12}}\n{counts}\n")
    assert re.search(r"^fits +yes +192 of 220 DSP48E2, XC7Z020$", shown("run", "deit_t", "--hw", path)[0], re.M)


def test_engine_memory_of_one_multiplication_has_unlimited_memories(shown):
    text, data = shown("gemm", 197, 384, 1536, "--engine", "memory")
    assert data["cycles"] == 61_128 and "--engine memory: memories are unlimited here" in text


def test_sweeps_that_store_nothing_and_objectives_named_twice(pivotsim, tmp_path):
    space = tmp_path / "s.yaml"
    axes = "axes: {memories.opmem_bytes: [16, 64]}"
    space.write_text(f"name: s\nfixed: {{memory: hw}}\n{axes}\n")
    ran = pivotsim("sweep", space, "--out", tmp_path / "o")
    assert ran.code == 1 and "sweep: no design is stored" in ran.err
    ran = pivotsim("front", tmp_path / "o", "--objectives", "delay_ms,delay_ms")
    assert ran.code == 2 and ran.err.startswith("--objectives: delay_ms: stands twice")
    ran = pivotsim("export", tmp_path / "o", "--csv", tmp_path / "none" / "x.csv")
    assert ran.code == 2 and not (tmp_path / "none").exists() and len(ran.err.splitlines()) == 1
    space.write_text("name: s\naxes: {array.mac_latency: {start: 1, stop: 1000, step: 1}}\n")
    ran = pivotsim("sweep", space, "--out", tmp_path / "p")
    assert ran.code == 2 and ran.err == f"{space}:2: axes.array.mac_latency: must be at most 16 (got 1000)\n"


@pytest.mark.parametrize(
    ("options", "without"),
    [
        (("--active", "none", "--heads", 2), "--heads"),
        (("--neurons", 1), "--neurons"),
        (("--tokens", "evit:keep_rate=1"), "--tokens"),
        (("--blocks", "block=16,density=1"), "--blocks"),
    ],
)
def test_pruning_that_removes_nothing(shown, options, without):
    text, data = shown("run", "deit_t", *options)
    assert data["not_used"] == {without: "not used here: it removes nothing"}
    assert f"{without}: not used here: it removes nothing\n" in text
    text, data = shown("combine", "deit_t", "--low", 1, "--high", 2, "--f-low", 0.5, "--neurons", 1)
    assert data["not_used"] == {"--neurons": "not used here: it removes nothing"}


def test_pruning_that_removes_something(shown):
    for option in (("--heads", 2), ("--tokens", "evit:keep_rate=0.7"), ("--blocks", "block=16,density=0.5")):
        assert shown("run", "deit_t", *option)[1]["not_used"] == {}


def test_a_missing_folder_of_the_search_path_is_told(pivotsim, monkeypatch, tmp_path):
    monkeypatch.setenv("PIVOTSIM_PATH", str(tmp_path / "typo"))
    ran = pivotsim("run", "deit_t")
    assert ran.code == 0 and ran.err == f"$PIVOTSIM_PATH: no such folder (got '{tmp_path / 'typo'}')\n"


def test_many_problems_are_not_all_printed(pivotsim, tmp_path):
    path = tmp_path / "b.yaml"
    path.write_text("base: zcu102\narray: {" + ", ".join(f"key{i}: 1" for i in range(48)) + "}\n")
    ran = pivotsim("run", "deit_s", "--hw", path)
    lines = ran.err.splitlines()
    assert ran.code == 2 and len(lines) == 22 and lines[-1] == "pivotsim: 27 more such lines are not printed"


def test_a_knee_that_does_not_fit_is_told(pivotsim, tmp_path):
    space = tmp_path / "s.yaml"
    space.write_text("name: s\naxes: {array.rows: [64, 128]}\n")
    pivotsim("sweep", space, "--out", tmp_path / "o")
    ran = pivotsim("front", tmp_path / "o", "--objectives", "delay_ms,dsp", "--maximize", "dsp")
    assert "on the front of delay_ms, dsp (maximised)" in ran.out
    assert "the knee does not fit its device; --where fits keeps the designs that do\n" in ran.out


def test_two_boards_of_one_name_are_told_apart(pivotsim, tmp_path):
    for rows in (16, 32):
        (tmp_path / f"{rows}.yaml").write_text(f"base: zcu102\nname: mine\narray: {{rows: {rows}}}\n")
        ran = pivotsim("run", "deit_t", "--hw", tmp_path / f"{rows}.yaml", "--json")
        (tmp_path / f"{rows}.json").write_text(ran.out)
    ran = pivotsim("compare", tmp_path / "16.json", tmp_path / "32.json")
    assert f"A ({tmp_path / '16.json'}): workload deit_t, hardware mine" in ran.out
    assert re.search(rf"^hw +{tmp_path / '16.yaml'} +{tmp_path / '32.yaml'}$", ran.out, re.M)


def test_a_file_without_a_name_has_its_own_and_says_so(pivotsim, tmp_path):
    (tmp_path / "small.yaml").write_text("base: zcu102\narray: {rows: 32}\n")
    (tmp_path / "smaller.yaml").write_text("base: small\nname: tiny\n")
    path = tmp_path / "small.yaml"
    ran = pivotsim("gemm", 8, 8, 8, "--hw", path, "--json")
    assert (json.loads(ran.out)["hardware"], ran.err) == ("small", f"{path}: states no name, so it is called small\n")
    ran = pivotsim("gemm", 8, 8, 8, "--hw", tmp_path / "smaller.yaml", "--json")
    assert (json.loads(ran.out)["hardware"], ran.err) == ("tiny", "")
