"""The closed form, engine `pe` and the Verilog array agree: totals, folds, results, every register in every clock."""

import itertools
import os
import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.rtl import faults, verilated
from tests.rtl.array import bridge
from tests.rtl.array.agreement import EDGES, Point, Tally, differences, draw_point
from tests.rtl.array.bridge import DATAFLOWS, FOLD_OVERLAPS, Build, VerilatedArray

SHAPES = ((1, 1), (1, 5), (6, 1), (4, 3))
POINTS = 500
# every overlap on every shape; edge register, mac_latency and register digests in turn, so that all pairs occur
BUILDS = [
    Build(rows, cols, overlap, os_edge_register=(i + j) % 3 != 2, mac_latency=1 + (i + j) % 2, digest=True)
    for (i, (rows, cols)), (j, overlap) in itertools.product(enumerate(SHAPES), enumerate(FOLD_OVERLAPS))
]
SMALL_BUILDS = len(BUILDS)
BUILDS += [
    Build(8, 8, "none", digest=True),
    Build(8, 8, "pipelined", os_edge_register=False, mac_latency=2, digest=True),
]
assert len(BUILDS) <= 24
# the Verilog's is seen on the first array that is compiled for it
FEW_FAULTS = [
    fault for fault in faults.FAULTS if fault.name in ("pe: a load ends one row early", "rtl: operands swapped")
]

MISSING = bridge.missing()
pytestmark = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")


@pytest.fixture(scope="session")
def arrays():
    """All arrays, compiled two at a time; in CI a missing compiler is a failure."""
    assert not MISSING, MISSING
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(bridge.library, BUILDS))
    opened = {build: VerilatedArray(build) for build in BUILDS}
    yield opened
    for array in opened.values():
        array.close()


def label(build):
    edge = "register" if build.os_edge_register else "bare"
    return f"{build.rows}x{build.cols}-{build.fold_overlap}-{edge}-{build.mac_latency}"


def test_random_points_agree_in_everything(arrays):
    draw = random.Random(20240623)
    tally, seen = Tally(), set()
    for index in range(POINTS):
        build = BUILDS[index % SMALL_BUILDS]
        point = draw_point(draw, build)
        assert not differences(point, arrays[build], index, tally), point
        seen.add((point.dataflow, build.fold_overlap, point.edge))
    assert tally.points == POINTS and tally.digests == tally.pe_clocks > 0
    assert len(seen) == len(DATAFLOWS) * len(FOLD_OVERLAPS) * len(EDGES)


@pytest.mark.parametrize("build", BUILDS, ids=label)
@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_sizes_at_the_arrays_edge_agree(arrays, build, dataflow, edge):
    around_rows = sorted({1, max(1, build.rows - 1), build.rows, build.rows + 1, 2 * build.rows + 1})
    around_cols = sorted({1, build.cols, build.cols + 1})
    for rows, cols, length in itertools.product(around_rows, around_cols, (1, build.rows, build.rows + build.cols)):
        m, k, n = {"is": (cols, rows, length), "ws": (length, rows, cols), "os": (rows, length, cols)}[dataflow]
        point = Point(build, m, k, n, dataflow, edge)
        assert not differences(point, arrays[build], 1, Tally()), point


def test_long_lock_step(arrays):
    """Buffers return to their start many times; a million PE-clocks."""
    tally = Tally()
    for build, dataflow in itertools.product((b for b in BUILDS if (b.rows, b.cols) == (8, 8)), DATAFLOWS):
        m, k, n = {"is": (17, 20, 190), "ws": (190, 20, 17), "os": (20, 190, 17)}[dataflow]
        for edge in EDGES:
            assert not differences(Point(build, m, k, n, dataflow, edge), arrays[build], 3, tally)
    assert tally.digests > 10**6


def test_no_counter_feeds_the_cycle_count():
    """Clocks are the C++ loop's steps, noted where a tag is seen; that is all it reads of the array while it runs."""
    loop = (bridge.HERE / "bridge.cpp").read_text().partition("for (; clock <")[2].partition("for (int64_t i = 0")[0]
    read = set(re.findall(r"top\.(\w+)", loop))
    assert read == {"start", "load_begins", "stream_begins", "column_last", "column_end", "digest"}
    top = (bridge.HERE / "systolic.v").read_text()
    assert "assign column_last[c] = tag[1];" in top and "assign column_end[c] = tag[2];" in top
    assert "wire [2:0] tag = bare ? p_tag[(R-1)*C+c] : p_tag[R*C+c];" in top


@pytest.mark.parametrize("fault", FEW_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_caught(fault, tmp_path):
    """One in the engine, one in the Verilog; `make proof` runs them all."""
    assert faults.caught_by(fault, tmp_path)


def test_a_missing_tool_is_named(monkeypatch):
    monkeypatch.setattr(verilated.shutil, "which", lambda tool: None)
    assert bridge.missing() == "no g++ on this machine"
    monkeypatch.setenv("VERILATOR", "/nowhere/verilator")
    monkeypatch.setattr(verilated.shutil, "which", lambda tool: None if "verilator" in tool else f"/bin/{tool}")
    assert bridge.missing() == "$VERILATOR names no program: /nowhere/verilator"
