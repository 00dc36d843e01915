"""What the driver writes into tables and when it gives up, without hardware: the C file that ships on a noted bus."""

import os
import shutil

import pytest

from pivotsim.errors import InputError
from pivotsim.rtl.encoding import Widths
from pivotsim.rtl.layers.efforts import efforts_program
from pivotsim.rtl.layers.image import ADDRESS_BITS, image_words
from pivotsim.rtl.layers.parameters import layer_widths
from pivotsim.rtl.sizes import widths_of
from tests.rtl.layers.networks import board, model, plan, with_units
from tests.rtl.layers.recorded import KINDS, RecordedDriver, fields

pytestmark = pytest.mark.skipif(not shutil.which("gcc") and not os.environ.get("CI"), reason="no gcc on this machine")
NO_IMAGE, TIMEOUT, NO_ROOM = -1, -2, -4  # of pivot_driver.h
BASE = 0x4000_0000


def program_of(name):
    return efforts_program(model(), [plan(name)], board())


def test_no_count_of_polls_is_no_end(tmp_path):
    """Nor when its counter comes round: here one of 8 bits, which does so twice, since one of 32 takes 2**32 reads."""
    program = program_of("whole")
    image = image_words(program, widths_of(program.tables, ADDRESS_BITS))
    driver = RecordedDriver(tmp_path, narrow=True)
    assert driver.run(image, polls=0, reads=600).ended == len(program.entries) - 1
    assert driver.run(image, polls=99, reads=600).ended == TIMEOUT
    assert driver.run(image, polls=99, reads=99).ended == len(program.entries) - 1


@pytest.mark.parametrize("name", ["whole", "blocks"])
def test_only_the_address_moves_with_the_base(name, tmp_path):
    """Of a masked load `stored_bytes` lies just above its address: no carry may reach it."""
    program = program_of(name)
    widths = widths_of(program.tables, ADDRESS_BITS)
    driver, image = RecordedDriver(tmp_path), image_words(program, widths)
    highest = 2**ADDRESS_BITS - program.dram_bytes
    assert widths.row_lanes == (4 if name == "blocks" else 0)
    near = driver.run(image)
    for base in (BASE, highest):
        far = driver.run(image, dram_address=base)
        assert far.ended == near.ended == len(program.entries) - 1
        assert len(far.descriptors) == len(near.descriptors) > 100
        for (select, moved), (_, number) in zip(far.descriptors, near.descriptors, strict=True):
            wanted = fields(KINDS[select], number, widths)
            if "dram_address" in wanted:
                wanted["dram_address"] += base
            assert fields(KINDS[select], moved, widths) == wanted
    assert driver.run(image, dram_address=highest + 1) == (NO_ROOM, [])


def test_of_units_only_transfers_move_with_the_base(tmp_path):
    """Operations of a pass: a fill's and a drain's second word; constants and all else stay as they are."""
    program = efforts_program(model(), [plan("tokens")], with_units(board()))
    driver, image = RecordedDriver(tmp_path), image_words(program, layer_widths(program))
    near, far = (driver.run(image, dram_address=base) for base in (0, BASE))
    assert far.ended == near.ended == len(program.entries) - 1
    operations = [number for select, number in near.descriptors if select == 4]
    assert len(operations) == sum(len(one.operations) for one in program.passes())
    assert {select for select, _ in near.descriptors} == set(range(8))
    moved = 0
    for (select, number), (_, before) in zip(far.descriptors, near.descriptors, strict=True):
        if select >= 4:
            is_transfer = select == 4 and before & 7 <= 1
            assert number == before + (BASE << 32) * is_transfer
            moved += is_transfer
    assert 0 < moved < len(operations)


def test_hardware_with_narrow_addresses_has_room_for_the_program_alone(tmp_path):
    program = program_of("whole")
    bits = program.dram_bytes.bit_length()
    image, driver = image_words(program, widths_of(program.tables, bits)), RecordedDriver(tmp_path)
    assert driver.run(image, dram_address=2**bits - program.dram_bytes).ended == len(program.entries) - 1
    assert driver.run(image, dram_address=2**bits - program.dram_bytes + 1) == (NO_ROOM, [])
    with pytest.raises(InputError, match=f"dram: {program.dram_bytes:,} B do not fit addresses of {bits - 1} bits"):
        image_words(program, Widths(20, bits - 1))


def test_descriptors_longer_than_the_registers_are_refused(tmp_path):
    """By who makes the image, and by the driver where someone else made it."""
    program, driver = program_of("blocks"), RecordedDriver(tmp_path)  # whose bounds are checked
    fits = Widths(20, ADDRESS_BITS, 379, 379)
    image = image_words(program, fits)
    assert fits.table_bits == 1024 and image[4] == 32  # words of a stream
    run = driver.run(image)
    assert run.ended == len(program.entries) - 1 and len(run.descriptors) > 100
    with pytest.raises(InputError, match=r"array: .* descriptors of 1,024 bits; with 380 rows and 379 .* \(got 1025\)"):
        image_words(program, fits._replace(row_lanes=380))
    for select in range(4):
        other = image.copy()
        other[2 + select] = 33
        assert driver.run(other) == (NO_IMAGE, [])
