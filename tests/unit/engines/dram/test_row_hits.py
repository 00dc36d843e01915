"""Stretches in which every row that is asked for is open, counted without questions: against the scheduler that asks.

A log makes the scheduler look at every command; the oracle does so anyway (test_channel.py).
"""

import itertools
import random

import numpy as np
import pytest

from pivotsim.engines.dram.arrays import channel_arrays, commands_issued
from pivotsim.engines.dram.channel import NO_LOG
from pivotsim.hardware.dram.controller import MAPPED
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.kernels.dram.channel import serve_one, serve_transfers
from pivotsim.kernels.dram.commands import BANKS, DUE, GROUPS, T_ARRIVAL, T_ROW_BYTES, T_ROWS
from pivotsim.kernels.dram.last_hits import open_to_the_end
from pivotsim.kernels.dram.row_hits import serve_row_hits
from tests.campaigns import cases
from tests.plain_kernels import plain

PRESETS = ("dram/ddr4_2400", "dram/ddr4_2133_zcu102_ps", "dram/ddr4_2400_zcu102_pl", "dram/ddr3_1600", "dram/hbm2_2000")


def draw_spec(draw):
    """A channel of any mapping, queue, refresh and timing."""
    spec = load_dram(draw.choice(PRESETS))
    parts = list(MAPPED)
    draw.shuffle(parts)
    changes = {
        "controller.mapping": ":".join(parts),
        "controller.look_ahead": draw.choice((0, 1, 2, 5, 16, 32)),
        "controller.refresh": draw.random() < 0.7,
    }
    if draw.random() < 0.5:
        changes |= {name: draw.randint(1, 12) for name in ("nRCD", "nRP")}
    return spec.replace(changes)


