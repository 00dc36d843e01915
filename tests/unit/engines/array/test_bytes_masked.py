"""Bytes of masked GEMMs against a walk over elements, and against the dense counts."""

import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.array.bytes_dense import paper_counts
from pivotsim.engines.array.bytes_masked import moved_by_masked
from pivotsim.engines.counts import counts_by_level
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.workload.masks.masks import OPERANDS, Mask, drawn_mask
from tests.oracles.array import masked_bytes
from tests.proofs.masked_campaign import random_case

ZCU102 = ps.load_hardware("zcu102").array


BYTES = (8, 8, 8)  # bits of an element of inputs, weights and outputs


def counts(sizes, repeats, mask, array, bits=BYTES):
    return counts_by_level(*moved_by_masked(np.array([(*sizes, *bits, repeats)]), [mask], array))


def test_equals_a_walk_over_elements():
    draw = random.Random(2)
    for _ in range(700):
        sizes, mode, mask, repeats = random_case(draw, largest=14)
        size = {name: mode[name] for name in ("rows", "cols", "dataflow")}
        copies = [mask.elements(copy) for copy in range(mask.count)]
        bits = tuple(draw.choice((8, 8, 3, 4, 12, 16, 32, 64)) for _ in range(3))
        tallies = [masked_bytes.walk(*sizes, mask.operand, kept, mask.block, **size, bits=bits) for kept in copies]
        found = counts(sizes, repeats, mask, ZCU102.model_copy(update=size), bits)
        for level in ("local", "gb", "dram"):
            want = sum(tallies[i % mask.count][level] for i in range(repeats))
            assert getattr(found, f"{level}_bytes") == want, (sizes, size, mask.operand, mask.block)
        assert found.macs == mask.macs(*sizes, repeats)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("operand", OPERANDS)
def test_a_dense_mask_adds_its_indices_alone(dataflow, operand):
    """Blocks that no tile cuts: each index is read once per fold that fetches its block."""
    m, k, n = sizes = (12, 24, 36)
    array = ZCU102.model_copy(update={"rows": 8, "cols": 4, "dataflow": dataflow})
    height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[operand]
    mask = Mask(operand, height, width, 4, np.ones((height // 4, width // 4), dtype=bool))
    found, dense = counts(sizes, 2, mask, array), paper_counts([(*sizes, *BYTES, 2)], array)
    row_size, col_size, _ = {"is": (k, m, n), "ws": (k, n, m), "os": (m, n, k)}[dataflow]
    folds_across = {"is": {"a": 1, "b": col_size // 4}, "ws": {"a": col_size // 4, "b": 1},
                    "os": {"a": col_size // 4, "b": -(-row_size // 8)}}[dataflow]  # fmt: skip
    index_bytes = 0 if operand == "out" else 2 * 2 * folds_across[operand] * height * width // 16
    assert found.dram_bytes == dense.dram_bytes + index_bytes
    assert found.gb_bytes == dense.gb_bytes + 2 * index_bytes
    assert found.local_bytes == dense.local_bytes + 2 * index_bytes
    assert found.macs == dense.macs


def test_an_empty_mask_moves_the_outputs_alone():
    empty = np.zeros((2, 2), dtype=bool)
    found = counts((4, 4, 4), 1, Mask("b", 4, 4, 2, empty), ZCU102)
    assert (found.macs, found.dram_bytes, found.gb_bytes, found.local_bytes) == (0, 64, 128, 64)
    nothing = counts((4, 4, 4), 1, Mask("out", 4, 4, 2, empty), ZCU102)
    assert (nothing.dram_bytes, nothing.gb_bytes, nothing.local_bytes) == (0, 0, 0)


def test_sums_beyond_int64_do_not_wrap():
    """One dense row of a mask too large to list by elements: counts are those of the dense formula."""
    sizes = (2**21, 2**21, 2**20)
    mask = Mask("b", 2**21, 2**20, 2**20, np.ones((2, 1), dtype=bool))
    array = ZCU102.model_copy(update={"rows": 65_536, "cols": 65_536, "dataflow": "os"})
    found, dense = counts(sizes, 3, mask, array), paper_counts([(*sizes, *BYTES, 3)], array)
    index_bytes = 3 * 2 * (2 * 16) * 32  # two blocks, each in all 16 tiles of columns, for 32 tiles of rows
    assert found.macs == 3 * 2**62 and found.dram_bytes == dense.dram_bytes + index_bytes


def test_sums_of_a_single_copy_do_not_wrap():
    """Weights stay in rows of one PE; each of 1024 tiles of rows reads the index of each of its 1024 blocks."""
    sizes = (2**33, 2**10, 2**20)
    mask = Mask("b", 2**10, 2**20, 2**10, np.ones((1, 2**10), dtype=bool))
    array = ZCU102.model_copy(update={"rows": 1, "cols": 65_536, "dataflow": "ws"})
    found, dense = counts(sizes, 1, mask, array), paper_counts([(*sizes, *BYTES, 1)], array)
    assert found.local_bytes == dense.local_bytes + 2 * 2 * 2**10 * 2**10


def test_a_report_counts_dense_and_masked_gemms():
    mask = drawn_mask(20, 30, block=4, density=0.5, seed=1)
    ops = (ps.workload.Op(1, "fc1", "gemm", 9, 20, 30), ps.workload.Op(1, "fc2", "gemm", 9, 20, 30, 2, mask_key="x"))
    report = ps.simulate(ps.Trace(ops, masks={("", "x"): mask}))
    assert report.counts == paper_counts([(9, 20, 30, *BYTES, 1)], ZCU102).plus(counts((9, 20, 30), 2, mask, ZCU102))
    assert report.counts.macs == 9 * 20 * 30 + 2 * mask.macs(9, 20, 30)
