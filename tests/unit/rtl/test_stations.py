"""Words of unit operations, read back field by field."""

from pivotsim.engines.pl_units.operations import (
    Activation,
    Addition,
    Drain,
    Fill,
    Norm,
    Score,
    Shuffle,
    Softmax,
    Station,
    Walk,
)
from pivotsim.rtl.stations import OPERATION_WORDS, operation_words, pass_words

STATION = Station(4, 8, 1 << 20, max_elements=64, max_channels=384, token_bits=8)
WALK = Walk(base=123_456, element_step=7, run_step=1_001, length=31, runs=5, per_clock=3)


def bits(word, high, low):
    return word >> low & ((1 << (high - low + 1)) - 1)


def test_transfers():
    for kind, one in ((0, Fill(0, 1, 0x12345678, WALK)), (1, Drain(1, 0, 0xFFFFFF00, WALK))):
        words = operation_words(one, STATION)
        assert len(words) == OPERATION_WORDS
        assert (bits(words[0], 2, 0), bits(words[0], 3, 3), bits(words[0], 4, 4)) == (kind, one.memory, one.wide)
        assert bits(words[0], 31, 16) == 3
        assert words[1:] == (one.dram_address, 31 * 5 * (1 + one.wide), 123_456, 7, 1_001, 31, 5)


def test_negative_steps():
    words = operation_words(Fill(0, 1, 0, Walk(100, -3, -20, 4, 3, 4)), STATION)
    assert words[3:6] == (100, (1 << 32) - 3, (1 << 32) - 20)


def test_rows():
    rows = [
        Softmax(8, 5, 17), Activation(9, 5, 18, 19), Norm(10, 5, 20, 21, 5, 0x1ABCDEF, 0x5A_BCDEF123_4567, 29),
        Addition(11, 5, 22, 23, 99, 24, 0xBEEF, 62),
    ]  # fmt: skip
    words = pass_words(rows, STATION)
    for number, one in enumerate(words):
        assert (bits(one[0], 2, 0), bits(one[0], 6, 5), bits(one[0], 31, 16)) == (2, number, 4)
    assert (words[0][1], words[0][3], words[0][6:]) == (17, 8, (85, 1))
    assert words[1][3:] == (9, 0, 19, 18, 5)
    one = words[2]
    assert (bits(one[1], 24, 0), bits(one[1], 28, 25)) == (0x1ABCDEF, 5)
    assert bits(one[4], 22, 0) << 32 | one[2] == 0x5A_BCDEF123_4567
    assert (bits(one[4], 28, 24), one[3], one[5:]) == (29, 10, (21, 20, 5))
    assert words[3] == (words[3][0], 0xBEEF | 62 << 16, 99, 11, 24, 23, 22, 5)


def test_tokens():
    score, shuffle = pass_words([Score(50, 196, 6), Shuffle(60, 385, 384, 196, 98, 70, 386)], STATION)
    assert (bits(score[0], 2, 0), bits(score[1], 15, 0), bits(score[1], 23, 16), bits(score[1], 27, 24)) == (
        3,
        196,
        6,
        8,
    )
    assert (score[3], score[6:]) == (50, (196, 1))
    assert (bits(shuffle[0], 2, 0), bits(shuffle[0], 7, 7)) == (4, 0)
    assert shuffle[1:] == (98, 70, 60, 386, 385, 384, 0)
    (fused,) = pass_words([Shuffle(60, 385, 384, 196, 98, 70, 386, 40_000)], STATION)
    assert (bits(fused[0], 7, 7), fused[7]) == (1, 40_000)
