"""A written folder simulates by its own `make` and prints the predicted clocks."""

import csv
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
from xml.etree import ElementTree

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.cli.entry import main
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.workload.ops import Op, Trace
from tests.proofs import rtl_designs
from tests.rtl import verilated
from tests.rtl.layers import networks
from tests.rtl.made import made

MISSING = verilated.missing() or ("" if shutil.which("make") else "no make on this machine")
runs = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")
DRAMS = 40
SMALL = {
    "array.rows": 4, "array.cols": 3, "array.fold_overlap": "pipelined", "array.mac_latency": 2,
    "memories.ipmem_bytes": 256, "memories.wtmem_bytes": 256, "memories.opmem_bytes": 256,
    "memories.weight_share_bytes": 512, "memories.gb_bytes": 512, "memories.gb_port_bytes_per_clock": 8,
    "memories.buffer_read_cycles": 1, "memories.dram_bytes_per_s": 400_000_000,
}  # fmt: skip


def small_trace(is_masked: bool = False) -> Trace:
    ops = [Op(1, "fc1", "gemm", 9, 12, 10, 1), Op(1, "fc2", "gemm", 9, 40, 5, 1), Op(2, "fc1", "gemm", 9, 12, 10, 2)]
    masked = Op(2, "fc1", "gemm", 9, 12, 10, 1, density=0.5, mask_key="block=3,seed=0")
    return Trace((*ops, masked) if is_masked else tuple(ops))


def test_a_folder_holds_what_its_readme_names(tmp_path):
    design = ps.write_rtl(ps.load_hardware("zcu102").replace(SMALL), small_trace(), tmp_path / "design")
    assert [(gemm.name, gemm.repeats) for gemm in design.gemms] == [("fc1_9x12x10", 3), ("fc2_9x40x5", 1)]
    assert design.cycles == sum(gemm.cycles * gemm.repeats for gemm in design.gemms)
    readme = (design.folder / "README.md").read_text()
    for gemm in design.gemms:
        assert f"| {gemm.name} | {gemm.repeats} | {gemm.loop_order} | {gemm.chunk} | {gemm.cycles:,} |" in readme
        names = sorted(path.name for path in (design.folder / "programs" / gemm.name).iterdir())
        assert names == ["a.hex", "b.hex", "drains.hex", "loads.hex", "outputs.hex", "streams.hex", "tiles.hex"]
    assert "never run" in (design.folder / "vivado.tcl").read_text().lower()
    drawing = ElementTree.parse(design.folder / "diagram.svg").getroot()
    ground = drawing[0].attrib  # dark pages would swallow dark lines
    assert f"0 0 {ground['width']} {ground['height']}" == drawing.attrib["viewBox"] and ground["fill"] == "#fff"
    assert (design.folder / "files.f").read_text().split() == sorted(
        f"rtl/{path.name}" for path in (design.folder / "rtl").iterdir()
    )


def drawn_dram(seed):
    """Draw a rate of 0.1 to 26 bytes a clock, which meets ports of 8 from both sides, and latencies."""
    draw = random.Random(seed)
    rate = int(125e6 * 10 ** draw.uniform(-1, 1.4))
    latency = {f"{way}_latency_ns": draw.choice((0, 8, draw.randint(0, 400))) for way in ("read", "write")}
    return {"dram_bytes_per_s": rate, **latency}


def rows_of(said):
    return re.findall(r"^(\S+) +(\d+) +(\d+)  (.+)$", said, re.M)


@runs
@pytest.mark.parametrize("has_units", [False, True])
def test_a_folder_with_a_layer_program_runs(has_units, tmp_path):
    """What DRAM holds of the whole network is more than any GEMM of the bench has. GEMMs run beside units, too."""
    board = networks.with_units(networks.board()) if has_units else networks.board()
    design = ps.write_rtl(board, networks.plan("whole"), tmp_path / "design", integer=networks.model())
    code, said = made(design.folder)
    assert code == 0, said
    assert [clocks for _, clocks, *_ in rows_of(said)[:-1]] == [str(gemm.cycles) for gemm in design.gemms]
    assert ("UNITS" in design.parameters) == has_units == ("-DUNITS" in (design.folder / "parameters.mk").read_text())


