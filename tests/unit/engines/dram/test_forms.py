"""Engine `ddr4` against closed forms: exact where they hold, bounds elsewhere."""

import random

import numpy as np
import pytest

from pivotsim.engines.dram.channel import DramChannel, serve
from pivotsim.hardware.dram.controller import SCHEDULERS
from pivotsim.hardware.dram.spec import load_dram

PRESETS = ("dram/ddr4_2133", "dram/ddr4_2133_zcu102_ps", "dram/ddr4_2400", "dram/ddr4_2400_zcu102_pl")
SIZES = (64, 128, 192, 4096, 8128, 8192, 8256, 65_536, 1_000_000, 2**20, 2**22 - 64, 2**22)
GROUP_LOWEST = "row:bank:column:bank_group"
both_directions = pytest.mark.parametrize("is_write", [False, True], ids=["read", "write"])
each_preset = pytest.mark.parametrize("preset", PRESETS)


def quiet(preset, **changes):
    return load_dram(preset).replace({"refresh": False, **changes})


def first_end(spec, is_write):
    """The clock of the last beat of the first burst: 1 + nRCD + latency + 4."""
    return 1 + spec.timing.nRCD + (spec.timing.nCWL if is_write else spec.timing.nCL) + 4


def reopening(spec, is_write):
    """Clocks from a read or write, over a refresh, to the next one."""
    t = spec.timing
    return (t.nCWL + 4 + t.nWR if is_write else t.nRTP) + t.nRP + t.nRFC + t.nRCD


def hits_and_activates(spec, addresses):
    """How many bursts find their row open, how many open one, when each row is used once on end."""
    rows = np.asarray(addresses) // spec.organisation.row_bytes
    activates = 1 + int(np.count_nonzero(np.diff(rows)))
    return len(rows) - activates, activates


@both_directions
@each_preset
def test_an_isolated_burst(preset, is_write):
    for address in (0, 64, 2**20 + 4096):
        assert serve(load_dram(preset), [address], is_write).total_clocks == first_end(load_dram(preset), is_write)


@both_directions
@pytest.mark.parametrize("size", SIZES)
@each_preset
def test_sequential_streams(preset, size, is_write):
    spec = quiet(preset)
    for start in (0, 64, 8128):
        hits, activates = hits_and_activates(spec, np.arange(start, start + size, spec.burst_bytes))
        expected = first_end(spec, is_write) + spec.timing.nCCD_L * hits + spec.timing.nCCD_S * (activates - 1)
        assert DramChannel(spec).transfer(start, size, is_write=is_write) == expected


