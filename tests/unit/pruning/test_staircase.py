"""Staircases: where the array's steps are, from the engine; what is a step and what is a slope."""

import math

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.staircase import Staircase, staircase_of

PLAN = ps.plan("deit_s")


@pytest.fixture(scope="module")
def pl_cycles():
    """PL clocks of DeiT-S at 1 to 258 tokens, by dataflow."""
    found = {}
    for flow, name in (("is", "zcu102"), ("os", "zcu102_os"), ("ws", "zcu102_ws")):
        ms = Simulated(name, part="array").latencies_ms(PLAN, range(1, 259))
        found[flow] = np.rint(ms * 125e3).astype(int)
    return found


def standing_out(cycles, least_frac, times):
    """Counts whose next token costs ``times`` the increases on either side, and a share of the whole."""
    rises = np.diff(cycles)
    inner = range(1, len(rises) - 1)
    return [
        i + 1
        for i in inner
        if rises[i] >= least_frac * cycles[i] and rises[i] > times * max(rises[i - 1], rises[i + 1])
    ]


def test_input_stationary_steps_at_multiples_of_the_columns(pl_cycles):
    assert standing_out(pl_cycles["is"], 0.10, 10) == [36, 72, 108, 144, 180, 216, 252]
    saved = 1 - pl_cycles["is"][180 - 1] / pl_cycles["is"][197 - 1]
    assert f"{100 * saved:.1f}" == "19.6"


def test_output_stationary_steps_at_multiples_of_the_rows_and_a_little_at_those_of_the_columns(pl_cycles):
    assert standing_out(pl_cycles["os"], 0.10, 10) == [64, 128, 192, 256]
    small = standing_out(pl_cycles["os"], 0.01, 10)
    assert small == sorted([64, 128, 192, 256, 36, 72, 108, 144, 180, 216, 252])  # QK^T's columns: below 2 %
    rises = np.diff(pl_cycles["os"]) / pl_cycles["os"][:-1]
    assert all(rises[n - 1] < 0.02 for n in (36, 72, 108, 144, 180, 216, 252))


def test_weight_stationary_has_nearly_none(pl_cycles):
    rises = np.diff(pl_cycles["ws"]) / pl_cycles["ws"][:-1]
    assert rises[35:].max() < 0.02
    assert staircase_of(PLAN, Simulated("zcu102_ws", part="array")).edges == []


def test_edges_of_the_delay():
    assert [edge.tokens for edge in staircase_of(PLAN, Simulated("zcu102")).edges] == [36, 72, 108, 144, 180]


def test_a_slope_is_no_step_and_a_fall_neither():
    tokens = np.arange(1, 30)
    assert Staircase(tokens, 3.0 * tokens).edges == []
    assert Staircase(tokens, 100.0 - tokens).edges == []


@pytest.mark.parametrize(("jump", "steps"), [(1.0199, 0), (1.0201, 1)])
def test_the_least_jump(jump, steps):
    latency = np.where(np.arange(20) < 10, 1.0, jump)
    edges = Staircase(np.arange(1, 21), latency).edges
    assert len(edges) == steps
    if steps:
        assert edges[0] == (10, 11, 1.0, jump)
        assert edges[0].jump_frac == pytest.approx(jump - 1)


def test_a_hole_is_stepped_over():
    assert Staircase(np.array([1, 2, 3]), np.array([1.0, math.nan, 2.0])).edges[0][:2] == (1, 3)


def test_a_device_without_a_staircase_is_asked_for_each_count():
    class OneByOne:
        name = "one by one"

        def latency_ms(self, plan, batch=1):
            assert len({(e.attention_tokens, e.mlp_tokens) for e in plan.encoders}) == 1
            return float(plan.encoders[0].mlp_tokens * batch)

    found = staircase_of(PLAN, OneByOne(), [5, 3, 3], batch=2)
    assert (found.tokens.tolist(), found.latency_ms.tolist()) == ([3, 5], [6.0, 10.0])


def stairs(*latencies):
    return [tuple(edge[:2]) for edge in Staircase(np.arange(1, len(latencies) + 1), np.array(latencies, float)).edges]


def test_a_jump_of_exactly_two_percent_is_a_step():
    assert 51 - 50 == 0.02 * 50
    assert stairs(50, 50, 51, 51) == [(2, 3)]
    assert stairs(50, 50, np.nextafter(51, 0), 51) == []


def test_a_jump_of_exactly_four_times_its_neighbours_is_none():
    assert stairs(1, 2, 3, 7, 8, 9) == []
    assert stairs(1, 2, 3, 7.5, 8.5, 9.5) == [(3, 4)]


def test_what_rises_from_nothing_is_no_step():
    assert stairs(0, 0, 5, 5) == []


@pytest.mark.parametrize(("further", "steps"), [(-8, 0), (8, 0), (-9, 1), (9, 1)])
def test_eight_increases_on_either_side_are_compared(further, steps):
    """A jump of 3 among sixteen increases, eight of them 1: their median is 1/2; a ninth makes it 1, four times which
    is more than the jump. It counts at a distance of eight, and not of nine."""
    rises = np.zeros(21)
    rises[[10 + distance for distance in (-4, -3, -2, -1, 1, 2, 3, 4, further)]] = 1
    rises[10] = 3
    assert stairs(*np.cumsum([50, *rises])).count((11, 12)) == steps
