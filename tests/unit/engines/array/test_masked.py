"""Masked GEMMs: the fast walk, engine `pe` and fold times against the oracle, and what holds for any mask."""

import itertools
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.array import closed_form as analytic
from pivotsim.engines.pe import clock as pe
from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.workload import Op
from pivotsim.workload.masks.masks import OPERANDS, Mask, drawn_mask
from tests.campaigns import cases
from tests.proofs.masked_campaign import campaign, random_case

MODES = [
    *itertools.product(DATAFLOWS, FOLD_OVERLAPS, EDGES, (True, False), (1, 2), (1,)),
    *itertools.product(("is", "ws"), FOLD_OVERLAPS, EDGES, (True,), (3,), (2,)),
]
FIELDS = ("dataflow", "fold_overlap", "edge", "os_edge_register", "mac_latency", "mac_packing")


def shape_of(operand, m, k, n):
    return {"a": (m, k), "b": (k, n), "out": (m, n)}[operand]


def clocks(sizes, array, mask, repeats=1):
    masks = () if mask is None else [mask]
    return int(analytic.cycles_per_gemm(np.array([(*sizes, repeats)], dtype=np.int64), array, masks)[0])


@pytest.mark.campaign
def test_random_cases_agree_everywhere():
    assert campaign(cases(500, 5_000), 1) == []


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(map(str, mode)))
def test_a_dense_mask_changes_nothing(mode):
    """Sizes just below, at and above the array's, and one; blocks that fit and that do not."""
    array = dict(zip(("rows", "cols", *FIELDS), (4, 3, *mode), strict=True))
    for sizes in itertools.product((1, 3, 4, 5, 9), (1, 4, 6), (2, 3, 7)):
        for operand in OPERANDS:
            height, width = shape_of(operand, *sizes)
            mask = drawn_mask(height, width, block=min(2, height, width), density=1, seed=0, operand=operand)
            assert clocks(sizes, array, mask, 3) == clocks(sizes, array, None, 3)


def test_pe_runs_a_dense_mask_as_none():
    draw = random.Random(5)
    for _ in range(100):
        (m, k, n), array, _, _ = random_case(draw)
        a, b = pe.seeded_operands(m, k, n)
        dense = pe.run(a, b, array, digests=True)
        for operand in OPERANDS:
            height, width = shape_of(operand, m, k, n)
            mask = Mask(operand, height, width, 4, np.ones((-(-height // 4), -(-width // 4)), dtype=bool))
            masked = pe.run(a, b, array, mask=mask, digests=True)
            assert np.array_equal(masked.digests, dense.digests)  # every register in every clock
            assert np.array_equal(masked.result, dense.result) and masked.macs == dense.macs


def test_removing_blocks_never_adds_clocks():
    """In every mode: without a fold the others start no later, and the ends of streams follow their lengths."""
    draw, fewer = random.Random(6), 0
    for _ in range(1_500):
        sizes, array, mask, repeats = random_case(draw)
        kept = mask.kept.copy()
        places = np.argwhere(kept)
        if not len(places):
            continue
        before = clocks(sizes, array, mask, repeats)
        for place in draw.sample(places.tolist(), min(3, len(places))):
            kept[tuple(place)] = False
            after = clocks(sizes, array, Mask(mask.operand, mask.height, mask.width, mask.block, kept), repeats)
            assert after <= before, (sizes, array, mask.operand)
            fewer += after < before
            before = after
    assert fewer > 500


def test_repeats_take_the_copies_in_turn():
    draw = random.Random(7)
    for _ in range(50):
        sizes, array, mask, _ = random_case(draw)
        singles = [Mask(mask.operand, mask.height, mask.width, mask.block, one) for one in mask.kept]
        for repeats in range(1, 8):
            want = sum(clocks(sizes, array, singles[i % mask.count]) for i in range(repeats))
            assert clocks(sizes, array, mask, repeats) == want
            gemm = np.array([(*sizes, repeats)])
            assert int(pe.cycles_per_gemm(gemm, array, [mask])[0]) == want


@pytest.mark.parametrize("name", ["analytic", "pe"])
def test_engines_take_masks_of_traces(name):
    mask = drawn_mask(20, 30, block=4, density=0.4, seed=3)
    dense, masked = (
        Op(1, "fc1", "gemm", 9, 20, 30),
        Op(1, "fc2", "gemm", 9, 20, 30, 2, mask_key="x"),
    )
    trace = ps.Trace((dense, masked, dense), masks={("", "x"): mask})
    hw = ps.load_hardware("zcu102").replace({"array.rows": 8, "array.cols": 6})
    array = hw.array.__dict__
    want = [clocks((9, 20, 30), array, None), clocks((9, 20, 30), array, mask, 2), clocks((9, 20, 30), array, None)]
    assert ENGINES[name].run(trace, hw).cycles.tolist() == want and want[1] < 2 * want[0]
    report = ps.simulate(trace, hw, engine=name)
    assert report.pl_cycles == sum(want) and report.counts.macs == trace.macs < trace.dense_macs


def test_many_designs_at_once_refuse_masks():
    mask = drawn_mask(20, 30, block=4, density=0.4, seed=3)
    trace = ps.Trace((Op(1, "fc2", "gemm", 9, 20, 30, mask_key="x"),), masks={("", "x"): mask})
    with pytest.raises(ps.InputError, match="dense operations only"):
        ps.simulate_designs(trace, "zcu102", {"rows": [8]})


def test_one_kept_element_by_hand():
    """Of three folds of 4 x 4 one remains, and streams one index: 4 to load, 1 + 4 + 4 - 2 to stream.

    One element less saves nothing: its column has others.
    """
    array = {"rows": 4, "cols": 4, **dict(zip(FIELDS, ("is", "none", "padded", True, 1, 1), strict=True))}
    kept = np.zeros((12, 12), dtype=bool)
    kept[5, 6] = True
    assert clocks((4, 12, 12), array, Mask("b", 12, 12, 1, kept)) == 4 + 1 + 4 + 4 - 2
    assert clocks((4, 12, 12), array, Mask("b", 12, 12, 1, ~kept)) == clocks((4, 12, 12), array, None)
    assert clocks((4, 12, 12), array, Mask("b", 12, 12, 1, kept & False)) == 0


def test_masks_that_do_not_fit():
    array = dict(zip(("rows", "cols", *FIELDS), (4, 3, "is", "none", "padded", True, 1, 1), strict=True))
    mask = drawn_mask(5, 6, block=2, density=0.5, seed=0)
    for run in (analytic.cycles_per_gemm, pe.cycles_per_gemm):
        with pytest.raises(ps.InputError, match=r"^mask: operand 'b' of this GEMM is 5x7 \(got '5x6'\)$"):
            run(np.array([(4, 5, 7, 1)]), array, [mask])
        with pytest.raises(ps.InputError, match="must be a Mask"):
            run(np.array([(4, 5, 6, 1)]), array, [mask.kept])


def test_cycles_that_would_wrap():
    mask = Mask("b", 2**40, 2**30, 2**30, np.ones((2**10, 1), dtype=bool))
    array = dict(zip(("rows", "cols", *FIELDS), (1, 1, "is", "none", "padded", True, 1, 1), strict=True))
    with pytest.raises(ps.InputError, match="exceed int64"):
        clocks((2**20, 2**40, 2**30), array, mask)
