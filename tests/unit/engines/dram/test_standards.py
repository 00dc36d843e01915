"""Every DRAM standard conforms: tables, engine and oracle, no rule broken, the peak reached; a new one joins in."""

import itertools
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.dram.channel import Command, DramChannel, earliest_clock, serve
from pivotsim.hardware.dram.constraints import ALL_BANK_COMMANDS, COLUMN_COMMANDS, gap_clocks
from pivotsim.hardware.dram.controller import MAPPED, SCHEDULERS
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.hardware.dram.standard import PARAMETERS
from pivotsim.hardware.dram.standards import KINDS, standard_of
from pivotsim.io.documents import available
from tests.campaigns import cases
from tests.oracles.memory import dram_clock
from tests.unit.engines.dram.streams import check_against_oracle, draw_stream, rules_of, shortest_distance

FIRST = 1000
CHANNELS = {name: load_dram(name) for name in available("hwconfigs") if name.startswith("dram/")}
# with both ways to refresh, where a standard has two
MODES = {f"{name}{'' if mode is None else '-by_bank' if mode else '-all'}":
             spec if mode is None else spec.replace({"bank_refresh": mode})
         for name, spec in CHANNELS.items()
         for mode in ((True, False) if spec.standard.has_bank_refresh else (None,))}  # fmt: skip
MAPPINGS = [":".join(order) for order in itertools.permutations(MAPPED)]
each_standard = pytest.mark.parametrize("kind", KINDS)
each_channel = pytest.mark.parametrize("spec", MODES.values(), ids=MODES)


def channels_of(kind):
    return [spec for spec in MODES.values() if spec.kind == kind]


def least_interval(spec):
    """The shortest time between refreshes that a channel admits."""
    with pytest.raises(ps.InputError) as error:
        spec.replace({"nREFI": 1, "refresh": True})
    return int(str(error.value).partition("must exceed ")[2].partition(",")[0]) + 1


def test_the_standards():
    assert KINDS == ("ddr3", "ddr4", "hbm2", "lpddr4")
    assert {spec.kind for spec in CHANNELS.values()} == set(KINDS)  # a channel of each is shipped


@each_standard
def test_a_standard_is_whole(kind):
    standard = standard_of(kind)
    assert standard.kind == kind and set(PARAMETERS) <= set(standard.parameters)
    used = {name for line in standard.constraints for name in line.gap.split(" + ")}
    assert set(standard.parameters) - used == {"nCL", "nREFI"}  # a latency, and the interval of refreshes
    assert len(set(standard.constraints)) == len(standard.constraints)
    for line in standard.constraints:
        assert {line.previous, line.following} <= set(standard.commands) or kind == "hbm2" or "REFB" in line
        assert line.scope in ("rank", "channel") or not {line.previous, line.following} & set(ALL_BANK_COMMANDS)
        assert line.scope != "bank_group" or standard.has_bank_groups


@pytest.mark.parametrize("name", CHANNELS)
def test_a_line_alone_holds_back_up_to_its_gap_in_its_scope(name):
    """Blocked at n - 1, ready at n, of one line of the table at a time."""
    spec = CHANNELS[name]
    per_group = spec.organisation.banks_per_group
    for line in spec.standard.constraints:
        gap = gap_clocks(line, spec.timing_clocks)
        history = [Command(FIRST + i, line.previous, 0, 0) for i in range(line.nth)]
        assert earliest_clock(spec, history, line.following, 0, [line]) == FIRST + max(gap, line.nth)
        outside = {"bank": 1, "bank_group": per_group}.get(line.scope)
        if outside is not None:
            assert earliest_clock(spec, history, line.following, outside, [line]) <= FIRST + 1


