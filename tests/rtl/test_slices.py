"""pe_dsp48e2, pe_generic, engine `pe` and numpy agree in every clock; our slice's model is not the only one asked."""

import os
import random

import pytest

from tests.proofs.slices_rtl import sliced
from tests.rtl import accelerator, other_slices, verilated
from tests.rtl.agreement import EDGES, Tally, differences, draw_point
from tests.rtl.bridge import VerilatedArray
from tests.rtl.memory_agreement import Tally as MemoryTally
from tests.rtl.memory_agreement import differences as memory_differences
from tests.rtl.memory_agreement import draw_case

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


def test_an_accelerator_of_slices_behind_memories():
    build = accelerator.Build(4, 3, "settled", slices=True, mac_latency=2, buffer_read_cycles=1, masked=True)
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
