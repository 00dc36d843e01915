"""Every line of the table of constraints: blocked at n - 1, ready at n, in its scope and nowhere else."""

import itertools
import random

import pytest

from pivotsim.engines.dram.channel import Command, earliest_clock, serve
from pivotsim.hardware.dram.constraints import gap_clocks
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.hardware.dram.standards import standard_of
from tests.unit.engines.dram.streams import shortest_distance

PRESETS = ("dram/ddr4_2133", "dram/ddr4_2133_zcu102_ps", "dram/ddr4_2400", "dram/ddr4_2400_zcu102_pl")
CONSTRAINTS = standard_of("ddr4").constraints
LINES = [pytest.param(line, id=f"{line.previous}-{line.following}-{line.scope}-{line.nth}") for line in CONSTRAINTS]
FIRST = 1000  # the clock of the first command
NEVER = 2**62


def only_this_line(spec, line):
    """The same channel with the line's last parameter raised until no other line can be what blocks."""
    name = line.gap.split(" + ")[-1]
    return spec.replace({name: 64 if name == "nBL" else 700, "refresh": False})


def banks_of(spec, scope):
    """(bank in the scope of bank 0, bank outside it or None)."""
    per_group = spec.organisation.banks_per_group
    return {"bank": (0, 1), "bank_group": (1, per_group), "rank": (per_group, None), "channel": (per_group, None)}[
        scope
    ]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("line", LINES)
def test_a_line_blocks_up_to_its_gap(line, preset):
    spec = only_this_line(load_dram(preset), line)
    gap = gap_clocks(line, spec.timing.model_dump())
    inside, outside = banks_of(spec, line.scope)
    per_group = spec.organisation.banks_per_group
    places = (0, per_group, 1, per_group + 1)  # of the four activates in a window
    history = [Command(FIRST + 20 * i, line.previous, places[i], 0) for i in range(line.nth)]
    if line.nth > 1:
        inside = 2
    ready = earliest_clock(spec, history, line.following, inside)
    assert ready == FIRST + gap  # blocked at n - 1, ready at n
    if outside is not None:
        assert earliest_clock(spec, history, line.following, outside) < FIRST + 64
    without = [other for other in CONSTRAINTS if other != line]
    assert earliest_clock(spec, history, line.following, inside, without) < ready  # no other line stands in for it


# DDR4-2400 by hand: previous command of bank 0, next command and its bank (1 shares the group, 4 does not), clocks
BY_HAND = [
    ("ACT", "RD", 0, 16), ("ACT", "WR", 0, 16), ("ACT", "PRE", 0, 39), ("ACT", "ACT", 0, 55), ("PRE", "ACT", 0, 16),
    ("RD", "PRE", 0, 9), ("WR", "PRE", 0, 12 + 4 + 18),
    ("ACT", "ACT", 1, 6), ("RD", "RD", 1, 6), ("WR", "WR", 1, 6), ("WR", "RD", 1, 12 + 4 + 9), ("RD", "WR", 1, 10),
    ("ACT", "ACT", 4, 4), ("RD", "RD", 4, 4), ("WR", "WR", 4, 4), ("WR", "RD", 4, 12 + 4 + 3), ("RD", "WR", 4, 10),
    ("ACT", "PREA", 0, 39), ("RD", "PREA", 0, 9), ("WR", "PREA", 0, 12 + 4 + 18), ("PREA", "ACT", 0, 16),
    ("PREA", "REF", 0, 16), ("PRE", "REF", 0, 16), ("ACT", "REF", 0, 55),
    ("REF", "ACT", 0, 312), ("REF", "REF", 0, 312),
]  # fmt: skip


@pytest.mark.parametrize(("previous", "following", "bank", "clocks"), BY_HAND)
def test_the_table_says_what_jedec_says(previous, following, bank, clocks):
    spec = load_dram("dram/ddr4_2400")
    assert earliest_clock(spec, [Command(FIRST, previous, 0, 0)], following, bank) == FIRST + clocks


def test_five_activates_take_a_window_and_bursts_share_a_bus():
    spec = load_dram("dram/ddr4_2400")
    four = [Command(FIRST + 4 * i, "ACT", 4 * i, 0) for i in range(4)]
    assert earliest_clock(spec, four, "ACT", 1) == FIRST + 26
    assert earliest_clock(spec, four[1:], "ACT", 1) == FIRST + 12 + 4
    quick = spec.replace({"nCCD_S": 1, "nCCD_L": 1})
    for command in ("RD", "WR"):
        assert earliest_clock(quick, [Command(FIRST, command, 0, 0)], command, 4) == FIRST + 4


@pytest.mark.parametrize("line", LINES)
def test_served_streams_meet_the_line_exactly_and_never_break_it(line):
    """The raised gap is kept by every pair of commands and, being what blocks, reached by one."""
    draw = random.Random(7)
    spec = only_this_line(load_dram("dram/ddr4_2400"), line).replace({"refresh": True, "nREFI": 2900})
    gap = gap_clocks(line, spec.timing.model_dump())
    scattered = [draw.randrange(2**20) for _ in range(300)]
    one_bank = [2**17 * i for i in range(100)]
    distances = []
    for scheduler, addresses in itertools.product(("in_order", "fr_fcfs"), (scattered, one_bank)):
        writes = [draw.random() < 0.5 for _ in addresses]
        run = serve(spec.replace({"scheduler": scheduler}), addresses, writes, log=True)
        distances.append(shortest_distance(spec, run.commands, line) or NEVER)
    if (line.previous, line.following) in (("REF", "REF"), ("PREA", "ACT")):  # nREFI, or a refresh between, is longer
        assert gap < min(distances) < NEVER
    else:
        assert min(distances) == gap


def test_no_two_commands_share_a_clock():
    draw = random.Random(8)
    addresses = [draw.randrange(2**24) for _ in range(2000)]
    for scheduler in ("in_order", "fr_fcfs"):
        spec = load_dram("dram/ddr4_2400").replace({"scheduler": scheduler})
        commands = serve(spec, addresses, [draw.random() < 0.5 for _ in range(2000)], log=True).commands
        clocks = [command.clock for command in commands]
        assert all(later > earlier for earlier, later in itertools.pairwise(clocks))
