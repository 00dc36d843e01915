"""How long a chain of slices that two columns share may be, with the most negative operand and without it."""

import random

from pivotsim.hardware.fpga.dsp import DSP_KINDS, PACKED_ROWS
from tests.oracles.array.packed_sums import columns

OPERANDS = range(-128, 128)


def exact(left, right, streamed):
    return tuple(sum(s * x for s, x in zip(held, streamed, strict=True)) for held in (left, right))


def test_chains_of_seven_are_exact():
    draw = random.Random(1)
    rows = PACKED_ROWS
    for extremes in ((-128, 127), OPERANDS):
        for _ in range(400):
            left, right, streamed = ([draw.choice(extremes) for _ in range(23)] for _ in range(3))
            assert columns(left, right, streamed, rows) == exact(left, right, streamed)
    lowest = [-128] * 23
    assert columns(lowest, lowest, lowest, rows) == exact(lowest, lowest, lowest)
    assert {kind.packed_rows for kind in DSP_KINDS.values()} == {0, rows}


def test_chains_of_eight_are_exact_but_for_the_most_negative_held_operand():
    draw = random.Random(2)
    for _ in range(400):
        left, right = ([draw.choice((-127, 127)) for _ in range(16)] for _ in range(2))
        streamed = [draw.choice((-128, 127)) for _ in range(16)]
        assert columns(left, right, streamed, 8) == exact(left, right, streamed)
    for column in range(2):
        held = [[-128] * 8 if place == column else [3] * 8 for place in range(2)]
        assert columns(*held, [-128] * 8, 8) != exact(*held, [-128] * 8)
        assert columns(*held, [-128] * 8, PACKED_ROWS) == exact(*held, [-128] * 8)
