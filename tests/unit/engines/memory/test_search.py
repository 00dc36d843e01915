"""What the search leaves out cannot win: its bounds hold, and its result is that of running every candidate."""

import dataclasses
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.array.designs import design_of
from pivotsim.engines.array.many_designs import array_values, design_row
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import run_gemm
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.kernels.memory.array_passes import alone_cycles, are_orders_alike, design_as_run
from pivotsim.kernels.memory.bounds.least_clocks import grow_alike, least_clocks, loads_by_chunks, no_smaller_chunk
from pivotsim.kernels.memory.records import NEVER
from pivotsim.kernels.memory.tiles import cut
from pivotsim.kernels.memory.transfers import ROOM_SHAPE, fill_lengths
from pivotsim.kernels.types import Gemm
from tests.campaigns import cases
from tests.oracles.memory.program import LOOP_ORDERS
from tests.plain_kernels import plain
from tests.proofs.memory_campaign import random_case, random_modes, with_block

SIZES = ("ipmem_bytes", "wtmem_bytes", "opmem_bytes", "dram_bytes_per_s")


def case_of(draw):
    """A GEMM, an array and memories that often hold many units, in all modes."""
    largest, is_mixed = draw.choice((14, 30, 60)), draw.random() < 0.4
    gemm, array, memory, _, _ = random_case(draw, largest, is_mixed, has_requests=draw.random() < 0.5)
    if draw.random() < 0.3:
        memory |= random_modes(draw)
        if memory["transfers"] == "serial":
            memory["outstanding_reads"] = 1
    if draw.random() < 0.1:
        gemm, array, memory = with_block(draw, gemm, array, memory)[:3]
    for name in SIZES:
        if memory[name]:
            memory[name] *= draw.choice((1, 1, 4, 20))
    return gemm, array, MemoryLimits(**memory)


def equal(gemm, array, limits, order="auto"):
    """Whether a search and one that runs all passes of all candidates find the same; None where nothing fits."""
    found = run_gemm(*gemm, array, limits, loop_order=order)
    if isinstance(found, DoesNotFit):
        return None
    every = run_gemm(*gemm, array, limits, loop_order=order, is_pruned=False)
    assert found.candidates <= every.candidates
    return dataclasses.replace(found, candidates=0) == dataclasses.replace(every, candidates=0)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(4))
def test_equal_to_running_every_candidate(seed):
    draw = random.Random(seed)
    compared = 0
    for _ in range(cases(300, 10_000)):
        case = case_of(draw)
        order = draw.choice(("auto", "auto", "auto", *LOOP_ORDERS[case[1]["dataflow"]]))
        is_equal = equal(*case, order)
        assert is_equal is not False, (*case, order)
        compared += is_equal is not None
    assert compared > 200


@pytest.mark.parametrize("seed", range(2))
def test_equal_behind_commands(seed):
    draw = random.Random(seed)
    compared = 0
    for _ in range(40):
        gemm, array, limits = case_of(draw)
        limits = dataclasses.replace(
            limits,
            dram_bytes_per_s=None,
            outstanding_reads=1,
            clock_hz=10**8,
            axi_bursts="unit",
            channel=load_dram("dram/ddr4_2400"),
        )
        is_equal = equal(gemm, array, limits)
        assert is_equal is not False, (gemm, array, limits)
        compared += is_equal is not None
    assert compared > 20


def test_one_that_takes_the_least_bound_may_lose_a_tie():
    """Row-outer with chunks of 3 has the least bound but takes more. Then comes column-outer with 2, which takes no
    more than that bound, and last row-outer with 2, as fast and with fewer bytes.
    """
    array = {"rows": 3, "cols": 2, "dataflow": "os", "fold_overlap": "preload", "edge": "padded",
             "os_edge_register": False, "mac_latency": 2}  # fmt: skip
    limits = MemoryLimits(
        ipmem_bytes=20, ipmem_buffers="ping_pong", opmem_bytes=1640, opmem_buffers="ping_pong", input_share_bytes=7,
        write_latency_cycles=1, buffer_read_cycles=1, bias=True, out_bits=32,
    )  # fmt: skip
    found = run_gemm(11, 3, 3, array, limits)
    assert (found.cycles, found.loop_order, found.chunk) == (63, "row-outer", 2)


@pytest.mark.parametrize("seed", range(2))
def test_orders_that_go_through_the_same_passes(seed):
    """Where one of the two outer loops has a single step, the other order changes nothing that a search compares."""
    draw, compared = random.Random(seed), 0
    while compared < 60:
        gemm, array, limits = case_of(draw)
        design, row = design_as_run(design_of(array), limits.row()), limits.row()
        chunk = draw.randint(1, gemm[design.stream_dim])
        if plain(are_orders_alike)(plain(cut)(Gemm(*gemm), design, row, chunk), design):
            ran = [
                run_gemm(*gemm, array, limits, loop_order=name, chunk=chunk) for name in LOOP_ORDERS[array["dataflow"]]
            ]
            if not isinstance(ran[0], DoesNotFit):
                assert dataclasses.replace(ran[1], loop_order=ran[0].loop_order) == ran[0], (gemm, array, limits, chunk)
                compared += 1


