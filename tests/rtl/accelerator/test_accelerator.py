"""The Verilog that ships, engine `memory`, its oracle and numpy agree: every start and end, every byte."""

import itertools
import os
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.rtl.sources import PARTS, VERILOG, modules
from pivotsim.workload.masks.masks import OPERANDS
from tests.rtl import verilated
from tests.rtl.accelerator import faults as accelerator_faults
from tests.rtl.accelerator.agreement import EDGES, Tally, differences, draw_case
from tests.rtl.accelerator.bridge import MODEL, Build, VerilatedAccelerator, library
from tests.rtl.array.bridge import FOLD_OVERLAPS

CASES = 300
# every overlap; the other choices in turn
BUILDS = [
    Build(4, 3, "none", buffer_read_cycles=1, masked=True, multiplies=True),
    Build(3, 4, "preload", mac_latency=2, opmem_halves=1, os_edge_register=False),
    Build(2, 3, "chained", os_edge_register=False, lanes=5, masked=True, outstanding_reads=4),
    Build(3, 3, "pipelined", mac_latency=2, buffer_read_cycles=2, multiplies=True, ultra=7),
    Build(3, 2, "settled", opmem_halves=1, masked=True),
]
MISSING = verilated.missing()
pytestmark = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")


@pytest.fixture(scope="module")
def accelerators():
    """All of them, compiled two at a time; in CI a missing compiler is a failure."""
    assert not MISSING, MISSING
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(library, BUILDS))
    opened = [VerilatedAccelerator(build) for build in BUILDS]
    yield opened
    for accelerator in opened:
        accelerator.close()


def test_random_cases_agree_in_everything(accelerators):
    draw, tally, index = random.Random(20240623), Tally(), 0
    while tally.cases < CASES:
        accelerator = accelerators[index % len(BUILDS)]
        case = draw_case(draw, accelerator.build)
        assert not differences(case, accelerator, index, tally), case
        index += 1
    assert set(tally.seen) == {(flow, one, edge) for flow in DATAFLOWS for one in FOLD_OVERLAPS for edge in EDGES}
    assert set(tally.seen_masked) == set(itertools.product(DATAFLOWS, OPERANDS))
    assert tally.stalled > tally.clocks / 3 and tally.misfits > 50 and tally.events > 10_000


def test_what_ships_lints_without_a_warning():
    command = [
        verilated._executable(), "--lint-only", "-Wall", "--language", "1364-2005", "--top-module", "accelerator",
        *(str(path) for path in MODEL.sources if VERILOG in path.parents or path.stem == "DSP48E2"),
    ]  # fmt: skip
    small = ["-GR=1", "-GC=1", "-GOVERLAP=4", "-GMREG=1"]
    late = ["-GREAD_CYCLES=2", "-GOPMEM_HALVES=1", "-GOS_EDGE_REGISTER=0"]
    slices = ["-GOVERLAP=4", "-GMREG=1", "-GSLICES=1"]
    masked, ahead = ["-GMASKED=1", "-GMULTIPLIES=1"], ["-GOUTSTANDING=4"]
    ultra = ["-GULTRA=7", "-GREAD_CYCLES=1"]
    unbiased, shared = ["-GBIAS_BYTES=0"], ["-GBIAS_LANES=4"]
    both = [[*masked, *ahead], [*masked, *late], [*masked, *slices, "-GR=1", "-GC=1"]]
    for extra in ([], small, late, ultra, slices, unbiased, shared, masked, ahead, *both):
        done = subprocess.run(
            [*command, *extra], capture_output=True, text=True, timeout=120, env=verilated._environment()
        )
        assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize("path", modules(*PARTS), ids=lambda path: path.stem)
def test_a_module_a_file_and_nothing_for_observation(path):
    text = path.read_text()
    assert re.findall(r"^module (\w+)", text, re.M) == [path.stem]
    assert text.startswith("//") and text.count("`default_nettype none") == 1
    assert "verilator" not in text and "$display" not in text and "digest" not in text


@pytest.mark.parametrize("fault", accelerator_faults.FAULTS[:1], ids=lambda fault: fault.name)
def test_a_fault_is_caught(fault, tmp_path):
    """One of those that `make proof` makes."""
    assert accelerator_faults.caught_by(fault, tmp_path)