@both_directions
@each_preset
def test_tiles(preset, is_write):
    spec = quiet(preset)
    row = spec.organisation.row_bytes
    for rows, run, pitch in ((1, row, row), (7, row // 2, row), (64, row // 2, row), (64, row // 8, row // 4)):
        bursts = np.arange(0, run, spec.burst_bytes)
        addresses = (np.arange(rows)[:, None] * pitch + bursts).ravel()
        hits, activates = hits_and_activates(spec, addresses)
        expected = first_end(spec, is_write) + spec.timing.nCCD_L * hits + spec.timing.nCCD_S * (activates - 1)
        tile = DramChannel(spec).transfer(0, run, rows=rows, pitch_bytes=pitch, is_write=is_write)
        assert tile == expected == serve(spec, addresses, is_write).total_clocks


@both_directions
@pytest.mark.parametrize("size", SIZES)
@each_preset
def test_bank_group_in_the_lowest_bits(preset, size, is_write):
    spec = quiet(preset, mapping=GROUP_LOWEST)
    n = -(-size // spec.burst_bytes)
    late = spec.timing.nRRD_S - spec.timing.nCCD_S if n > 1 else 0  # the second group's row: 3 on x16, else 0
    expected = first_end(spec, is_write) + late + spec.timing.nCCD_S * (n - 1)
    assert DramChannel(spec).transfer(0, size, is_write=is_write) == expected


@both_directions
@each_preset
def test_strides_of_256_bytes_fall_back_into_one_group(preset, is_write):
    spec = quiet(preset, mapping=GROUP_LOWEST)
    for stride in (256, 512, 1024):
        addresses = np.arange(3000) * stride
        assert serve(spec, addresses, is_write).total_clocks == first_end(spec, is_write) + spec.timing.nCCD_L * 2999


@both_directions
@each_preset
def test_a_new_row_of_the_same_bank_each_burst(preset, is_write):
    spec = quiet(preset)
    t = spec.timing
    period = t.nRCD + t.nCWL + 4 + t.nWR + t.nRP if is_write else max(t.nRC, t.nRAS + t.nRP)
    for n in (1, 2, 3, 1000):
        addresses = np.arange(n) * spec.banks * spec.organisation.row_bytes
        assert serve(spec, addresses, is_write).total_clocks == first_end(spec, is_write) + (n - 1) * period


@each_preset
def test_turning_the_bus_around(preset):
    spec = quiet(preset)
    t = spec.timing
    other_group = spec.organisation.row_bytes  # and another bank
    if preset != "dram/ddr4_2133_zcu102_ps":  # whose registers hold 12
        assert t.nRTW == t.nCL + 4 + 2 - t.nCWL
    assert serve(spec, [0, 64], [False, True]).total_clocks == 1 + t.nRCD + t.nRTW + t.nCWL + 4
    write_end = 1 + t.nRCD + t.nCWL + 4
    assert serve(spec, [0, 64], [True, False]).total_clocks == write_end + t.nWTR_L + t.nCL + 4
    assert serve(spec, [0, other_group], [True, False]).total_clocks == write_end + t.nWTR_S + t.nCL + 4


@both_directions
@pytest.mark.parametrize("size", [s for s in SIZES if s >= 65_536])
@each_preset
def test_refreshes_inside_a_sequential_stream(preset, size, is_write):
    """Each takes the place of a gap of nCCD_L, after the first burst of the next row if that row is open by then.

    The queue comes to a row LOOK_AHEAD bursts before its turn and opens it, after a precharge where the bank was in
    use since the last refresh.
    """
    spec = load_dram(preset)
    t, look_ahead = spec.timing, spec.controller.look_ahead
    per_row = spec.organisation.row_bytes // spec.burst_bytes
    gaps = np.where(np.arange(size // spec.burst_bytes) % per_row == 0, t.nCCD_S, t.nCCD_L)
    clocks = 1 + t.nRCD + np.concatenate([[0], np.cumsum(gaps[1:])])
    refreshes, since = 0, 0
    while (i := int(np.searchsorted(clocks, (refreshes + 1) * t.nREFI))) < len(clocks):
        opening = -(-i // per_row) * per_row
        closing_clocks = t.nRP if opening - (spec.banks - 1) * per_row > since else 0
        if opening < len(clocks) and clocks[opening - look_ahead] + 1 + closing_clocks < (refreshes + 1) * t.nREFI:
            i = opening + 1
        if i == len(clocks):
            break
        clocks[i:] += reopening(spec, is_write) - t.nCCD_L
        refreshes, since = refreshes + 1, i
    expected = int(clocks[-1]) + first_end(spec, is_write) - 1 - t.nRCD
    assert DramChannel(spec).transfer(0, size, is_write=is_write) == expected
    cost = refreshes * (reopening(spec, is_write) - t.nCCD_L)
    assert DramChannel(quiet(preset)).transfer(0, size, is_write=is_write) + cost == expected


@pytest.mark.parametrize("kind", ["scattered", "one_group", "few_rows"])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
@each_preset
def test_bounds_on_random_and_mixed_streams(preset, scheduler, kind):
    draw = random.Random(preset + scheduler + kind)
    spec = load_dram(preset).replace({"scheduler": scheduler})
    t, row = spec.timing, spec.organisation.row_bytes
    groups = spec.organisation.bank_groups
    for write_share in (0, 0.5, 1):
        n = draw.choice((50, 3000))
        addresses = [draw.randrange(2**28) for _ in range(n)]
        if kind == "one_group":
            addresses = [a // (row * groups) * (row * groups) + a % row for a in addresses]
        elif kind == "few_rows":
            addresses = [a % (row * 40) for a in addresses]
        writes = [draw.random() < write_share for _ in range(n)]
        run = serve(spec, addresses, writes, log=True)
        latency = min(t.nCWL if write else t.nCL for write in set(writes))
        start = 1 + t.nRCD + latency + 4
        total = run.total_clocks
        in_group = max(sum(a // row % groups == g for a in addresses) for g in range(groups))
        activates = sum(c.command == "ACT" for c in run.commands)
        last = max(c.clock for c in run.commands if c.command in ("RD", "WR"))
        refreshes = last // t.nREFI  # all that fell due were over before the last burst
        assert total >= 1 + t.nRCD + latency + 4 * n
        assert total >= start + t.nCCD_L * (in_group - 1)
        assert total >= start + (activates - 1) // 4 * t.nFAW
        assert total >= start + (activates - 1) * t.nRRD_S
        assert total >= 1 + t.nRCD + latency + 4 * n + t.nRFC * refreshes
        assert sum(c.command == "REF" for c in run.commands) == refreshes