@pytest.mark.parametrize("order", range(2))
@pytest.mark.parametrize(("rows", "cols", "chunk"), [(56, 64, 64), (32, 48, 82), (80, 40, 102)])
def test_the_load_channel_waits_for_the_array(rows, cols, chunk, order):
    """In folds of fewer rows loads are shorter than the step from the fold before: the bound has all that it costs."""
    board = ps.load_hardware("zcu102").replace({"memories.ipmem_bytes": 32_768, "memories.opmem_bytes": 65_536})
    array = board.array.model_copy(update={"rows": rows, "cols": cols, "dataflow": "os"})
    array, limits = array_values(design_row(array)), limits_of(board.memories, board.clock_mhz)
    limits = dataclasses.replace(limits, bias=True)
    gemm = 197, 384, 1152
    ran = run_gemm(*gemm, array, limits, loop_order=LOOP_ORDERS["os"][order], chunk=chunk)
    bound, _ = bounds_of(gemm, array, limits, order, chunk)
    assert bound == ran.cycles


SMALL_LAST_FOLDS = (
    ((197, 384, 1152), 32, 32, 128, 4),
    ((197, 384, 1152), 88, 16, 152, 55),
    ((196, 768, 384), 48, 24, 160, 54),
    ((196, 768, 384), 56, 16, 256, 30),
)


@pytest.mark.parametrize("order", range(2))
@pytest.mark.parametrize(("gemm", "rows", "cols", "chunk", "missed"), SMALL_LAST_FOLDS)
def test_smaller_folds_come_last_in_either_loop(gemm, rows, cols, chunk, missed, order):
    """Of large folds the loads take longer, of the last row's the array does. In the inner loop the load channel waits
    once for the two folds around it, which the bound misses where nothing follows; in the outer loop all loads up to it
    follow each other.
    """
    board = ps.load_hardware("zcu102").replace({"memories.ipmem_bytes": 65_536, "memories.opmem_bytes": 65_536})
    array = board.array.model_copy(update={"rows": rows, "cols": cols, "dataflow": "os"})
    array, limits = array_values(design_row(array)), limits_of(board.memories, board.clock_mhz)
    limits = dataclasses.replace(limits, bias=True)
    ran = run_gemm(*gemm, array, limits, loop_order=LOOP_ORDERS["os"][order], chunk=chunk)
    bound, _ = bounds_of(gemm, array, limits, order, chunk)
    assert bound == ran.cycles - (0 if order else missed)


def test_passes_without_loads_follow_none():
    """Loads that take no clock, under a bound that adds up how far loads are behind passes."""
    array = {"rows": 8, "cols": 6, "dataflow": "os", "fold_overlap": "preload", "edge": "padded",
             "os_edge_register": False, "mac_latency": 3}  # fmt: skip
    limits = MemoryLimits(
        ipmem_bytes=30, wtmem_bytes=19, wtmem_buffers="ping_pong", opmem_bytes=768, opmem_buffers="ping_pong",
        weight_share_bytes=85, read_latency_cycles=40, write_latency_cycles=3, outstanding_reads=3,
        buffer_read_cycles=2, bias=True, sum_bytes=2, out_bits=5,
    )  # fmt: skip
    ran = run_gemm(22, 4, 16, array, limits, loop_order="column-outer", chunk=1)
    assert bounds_of((22, 4, 16), array, limits, 0, 1)[0] <= ran.cycles


@pytest.mark.parametrize(
    ("gemm", "array", "memory", "chunk"),
    [
        ((26, 40, 17), {"rows": 8, "cols": 3, "fold_overlap": "chained", "edge": "aware", "mac_latency": 3},
         {"wtmem_bytes": 192, "opmem_bytes": 364, "wtmem_buffers": "ping_pong", "clock_hz": 40,
          "axi_bytes_per_cycle": 6, "ipmem_port_bytes_per_cycle": 5, "wtmem_port_bytes_per_cycle": 13,
          "read_latency_cycles": 1, "write_latency_cycles": 1, "outstanding_reads": 3, "buffer_read_cycles": 1,
          "reuse": "none", "input_bits": 4, "out_bits": 32}, 10),
        ((17, 54, 33), {"rows": 8, "cols": 1, "fold_overlap": "preload", "edge": "padded", "mac_latency": 3},
         {"ipmem_bytes": 490, "wtmem_bytes": 89, "opmem_bytes": 66, "ipmem_buffers": "ping_pong",
          "input_share_bytes": 581, "axi_bytes_per_cycle": 4, "wtmem_port_bytes_per_cycle": 10,
          "read_latency_cycles": 1, "write_latency_cycles": 25, "bias": True}, 14),
    ],
)  # fmt: skip
def test_the_load_channels_wait_over_two_folds_is_no_longer_than_it_is(gemm, array, memory, chunk):
    """Its first load need not be the one that waits, and what each of the two folds waits alone is in it."""
    array, limits = array | {"dataflow": "os", "os_edge_register": False}, MemoryLimits(**memory)
    ran = run_gemm(*gemm, array, limits, loop_order="column-outer", chunk=chunk)
    assert bounds_of(gemm, array, limits, 0, chunk)[0] <= ran.cycles


