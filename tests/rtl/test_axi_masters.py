"""The AXI masters on a memory of our own that hesitates: every byte in its place, no rule of AXI broken."""

import os
import random
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.errors import InputError
from pivotsim.rtl.sources import PARTS, modules
from tests.rtl import verilated
from tests.rtl.accelerator import Build, VerilatedAccelerator
from tests.rtl.axi_masters import BENCH, MASTERS, MODEL, NO_FINDING, Masters, run
from tests.rtl.bridge import SLICE
from tests.rtl.memory_agreement import draw_case, prepared
from tests.rtl.verilated import HERE, Model

MISSING = verilated.missing()
pytestmark = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")
SMALL = Masters(lanes=5, burst_beats=16, outstanding=3, burst_bits=1)  # many bursts, a stream narrower than AXI
WHOLE = Model(
    "bench", (*modules(*PARTS), SLICE, *BENCH, HERE / "axi" / "bench.v"), HERE / "memory_bridge.cpp", NO_FINDING
)
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
    sources = []
    for path in MODEL.sources:
        text = path.read_text()
        if path.stem == file:
            assert text.count(line) == 1
            text = text.replace(line, instead)
        sources.append(tmp_path / path.name)
        sources[-1].write_text(text)
    try:
        found = run(SMALL, 7, 100, model=replace(MODEL, sources=tuple(sources)))
    except RuntimeError:
        found = None
    assert found is None or (found.wrong > 0 if seen == "bytes" else found.broken >> seen & 1)


def test_they_lint_without_a_warning():
    command = [
        verilated._executable(), "--lint-only", "--quiet", "-Wall", "--language", "1364-2005",
        *map(str, modules(*PARTS)), str(SLICE),
    ]  # fmt: skip
    for lanes, data in WIDTHS:
        for top in ("axi_read_master", "axi_write_master", "axi_accelerator"):
            sizes = [f"-GLANES={lanes}", f"-GDATA_BYTES={data}", "--top-module", top]
            if top == "axi_accelerator":  # as many banks as lanes at least
                sizes += ["-GBANK_BITS=6", "-GBIAS_BANK_BITS=6"]
            done = subprocess.run(
                [*command, *sizes], capture_output=True, text=True, timeout=120, env=verilated._environment()
            )
            assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.skipif(not shutil.which("yosys") and not os.environ.get("CI"), reason="no yosys on this machine")
@pytest.mark.parametrize("top", ["axi_read_master", "axi_write_master"])
def test_yosys_finds_nothing_to_complain_of(top):
    script = f"read_verilog {' '.join(map(str, MASTERS))}; hierarchy -top {top}; proc; check -assert"
    done = subprocess.run(["yosys", "-q", "-p", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
