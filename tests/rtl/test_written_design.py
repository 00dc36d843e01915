"""A written folder simulates by its own `make` and prints the predicted clocks."""

import os
import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest

import pivotsim as ps
from pivotsim.workload.ops import Op, Trace
from tests.rtl import verilated

MISSING = verilated.missing() or ("" if shutil.which("make") else "no make on this machine")
runs = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")
SMALL = {
    "array.rows": 4, "array.cols": 3, "array.fold_overlap": "pipelined", "array.mac_latency": 2,
    "memories.ipmem_bytes": 256, "memories.wtmem_bytes": 256, "memories.opmem_bytes": 256,
    "memories.weight_share_bytes": 512, "memories.gb_bytes": 512, "memories.gb_port_bytes_per_clock": 8,
    "memories.buffer_read_cycles": 1, "memories.dram_bytes_per_s": 400_000_000,
}  # fmt: skip


def small_trace() -> Trace:
    ops = [Op(1, "fc1", "gemm", 9, 12, 10, 1), Op(1, "fc2", "gemm", 9, 40, 5, 1), Op(2, "fc1", "gemm", 9, 12, 10, 2)]
    return Trace(tuple(ops))


def test_a_folder_holds_what_its_readme_names(tmp_path):
    design = ps.write_rtl(ps.load_hardware("zcu102").replace(SMALL), small_trace(), tmp_path / "design")
    assert [(gemm.name, gemm.repeats) for gemm in design.gemms] == [("fc1_9x12x10", 3), ("fc2_9x40x5", 1)]
    assert design.cycles == sum(gemm.cycles * gemm.repeats for gemm in design.gemms)
    readme = (design.folder / "README.md").read_text()
    for gemm in design.gemms:
        assert f"| {gemm.name} | {gemm.repeats} | {gemm.loop_order} | {gemm.chunk} | {gemm.cycles:,} |" in readme
        names = sorted(path.name for path in (design.folder / "programs" / gemm.name).iterdir())
        assert names == ["drains.hex", "dram.bin", "loads.hex", "outputs.bin", "streams.hex", "tiles.hex"]
    assert "never run" in (design.folder / "vivado.tcl").read_text().lower()
    drawing = ElementTree.parse(design.folder / "diagram.svg").getroot()
    ground = drawing[0].attrib  # dark pages would swallow dark lines
    assert f"0 0 {ground['width']} {ground['height']}" == drawing.attrib["viewBox"] and ground["fill"] == "white"
    assert (design.folder / "files.f").read_text().split() == sorted(
        f"rtl/{path.name}" for path in (design.folder / "rtl").iterdir()
    )


@runs
@pytest.mark.parametrize("fold_overlap", ["pipelined", "settled"])
def test_make_prints_the_predicted_clocks(tmp_path, fold_overlap):
    """`settled` with mac_latency 2 is written with elements in DSP48E2 slices, and their model for the bench."""
    board = ps.load_hardware("zcu102").replace({**SMALL, "array.fold_overlap": fold_overlap})
    design = ps.write_rtl(board, small_trace(), tmp_path / "design")
    assert design.parameters["SLICES"] == (fold_overlap == "settled")
    assert any("pe_generic" in note for note in design.notes) == (fold_overlap != "settled")
    command = ["make", "-s", f"VERILATOR_ROOT={verilated.verilator()}", "CXX=g++"]
    done = subprocess.run(command, cwd=design.folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = re.findall(r"^(\S+) +(\d+) +(\d+)  (.+)$", done.stdout, re.M)
    assert rows[:-1] == [(gemm.name, str(gemm.cycles), str(gemm.cycles), "equal") for gemm in design.gemms]
    assert rows[-1][0] == "together" and rows[-1][3] == "as predicted"
    settings = (design.folder / "gemms.txt").read_text().replace(f" {design.gemms[0].cycles}\n", " 1000\n")
    (design.folder / "gemms.txt").write_text(settings)  # a prediction that is wrong is told
    done = subprocess.run(command, cwd=design.folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 2 and "1 differ" in done.stdout


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
        (Op(1, "fc1", "gemm", 9, 12, 10, 1, density=0.5, mask_key="block=4,seed=0"), "has a mask"),
        (
            Op(1, "fc1", "gemm", 9, 12, 10, 1, a_bits=16),
            "encoder 1: a_bits: operands must have 8 bits in hardware (got 16)",
        ),
        (Op(1, "fc1", "gemm", 9, 12, 10, 1, w_bits=4), "w_bits: operands must have 8 bits in hardware (got 4)"),
        (Op(1, "fc1", "gemm", 9, 12, 10, 1, out_bits=16), "out_bits: outputs must have 8 bits in hardware, or the 32"),
        (Op(1, "gelu", "gelu", 9, 12, 0, 1), "no GEMM for the array"),
    ],
)
def test_workloads_that_no_program_is_written_for(op, message, tmp_path):
    with pytest.raises(ps.InputError) as raised:
        ps.write_rtl(ps.load_hardware("zcu102"), Trace((op,)), tmp_path / "design")
    assert message in str(raised.value)


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
    sizes = [(tmp_path / "design/programs" / gemm.name / "outputs.bin").stat().st_size for gemm in design.gemms]
    assert sizes == [90, 360]
