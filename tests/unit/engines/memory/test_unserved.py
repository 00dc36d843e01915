"""Loads that a channel need not serve: results are those of a run that serves them all."""

import random

import pytest

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import run_gemm
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.kernels.memory.entries import with_commands
from pivotsim.kernels.memory.records import RUN
from pivotsim.kernels.memory.schedule import schedule
from pivotsim.kernels.memory.transfers import UNKNOWN
from pivotsim.kernels.memory.unserved import unserved_from
from tests.campaigns import cases
from tests.plain_kernels import plain
from tests.proofs.memory_campaign import random_modes

CHANNELS = ("dram/ddr4_2400", "dram/ddr4_2133_zcu102_ps", "dram/ddr4_2400_zcu102_pl", "dram/hbm2_2000")
BYTES = (None, 4_096, 8_192, 16_384)


def draw_gemm(draw, largest):
    """A GEMM with one chunk on an array as large as a board's, whose loads often come in time."""
    array = {
        "rows": draw.choice((8, 16, 32, 64)), "cols": draw.choice((8, 16, 36)),
        "dataflow": draw.choice(("is", "is", "ws", "os")), "fold_overlap": draw.choice(FOLD_OVERLAPS),
        "edge": draw.choice(EDGES), "os_edge_register": True, "mac_latency": 1,
    }  # fmt: skip
    channel = load_dram(draw.choice(CHANNELS))
    if draw.random() < 0.5:  # refreshes follow sooner, as far as there is time for what they take
        channel = channel.replace({"timing.nREFI": draw.choice((2_000, 3_000, 4_000, 6_000))})
    limits = MemoryLimits(
        ipmem_bytes=draw.choice(BYTES), wtmem_bytes=draw.choice(BYTES), opmem_bytes=draw.choice(BYTES),
        ipmem_buffers=draw.choice(("single", "ping_pong")), wtmem_buffers=draw.choice(("single", "ping_pong")),
        opmem_buffers=draw.choice(("single", "ping_pong")), input_share_bytes=draw.choice((0, 4_096)),
        weight_share_bytes=draw.choice((0, 16_384)), clock_hz=draw.choice((50, 125, 333)) * 10**6,
        axi_bytes_per_cycle=draw.choice((None, 16, 64)), read_latency_cycles=draw.choice((0, 25)),
        buffer_read_cycles=draw.choice((0, 0, 2)), bias=draw.random() < 0.5, input_bits=draw.choice((8, 4, 6)),
        weight_bits=draw.choice((8, 8, 3)), channel=channel,
        **(random_modes(draw) if draw.random() < 0.3 else {}),
    )  # fmt: skip
    sizes = tuple(draw.randint(1, largest) for _ in range(3))
    streamed = sizes[{"is": 2, "ws": 0, "os": 1}[array["dataflow"]]]
    return sizes, array, limits, min(streamed, draw.choice((8, 24, 48, 64)))


@pytest.mark.campaign
def test_results_are_those_of_a_run_that_serves_all_loads():
    draw, compared = random.Random(33), 0
    while compared < cases(500, 10_000):
        sizes, array, limits, chunk = draw_gemm(draw, 260)
        found = run_gemm(*sizes, array, limits, chunk=chunk)
        if isinstance(found, DoesNotFit):
            continue
        served = run_gemm(*sizes, array, limits, chunk=chunk, is_pruned=False)
        compared += 1
        for field in ("cycles", "loop_order", "stall_cycles", "moved_bytes", "passes", "loads", "drains"):
            assert getattr(found, field) == getattr(served, field), (sizes, array, limits, chunk)


def test_some_are_not_served_and_some_turn_out_to_be_needed(monkeypatch):
    """As Python, where it is seen: else both sides of the comparison above could serve all of them."""
    draw, begun, given_up, found = random.Random(33), [], [], []

    def seen(*arguments):
        begun.append(arguments)
        return plain(unserved_from)(*arguments)

    def scheduled(*arguments):
        is_done = plain(schedule, {"unserved_from": seen})(*arguments)
        given_up.append(arguments[-1][RUN] == UNKNOWN)
        return is_done

    cases_drawn = [draw_gemm(draw, 120) for _ in range(25)]
    compiled = [run_gemm(*sizes, array, limits, chunk=chunk) for sizes, array, limits, chunk in cases_drawn]
    kernel = plain(with_commands.run_with_commands, {"schedule": scheduled})
    monkeypatch.setattr(with_commands, "run_with_commands", kernel)
    for sizes, array, limits, chunk in cases_drawn:
        found.append(run_gemm(*sizes, array, limits, chunk=chunk))
    assert found == compiled
    assert sum(given_up) > 0
    assert len(begun) > sum(given_up)  # the others reach the end
