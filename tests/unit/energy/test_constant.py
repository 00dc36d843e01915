"""The constant power is a board's with one design: said for every other one."""

import pytest

import pivotsim as ps
from pivotsim.energy.constant import constant_power_note

NOTE = "power.board_w: 7.92 W is that of zcu102 with its own array and clock; energy activity scales with the design"


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        (["array.rows"], NOTE), (["array.cols", "host.cores"], NOTE), (["array.clock_mhz"], NOTE),
        (["array.dataflow"], NOTE), ([], ""), (["host.cores", "memories.gb_bytes"], ""),
        (["array.rows", "power.board_w"], ""),
    ],
)  # fmt: skip
def test_another_array_or_clock(changed, note):
    assert constant_power_note(ps.load_hardware("zcu102"), changed) == note