# by hand: previous command of bank 0, next one and its bank (1 shares the group, if there are any, 4 does not), clocks
BY_HAND = {
    "dram/ddr3_1600": [
        ("ACT", "RD", 0, 11), ("ACT", "ACT", 0, 39), ("ACT", "ACT", 1, 5), ("RD", "RD", 1, 4), ("WR", "RD", 1, 18),
        ("RD", "WR", 1, 9), ("WR", "PRE", 0, 24), ("RD", "PRE", 0, 6), ("PREA", "REF", 0, 11), ("REF", "ACT", 3, 208),
    ],
    "dram/lpddr4_3200": [
        ("ACT", "RD", 0, 29), ("ACT", "ACT", 1, 16), ("ACT", "PRE", 1, 2), ("PRE", "ACT", 1, 4), ("PRE", "PRE", 1, 4),
        ("RD", "RD", 1, 8), ("WR", "RD", 1, 14 + 1 + 8 + 16), ("WR", "PRE", 0, 14 + 1 + 8 + 29), ("PREA", "ACT", 0, 34),
        ("PRE", "ACT", 0, 29), ("REFB", "ACT", 0, 224), ("REFB", "ACT", 1, 16), ("REFB", "REFB", 1, 224),
        ("REFB", "RD", 1, 4), ("PRE", "REFB", 0, 29), ("ACT", "REFB", 1, 16), ("REF", "ACT", 0, 448),
    ],
    "dram/hbm2_2000": [
        ("ACT", "RD", 0, 12), ("ACT", "WR", 0, 6), ("ACT", "ACT", 1, 6), ("ACT", "ACT", 4, 4), ("ACT", "PRE", 4, 2),
        ("ACT", "RD", 1, 0), ("RD", "ACT", 1, 0), ("RD", "RD", 1, 3), ("RD", "RD", 4, 2), ("RD", "WR", 4, 18),
        ("WR", "RD", 1, 7 + 2 + 9), ("WR", "RD", 4, 7 + 2 + 4), ("REFB", "ACT", 0, 96), ("REFB", "ACT", 1, 8),
        ("REFB", "REFB", 1, 8), ("REFB", "RD", 1, 0), ("REF", "ACT", 5, 220), ("PRE", "PRE", 1, 1),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "row"), [(name, row) for name, rows in BY_HAND.items() for row in rows])
def test_the_table_says_what_the_standard_says(name, row):
    previous, following, bank, clocks = row
    found = earliest_clock(CHANNELS[name], [Command(FIRST, previous, 0, 0)], following, bank)
    assert found == FIRST + clocks


@pytest.mark.campaign
@each_standard
def test_random_streams_equal_the_oracle(kind):
    """Schedulers, queues, mappings, timing, both ways to refresh, refreshes as often as may be."""
    draw = random.Random(kind)
    for trial in range(cases(100, 300)):
        spec = draw.choice(channels_of(kind))
        changes = {"scheduler": draw.choice(SCHEDULERS), "look_ahead": draw.choice((0, 1, 2, 5, 32))}
        changes |= {"refresh": draw.random() < 0.85, "mapping": draw.choice((spec.controller.mapping, *MAPPINGS))}
        if trial % 4 == 0:
            names = [n for n in spec.timing_clocks if n not in ("nBL", "nREFI") and not n.startswith("nRFC")]
            changes |= {name: draw.randint(1, 40) for name in draw.sample(names, 3)}
        spec = spec.replace({**changes, "nREFI": 10**6})
        interval = draw.choice((least_interval(spec), least_interval(spec) + 50, 2 * least_interval(spec)))
        spec = spec.replace({"nREFI": interval})
        check_against_oracle(spec, *draw_stream(draw, spec, draw.randint(1, 40)))


@each_channel
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_transfers_carry_banks_and_refreshes_on(spec, scheduler):
    draw = random.Random(spec.name + scheduler)
    spec = spec.replace({"scheduler": scheduler, "nREFI": least_interval(spec)})
    transfers, clock = [], 0
    for _ in range(20):
        clock += draw.choice((0, 0, 100, 3000))
        size, rows = draw.choice((1, 16, 64, 700)), draw.choice((1, 1, 3))
        transfers.append((draw.randrange(2**16), size, rows, draw.choice((64, 1000, 8192)), draw.random() < 0.5, clock))
    ends, log = dram_clock.simulate_transfers(spec, rules_of(spec), transfers)
    channel = DramChannel(spec)
    ours = [
        channel.transfer(a, size, rows=rows, pitch_bytes=pitch, is_write=write, arrival_clock=arrival)
        for a, size, rows, pitch, write, arrival in transfers
    ]
    assert ours == ends
    assert channel.commands_issued == len(log)


