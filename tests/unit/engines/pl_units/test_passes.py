"""Clocks of unit passes against the station stepped clock by clock."""

import random

import pytest

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
from pivotsim.engines.pl_units.passes import DramPort, operation_cycles, pass_cycles
from pivotsim.errors import InputError
from tests.oracles.station.clock import Dram, StationModel, Tables
from tests.rtl.station.random_passes import DRAM_BYTES, random_pass, random_port, random_station

PASSES = 400  # some 8,000 operations
STATION = Station(4, 8, 64, max_elements=8, max_channels=8, token_bits=3)
REFUSED = [
    (Fill(0, 1, 0, Walk(0, 2, 0, 8, 1, 4)), "fill: per_clock: 1 to 2 elements lie in different banks (got 4)"),
    (Drain(0, 1, 0, Walk(60, 1, 0, 5, 1, 4)), "drain: memory: 64 words are too few (got 65)"),
    (Softmax(0, 1, 3), "softmax: row_elements: 4 to 8 expected (got 3)"),
    (Norm(0, 1, 6, 6, 3, 1, 1, 0), "norm: row_elements: a multiple of 4, at most 8, is expected (got 6)"),
    (Addition(0, 2, 4, 4, 61, 4, 0, 0), "addition: memory: 64 words are too few (got 69)"),
    (Activation(0, 2, 6, 5), "activation: pitch: at least the 6 elements of a row are expected (got 5)"),
    (Fill(0, 1, 1 << 32, Walk(0, 1, 0, 8, 1, 4)), "fill: dram_address: 0 to 4294967295 expected (got 4294967296)"),
    (Shuffle(0, 4, 4, 4, 2, 0, 3), "shuffle: to_pitch: at least the 4 elements of a row are expected (got 3)"),
    (Score(0, 9, 1), "score: patches: 1 to 8 expected (got 9)"),
    (Score(0, 8, 33), "score: heads: 1 to 32 expected (got 33)"),
    (Shuffle(0, 9, 9, 4, 2, 0, 9), "shuffle: channels: 1 to 8 expected (got 9)"),
    (Shuffle(0, 4, 4, 4, 5, 0, 4), "shuffle: kept: 0 to 4 expected (got 5)"),
    (Shuffle(0, 4, 4, 4, 2, 0, 4, 62), "shuffle: memory: 64 words are too few (got 66)"),
    (Softmax(0, 0, 4), "softmax: walk: a length and runs of at least 1 are expected (got 0 and 1)"),
    (Softmax(-1, 1, 4), "softmax: walk: indices of at least 0 are expected (got -1)"),
    (Fill(0, 1, 0, Walk(15, -1, -8, 8, 3, 4)), "fill: walk: indices of at least 0 are expected (got -8)"),
]


@pytest.mark.parametrize("seed", range(4))
def test_every_operation_takes_the_clocks_that_the_oracle_counts(seed):
    draw = random.Random(seed)
    for _ in range(PASSES // 4):
        station = random_station(draw)
        port, one = random_port(draw, station), random_pass(draw, station)
        dram = Dram(bytearray(DRAM_BYTES), port.bytes_per_s or 0, port.clock_hz, *port[2:])
        norm = one.norm
        model = StationModel(station, dram, Tables(one.exponentials, one.activation, norm.multiplier, norm.addend))
        counted = model.run(one.operations)
        assert [operation_cycles(operation, station, port) for operation in one.operations] == counted
        assert pass_cycles(one.operations, station, port) == sum(counted)


@pytest.mark.parametrize(("operation", "problem"), REFUSED, ids=[problem for _, problem in REFUSED])
def test_what_a_station_cannot_do_is_one_line(operation, problem):
    with pytest.raises(InputError) as error:
        operation_cycles(operation, STATION, DramPort(None, 1))
    assert error.value.problems == (problem,)
