"""Rows of a trace's GEMMs: what clocks, bytes and masks of each depend on, and equal ones together."""

import random

import pytest

import pivotsim as ps
from pivotsim.workload.ops import KINDS, Op, Trace

FIELDS = ("m", "k", "n", "repeats", "a_bits", "w_bits", "out_bits", "density", "mask_file", "mask_key")


def drawn_trace(seed):
    """A trace of many operations of few sizes, some of them with masks that their keys draw."""
    draw = random.Random(seed)
    ops = []
    for _ in range(draw.randint(0, 30)):
        kind = draw.choice(("gemm", "gemm", *KINDS))
        sizes = draw.choice((4, 8)), draw.choice((4, 8)) if kind == "gemm" else 1, draw.choice((4, 8))
        bits = draw.choice((4, 8)), draw.choice((4, 8)), draw.choice((8, 32))
        mask = (
            {"density": 0.5, "mask_key": "block=2,seed=1"}
            if kind == "gemm" and seed % 2 and draw.random() < 0.4
            else {}
        )
        ops.append(
            Op(draw.randint(0, 3), "other", kind, *sizes, draw.choice((1, 2)), *bits, **mask, layer=draw.choice("ab"))
        )
    return Trace(tuple(ops))


@pytest.mark.parametrize("seed", range(40))
def test_rows_are_what_the_operations_state(seed):
    trace = drawn_trace(seed)
    gemms = [op for op in trace if op.kind == "gemm"]
    rows = [tuple(getattr(op, field) for field in FIELDS) for op in gemms]
    assert trace.gemm_rows == tuple(rows)
    assert dict(trace.distinct_gemm_rows) == {row: rows.count(row) for row in rows}
    assert list(trace.distinct_gemm_rows) == list(dict.fromkeys(rows))
    assert trace.gemms.tolist() == [[op.m, op.k, op.n, op.repeats] for op in gemms]
    bits = [[op.a_bits, op.w_bits, op.out_bits] for op in gemms]
    assert trace.gemm_bits.tolist() == bits and trace.gemm_bits.shape == (len(gemms), 3)
    assert trace.gemm_masks == tuple(trace.mask_of(op) for op in gemms)


def test_masks_of_a_file_are_found_too():
    mask = ps.workload.Mask("b", 8, 4, 4, [[[True], [False]]])
    op = Op(1, "fc1", "gemm", 4, 8, 4, density=0.5, mask_file="masks.npz", mask_key="fc1")
    trace = Trace((op, op._replace(mask_file="", mask_key="", density=1.0)), masks={("masks.npz", "fc1"): mask})
    assert trace.gemm_masks == (mask, None)
