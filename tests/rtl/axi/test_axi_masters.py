"""The AXI masters on a memory of our own that hesitates: every byte in its place, no rule of AXI broken."""

import os
import random
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.errors import InputError
from pivotsim.rtl.sizes import LEAST_ADDRESS_BITS
from pivotsim.rtl.sources import PARTS, modules
from pivotsim.workload.ops import Op
from tests.rtl import verilated
from tests.rtl.accelerator.agreement import draw_case, prepared
from tests.rtl.accelerator.bridge import Build, VerilatedAccelerator
from tests.rtl.array.bridge import SLICE
from tests.rtl.axi.masters import BENCH, MASTERS, MODEL, NO_FINDING, Masters, run
from tests.rtl.verilated import HERE, Model

MISSING = verilated.missing()
pytestmark = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")
SMALL = Masters(lanes=5, burst_beats=16, outstanding=3, burst_bits=1)  # many bursts, a stream narrower than AXI
WHOLE = Model(
    "bench",
    (*modules(*PARTS), SLICE, *BENCH, HERE / "axi" / "bench.v"),
    HERE / "accelerator" / "bridge.cpp",
    NO_FINDING,
)
SMALL_BOARD = {
    "array.rows": 3, "array.cols": 2, "array.mac_latency": 2, "memories.buffer_read_cycles": 1,
    "memories.ipmem_bytes": 64, "memories.wtmem_bytes": 64, "memories.opmem_bytes": 64, "memories.gb_bytes": 128,
    "memories.weight_share_bytes": 64, "memories.gb_port_bytes_per_clock": 4,
}  # fmt: skip
WIDTHS = [(8, 8), (5, 8), (16, 8), (8, 32), (64, 64)]  # bytes of the streams, of AXI


@pytest.mark.parametrize("stalls", [True, False])
def test_every_byte_comes_and_no_rule_is_broken(stalls):
    found = run(SMALL, 7, 150, stalls=stalls, latency=0 if stalls else 12)
    assert (found.wrong, found.broken) == (0, 0)
    assert found.bursts > 1000 and min(found.read_bytes, found.written_bytes) > 50_000


def test_the_accelerator_behind_them_computes_what_numpy_does():
    """Loads ahead, masks, biases, outputs of 1 and 4 bytes: DRAM holds the same bytes, however AXI hesitates."""
    build = Build(3, 2, "pipelined", mac_latency=2, buffer_read_cycles=1, masked=True, outstanding_reads=3)
    accelerator, draw, ran = VerilatedAccelerator(build, model=WHOLE), random.Random(5), 0
    for seed in range(200):
        case = draw_case(draw, build)
        try:
            given = prepared(case, seed)
        except InputError:
            continue
        if not isinstance(given, DoesNotFit):
            run = accelerator.run(given.program, given.image, given.scale, limit=1_000_000)
            assert np.array_equal(run.image, given.after), case
            ran += 1
    accelerator.close()
    assert ran > 100


def test_requests_in_flight_hide_the_latency():
    """Bursts of 16 beats behind 40 clocks: with one in flight each waits for the whole of it, with three for little."""
    one, three = (run(replace(SMALL, outstanding=n), 7, 40, stalls=False, latency=40) for n in (1, 3))
    assert (one.wrong, one.broken, three.wrong, three.broken) == (0, 0, 0, 0)
    assert one.clocks > 1.5 * three.clocks


@pytest.mark.parametrize(
    ("file", "line", "instead", "seen"),
    [  # what is wrong with it, and where it is seen: bytes, or a rule of the checker
        ("burst_splitter", "page < BURST_BEATS[9:0] ? page :", "page < BURST_BEATS[9:0] && 1'b0 ? page :", 3),
        ("axi_write_master", "from_first & ~from_fill", "{DATA_BYTES{1'b1}} & ~from_fill", "bytes"),
        ("axi_write_master", "beat == lengths", "beat + 8'd1 == lengths", 7),
        ("axi_write_master", "is_left && !in_flight[BURST_BITS]", "is_left && (!in_flight[BURST_BITS] || sent[0])", 10),
        ("axi_read_master", "in_flight < OUTSTANDING[7:0]", "in_flight <= OUTSTANDING[7:0]", 9),
    ],
)  # fmt: skip
@pytest.mark.campaign
def test_a_fault_is_caught(file, line, instead, seen, tmp_path):
    try:
        found = run(SMALL, 7, 100, model=verilated.faulty(MODEL, file, line, instead, tmp_path))
    except RuntimeError:
        found = None
    assert found is None or (found.wrong > 0 if seen == "bytes" else found.broken >> seen & 1)


def linted(top, **sizes):
    """Return what Verilator says of a module that ships, '' where it has no complaint."""
    command = [
        verilated._executable(), "--lint-only", "--quiet", "-Wall", "--language", "1364-2005",
        *map(str, modules(*PARTS)), str(SLICE), "--top-module", top,
        *(f"-G{name}={number}" for name, number in sizes.items()),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=verilated._environment())
    assert bool(done.returncode) == bool(done.stderr)
    return done.stderr


def test_they_lint_without_a_warning():
    for lanes, data in WIDTHS:
        for top in ("axi_read_master", "axi_write_master", "axi_accelerator"):
            # as many banks as lanes at least
            banks = {"BANK_BITS": 6, "BIAS_BANK_BITS": 6} if top == "axi_accelerator" else {}
            assert linted(top, LANES=lanes, DATA_BYTES=data, **banks) == ""


def test_a_written_designs_parameters_are_theirs(tmp_path):
    """Those of the least DRAM and of the most loads in flight; what they cannot be built of is refused by name."""
    small = ps.Trace((Op(1, "fc1", "gemm", 2, 3, 2, 1),))
    board = ps.load_hardware("zcu102").replace({**SMALL_BOARD, "memories.outstanding_reads": 16})
    parameters = ps.write_rtl(board, small, tmp_path / "design").parameters
    assert (parameters["ADDRESS_BITS"], parameters["OUTSTANDING"]) == (LEAST_ADDRESS_BITS, 16)
    for data in (8, 64):
        assert linted("axi_accelerator", **parameters, DATA_BYTES=data) == ""
    few = linted("axi_accelerator", **parameters, COMMAND_BITS=3)
    assert "COMMAND_BITS_hold_fewer_loads_than_OUTSTANDING" in few
    narrow = linted("axi_accelerator", **{**parameters, "ADDRESS_BITS": LEAST_ADDRESS_BITS - 1}, DATA_BYTES=64)
    assert "ADDRESS_BITS_are_fewer_than_those_of_1024_beats" in narrow
    assert "PROGRAM_BITS_are_more_than_TABLE_DATA_has" in linted("control_registers", PROGRAM_BITS=1025)
    assert linted("control_registers", PROGRAM_BITS=1024) == ""


@pytest.mark.skipif(not shutil.which("yosys") and not os.environ.get("CI"), reason="no yosys on this machine")
@pytest.mark.parametrize("top", ["axi_read_master", "axi_write_master"])
def test_yosys_finds_nothing_to_complain_of(top):
    script = f"read_verilog {' '.join(map(str, MASTERS))}; hierarchy -top {top}; proc; check -assert"
    done = subprocess.run(["yosys", "-q", "-p", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