@runs
def test_make_prints_the_predicted_clocks(tmp_path):
    """Elements in DSP48E2 slices, with their model; one GEMM has a user's weights, one of those a mask."""
    program = {"memories.chunk": 4, "memories.loop_order": "column-chunk-row", "array.fold_overlap": "settled",
               "memories.outstanding_reads": 3}  # fmt: skip
    board = ps.load_hardware("zcu102").replace({**SMALL, **program})
    generator = np.random.default_rng(5)
    np.savez(tmp_path / "w.npz", **{"2.fc1": generator.integers(-128, 128, (12, 10), dtype=np.int8)})
    design = ps.write_rtl(board, small_trace(is_masked=True), tmp_path / "design", weights=tmp_path / "w.npz")
    assert [gemm.name.rpartition("_b_")[0] for gemm in design.gemms] == ["", "", "fc1_9x12x10"]
    assert design.gemms[2].cycles != design.gemms[0].cycles and design.parameters["MASKED"] == 1
    assert design.parameters["SLICES"] and not any("pe_generic" in note for note in design.notes)
    code, said = made(design.folder)
    assert code == 0, said
    rows = rows_of(said)
    assert rows[:-1] == [(gemm.name, str(gemm.cycles), str(gemm.cycles), "equal") for gemm in design.gemms]
    assert rows[-1][0] == "together" and rows[-1][3] == "as predicted"
    code, said = made(design.folder, GEMM=design.gemms[1].name)
    assert code == 0 and [name for name, *_ in rows_of(said)] == [design.gemms[1].name, "together"]
    code, said = made(design.folder, GEMM="nope")
    there = ", ".join(gemm.name for gemm in design.gemms)
    assert code == 2 and f"GEMM: must be one of {there} (got nope)" in said and "predicted" not in said
    for number in range(DRAMS):  # the same hardware behind other DRAMs
        slower = {f"memories.{name}": choice for name, choice in drawn_dram(number).items()}
        other = ps.write_rtl(board.replace(slower), small_trace(is_masked=True), tmp_path / f"dram-{number}")
        assert (other.folder / "rtl" / "top.v").read_text() == (design.folder / "rtl" / "top.v").read_text()
        done = subprocess.run([design.folder / "build" / "run"], cwd=other.folder, capture_output=True, timeout=60)
        assert done.returncode == 0, (slower, done.stdout)
    code, said = made(design.folder, STALLS=1)  # streams that hesitate: later, the same bytes
    assert code == 0 and all(int(late) > int(clocks) for _, late, clocks, _ in rows_of(said)), said
    assert [outputs for *_, outputs in rows_of(said)] == ["equal", "equal", "equal", "with stalls"]
    listed, outputs = design.folder / "gemms.txt", design.folder / "programs" / design.gemms[1].name / "outputs.hex"
    listed.write_text(listed.read_text().replace(f" {design.gemms[0].cycles}\n", " 1000\n"))
    lines = outputs.read_text().splitlines()
    lines[1] = ("00" if lines[1][:2] != "00" else "01") + lines[1][2:]
    outputs.write_text("\n".join(lines))  # a prediction and a byte that are wrong are told
    code, said = made(design.folder)
    assert code == 2 and "2 differ" in said and "1 bytes differ" in said


@runs
def test_from_a_front_to_a_folder_that_simulates(tmp_path, capsys):
    """The walk of docs/hardware_out.md on a small space: sweep, front, rtl, make. Ports of 3 B need the gearbox."""
    ports = {"memories.ipmem_port_bytes_per_clock": 3, "memories.gb_port_bytes_per_clock": 8}
    axes = {"array.dataflow": ["os", "ws"], "array.rows": [3], "array.cols": [4, 5]}
    space = {"name": "walk", "fixed": {"model": "digits_vit", "memory": "hw", "set": ports}, "axes": axes}
    (tmp_path / "walk.yaml").write_text(json.dumps(space))
    sweep, folder = tmp_path / "sweep", tmp_path / "design"

    def pivotsim(*arguments):
        assert main([str(argument) for argument in arguments]) == 0
        return json.loads(capsys.readouterr().out)

    pivotsim("sweep", tmp_path / "walk.yaml", "--out", sweep, "--json")
    knee = pivotsim("front", sweep, "--objectives", "delay_ms,dsp", "--json")["knee"]
    written = pivotsim(
        "rtl", "--from", sweep, "--point", knee["point"], "--space", tmp_path / "walk.yaml", "--out", folder, "--json"
    )
    assert written["cycles_as_stated"] == knee["pl_cycles"] == written["from"]["pl_cycles"] < written["cycles"]
    assert written["parameters"]["C"] == knee["array.cols"] and written["parameters"]["GEARBOX"]
    assert f"- point {knee['point']} of {sweep}: array.dataflow" in (folder / "README.md").read_text()
    code, said = made(folder, as_shipped=True)
    assert code == 0 and rows_of(said)[-1][1:] == (
        *[str(sum(g["cycles"] for g in written["gemms"]))] * 2,
        "as predicted",
    )
    code, said = made(folder, STALLS=1)  # beats wider than a port of 3 B
    assert code == 0 and {outputs for *_, outputs in rows_of(said)} == {"equal", "with stalls"}, said


