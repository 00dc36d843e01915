"""Engine `ddr4` against the clock-by-clock oracle: streams, transfers that carry on, overrides, bad input."""

import itertools
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.dram.channel import NO_LOG, Command, DramChannel, channel_arrays, earliest_clock, serve
from pivotsim.hardware.dram.constraints import Constraint
from pivotsim.hardware.dram.controller import MAPPED, SCHEDULERS
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.kernels.dram.channel import serve_transfers
from pivotsim.kernels.dram.commands import LANES
from tests.oracles.memory import dram_clock
from tests.unit.engines.dram.streams import check_against_oracle, draw_stream, rules_of

PRESETS = ("dram/ddr4_2133", "dram/ddr4_2133_zcu102_ps", "dram/ddr4_2400", "dram/ddr4_2400_zcu102_pl")
MAPPINGS = [":".join(order) for order in itertools.permutations(MAPPED)]
SHORT_REFI = (620, 777, 1100)  # several refreshes in a short stream


@pytest.mark.parametrize("refresh", [True, False], ids=["refresh", "no_refresh"])
@pytest.mark.parametrize("look_ahead", [0, 1, 32])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("preset", PRESETS)
def test_random_streams_equal_the_oracle(preset, scheduler, look_ahead, refresh):
    draw = random.Random(f"{preset}{scheduler}{look_ahead}{refresh}")
    base = load_dram(preset).replace({"scheduler": scheduler, "look_ahead": look_ahead, "refresh": refresh})
    for trial in range(12):
        refi = base.timing.nREFI if trial % 4 == 0 else draw.choice(SHORT_REFI)
        mapping = base.controller.mapping if trial % 2 else draw.choice(MAPPINGS)
        spec = base.replace({"mapping": mapping, "nREFI": refi})
        check_against_oracle(spec, *draw_stream(draw, spec, draw.randint(1, 120)))


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_any_timing_equals_the_oracle(scheduler):
    draw = random.Random(4)
    names = [name for name in load_dram(PRESETS[0]).timing.model_dump() if name not in ("nBL", "nRFC", "nREFI")]
    for _ in range(60):
        changes = {name: draw.randint(1, 40) for name in draw.sample(names, 4)}
        changes |= {"scheduler": scheduler, "nREFI": 900, "look_ahead": draw.choice((2, 3, 5, 8))}
        low, high = sorted((draw.choice((0.0, 0.2, 0.5, 1.0)), draw.choice((0.0, 0.5, 0.8, 1.0))))
        changes |= {"write_low_frac": low, "write_high_frac": high}
        spec = load_dram(draw.choice(PRESETS)).replace(changes)
        check_against_oracle(spec, *draw_stream(draw, spec, 80))


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_requests_around_a_refresh_equal_the_oracle(scheduler):
    """One request after an idle time, arriving before, in and after each clock that a refresh takes."""
    spec = load_dram("dram/ddr4_2400").replace({"scheduler": scheduler, "nREFI": 500})
    for arrival in range(440, 900):
        if arrival < 540 or arrival % 9 == 0 or arrival > 830:
            check_against_oracle(spec, [0, 64, 2**17], [True, False, False], [0, arrival, arrival + 7])


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_refresh_waits_for_opened_requests_alone(scheduler):
    """Four rows are opened right before the refresh: their reads come first, then it, then a hit of a later request."""
    spec = load_dram("dram/ddr4_2400").replace({"scheduler": scheduler, "nREFI": 500})
    row = spec.organisation.row_bytes
    addresses = [0, row, 2 * row, 3 * row, 3 * row + 64]
    commands = serve(spec, addresses, False, 485, log=True).commands
    assert [c.command for c in commands] == [*["ACT"] * 4, *["RD"] * 4, "PREA", "REF", "ACT", "RD"]
    assert [c.clock for c in commands[:5]] == [486, 490, 494, 498, 502]
    timing = spec.timing
    assert commands[8].clock == commands[3].clock + timing.nRAS  # the last row is open for long enough
    assert commands[9].clock == commands[8].clock + timing.nRP
    assert commands[10].clock == commands[9].clock + timing.nRFC


