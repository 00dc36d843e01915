"""What no candidate under a mask undercuts: clocks of the passes that are left, in either loop order, drains, bytes."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from pivotsim.engines.array.designs import design_of
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.masked.tables import tables_of
from pivotsim.engines.memory.schedule import record_gemm, run_gemm
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.kernels.memory.array_passes import design_as_run
from pivotsim.kernels.memory.bounds.under_mask import kept_cycles, least_kept_cycles, least_kept_drain, loads_no_less
from pivotsim.kernels.memory.records import NEVER
from pivotsim.kernels.memory.tiles import cut
from pivotsim.kernels.types import Gemm
from pivotsim.workload.masks.masks import Mask
from tests.campaigns import cases
from tests.plain_kernels import plain
from tests.proofs.memory_campaign import engine_mask, random_case, random_mask
from tests.unit.engines.memory.test_search import case_of


@pytest.mark.campaign
def test_no_order_takes_less():
    """Equal where folds do not overlap and operands are loaded before them; given up only beyond the limit."""
    draw, slow, quick, equal, given_up = random.Random(27), plain(kept_cycles), plain(least_kept_cycles), 0, 0
    for _ in range(cases(400, 10_000)):
        sizes, array, _, _, chunk = random_case(draw)
        mask, design = engine_mask(random_mask(draw, sizes), sizes), design_of(array)
        tables = tables_of(sizes, design.rows, design.cols, array["dataflow"], mask, 0, chunk, 8)
        parts, known = plain(cut)(Gemm(*sizes), design, MemoryLimits().row(), chunk), (tables.arrays, tables.shape)
        clocks = [slow(parts, design, order, NEVER, *known) for order in range(2)]
        least = quick(parts, design, NEVER, *known)
        assert least <= min(clocks)
        if array["fold_overlap"] == "none" and not DATAFLOW[array["dataflow"]].drains:
            assert [least, least] == clocks
            equal += least > 0
        limit = draw.randint(0, 2 * min(clocks) + 1)
        found = quick(parts, design, limit, *known)
        assert found == least if found <= limit else limit < found <= least
        given_up += limit < found < least
    assert min(equal, given_up) > cases(400, 10_000) / 50


def drawn(draw):
    """A masked GEMM that fits, its mask often whole, with a chunk, and the parts that it is cut in."""
    while True:
        sizes, array, limits = case_of(draw)
        mask = engine_mask(random_mask(draw, sizes), sizes)
        if draw.random() < 0.5:
            mask = Mask(mask.operand, mask.height, mask.width, mask.block, np.ones_like(mask.kept))
        chunk = draw.randint(1, DATAFLOW[array["dataflow"]].sizes(*sizes)[2])
        try:
            fits = not isinstance(run_gemm(*sizes, array, limits, mask=mask, chunk=chunk), DoesNotFit)
        except InputError:  # rows of bursts and blocks of outputs have no masks
            continue
        if fits:
            design = design_as_run(design_of(array), limits.row())
            yield sizes, array, limits, mask, design, plain(cut)(Gemm(*sizes), design, limits.row(), chunk)


@pytest.mark.campaign
def test_no_output_drains_in_less():
    draw, checked = random.Random(29), 0
    for sizes, array, limits, mask, design, parts in itertools.islice(drawn(draw), cases(200, 10_000)):
        tables = tables_of(sizes, design.rows, design.cols, array["dataflow"], mask, 0, parts.chunk, 8)
        least = plain(least_kept_drain)(parts, design, limits.row(), limits.dram_row(), tables.shape)
        order = draw.choice(DATAFLOW[array["dataflow"]].loop_orders)
        ran = record_gemm(*sizes, array, limits, mask=mask, loop_order=order, chunk=parts.chunk)
        if len(ran.passes):
            assert ran.result.cycles >= ran.passes[:, -1].max() + least
            checked += least > 0
    assert checked > cases(200, 10_000) / 3


@pytest.mark.campaign
def test_an_order_that_loads_no_less_reads_and_writes_no_less():
    draw, told = random.Random(30), 0
    for sizes, array, limits, mask, design, parts in itertools.islice(drawn(draw), cases(200, 10_000)):
        orders = DATAFLOW[array["dataflow"]].loop_orders
        ran = [run_gemm(*sizes, array, limits, mask=mask, loop_order=name, chunk=parts.chunk) for name in orders]
        moved = [one.moved_bytes["dram_read"] + one.moved_bytes["dram_write"] for one in ran]
        for order in range(2):
            known = (parts, design, limits.row())
            if plain(loads_no_less)(order, 1 - order, ran[1 - order].passes, *known):
                assert moved[order] >= moved[1 - order], (sizes, array, limits, mask.kept)
                told += 1
    assert told > cases(200, 10_000) / 3


KEPT = """0000000000001001100 0100111000000100000 0000010000110000000 0100110100100000000 1100001001000100100
0000001000001000000 0000010000000010000 0011101010010110010 0100000010010000100 0111010100100000000
1010100001000001110 0100111000000011000 0011000000110000001 0101001011001001000 1011001000110110111"""
FOUND = {  # sizes, array, memories, operand and block of the mask, what it keeps
    "a larger chunk's bound is no bound of a smaller one": (
        (15, 19, 14), {"rows": 6, "cols": 1, "dataflow": "ws", "fold_overlap": "chained"},
        {"ipmem_bytes": 84, "wtmem_bytes": 70, "opmem_buffers": "ping_pong", "weight_share_bytes": 144, "clock_hz": 7,
         "write_latency_cycles": 5, "buffer_read_cycles": 2},
        ("a", 1), KEPT,
    ),
    "an order that leaves out passes may load fewer bytes": (
        (12, 12, 7), {"rows": 2, "cols": 4, "dataflow": "ws", "fold_overlap": "settled", "os_edge_register": True},
        {"ipmem_bytes": 14, "wtmem_bytes": 25, "opmem_bytes": 215, "wtmem_buffers": "ping_pong",
         "input_share_bytes": 11, "weight_share_bytes": 108, "dram_bytes_per_s": 22, "clock_hz": 10,
         "wtmem_port_bytes_per_cycle": 6, "read_latency_cycles": 12, "write_latency_cycles": 5,
         "buffer_read_cycles": 1, "out_bits": 32},
        ("b", 2), "0100 0110 0000 0001 0000 0011",
    ),
}  # fmt: skip


@pytest.mark.parametrize("found", FOUND)
def test_searches_that_a_wrong_bound_ends_too_soon(found):
    (m, k, n), own, memories, (operand, block), kept = FOUND[found]
    array = {"edge": "padded", "os_edge_register": False, "mac_latency": 1, "mac_packing": 1, **own}
    height, width = (m, k) if operand == "a" else (k, n)
    blocks = np.array([[bit == "1" for bit in row] for row in kept.split()])
    mask, limits = Mask(operand, height, width, block, blocks[None]), MemoryLimits(**memories)
    pruned, every = (run_gemm(m, k, n, array, limits, mask=mask, is_pruned=is_pruned) for is_pruned in (True, False))
    assert replace(pruned, candidates=0) == replace(every, candidates=0)