def test_chunks_as_large_as_the_first_that_is_ruled_out_may_win():
    """What rules out larger chunks may be no more than the least bound: the larger one wins a tie, or all but one."""
    for gemm, rows, cols, overlap, latency, memory in (
        ((1, 157, 8), 8, 8, "preload", 5,
         {"ipmem_bytes": 698, "opmem_bytes": 732, "wtmem_buffers": "single", "input_share_bytes": 289,
          "axi_bytes_per_cycle": 7, "wtmem_port_bytes_per_cycle": 4, "read_latency_cycles": 40,
          "write_latency_cycles": 200, "reuse": "none", "out_bits": 5}),
        ((1, 218, 4), 4, 1, "pipelined", 4,
         {"ipmem_bytes": 974, "wtmem_bytes": 174, "opmem_bytes": 32, "wtmem_buffers": "ping_pong",
          "weight_share_bytes": 444, "axi_bytes_per_cycle": 13, "read_latency_cycles": 7, "sum_bytes": 2,
          "out_bits": 8}),
    ):  # fmt: skip
        array = {"rows": rows, "cols": cols, "dataflow": "os", "fold_overlap": overlap, "edge": "aware",
                 "os_edge_register": True, "mac_latency": latency}  # fmt: skip
        limits = MemoryLimits(ipmem_buffers="ping_pong", opmem_buffers="ping_pong", **memory)
        assert equal(gemm, array, limits)


def bounds_of(gemm, array, limits, order, chunk):
    """The bounds of a candidate as Python, and whether they rule out its total for all smaller chunks."""
    bound, rules_out, _ = all_bounds_of(gemm, array, limits, order, chunk)
    return bound, rules_out


def all_bounds_of(gemm, array, limits, order, chunk):
    """What ``bounds_of`` returns, and what no larger chunk undercuts that cuts the GEMM into as many pieces."""
    row, dram, size = limits.row(), limits.dram_row(), Gemm(*gemm)
    design = design_as_run(design_of(array), row)
    parts, room = plain(cut)(size, design, row, chunk), np.zeros(ROOM_SHAPE, dtype=np.int64)
    alone = plain(alone_cycles)(size, design, row, chunk)
    plain(fill_lengths)(parts, design, row, dram, None, 3, room)
    in_chunks = plain(loads_by_chunks)(size, parts, design, row, dram, None, room)
    clocks, loads, waits, idle, grows = plain(least_clocks)(
        size, design, row, dram, order, parts, alone, NEVER, None, room
    )  # fmt: skip

    def rules_out(best):
        return plain(no_smaller_chunk)(parts, design, alone, best, in_chunks)

    return max(clocks + waits, loads + idle), rules_out, grows if plain(grow_alike)(design, row, None) else 0


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(2))
def test_bounds_hold(seed):
    """No candidate takes fewer clocks than its bounds; many take no more, else nothing would be left out."""
    draw = random.Random(seed)
    compared = tight = ended = 0
    for _ in range(cases(40, 2_000)):
        gemm, array, limits = case_of(draw)
        streamed = gemm[design_of(array).stream_dim]
        least = NEVER  # of the candidates from the smallest chunk up
        for chunk in range(1, min(streamed, 12) + 1):
            for order, name in enumerate(LOOP_ORDERS[array["dataflow"]]):
                ran = run_gemm(*gemm, array, limits, loop_order=name, chunk=chunk)
                if isinstance(ran, DoesNotFit):
                    continue
                bound, rules_out = bounds_of(gemm, array, limits, order, chunk)
                assert bound <= ran.cycles, (gemm, array, limits, name, chunk)
                compared, tight, least = compared + 1, tight + (bound == ran.cycles), min(least, ran.cycles)
                assert not rules_out(least), (gemm, array, limits, name, chunk)
                ended += rules_out(least - 1 - least // 10)
    assert compared > 100
    assert tight > compared / 20
    assert ended > 10


@pytest.mark.parametrize(("order", "chunk"), [(1, 1), (1, 2), (0, 1)])
def test_a_bias_may_take_the_load_channels_wait_between_the_first_two_folds(order, chunk):
    """Its load comes where the channel is idle, so that what it counts as work is no longer a wait."""
    array = {"rows": 3, "cols": 2, "dataflow": "os", "fold_overlap": "none", "edge": "padded",
             "os_edge_register": False, "mac_latency": 6}  # fmt: skip
    limits = MemoryLimits(
        ipmem_bytes=31, ipmem_buffers="ping_pong", wtmem_bytes=27, dram_bytes_per_s=1, bias=True, reuse="none"
    )
    ran = run_gemm(5, 6, 2, array, limits, loop_order=LOOP_ORDERS["os"][order], chunk=chunk)
    assert bounds_of((5, 6, 2), array, limits, order, chunk)[0] <= ran.cycles
