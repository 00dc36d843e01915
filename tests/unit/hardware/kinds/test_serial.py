"""The serial tile machine's board: its values, and what is refused."""

import pytest

import pivotsim as ps
from pivotsim.hardware.kinds.serial import as_serial

BOARD = ps.load_hardware("truth/heatvit_kc705")


def test_peak_and_clock():
    assert (BOARD.pes, BOARD.clock_mhz, BOARD.profiles) == (192, 100, ("paper",))
    assert BOARD.without_memory_limits() is BOARD


def test_passes_take_the_place_of_units():
    assert BOARD.unit_cycles("norm", 1000, 1) == 3802  # 3.8015 an element, rounded up
    assert BOARD.unit_cycles("softmax", 3000, 3) == 5131
    assert BOARD.unit_cycles("gelu", 1000, 1) == 0
    assert BOARD.unit_cycles("silu", 1000, 1) == 1000  # its unit's: the design has none


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"placement.norm": "ps"}, "placement.norm: this kind of hardware has no processor side (got 'ps')"),
        ({"serial.banks": 0}, "serial.banks"),
        ({"serial.port.beat_bytes": 0}, "serial.port.beat_bytes"),
    ],
)
def test_wrong_values_are_told(changes, problem):
    with pytest.raises(ps.InputError) as error:
        BOARD.replace(changes)
    assert problem in str(error.value)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"engine": "analytic"}, "engine: 'heatvit_kc705' is of kind 'serial' and needs engine 'serial' (got"),
        ({"profile": "full"}, "profile: 'heatvit_kc705' has no processor side to charge (got 'full')"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_with_it(options, problem):
    with pytest.raises(ps.InputError) as error:
        ps.simulate(ps.plan("deit_t"), BOARD, **options)
    assert str(error.value).startswith(problem)


def test_another_board_is_none():
    with pytest.raises(ps.InputError, match="engine: needs hardware of kind 'serial', 'zcu102' is another"):
        as_serial(ps.load_hardware("zcu102"), "engine")


def test_memories_make_no_difference_and_that_is_said():
    runs = [ps.simulate(ps.plan("deit_t"), BOARD, memory=memory) for memory in ("hw", "paper")]
    assert runs[0].pl_cycles == runs[1].pl_cycles
    assert "memory paper gives the same" in runs[1].details.tables()[0].closing[0]
