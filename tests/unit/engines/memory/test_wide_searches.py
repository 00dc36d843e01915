"""Searches over wide draws, in which bounds that are none show: thin GEMMs, chunks of all steps, long latencies."""

import random
from dataclasses import replace

import pytest

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import run_gemm
from pivotsim.errors import InputError
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from tests.campaigns import cases
from tests.oracles.memory.program import LOOP_ORDERS
from tests.unit.engines.memory.test_search import all_bounds_of, bounds_of

LATENCIES = (0, 0, 1, 7, 40, 200)
WIDTHS = (8, 8, 8, 16, 3, 1)


def wide_case(draw):
    """Return sizes, array and memories of a draw; os comes more often, whose folds have the most kinds of waits."""
    dataflow, largest = draw.choice(("os", "os", "os", "is", "ws")), draw.choice((6, 20, 50, 90))
    sizes = [draw.randint(1, largest) for _ in range(3)]
    sizes[draw.randrange(3)] = draw.choice((1, draw.randint(1, 3), draw.randint(60, 160), sizes[0]))
    rows, cols = (draw.choice((1, 2, 3, 5, 8, 16)) for _ in range(2))
    array = {
        "rows": rows, "cols": cols, "dataflow": dataflow, "fold_overlap": draw.choice(FOLD_OVERLAPS),
        "edge": draw.choice(EDGES), "os_edge_register": draw.random() < 0.5, "mac_latency": draw.randint(1, 9),
        "mac_packing": 1 if dataflow == "os" or cols == 1 else draw.randint(1, 2),
    }  # fmt: skip
    tile = rows * cols + max(rows, cols)

    def maybe(share, least, most):
        return draw.randint(least, most) if draw.random() < share else None

    memories = {
        "ipmem_bytes": maybe(0.85, rows, tile * draw.choice((1, 2, 6, 30))),
        "wtmem_bytes": maybe(0.85, 1 + min(rows, cols), tile * draw.choice((2, 6, 30))),
        "opmem_bytes": maybe(0.8, 4 * cols, 16 * tile * draw.choice((1, 4, 20))),
        **{f"{name}_buffers": draw.choice(("single", "ping_pong")) for name in ("ipmem", "wtmem", "opmem")},
        "input_share_bytes": maybe(0.5, 0, sizes[0] * sizes[1] * 2),
        "weight_share_bytes": maybe(0.5, 0, sizes[1] * sizes[2] * 2),
        "dram_bytes_per_s": maybe(0.8, 1, 60), "clock_hz": draw.choice((1, 3, 7, 10, 40)),
        **{f"{name}_bytes_per_cycle": maybe(0.4, 1, 16) for name in ("axi", "gb_port", "ipmem_port", "wtmem_port")},
        "read_latency_cycles": draw.choice(LATENCIES), "write_latency_cycles": draw.choice(LATENCIES),
        "buffer_read_cycles": draw.randint(0, 2), "outstanding_reads": draw.choice((1, 1, 2, 3, 16)),
        "bias": draw.random() < 0.5, "sum_bytes": draw.choice((4, 4, 2, 8)),
        "input_bits": draw.choice(WIDTHS), "weight_bits": draw.choice(WIDTHS), "out_bits": draw.choice((8, 32, 5, 1)),
    }  # fmt: skip
    if draw.random() < 0.3:
        memories["clock_divisor"], memories["post_region_cycles"] = draw.choice((1, 2, 3, 5)), draw.choice((0, 1, 30))
    if draw.random() < 0.15:
        memories["reuse"] = "none"
    return tuple(sizes), array, MemoryLimits(**memories)


@pytest.mark.campaign
def test_no_candidate_that_is_left_out_would_have_won():
    draw, compared = random.Random(11), 0
    while compared < cases(1_000, 10_000):
        sizes, array, limits = wide_case(draw)
        found = run_gemm(*sizes, array, limits)
        if isinstance(found, DoesNotFit):
            continue
        compared += 1
        every = run_gemm(*sizes, array, limits, is_pruned=False)
        assert replace(found, candidates=0) == replace(every, candidates=0), (sizes, array, limits)


def program_run(sizes, array, limits, loop_order, chunk):
    """Return what a given program takes, None where it is none or does not fit."""
    try:
        ran = run_gemm(*sizes, array, limits, loop_order=loop_order, chunk=chunk)
    except InputError:
        return None
    return None if isinstance(ran, DoesNotFit) else ran


@pytest.mark.campaign
def test_no_program_takes_less_than_its_bound():
    """Of chunks of all steps and others; of those of all steps a fold has one pass, and none before the last."""
    draw, bounded, exact = random.Random(12), 0, 0
    while bounded < cases(2_000, 10_000):
        sizes, array, limits = wide_case(draw)
        streamed = sizes[{"is": 2, "ws": 0, "os": 1}[array["dataflow"]]]
        for order, name in enumerate(LOOP_ORDERS[array["dataflow"]]):
            for chunk in {streamed, draw.randint(1, streamed)}:
                ran = program_run(sizes, array, limits, name, chunk)
                if ran is None:
                    continue
                bound, _ = bounds_of(sizes, array, limits, order, chunk)
                assert bound <= ran.cycles, (sizes, array, limits, name, chunk)
                bounded, exact = bounded + 1, exact + (bound == ran.cycles)
    assert exact > bounded / 20


@pytest.mark.campaign
def test_no_larger_chunk_undercuts_what_grows_with_it():
    """Of chunks that cut a GEMM into as many pieces, from the smallest up."""
    draw, compared, told = random.Random(13), 0, 0
    while compared < cases(500, 10_000):
        sizes, array, limits = wide_case(draw)
        if array["dataflow"] != "os" or sizes[1] < 3:
            continue
        number = draw.randint(2, min(sizes[1] - 1, 7))
        chunks = range(-(-sizes[1] // number), -(-sizes[1] // (number - 1)))
        for order, name in enumerate(LOOP_ORDERS["os"]):
            grown = 0
            for chunk in sorted(draw.sample(chunks, min(len(chunks), 6))):
                ran = program_run(sizes, array, limits, name, chunk)
                if ran is None:
                    continue
                bound, _, grows = all_bounds_of(sizes, array, limits, order, chunk)
                assert grows <= bound, (sizes, array, limits, name, chunk)
                grown = max(grown, grows)
                assert grown <= ran.cycles, (sizes, array, limits, name, chunk)
                compared, told = compared + 1, told + (grows == bound)
    assert told > compared / 50