@pytest.mark.parametrize(
    ("setting", "start"),
    [
        (
            {"placement.softmax": "pl", "placement.norm": "pl", "placement.gelu": "pl"},  # a kind that no operation has
            "placement: units of softmax, norm (pl) are not in the",
        ),
        ({"memories.outstanding_reads": 3}, "memories.outstanding_reads 3: request_sequencer is built"),
    ],
)
def test_what_the_top_has_otherwise_is_said(setting, start, tmp_path):
    plain = ps.load_hardware("zcu102").replace(SMALL)
    others = Op(1, "softmax", "softmax", 9, 1, 9, 1), Op(1, "norm2", "norm", 9, 1, 12, 1)
    trace = Trace((*small_trace().ops, *others))
    notes = {}
    for name, board in (("without", plain), ("with", plain.replace(setting))):
        design = ps.write_rtl(board, trace, tmp_path / name)
        notes[name] = [note for note in design.notes if note.startswith(start)]
        assert (f"- {start}" in (design.folder / "README.md").read_text()) == (name == "with")
    assert notes["without"] == [] and len(notes["with"]) == 1


def test_latencies_that_no_fpga_has_are_raised(tmp_path):
    """Both predictions are engine `memory`'s own, of the board as it states them and as it is built."""
    slow = {"array.mac_latency": 2, "memories.buffer_read_cycles": 1}
    board = ps.load_hardware("zcu102").replace({**SMALL, "array.mac_latency": 1, "memories.buffer_read_cycles": 0})
    design = ps.write_rtl(board, small_trace(), tmp_path / "design")
    assert {each.path: each.built for each in design.raised} == slow
    for hw, cycles in ((board, design.cycles_as_stated), (board.replace(slow), design.cycles)):
        assert ps.simulate(small_trace(), hw, engine="memory", memory="hw").pl_cycles == cycles
    assert design.cycles > design.cycles_as_stated
    readme = (design.folder / "README.md").read_text()
    assert f"{design.cycles:,} clocks as built, {design.cycles_as_stated:,} as stated" in readme
    assert "array.mac_latency 1 is built as 2" in readme
    kept = ps.write_rtl(board, small_trace(), tmp_path / "kept", as_stated=True)
    assert kept.raised == () and kept.cycles == kept.cycles_as_stated == design.cycles_as_stated
    assert (kept.parameters["MREG"], kept.parameters["READ_CYCLES"]) == (0, 0)
    assert not any("UltraRAM" in note for note in kept.notes)
    large = board.replace({"fpga.use.uram_from_bytes": board.memories.gb_bytes})
    dropped = ps.write_rtl(large, small_trace(), tmp_path / "dropped", as_stated=True)
    assert dropped.parameters.get("ULTRA", 0) == 0 and any(
        "none of gb is in UltraRAM" in note for note in dropped.notes
    )


