"""Stretches that are counted instead of run change no clock."""

import itertools
import random
from contextlib import suppress
from operator import attrgetter

import numpy as np
import pytest

from pivotsim.engines.array.designs import design_of
from pivotsim.engines.array.many_designs import design_row
from pivotsim.engines.dram.arrays import channel_arrays
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.kernel_calls import records_of
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.many_designs import MemoryDesign, run_many, run_one
from pivotsim.engines.memory.schedule import run_gemm
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.kernels.memory import schedule as kernel
from pivotsim.kernels.memory import steady_state as memory_steady
from pivotsim.kernels.memory.records import LAST_OUTPUT, LOADS, NEVER, PASSES, RESULT_FIELDS, RUN, TOTAL
from pivotsim.kernels.memory.steady_state import KEPT, STATES_SHAPE
from pivotsim.kernels.memory.transfers import ROOM_SHAPE
from pivotsim.kernels.types import Gemm
from tests.campaigns import cases
from tests.oracles.memory.program import LOOP_ORDERS
from tests.plain_kernels import plain
from tests.proofs.memory_campaign import random_case

MEMORIES = ("ipmem_bytes", "wtmem_bytes", "opmem_bytes", "dram_bytes_per_s")


BITS = attrgetter("input_bits", "weight_bits", "out_bits")


def long_case(draw, largest):
    """A case with long loops: more to skip than where units barely fit."""
    is_mixed, has_requests = draw.random() < 0.5, draw.random() < 0.5
    gemm, array, memory, order, chunk = random_case(draw, largest, is_mixed, has_requests)
    for name in MEMORIES:
        if memory[name]:
            memory[name] *= draw.choice((1, 1, 4, 20))
    return gemm, array, MemoryLimits(**memory), order, chunk


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(4))
def test_clocks_equal_those_of_every_pass(seed):
    """`run_gemm` runs its winner pass by pass; here the only candidate is the winner."""
    draw = random.Random(seed)
    compared, count = 0, cases(300, 1_500)
    for _ in range(count):
        gemm, array, limits, order, chunk = long_case(draw, largest=draw.choice((30, 60, 120)))
        design, memories = design_row(array), MemoryDesign(limits, order, chunk)
        size = (*gemm, *BITS(limits))
        every = run_one(size, design, memories)
        if not isinstance(every, DoesNotFit):
            skipped = run_many(
                [size], design[None], [memories], np.zeros(1, dtype=np.int64), np.ones((1, 1), dtype=bool)
            )
            assert skipped[0, 0, 0] == every.cycles, (gemm, array, limits, order, chunk)
            plain = run_gemm(*gemm, array, limits, loop_order=order, chunk=chunk, is_pruned=False)
            assert plain == every  # the tail is charged from the last output's clock, which the search found
            compared += 1
    assert compared > count / 3


def scheduled(gemm, array, limits, order, chunk, skips, **replaced):
    """The kernel's Python, which is as slow as it is open to a look inside."""
    shapes = ROOM_SHAPE, STATES_SHAPE, (RESULT_FIELDS,)
    room, states, result = (np.zeros(shape, dtype=np.int64) for shape in shapes)
    channels = (None, None) if limits.channel is None else [channel_arrays(limits.channel) for _ in range(2)]
    place = LOOP_ORDERS[array["dataflow"]].index(order)
    assert plain(kernel.schedule, replaced)(
        Gemm(*gemm), design_of(array), limits.row(), limits.dram_row(), place, chunk, kernel.Floors(0, 0, NEVER), NEVER,
        skips, *channels, None, 1, room, states, records_of(0, 0, 0), result,
    )  # fmt: skip
    values = result.tolist()
    ran = values.pop(RUN)
    assert ran <= values[PASSES] if skips else ran == values[PASSES]
    return values


def test_stretches_of_every_loop_and_period():
    """Passes, regions and rows of regions are skipped, by periods of one and of two steps; counts are kept, too."""
    draw, seen = random.Random(1), set()

    def watched(states, now, before, drains, queued):
        is_found = plain(memory_steady.is_periodic)(states, now, before, drains, queued)
        if is_found:
            loop = (states.ctypes.data - states.base.ctypes.data) // states.nbytes
            seen.add((loop, (now - before) % KEPT))
        return is_found

    compared = 0
    while compared < 60:
        case = long_case(draw, largest=40)
        size = (*case[0], *BITS(case[2]))
        if not isinstance(run_one(size, design_row(case[1]), MemoryDesign(*case[2:])), DoesNotFit):
            assert scheduled(*case, skips=True, is_periodic=watched) == scheduled(*case, skips=False)
            compared += 1
    assert seen == set(itertools.product(range(3), (1, 2)))


def test_a_narrow_tile_after_a_wide_one():
    """Outputs of the last column tile come earlier than the last of the wide one before, for the first 30 passes."""
    array = {"rows": 1, "cols": 30, "dataflow": "is", "fold_overlap": "pipelined", "edge": "aware",
             "os_edge_register": True, "mac_latency": 1}  # fmt: skip
    case = (31, 100, 1), array, MemoryLimits(gb_port_bytes_per_cycle=64), "column-chunk-row", 1
    skipped, every = (scheduled(*case, skips=skips) for skips in (True, False))
    assert skipped == every and every[LAST_OUTPUT] > 130


def test_no_stretch_is_counted_behind_a_channel():
    """A run that skips may be given up there, where loads that are not served may be late (test_unserved.py)."""
    counted = []

    def noted(*arguments):
        counted.append(arguments)
        raise AssertionError

    array = {"rows": 2, "cols": 2, "dataflow": "is", "fold_overlap": "none", "edge": "padded", "os_edge_register": True,
             "mac_latency": 1}  # fmt: skip
    behind = MemoryLimits(opmem_bytes=64, clock_hz=100_000_000, channel=load_dram("dram/ddr4_2400"))
    for limits in (behind, MemoryLimits(opmem_bytes=64)):
        assert not counted
        with suppress(AssertionError):
            scheduled((20, 20, 20), array, limits, "column-chunk-row", 2, skips=True, advanced=noted)
    assert counted
    result = scheduled((20, 20, 20), array, behind, "column-chunk-row", 2, skips=False)
    assert result[TOTAL] > result[LAST_OUTPUT] > 0 and result[LOADS]


def test_the_budget_counts_what_is_run():
    """All candidates together have 300 million passes, more than are allowed, and run a few of them.

    The clocks are those of a search that ran every pass, given up sooner where it could not win.
    """
    array = {"rows": 2, "cols": 8, "dataflow": "os", "fold_overlap": "chained", "edge": "padded",
             "os_edge_register": True, "mac_latency": 1}  # fmt: skip
    limits = MemoryLimits(
        ipmem_bytes=4096, wtmem_bytes=65_536, opmem_bytes=65_536, opmem_buffers="ping_pong", input_share_bytes=0,
        dram_bytes_per_s=8, clock_hz=1, gb_port_bytes_per_cycle=64, write_latency_cycles=25, bias=True,
    )  # fmt: skip
    design, one = design_row(array), np.ones((1, 1), dtype=bool)
    found = run_many([(841, 611, 720, 8, 8, 8)], design[None], [MemoryDesign(limits)], np.zeros(1, dtype=np.int64), one)
    assert found[0, 0].tolist() == [26_180_753, 609_907_983, 1_562_171]
