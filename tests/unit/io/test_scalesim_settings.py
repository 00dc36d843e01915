"""Settings of SCALE-Sim as a board: what they state, what they leave to the base, what they cannot say."""

import pytest

import pivotsim as ps
from pivotsim.io.search_path import take_notes

ZCU102 = ps.load_hardware("zcu102")
WHOLE = """[general]
run_name = "tpu_like"
[architecture_presets]
ArrayHeight = 32   # rows
ArrayWidth = 16
IfmapSramSzkB = 64
FilterSramSzkB: 32
OfmapSramSzkB = 128
IfmapOffset = 0
Dataflow = OS
Bandwidth = 20,10,30
[run_presets]
InterfaceBandwidth = USER
"""


def board(tmp_path, text=WHOLE, name="in.cfg"):
    (tmp_path / name).write_text(text)
    take_notes()
    return ps.load_hardware(tmp_path / name)


def test_what_has_a_counterpart_is_read(tmp_path):
    hw = board(tmp_path)
    assert (hw.name, hw.array.rows, hw.array.cols, hw.array.dataflow) == ("tpu_like", 32, 16, "os")
    memories = hw.memories
    assert (memories.ipmem_bytes, memories.wtmem_bytes, memories.opmem_bytes) == (65_536, 32_768, 131_072)
    assert {memories.ipmem_buffers, memories.wtmem_buffers, memories.opmem_buffers} == {"ping_pong"}
    assert (memories.axi_ports, memories.axi_port_bytes_per_clock, memories.dram_bytes_per_s) == (1, 10, "unlimited")
    assert (memories.input_share_bytes, memories.weight_share_bytes) == (0, 0)
    assert hw.source("memories.ipmem_buffers") == "[assumed] SCALE-Sim's are double"
    assert hw.source("host") == "[assumed] SCALE-Sim knows no processor"
    assert hw.source("array.rows") == f"set by the user in {tmp_path / 'in.cfg'}"


def test_the_rest_is_the_bases_and_said(tmp_path):
    hw = board(tmp_path)
    assert hw.host is None
    assert hw.array.clock_mhz == ZCU102.array.clock_mhz
    assert hw.source("array.clock_mhz").startswith("[inherited from zcu102]")
    said = "settings of SCALE-Sim; the rest is of zcu102, without its processor; not read: IfmapOffset"
    assert hw.description == said
    assert take_notes() == [f"{tmp_path / 'in.cfg'}: {said}"]
    report = ps.simulate(ps.Trace((ps.workload.Op(1, "fc1", "gemm", 40, 30, 20),)), hw, memory="hw")
    assert any(note.startswith("host: ") for note in report.notes)
    with pytest.raises(ps.InputError, match="this board has no processor"):
        ps.simulate(ps.plan("deit_t"), hw)


@pytest.mark.parametrize("lines", ["InterfaceBandwidth = CALC\n", ""])
def test_a_bandwidth_limits_unless_it_is_worked_out(tmp_path, lines):
    hw = board(tmp_path, WHOLE.replace("InterfaceBandwidth = USER\n", lines))
    assert hw.memories.axi_port_bytes_per_clock == (ZCU102.memories.axi_port_bytes_per_clock if lines else 10)


def test_an_array_alone_is_enough(tmp_path):
    hw = board(tmp_path, "[architecture_presets]\nArrayHeight:    32\nArrayWidth:     32\nDataflow : ws\n", "a.INI")
    assert hw.name == "a" and hw.memories == ZCU102.memories
    assert hw.source("memories.ipmem_buffers").startswith("[inherited from zcu102]")
    array = hw.array
    cycles = ps.simulate_gemm(8, 8, 8, rows=array.rows, cols=array.cols, dataflow=array.dataflow).cycles
    assert cycles == 2 * 32 + 32 + 8 - 2


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("ArrayHeight = 32", "ArrayHeight = 0", "in.cfg:4: array.rows: must be at least 1 (got 0)"),
        ("Dataflow = OS", "Dataflow = rs", "in.cfg:10: array.dataflow: must be one of"),
        (
            "OfmapSramSzkB = 128",
            "OfmapSramSzkB = big",
            "in.cfg:8: memories.opmem_bytes: must be an integer or the word unlimited",
        ),
        ("20,10,30", "20,x", "in.cfg:11: memories.axi_port_bytes_per_clock: must be an integer or the word"),
        ("ArrayWidth = 16\n", "", "ArrayWidth of [architecture_presets] is missing"),
        ("[general]\n", "", "in.cfg:1: is not valid INI: no section before the first key"),
        ("ArrayWidth = 16", "ArrayWidth", "in.cfg:5: is not valid INI: a line without a value"),
        ("[run_presets]", "[general]", "in.cfg:12: is not valid INI: general stands twice"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(tmp_path, old, new, problem):
    assert old in WHOLE
    with pytest.raises(ps.InputError) as error:
        board(tmp_path, WHOLE.replace(old, new, 1))
    assert problem in str(error.value)
