"""Lists of banks by what their requests ask for: the same commands as the scheduler that looks at every request."""

import random

import pytest

from pivotsim.hardware.dram.spec import load_dram
from tests.campaigns import cases
from tests.unit.engines.dram.streams import check_against_oracle

PRESETS = ("dram/ddr4_2400", "dram/ddr4_2133_zcu102_ps", "dram/ddr3_1600", "dram/lpddr4_3200", "dram/hbm2_2000")
OTHERS = ("nBL", "nRFC", "nRFCpb", "nRFCsb", "nREFI")  # long: refreshes have tests of their own


def draw_spec(draw):
    """A channel with short queues of either direction, few clocks between some commands, and any refresh."""
    spec = load_dram(draw.choice(PRESETS))
    names = [name for name in spec.timing.model_dump() if name not in OTHERS]
    low, high = sorted((draw.choice((0.0, 0.2, 0.5, 1.0)), draw.choice((0.0, 0.5, 0.8, 1.0))))
    changes = {name: draw.randint(1, 12) for name in draw.sample(names, 3)}
    changes |= {"scheduler": "fr_fcfs", "write_low_frac": low, "write_high_frac": high}
    changes |= {"controller.look_ahead": draw.choice((0, 1, 3, 6, 12)), "controller.refresh": draw.random() < 0.7}
    return spec.replace(changes)


def draw_requests(draw, spec, n):
    """Addresses, directions and arrivals of requests that share a few rows of a few banks."""
    fields = {part: (lowest, bits) for part, lowest, bits in spec.address_fields}
    most = {"row": draw.randint(1, 3), "bank": draw.choice((1, 2, 4)), "bank_group": draw.randint(1, 2), "column": 9}
    bursts = [
        sum((draw.randrange(most[part]) & ((1 << bits) - 1)) << lowest for part, (lowest, bits) in fields.items())
        for _ in range(n)
    ]
    write_share, pause, clock, arrivals = draw.choice((0, 0.2, 0.5, 1)), draw.choice((0, 0, 4, 60)), 0, []
    start = draw.choice((0, spec.refresh_clocks - 60))  # a refresh falls due among them
    for _ in range(n):
        clock += draw.randint(0, pause)
        arrivals.append(start + clock)
    return [burst * spec.burst_bytes for burst in bursts], [draw.random() < write_share for _ in range(n)], arrivals


@pytest.mark.campaign
def test_requests_of_few_rows_equal_the_oracle():
    draw = random.Random(25)
    for _ in range(cases(200, 10_000)):
        spec = draw_spec(draw)
        check_against_oracle(spec, *draw_requests(draw, spec, draw.randint(2, 30)))