class Checker:
    """A channel's banks as a log of commands leaves them; it knows no table and no controller."""

    def __init__(self, spec, requests):
        self.spec, self.rows, self.left = spec, {}, requests
        self.last = {}  # bus -> clock of its last command
        self.bus_free, self.refreshed = 0, [[] for _ in range(spec.banks)]

    def take(self, clock, command, bank, row):
        column = command in COLUMN_COMMANDS
        bus = column and self.spec.standard.has_two_command_buses
        assert clock > self.last.get(bus, 0)
        self.last[bus] = clock
        if command == "ACT":
            assert bank not in self.rows
            self.rows[bank] = row
        elif command == "PRE":
            del self.rows[bank]
        elif command == "PREA":
            assert self.rows
            self.rows.clear()
        elif command in ("REF", "REFB"):
            closed = range(self.spec.banks) if command == "REF" else [bank]
            assert not self.rows.keys() & set(closed)
            for each in closed:
                self.refreshed[each].append(clock)
        else:
            assert self.rows[bank] == row
            self.left.remove((bank, row, command == "WR"))
            first = clock + (self.spec.timing.nCWL if command == "WR" else self.spec.timing.nCL)
            assert first >= self.bus_free  # bursts do not overlap on the data bus
            self.bus_free = first + self.spec.timing.nBL


@each_channel
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_no_rule_is_broken_on_random_streams(spec, scheduler):
    draw = random.Random(spec.name + scheduler)
    spec = spec.replace({"scheduler": scheduler})
    for share in (0, 0.5, 1):
        n = 1500
        span = draw.choice((2**18, 2**22, spec.capacity_bytes))
        addresses = [draw.randrange(span) for _ in range(n)]
        writes = [draw.random() < share for _ in range(n)]
        requests = []
        for address, write in zip(addresses, writes, strict=True):
            place = dram_clock.split(spec, address)
            bank = place["bank_group"] * spec.organisation.banks_per_group + place["bank"]
            requests.append((bank, place["row"], write))
        run = serve(spec, addresses, writes, log=True)
        checker = Checker(spec, requests)
        for command in run.commands:
            checker.take(*command)
        assert not checker.left
        for line in spec.standard.constraints:
            found = shortest_distance(spec, run.commands, line)
            assert found is None or found >= gap_clocks(line, spec.timing_clocks), line
        if span == spec.capacity_bytes:
            assert {c.command for c in run.commands} >= {"ACT", "REFB" if spec.bank_refresh else "REF"}
        for clocks in checker.refreshed:  # each bank in time, but for what waits of the queue
            assert len(clocks) >= run.commands[-1].clock // spec.timing.nREFI - 1
            if len(clocks) > 1:
                assert max(np.diff(clocks)) < 2 * spec.timing.nREFI


