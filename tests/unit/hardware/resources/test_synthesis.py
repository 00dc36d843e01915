"""What synthesis counted: the formulas of columns against every recorded run, and what a board is told of it."""

import pytest

from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.resources.device_fit import fit
from pivotsim.hardware.resources.synthesis import COLUMNS, columns_of, recorded, synthesis_of
from tests.recordings.synthesis import COUNTS, SIZES, counts

STAT = """
=== thing ===

   Number of wires:                 12
   Number of cells:                 17
     DSP48E2                         1
     FDRE                            9
     LUT6                            2
     MUXF7                           1
     RAM64M                          1
     RAMB18E2                        3

=== design hierarchy ===
"""


def rows_of(part):
    return [row for row in recorded() if row.part == part]


def test_an_element_in_a_slice_is_a_dsp_and_nine_flip_flops():
    (row,) = rows_of("pe_dsp48e2")
    assert (row.dsp48e2, row.lut, row.ff, row.bram36, row.carry4) == (1, 0, 9, 0, 0)
    assert [generic.ff > 9 * row.ff for generic in rows_of("pe_generic")] == [True]


def test_columns_at_any_size_are_those_recorded():
    rows = rows_of("column")
    assert [row.rows for row in rows] == sorted({size for size, _ in SIZES})
    for row in rows:
        assert columns_of(row.rows, 1)[2:6] == (row.dsp48e2, row.lut, row.ff, row.bram36)


def test_an_array_in_one_piece_takes_a_little_less_than_its_parts():
    """Less by what the last column passes on to nobody, 9 flip-flops a row, and a few registers that tags share."""
    whole = rows_of("array")
    assert whole
    for row in whole:
        columns = columns_of(row.rows, row.cols)
        (skew,) = (one for one in rows_of("skew") if (one.rows, one.cols) == (row.rows, row.cols))
        assert row.dsp48e2 == columns.dsp == row.rows * row.cols
        assert 0 <= columns.ff + skew.ff - 9 * row.rows - row.ff <= row.cols
        assert 0 <= columns.lut + skew.lut - row.lut <= 2 * row.cols


def test_the_papers_board_beside_the_paper():
    """Nothing is fitted here, so what is near is near by itself: 2,304 DSPs and 20,668 flip-flops are published."""
    found = fit("zcu102").synthesis
    assert found.parts[0].name == COLUMNS and found.parts[0].dsp == 2304 == found.total.dsp
    array = [part for part in found.parts if part.name in (COLUMNS, "skew")]
    assert sum(part.ff for part in array) == pytest.approx(20_668, rel=0.02)
    assert fit("zcu102")["ff"].demand == 20_668  # demands stay those of the board file
    data = fit("zcu102").to_dict()["synthesis"]
    assert data["total"]["dsp"] == 2304 and data["tool"].startswith("Yosys")


def test_sizes_that_were_not_synthesised_are_named_not_guessed():
    board = load_hardware("zcu102")
    odd = synthesis_of(board.replace({"array.rows": 63}))
    assert {"skew", "opmem", "write_mover"} <= set(odd.missing)
    assert [part.name for part in odd.parts if part.times == 36] == [COLUMNS]
    larger = synthesis_of(board.replace({"memories.gb_bytes": 32768}))
    assert "global_buffer" in larger.missing and "skew" not in larger.missing
    assert synthesis_of(board.replace({"array.dataflow": "os"})) is None


def test_cells_of_yosys_are_counted_by_what_they_take():
    found = counts(STAT)
    assert found == dict.fromkeys(COUNTS, 0) | {"dsp48e2": 1, "ff": 9, "lut": 6, "bram36": 1.5}
    with pytest.raises(KeyError, match="BUFG"):
        counts(STAT.replace("RAMB18E2", "BUFG    "))
