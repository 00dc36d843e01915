"""What synthesis counted of placed units stands beside the demands; what was never written stays unknown."""

import pytest

import pivotsim as ps
from pivotsim.hardware.resources.recorded import rows_of
from pivotsim.hardware.resources.written_units import PARTS, unit_counts
from pivotsim.operations import OPERATIONS

BOARD = ps.load_hardware("zcu102")


def lines_of(hw):
    return [line for line in ps.fit(hw).unknown if line.startswith("units of programmable logic")]


@pytest.mark.parametrize("lanes", [1, 8, 16])
def test_counts_are_those_that_were_recorded(lanes):
    hw = BOARD.replace({"placement.softmax": "pl", "units.softmax.elements_per_clock": lanes})
    (count,) = unit_counts(hw, ["softmax"])
    (row,) = rows_of("softmax", LANES=lanes)
    assert (count.dsp, count.lut, count.ff, count.bram36) == (row.dsp48e2, row.lut, row.ff, row.bram36)
    assert count.how == "recorded" and str(count) in lines_of(hw)[0]


def test_widths_between_and_beyond_say_so():
    for lanes, how in ((4, "interpolated"), (64, "extrapolated")):
        hw = BOARD.replace({"placement.norm": "pl", "units.norm.elements_per_clock": lanes})
        (count,) = unit_counts(hw, ["norm"])
        assert count.how == how and count.dsp == 10 + 3 * lanes  # as statistics and lanes take them


def test_units_that_are_not_written_are_unknown_and_none_is_nothing():
    assert not lines_of(BOARD)
    (line,) = lines_of(BOARD.replace({"placement.mul": "pl", "placement.sort": "pl"}))
    assert "mul, token_drop" in line or "token_drop, mul" in line


def test_every_written_unit_is_one_of_the_table_of_operations():
    assert set(PARTS) <= {row.unit for row in OPERATIONS.values()}