@each_channel
@pytest.mark.parametrize("is_write", [False, True], ids=["read", "write"])
def test_a_sequential_stream_reaches_the_peak_within_its_refreshes(spec, is_write):
    """Bank groups in the lowest bits: a burst each nBL clocks without refresh; a refresh costs at most its own time."""
    t, n = spec.timing_clocks, 8_000
    spec = spec.replace({"mapping": "row:bank:column:bank_group"})
    addresses = np.arange(n) * spec.burst_bytes
    quiet = serve(spec.replace({"refresh": False}), addresses, is_write, log=True)
    still = quiet.total_clocks
    opening = t.get("nRCDWR", t["nRCD"]) if is_write else t["nRCD"]
    bare = 1 + opening + (t["nCWL"] if is_write else t["nCL"]) + t["nBL"] * n
    groups_open = (spec.organisation.bank_groups - 1) * t.get("nRRD_S", 0)
    # a row command that takes several clocks of the one command bus holds back a burst by all but one of them
    held = max([0, *(int(c.gap) - 1 for c in spec.standard.constraints if c.scope == "channel" and c.gap.isdigit())])
    held = 0 if spec.standard.has_two_command_buses else held * sum(c.command == "PRE" for c in quiet.commands)
    assert bare <= still <= bare + groups_open + held < 1.01 * bare
    run = serve(spec, addresses, is_write, log=True)
    refreshes = [c.clock for c in run.commands if c.command in ("REF", "REFB")]
    assert len(refreshes) >= n * t["nBL"] // spec.refresh_clocks
    kind = "REFB" if spec.bank_refresh else "REF"
    closing = max(gap_clocks(c, t) for c in spec.standard.constraints
                  if c.previous == ("WR" if is_write else "RD") and c.following in ("PRE", "PREA"))  # fmt: skip
    longest = max(gap_clocks(c, t) for c in spec.standard.constraints if c.previous == kind and c.following == "ACT")
    precharge = t.get("nRPab", t["nRP"])
    cost = closing + precharge + longest + t["nRCD"] + (spec.organisation.bank_groups - 1) * t.get("nRRD_S", 0) + 8
    assert still < run.total_clocks <= still + cost * len(refreshes)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@each_channel
def test_long_idle_times_change_nothing_but_the_clock(spec, scheduler):
    spec = spec.replace({"scheduler": scheduler})
    ends = []
    for rounds in (40, 40 + 2000, 40 + 10**9):
        channel = DramChannel(spec)
        channel.transfer(0, 640)
        start = rounds * spec.refresh_clocks * spec.banks - 100  # the transfer meets a refresh
        ends.append(channel.transfer(0, 6400, arrival_clock=start) - start)
    assert ends[0] == ends[1] == ends[2]


def test_refreshing_one_bank_at_a_time_lets_the_others_work():
    """Where order is free; in order, the first request to the bank holds back all behind it."""
    spec = CHANNELS["dram/lpddr4_3200"]
    scattered = np.random.default_rng(1).integers(0, spec.capacity_bytes, 5000)
    clocks = {
        (scheduler, mode): serve(spec.replace({"bank_refresh": mode, "scheduler": scheduler}), scattered).total_clocks
        for scheduler in SCHEDULERS
        for mode in (True, False)
    }
    assert clocks["fr_fcfs", True] < clocks["fr_fcfs", False] < clocks["in_order", False] < clocks["in_order", True]


BAD = [
    ({"kind": "ddr9"}, "dram: kind: must be one of ddr3, ddr4, hbm2, lpddr4 (got 'ddr9'), nearest valid name: 'ddr4'"),
    ({"kind": 4}, "dram: kind: must be one of ddr3, ddr4, hbm2, lpddr4 (got 4)"),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_an_unknown_standard_is_told(changes, message):
    with pytest.raises(ps.InputError) as error:
        load_dram({**CHANNELS["dram/ddr4_2400"].model_dump(), **changes})
    assert str(error.value) == message


def test_what_a_standard_lacks_is_told():
    ddr3, ddr4 = CHANNELS["dram/ddr3_1600"], CHANNELS["dram/ddr4_2400"]
    for spec, changes, message in (
        (ddr3, {"bank_groups": 4}, "replace: organisation.bank_groups: must be 1, DDR3 has no bank groups (got 4)"),
        (ddr3, {"nCCD_L": 6}, "replace: nCCD_L: unknown key, nearest valid name: 'nCCD'"),
        (ddr4, {"bank_refresh": True}, "replace: bank_refresh: unknown key, nearest valid name: 'refresh'"),
    ):
        with pytest.raises(ps.InputError) as error:
            spec.replace(changes)
        assert str(error.value) == message
    with pytest.raises(ps.InputError, match="command: must be one of PRE, ACT, RD, WR, PREA, REF"):
        earliest_clock(ddr4, [], "REFB")