def test_fr_fcfs_serves_what_is_ready_and_oldest_not_row_hits_first():
    """A precharge that may be issued comes before a younger hit; an opened row stays open for who opened it."""
    spec = load_dram("dram/ddr4_2400").replace({"scheduler": "fr_fcfs", "refresh": False})
    other_row = spec.banks * spec.organisation.row_bytes
    channel = serve(spec, [0, other_row, 64], False, [0, 100, 100], log=True)
    assert [c.command for c in channel.commands] == ["ACT", "RD", "PRE", "ACT", "RD", "PRE", "ACT", "RD"]
    waiting = serve(spec, [0, other_row, 64], False, 0, log=True)  # here the hit may be read before the row may close
    assert [c.command for c in waiting.commands] == ["ACT", "RD", "RD", "PRE", "ACT", "RD"]


def test_the_direction_is_not_decided_during_a_refresh():
    """The last read is served right before a refresh, writes wait, and reads arrive before banks are closed."""
    spec = load_dram("dram/ddr4_2400").replace({"scheduler": "fr_fcfs", "nREFI": 500})
    addresses = [2**17 * i for i in range(13)]
    for arrival in range(470, 500):
        arrivals = [arrival] * 11 + [arrival + 25] * 2
        check_against_oracle(spec, addresses, [False, *[True] * 10, False, False], arrivals)


def test_a_new_constraint_is_a_new_line():
    spec = load_dram("dram/ddr4_2400")
    constraints = (*spec.standard.constraints, Constraint("RD", "ACT", "rank", "nWTR_L"))
    addresses = [i * 2**15 for i in range(40)]
    check_against_oracle(spec, addresses, [False] * 40, [0] * 40, constraints)
    assert serve(spec, addresses, constraints=constraints).total_clocks > serve(spec, addresses).total_clocks


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("preset", PRESETS)
def test_transfers_carry_the_banks_and_the_refresh_counter_on(preset, scheduler):
    draw = random.Random(preset + scheduler)
    spec = load_dram(preset).replace({"scheduler": scheduler, "nREFI": 900})
    for _ in range(6):
        transfers, clock = [], 0
        for _ in range(12):
            clock += draw.choice((0, 0, 100, 2000))
            size = draw.choice((1, 16, 64, 100, 700))
            rows = draw.choice((1, 1, 3))
            transfers.append(
                (draw.randrange(2**16), size, rows, draw.choice((64, 1000, 8192)), draw.random() < 0.5, clock)
            )
        ends, log = dram_clock.simulate_transfers(spec, rules_of(spec), transfers)
        channel = DramChannel(spec)
        ours = [
            channel.transfer(a, size, rows=rows, pitch_bytes=pitch, is_write=write, arrival_clock=arrival)
            for a, size, rows, pitch, write, arrival in transfers
        ]
        assert ours == ends
        assert channel.commands_issued == len(log)


def test_one_transfer_is_the_stream_of_its_bursts():
    for preset in PRESETS:
        spec = load_dram(preset)
        bursts = np.arange(5000) * spec.burst_bytes
        assert DramChannel(spec).transfer(0, 5000 * spec.burst_bytes) == serve(spec, bursts).total_clocks


def test_reset_closes_the_banks_and_restarts_the_refresh_counter():
    channel = DramChannel(load_dram("dram/ddr4_2400"))
    first = channel.transfer(0, 200_000)
    start = first + 100
    assert channel.transfer(199_936, 64, arrival_clock=start) - start == 21  # its row is open
    channel.reset()
    assert channel.transfer(199_936, 64) == 37
    channel.reset()
    assert channel.transfer(0, 200_000) == first


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_long_idle_times_change_nothing_but_the_clock(scheduler):
    spec = load_dram("dram/ddr4_2400").replace({"scheduler": scheduler})
    ends = []
    for intervals in (5, 5 + 2000, 5 + 10**9):
        channel = DramChannel(spec)
        channel.transfer(0, 640)
        start = intervals * spec.timing.nREFI - 100  # the transfer meets the refresh
        ends.append(channel.transfer(0, 6400, arrival_clock=start) - start)
    assert ends[0] == ends[1] == ends[2]


def test_overrides_by_name_change_what_they_name():
    spec = load_dram("dram/ddr4_2400")
    changed = spec.replace({"nRFC": 313, "timing.nREFI": 9364, "scheduler": "fr_fcfs"})
    assert (changed.timing.nRFC, changed.timing.nREFI, changed.controller.scheduler) == (313, 9364, "fr_fcfs")
    assert changed.source("timing.nRFC") == "set by the user (was 312)"
    stream = np.arange(4000) * 64
    one_refresh = spec.replace({"nREFI": 20_000})
    slower = one_refresh.replace({"nRFC": 313})
    assert serve(slower, stream).total_clocks - serve(one_refresh, stream).total_clocks == 1


