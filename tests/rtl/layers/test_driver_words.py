"""What the driver writes into tables and when it gives up, without hardware: the C file that ships on a noted bus."""

import os
import shutil

import pytest

from pivotsim.rtl.layers.efforts import efforts_program
from pivotsim.rtl.layers.image import image_words
from pivotsim.rtl.sizes import widths_of
from tests.rtl.layers.networks import board, model, plan
from tests.rtl.layers.recorded import RecordedDriver

pytestmark = pytest.mark.skipif(not shutil.which("gcc") and not os.environ.get("CI"), reason="no gcc on this machine")
TIMEOUT = -2  # of pivot_driver.h


def program_of(name):
    return efforts_program(model(), [plan(name)], board())


def test_no_count_of_polls_is_no_end(tmp_path):
    """Nor when its counter comes round: here one of 8 bits, which does so twice, since one of 32 takes 2**32 reads."""
    program = program_of("whole")
    image = image_words(program, widths_of(program.tables, program.dram_bytes))
    driver = RecordedDriver(tmp_path, narrow=True)
    assert driver.run(image, polls=0, reads=600).ended == len(program.entries) - 1
    assert driver.run(image, polls=99, reads=600).ended == TIMEOUT
    assert driver.run(image, polls=99, reads=99).ended == len(program.entries) - 1