def draw_transfers(draw, spec):
    """Rows of bytes one behind the other, in runs short and long, near each other or apart."""
    rows, arrival = [], 0
    base = draw.randrange(draw.choice((2**14, 2**17, spec.capacity_bytes // 2)))
    for _ in range(draw.randint(1, 6)):
        row_bytes = draw.choice((1, 40, 200, 3_000, 9_000, 40_000))
        runs = draw.choice((1, 1, 2, 30)) if row_bytes < 9_000 else 1
        pitch = draw.choice((row_bytes, row_bytes + 24, 1_536, 8_192))
        address = base if draw.random() < 0.5 else draw.randrange(spec.capacity_bytes // 2)
        rows.append((address, row_bytes, runs, pitch, int(draw.random() < 0.4), arrival))
        base = address + row_bytes
        arrival += draw.choice((0, 0, 5, 300, 9_000))
    return np.array(rows, dtype=np.int64)


def draw_loads(draw, spec):
    """Transfers one by one, as units are loaded: a unit's rows apart by a matrix's pitch, or its bytes in one piece."""
    base, arrival, batches = draw.randrange(spec.capacity_bytes // 4), 0, []
    for _ in range(draw.randint(2, 25)):
        row_bytes = draw.choice((1, 56, 64, 200, 3_584, 9_000))
        pitch = draw.choice((0, row_bytes, row_bytes + 24, 64, 384, 1_000, 1_152, 1_536))
        row = (base, row_bytes, draw.choice((1, 2, 36, 60)), pitch, int(draw.random() < 0.1), arrival)
        batches.append(np.array([row], dtype=np.int64))
        is_near = draw.random() < 0.8
        base = base + draw.choice((0, 64, 384, 3_584, 8_192)) if is_near else draw.randrange(spec.capacity_bytes // 4)
        arrival += draw.choice((0, 50, 300, 700, 2_000))
    return batches


def served(spec, batches, log, serve=serve_transfers):
    """Finish clocks of batch after batch, and the state of the channel that served them, cursor and all; commands."""
    arrays, clocks = channel_arrays(spec), []
    for transfers in batches:
        finish = np.zeros(len(transfers), dtype=np.int64)
        serve(arrays, log, transfers, finish)
        clocks.append(finish.tolist())
    return (clocks, arrays.state.tolist()), commands_issued(arrays)


@pytest.mark.campaign
def test_stretches_of_hits_equal_the_scheduler_that_looks_at_each_command():
    draw, commands = random.Random(24), 0
    for number in range(cases(300, 12_000)):
        spec = draw_spec(draw)
        batches = [draw_transfers(draw, spec) for _ in range(draw.randint(1, 3))]  # rows stay open between them
        if number % 3:
            batches = draw_loads(draw, spec)
        log = np.zeros((200_000, 4), dtype=np.int64)
        slow, issued = served(spec, batches, log)
        assert served(spec, batches, NO_LOG) == (slow, issued), number
        commands += issued
    assert commands > 300_000


def test_stretches_of_hits_are_entered():
    """As Python, where each stretch is seen: else both sides of the comparison above could be the same scheduler."""
    draw = random.Random(24)
    commands = of_stretches = compared = 0
    ends = []  # of transfers: whether nothing but hits was left, and bursts that were pending by then

    def end_seen(*arguments):
        ends.append((plain(open_to_the_end)(*arguments), arguments[5] > 0))
        return ends[-1][0]

    for _ in range(100):
        spec, stretches = draw_spec(draw), []
        batches = [draw_transfers(draw, spec) for _ in range(draw.randint(1, 3))]
        if draw.random() < 0.3:
            batches = draw_loads(draw, spec)[:5]
        if sum((rows[:, T_ROW_BYTES] * rows[:, T_ROWS]).sum() for rows in batches) > 40_000:
            continue  # long as Python

        def seen(*arguments, stretches=stretches):
            after = plain(serve_row_hits, {"open_to_the_end": end_seen})(*arguments)
            stretches.append(after[0] - arguments[7])  # the first pending request
            return after

        found = served(spec, batches, NO_LOG, plain(serve_transfers, {"serve_row_hits": seen}))
        assert found == served(spec, batches, NO_LOG)
        may_be_hits = spec.controller.look_ahead > 0 and not spec.bank_refresh
        assert bool(stretches) == may_be_hits
        compared += may_be_hits
        commands, of_stretches = commands + found[1] * may_be_hits, of_stretches + sum(stretches)
    assert compared > 15 and of_stretches > commands / 10
    assert set(ends) == {(True, True), (True, False), (False, True), (False, False)}


@pytest.mark.parametrize("preset", PRESETS)
def test_an_open_row_that_is_asked_for_just_before_a_refresh(preset):
    """Whether a last transfer ends before the refresh depends on when banks take its first command."""
    spec = load_dram(preset).replace({"controller.refresh": True})
    channel, log = channel_arrays(spec), np.zeros((100, 4), dtype=np.int64)
    due = int(channel.state[channel.device[0, BANKS] + channel.device[0, GROUPS] + 1, DUE])
    for early, row_bytes, is_write in itertools.product(range(150), (1, 4 * spec.burst_bytes), (0, 1)):
        rows = [(0, 1, 1, 1, 0, 0), (0, 1, 1, 1, 1 - is_write, due - early), (0, row_bytes, 1, 1, is_write, 0)]
        batches = [np.array([row], dtype=np.int64) for row in rows]
        assert served(spec, batches, NO_LOG) == served(spec, batches, log), (early, row_bytes, is_write)


@pytest.mark.parametrize("preset", PRESETS)
def test_transfer_after_transfer_equals_all_at_once(preset):
    draw = random.Random(preset)
    for _ in range(20):
        spec = load_dram(preset)
        transfers, clock = draw_transfers(draw, spec), 0
        arrays, at_once = channel_arrays(spec), channel_arrays(spec)
        for row in transfers:
            row[T_ARRIVAL] = clock
            clock = serve_one(arrays, *row.tolist())
            finish = np.zeros(1, dtype=np.int64)
            serve_transfers(at_once, np.zeros((200_000, 4), dtype=np.int64), row[None], finish)
            assert finish[0] == clock
        assert arrays.state.tolist() == at_once.state.tolist()
        assert commands_issued(arrays) >= len(transfers)