def test_empty_streams_take_no_time():
    served = serve(load_dram("dram/ddr4_2400"), [], log=True)
    assert (served.finish_clocks.tolist(), served.total_clocks, served.commands) == ([], 0, [])


CAPACITY = 2**32
BAD_STREAMS = [
    (([-1],), "addresses: must be at least 0 (got -1)"),
    (([CAPACITY],), f"addresses: must be at most {CAPACITY - 1} (got {CAPACITY})"),
    (([1.5],), "addresses: must be a vector of integers (got a list of one: 1.5)"),
    (([[1]],), "addresses: must be a vector of integers (got a list of one: a list of one: 1)"),
    (([[1], [2, 3]],), "addresses: must be a vector of integers (got a list of one: 1; 2, 3)"),
    ((["0x10"],), "addresses: must be a vector of integers (got a list of one: 0x10)"),
    (([0, 64], [True]), "is_write: must be one value or one for each of the 2 addresses (got 1)"),
    (([0, 64], 1), "is_write: must be true or false, one or a vector (got 1)"),
    (([0, 64], False, [5, 4]), "arrival_clocks: must not fall, requests stand in order of arrival"),
    (([0, 64], False, -1), "arrival_clocks: must be at least 0 (got -1)"),
    (([0], False, 2**61), f"arrival_clocks: must be at most {2**60} (got {2**61})"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_STREAMS, ids=[m.partition(" (")[0] for _, m in BAD_STREAMS])
def test_bad_streams_are_told(arguments, message):
    with pytest.raises(ps.InputError) as error:
        serve(load_dram("dram/ddr4_2400"), *arguments)
    assert str(error.value) == message


def test_bad_transfers_and_tables_are_told():
    spec = load_dram("dram/ddr4_2400")
    channel = DramChannel(spec)
    for call, message in (
        (lambda: channel.transfer(0, 0), "row_bytes: must be at least 1 (got 0)"),
        (lambda: channel.transfer(2**32 - 64, 65), "transfer: ends at byte 4294967297, the channel holds 4294967296"),
        (lambda: channel.transfer(0, 64, is_write=1), "is_write: must be true or false (got 1)"),
        (lambda: serve(spec, [0], log="yes"), "log: must be true or false (got 'yes')"),
        (
            lambda: serve(spec, [0], constraints=[Constraint("RD", "PRE", "bank", "nRTP_")]),
            "constraints: nRTP_: unknown timing parameter, nearest valid name: 'nRTP'",
        ),
        (
            lambda: serve(spec, [0], constraints=[Constraint("RDA", "REF", "bank", "nRP", nth=2)]),
            "constraints: RDA -> REF: unknown command (got 'RDA'), nearest valid name: 'RD'\n"
            "constraints: RDA -> REF: must have scope rank or channel (got 'bank')\n"
            "constraints: RDA -> REF: nth must be 1, or 4 from ACT to ACT in the rank (got 2)",
        ),
        (
            lambda: earliest_clock(spec, [], "PREB"),
            "command: must be one of PRE, ACT, RD, WR, PREA, REF (got 'PREB'), nearest valid name: 'PRE'",
        ),
        (lambda: earliest_clock(spec, [Command(1, "ACT", 16, 0)], "RD"), "history: bank: must be at most 15 (got 16)"),
    ):
        with pytest.raises(ps.InputError) as error:
            call()
        assert str(error.value) == message


@pytest.mark.parametrize("field", ["state", "gaps", "queue"])
def test_rows_of_another_length_are_refused(field):
    """Machine code counts on the length; it would not be what arrays say."""
    arrays = channel_arrays(load_dram("dram/ddr4_2400"))
    wide = np.zeros((len(getattr(arrays, field)), LANES + 1), dtype=np.int64)
    transfers, finish = np.array([[0, 64, 1, 0, 0, 0]]), np.zeros(1, dtype=np.int64)
    with pytest.raises(ValueError, match="LANES columns"):
        serve_transfers(arrays._replace(**{field: wide}), NO_LOG, transfers, finish)