def test_columns_that_share_slices_are_written_as_the_verilog_has_them(tmp_path):
    """Three clocks a MAC, and the register that parts sums; other overlaps and latencies are refused in one line."""
    board = ps.load_hardware("zcu102").replace({**SMALL, "array.mac_packing": 2})
    settled = board.replace({"array.fold_overlap": "settled"})
    design = ps.write_rtl(settled, small_trace(), tmp_path / "design")
    found = {name: design.parameters[name] for name in ("MAC_PACKING", "SLICES", "MREG")}
    assert found == {"MAC_PACKING": 2, "SLICES": 1, "MREG": 3}
    assert [(each.path, each.stated, each.built) for each in design.raised] == [("array.mac_latency", 2, 3)]
    built = settled.replace({"array.mac_latency": 3})
    assert ps.simulate(small_trace(), built, engine="memory", memory="hw").pl_cycles == design.cycles
    assert "DSP48E2 slices, two columns in each;" in (design.folder / "README.md").read_text()
    with pytest.raises(ps.InputError, match=r"array.fold_overlap: must be settled in hardware where"):
        ps.write_rtl(board, small_trace(), tmp_path / "other")
    with pytest.raises(ps.InputError, match=r"array.mac_latency: .* it must be 3 in hardware, under settled \(got 4\)"):
        ps.write_rtl(settled.replace({"array.mac_latency": 4}), small_trace(), tmp_path / "other")
    with pytest.raises(ps.InputError, match=r"it must be 3 in hardware, under settled \(got 2\)"):
        ps.write_rtl(settled, small_trace(), tmp_path / "other", as_stated=True)
    assert [path.name for path in tmp_path.iterdir()] == ["design"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    board = ps.load_hardware("zcu102").replace(SMALL)
    (tmp_path / "file").write_text("")
    with pytest.raises(ps.InputError, match=r"file: cannot be used as a folder: is not a directory"):
        ps.write_rtl(board, small_trace(), tmp_path / "file" / "design")

    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(ps.InputError, match=r"new: cannot be written: No space left on device"):
        ps.write_rtl(board, small_trace(), tmp_path / "new")


def test_nothing_is_written_over_or_half(tmp_path):
    (tmp_path / "design").mkdir()
    (tmp_path / "design" / "mine").write_text("")
    board = ps.load_hardware("zcu102").replace(SMALL)
    with pytest.raises(ps.InputError, match="--out: must be a new or an empty folder"):
        ps.write_rtl(board, small_trace(), tmp_path / "design")
    with pytest.raises(ps.InputError, match=r"memories: gemm 9x12x10: opmem: psums of 12 B does not fit"):
        ps.write_rtl(board.replace({"memories.opmem_bytes": 8}), small_trace(), tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["design"]


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (Op(1, "fc1", "gemm", 9, 12, 10, 1, density=0.5), "1: density: a GEMM needs a mask"),
        (
            Op(1, "fc1", "gemm", 9, 12, 10, 1, a_bits=16),
            "encoder 1: a_bits: operands must have 8 bits in hardware (got 16)",
        ),
        (Op(1, "fc1", "gemm", 9, 12, 10, 1, w_bits=4), "w_bits: operands must have 8 bits in hardware (got 4)"),
        (Op(1, "fc1", "gemm", 9, 12, 10, 1, out_bits=16), "out_bits: outputs must have 8 bits in hardware, or the 32"),
        (Op(1, "gelu", "gelu", 9, 1, 12, 1), "no GEMM for the array"),
        (Op(1, "../../fc1", "gemm", 9, 12, 10, 1), "1: module: must be one of"),  # which names a folder
    ],
)
def test_workloads_that_no_program_is_written_for(op, message, tmp_path):
    with pytest.raises(ps.InputError) as raised:
        ps.write_rtl(ps.load_hardware("zcu102"), Trace((op,)), tmp_path / "design")
    assert message in str(raised.value) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("array.count", 2, "array.count: must be 1 in hardware (got 2)"),
        ("array.operand_bits", 16, "array.operand_bits: must be 8 in hardware (got 16)"),
        ("calls.fold_us", 1.5, "calls.fold_us: hardware waits for no driver; must be 0 here"),
        ("memories.dram", "dram/ddr4_2400", "memories.dram: hardware is predicted behind a bandwidth"),
        ("memories.sum_bytes", 8, "memories.sum_bytes: must be 4 in hardware, sums and biases are int32 (got 8)"),
        ("memories.axi_read_burst_clocks", 3, "memories.axi_bursts: hardware counts bytes per clock"),
        ("memories.transfers", "serial", "memories.transfers: must be overlapped in hardware"),
        ("memories.reuse", "none", "memories.reuse: must be kept in hardware"),
        ("memories.clock_divisor", 2, "memories.clock_divisor: must be 1 in hardware, there is one clock (got 2)"),
        ("memories.post_region_cycles", 1, "memories.post_region_cycles: must be 0 in hardware"),
        ("memories.post_entry_cycles", 1, "memories.post_entry_cycles: must be 0 in hardware"),
        ("memories.output_block_rows", 8, "memories.output_block_rows: must be 0 in hardware, sums of os stay in"),
    ],
)
def test_boards_that_no_verilog_is_written_for(path, value, message, tmp_path):
    with pytest.raises(ps.InputError) as raised:
        ps.write_rtl(ps.load_hardware("zcu102").replace({**SMALL, path: value}), small_trace(), tmp_path / "design")
    assert len(raised.value.problems) == 1 and raised.value.problems[0].startswith(message)
    assert not list(tmp_path.iterdir())


def test_outputs_of_other_widths_are_other_programs(tmp_path):
    ops = tuple(Op(1, "qkt", "gemm", 9, 12, 10, 1, out_bits=bits) for bits in (8, 32))
    design = ps.write_rtl(ps.load_hardware("zcu102").replace(SMALL), Trace(ops), tmp_path / "design")
    assert [(gemm.name, gemm.out_bits) for gemm in design.gemms] == [("qkt_9x12x10", 8), ("qkt_9x12x10_out32", 32)]
    images = [(tmp_path / "design/programs" / gemm.name / "outputs.hex").read_text() for gemm in design.gemms]
    assert [sum(not word.startswith("@") for word in image.split()) for image in images] == [90, 360]


def test_the_page_shows_the_designs_that_were_simulated():
    with rtl_designs.TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rtl_designs.table_of(rows) in rtl_designs.PAGE.read_text()
    flows = [row["array.dataflow"] for row in rows]
    others = set(flows[rtl_designs.DESIGNS :])
    assert set(flows) == set(DATAFLOWS) and not others & set(flows[: rtl_designs.DESIGNS])
    assert len(rows) == rtl_designs.DESIGNS + rtl_designs.OF_OTHERS * len(others)
    assert all(row["predicted"] == row["clocks"] and row["outputs"] == "equal" for row in rows)
    assert {row["yosys_check"] for row in rows} == {"clean"}
