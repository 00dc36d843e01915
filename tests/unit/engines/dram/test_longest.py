"""What a read takes at most, whatever the state of its channel: against the scheduler."""

import random

import pytest

from pivotsim.engines.dram.arrays import channel_arrays
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.kernels.dram.channel import serve_one
from pivotsim.kernels.dram.commands import NEVER
from pivotsim.kernels.dram.longest import longest_of, longest_read
from tests.campaigns import cases
from tests.unit.engines.dram.test_row_hits import draw_spec


def draw_reads(draw, spec):
    """Units of operands, one row below the other or in one piece, most of them near the one before."""
    base = draw.randrange(spec.capacity_bytes // 4)
    for _ in range(draw.randint(5, 40)):
        row_bytes = draw.choice((1, 56, 64, 65, 200, 3_584))
        runs = draw.choice((1, 2, 36))
        pitch = draw.choice((64, 384, 1_152, 1_536))
        yield base, row_bytes, runs, max(pitch, row_bytes) if runs > 1 else pitch
        is_near = draw.random() < 0.6
        base = base + draw.choice((0, 64, 384, 3_584, 8_192)) if is_near else draw.randrange(spec.capacity_bytes // 4)


@pytest.mark.campaign
def test_no_read_takes_longer():
    draw, compared, closest, refreshed = random.Random(31), 0, 0.0, 0
    for _ in range(cases(400, 12_000)):
        spec = draw_spec(draw)
        if draw.random() < 0.7:
            spec = spec.replace({"controller.mapping": "row:bank:bank_group:column"})
        arrays, clock = channel_arrays(spec), draw.choice((0, 1, 9_000))
        longest = longest_of(arrays)
        for place in draw_reads(draw, spec):
            bound = longest_read(longest, spec.burst_bytes, *place)
            end = serve_one(arrays, *place, 0, clock)
            if bound != NEVER:
                taken, compared = end - clock, compared + 1
                assert taken <= bound + longest.refresh, (spec, place)
                if not spec.controller.refresh:
                    assert taken <= bound, (spec, place)
                closest, refreshed = max(closest, taken / (bound + longest.refresh)), refreshed + (taken > bound)
            clock = end + draw.choice((0, 0, 0, 3, 40, 700))
    assert compared > 2_000
    assert closest > 0.8
    assert refreshed > 0  # by more than what a read takes without


@pytest.mark.parametrize(
    "changes", [{"controller.scheduler": "fr_fcfs"}, {"controller.mapping": "bank:row:bank_group:column"}]
)
def test_nothing_is_known_of_other_schedulers_or_where_rows_of_a_bank_are_neighbours(changes):
    arrays = channel_arrays(load_dram("dram/ddr4_2400").replace(changes))
    assert longest_read(longest_of(arrays), 64, 0, 64, 1, 64) == NEVER
