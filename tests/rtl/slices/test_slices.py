"""pe_dsp48e2, pe_generic, engine `pe` and numpy agree in every clock; our slice's model is not the only one asked."""

import os
import random

import pytest

from tests.proofs.slices_rtl import sliced
from tests.rtl import verilated
from tests.rtl.accelerator import bridge as accelerator
from tests.rtl.accelerator.agreement import Tally as MemoryTally
from tests.rtl.accelerator.agreement import differences as memory_differences
from tests.rtl.accelerator.agreement import draw_case
from tests.rtl.array.agreement import EDGES, Tally, differences, draw_point
from tests.rtl.array.bridge import Build, VerilatedArray
from tests.rtl.slices import other_slices

MISSING = verilated.missing()
pytestmark = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (4, 3)])
def test_every_register_of_every_clock(rows, cols):
    """Sums come from the slices; a register that differs from the generic array's turns the digest over."""
    array, tally, draw, seen = VerilatedArray(sliced(rows, cols)), Tally(), random.Random(20240623), set()
    for index in range(150):
        point = draw_point(draw, array.build)
        assert not differences(point, array, index, tally), point
        seen.add((point.dataflow, point.edge))
    array.close()
    assert len(seen) == 2 * len(EDGES) and tally.digests == tally.pe_clocks > 0


@pytest.mark.parametrize(("rows", "cols"), [(8, 3), (15, 4)])
def test_columns_that_share_slices(rows, cols):
    """Two chains and three, odd and even columns: operands, products and parted sums of every clock, at -128 too."""
    array, tally, draw = VerilatedArray(sliced(rows, cols, 14, mac_packing=2)), Tally(), random.Random(20240623)
    for index in range(120):
        point = draw_point(draw, array.build)
        assert not differences(point, array, index, tally), point
    array.close()
    assert tally.digests == tally.pe_clocks > 0


def test_columns_that_see_an_operand_together_under_another_overlap():
    """The contract of columns that share slices holds for every overlap, though the Verilog packs under one."""
    build = Build(3, 5, "chained", mac_packing=2, digest=True)
    array, tally, draw = VerilatedArray(build), Tally(), random.Random(7)
    for index in range(60):
        point = draw_point(draw, build)
        assert not differences(point, array, index, tally), point
    array.close()


@pytest.mark.parametrize("packed", [False, True])
def test_an_accelerator_of_slices_behind_memories(packed):
    shape = {"rows": 9, "cols": 3, "mac_latency": 3, "mac_packing": 2, "lanes": 9} if packed else {
        "rows": 4, "cols": 3, "mac_latency": 2}  # fmt: skip
    build = accelerator.Build(fold_overlap="settled", slices=True, buffer_read_cycles=1, masked=True, **shape)
    opened, tally, draw, index = accelerator.VerilatedAccelerator(build), MemoryTally(), random.Random(5), 0
    while tally.cases < 60:
        case = draw_case(draw, build)
        assert not memory_differences(case, opened, index, tally), case
        index += 1
    opened.close()
    assert tally.stalled and tally.events > 1_000


@pytest.mark.skipif(bool(other_slices.missing()), reason=other_slices.missing() or "never")
def test_models_of_others_agree():
    """Yosys' DSP48E1 with the same settings, and what yosys maps a plain column to."""
    found, cells = other_slices.differences(20_000, 1)
    assert found == (0, 0, 0)
    assert cells["DSP48E1"] == other_slices.ROWS


@pytest.mark.skipif(bool(other_slices.missing()), reason=other_slices.missing() or "never")
def test_a_wrong_model_is_caught(tmp_path):
    old, new = "INMODE[4] ? B1 : B2", "INMODE[4] ? B2 : B1"
    text = other_slices.SLICE.read_text()
    assert text.count(old) == 1
    (tmp_path / "DSP48E2.v").write_text(text.replace(old, new))
    assert any(other_slices.differences(2_000, 1, tmp_path / "DSP48E2.v")[0])
