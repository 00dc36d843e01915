"""Engine `mpca` against an oracle that walks lane by lane, bounds for any balance, and hand-counted values."""

import itertools
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.mpca.lanes import (
    column_counts,
    column_lists,
    lane_loads,
    makespan_cycles,
    run_dense,
    run_heads,
    run_masked,
    sbmm_cycles,
    token_groups,
)
from pivotsim.hardware.kinds.mpca import BALANCES
from pivotsim.workload.masks.masks import Mask, drawn_mask
from tests.campaigns import cases
from tests.oracles.mpca import clock as oracle
from tests.unit.engines.conformance import BoardConformance

U250 = ps.load_hardware("u250_mpca")
EXAMPLE = [15, 10, 15, 8, 11, 10, 14, 12, 14, 13, 10, 15, 16, 8, 13, 14, 10, 10, 14, 13, 8, 10, 16, 9]


def mpca(**values):
    return U250.replace({f"mpca.{name}": value for name, value in values.items()}).mpca


def bare(**values):
    """Without headers and fill, as the worked example counts."""
    return mpca(header_cycles=0, fill=False, **values)


def mask_of(counts, k, n, b):
    """A mask with so many kept blocks in each block column, the first ones."""
    rows = -(-k // b)
    return Mask("b", k, n, b, np.array([[i < count for count in counts] for i in range(rows)]))


class TestWorkedExample:
    """384 x 384 weights in blocks of 16, half of them kept, 197 tokens on (4, 12, 2, 8)."""

    @pytest.mark.parametrize(
        ("balance", "makespan", "cycles", "efficiency"),
        [
            ("lpt", 37, 3_552, 0.973),
            ("rr", 43, 4_128, 0.837),
            ("greedy", 44, 4_224, 0.818),
            ("lockstep", 47, 4_512, 0.766),
        ],
    )
    def test_balances(self, balance, makespan, cycles, efficiency):
        result = run_masked(197, mask_of(EXAMPLE, 384, 384, 16), bare(balance=balance))
        assert (result.cycles, result.makespan_cycles, result.kept_blocks) == (cycles, makespan * 32, 288)
        assert result.lane_efficiency_frac == pytest.approx(efficiency, abs=5e-4)
        assert result.lower_bound_cycles == 3_456

    def test_loads_of_lpt(self):
        loads = lane_loads(EXAMPLE, lanes=8, block_cycles=1, balance="lpt")
        assert loads.tolist() == [36, 36, 36, 37, 36, 36, 36, 35]

    def test_dense(self):
        result = run_dense(197, 384, 384, bare())
        assert (result.cycles, result.lower_bound_cycles, result.lane_efficiency_frac) == (6_912, 6_912, 1.0)

    def test_headers_and_fill(self):
        """Longest first, the lane of 37 blocks has three columns: three clocks more in each of three groups."""
        mask = mask_of(EXAMPLE, 384, 384, 16)
        assert run_masked(197, mask, mpca()).cycles == 3 * (37 * 32 + 3) + 2 * 8 + 12
        assert run_masked(197, mask, mpca(fill=False)).cycles == 3 * (37 * 32 + 3)
        assert run_dense(197, 384, 384, mpca()).cycles == 6_912 + 28  # no header


def random_counts(draw):
    rows, columns = draw.randint(1, 60), draw.randint(1, 40)
    if draw.random() < 0.5:  # masks
        keep = draw.choice((0, 0.1, 0.5, 0.7, 1))
        return [sum(draw.random() < keep for _ in range(rows)) for _ in range(columns)]
    return [draw.randint(0, rows) for _ in range(columns)]


@pytest.mark.campaign
def test_random_masks_equal_the_oracle_and_keep_the_bounds():
    draw = random.Random(44)
    for _ in range(cases(1_000, 10_000)):
        counts, lanes = random_counts(draw), draw.randint(1, 12)
        b, p_pe, header = draw.randint(1, 9), draw.randint(1, 5), draw.choice((0, 0, 1, 7))
        balance = draw.choice(BALANCES)
        c_blk = -(-b // p_pe) * b
        options = {"lanes": lanes, "block_cycles": c_blk, "balance": balance, "header_cycles": header}
        expected, loads = oracle.group_clocks(counts, lanes, b, p_pe, balance, header)
        assert makespan_cycles([counts], **options).tolist() == [expected], (counts, options)
        assert sorted(lane_loads(counts, **options).tolist()) == sorted(loads)
        lists = [list(columns) for columns in column_lists(counts, **options)]
        assert lists == oracle.assigned(counts, lanes, balance, header, c_blk), (counts, options)
        blocks = int(makespan_cycles([counts], lanes=lanes, block_cycles=1, balance="lpt")[0])
        kept, most = sum(counts), max(counts)
        assert max(-(-kept // lanes), most) <= blocks
        assert lanes * blocks <= kept + (lanes - 1) * most  # kept / p + (1 - 1/p) * most, in whole numbers


def test_longest_first_is_near_the_best_of_all_assignments():
    draw = random.Random(5)
    for _ in range(300):
        lanes = draw.randint(1, 3)
        counts = [draw.randint(0, 9) for _ in range(draw.randint(1, 7))]
        best = oracle.least_makespan(counts, lanes)
        found = int(makespan_cycles([counts], lanes=lanes, block_cycles=1, balance="lpt")[0])
        assert best <= found and 3 * lanes * found <= (4 * lanes - 1) * best, counts
        for balance in BALANCES:
            assert makespan_cycles([counts], lanes=lanes, block_cycles=1, balance=balance)[0] >= best


def test_many_masks_at_once_are_each_its_own():
    draw = np.random.default_rng(3)
    counts = draw.integers(0, 25, (200, 24))
    for balance in BALANCES:
        array = mpca(balance=balance)
        together = sbmm_cycles(counts, 197, 16, array)
        assert together.dtype == np.int64
        alone = [run_masked(197, mask_of(row, 384, 384, 16), array).cycles for row in counts.tolist()]
        assert together.tolist() == alone
    assert sbmm_cycles(np.zeros((0, 24), dtype=int), 197, 16, mpca()).shape == (0,)


@pytest.mark.parametrize("balance", BALANCES)
def test_whole_multiplications_equal_the_oracle(balance):
    draw = random.Random(balance)
    for _ in range(150):
        p_h, p_t, p_c, p_pe = (draw.randint(1, 5) for _ in range(4))
        m, k, n = (draw.choice((1, p_pe, p_t * p_pe, p_t * p_pe + 1, draw.randint(1, 90))) for _ in range(3))
        b, header, fill = draw.randint(1, min(k, n)), draw.choice((0, 1, 4)), draw.random() < 0.5
        array = mpca(p_h=p_h, p_t=p_t, p_c=p_c, p_pe=p_pe, balance=balance, header_cycles=header, fill=fill)
        mask = drawn_mask(k, n, block=b, density=draw.choice((0, 0.3, 0.8, 1)), seed=draw.randint(0, 99), count=2)
        for copy in range(2):
            counts = oracle.column_counts(mask.kept[copy].tolist())
            assert column_counts(mask, copy).tolist() == counts
            ours = run_masked(m, mask, array, copy)
            assert ours.cycles == oracle.matmul_clocks(counts, m, p_h * p_c, b, p_t, p_pe, balance, header, fill)
            assert ours.lower_bound_cycles <= ours.cycles and 0 < ours.lane_efficiency_frac <= 1
            assert ours.dma_bytes == oracle.stored_bytes(counts, -(-k // b), b, 2, 4)


def test_dense_multiplications_and_heads_equal_the_oracle():
    draw = random.Random(8)
    for _ in range(300):
        p = tuple(draw.randint(1, 5) for _ in range(4))
        m, k, n, heads = (draw.randint(1, 60) for _ in range(4))
        b, fill = draw.randint(1, 20), draw.random() < 0.5
        array = mpca(**dict(zip(("p_h", "p_t", "p_c", "p_pe"), p, strict=True)), dense_block=b, fill=fill)
        counts = oracle.dense_counts(k, n, b)
        dense = run_dense(m, k, n, array)
        assert dense.cycles == oracle.matmul_clocks(counts, m, p[0] * p[2], b, p[1], p[3], "lockstep", 0, fill)
        assert (dense.kept_blocks, dense.dma_bytes) == (sum(counts), 2 * k * n)
        several = run_heads(m, k, n, heads, array)
        assert several.cycles == oracle.heads_clocks(m, k, n, heads, p, b, fill)
        assert several.dma_bytes == 0 and several.kept_blocks == heads * sum(counts)
        for result in (dense, several):
            assert result.lower_bound_cycles <= result.cycles and 0 < result.lane_efficiency_frac <= 1


def test_a_mask_that_keeps_all_costs_a_dense_matrix_and_its_headers():
    for balance in BALANCES:
        whole = mask_of([24] * 24, 384, 384, 16)
        assert run_masked(197, whole, bare(balance=balance)).cycles == run_dense(197, 384, 384, bare()).cycles
        assert run_masked(197, whole, mpca(balance=balance)).cycles == run_dense(197, 384, 384, mpca()).cycles + 3 * 3


def test_nothing_kept_is_nothing_done():
    result = run_masked(197, mask_of([0] * 24, 384, 384, 16), mpca())
    assert (result.cycles, result.makespan_cycles, result.lower_bound_cycles) == (0, 0, 0)
    assert sbmm_cycles([[0, 0], [0, 1]], 1, 16, mpca()).tolist() == [0, 32 + 1 + 28]


@pytest.mark.parametrize(("tokens", "groups"), [(1, 1), (95, 1), (96, 1), (97, 2), (192, 2), (193, 3), (197, 3)])
def test_tokens_come_in_groups_of_p_t_tiles(tokens, groups):
    assert token_groups(tokens, mpca()) == groups
    assert run_dense(tokens, 384, 384, bare()).cycles == groups * 2_304


@pytest.mark.parametrize(
    ("keep", "lanes", "balance", "efficiency"),
    [
        (0.5, 8, "lockstep", 0.778), (0.5, 8, "rr", 0.861), (0.5, 8, "greedy", 0.870), (0.5, 8, "lpt", 0.970),
        (0.7, 8, "lockstep", 0.845), (0.7, 8, "rr", 0.906), (0.7, 8, "greedy", 0.906), (0.7, 8, "lpt", 0.981),
        (0.5, 2, "lockstep", 0.897), (0.5, 2, "lpt", 0.9985), (0.7, 2, "lpt", 0.9985),
    ],
)  # fmt: skip
def test_mean_efficiency_over_two_hundred_masks(keep, lanes, balance, efficiency):
    masks = [drawn_mask(384, 384, block=16, density=keep, seed=seed) for seed in range(200)]
    spans = makespan_cycles(
        np.array([column_counts(mask) for mask in masks]), lanes=lanes, block_cycles=1, balance=balance
    )
    kept = np.array([mask.kept_blocks[0] for mask in masks])
    assert float((kept / (lanes * spans)).mean()) == pytest.approx(efficiency, abs=0.006)


def test_the_estimate_of_lockstep_for_random_masks():
    """mu / (mu + e_p * sigma), e_8 = 1.423 being the mean maximum of eight standard normals: 0.778."""
    rows, keep = 24, 0.5
    mean = rows * keep
    variance = rows * keep * (1 - keep) * (rows * 24 - rows) / (rows * 24 - 1)
    assert mean / (mean + 1.423 * variance**0.5) == pytest.approx(0.778, abs=5e-4)


class TestBadInput:
    @pytest.mark.parametrize(
        ("counts", "options", "message"),
        [
            ([[-1]], {}, "counts: must be at least 0 (got -1)"),
            ([1, 2], {}, "counts: must be a table of integers"),
            ([[0.5]], {}, "counts: must be a table of integers"),
            ([[1]], {"lanes": 0}, "lanes: must be at least 1 (got 0)"),
            ([[1]], {"block_cycles": 0}, "block_cycles: must be at least 1 (got 0)"),
            ([[1]], {"header_cycles": -1}, "header_cycles: must be at least 0 (got -1)"),
            (
                [[1]],
                {"balance": "ltp"},
                "balance: must be one of lockstep, rr, greedy, lpt (got 'ltp'), nearest valid name: 'lpt'",
            ),
            ([[2**62, 1]], {"block_cycles": 1}, "the cycles would exceed int64"),
        ],
    )
    def test_of_makespans(self, counts, options, message):
        with pytest.raises(ps.InputError) as error:
            makespan_cycles(counts, **{"lanes": 2, "block_cycles": 32, "balance": "lpt", **options})
        assert message in str(error.value)

    def test_the_largest_counts_are_exact(self):
        most = (2**63 - 1) // 2
        assert makespan_cycles([[most, most]], lanes=1, block_cycles=1, balance="rr").tolist() == [2**63 - 2]

    def test_clocks_beyond_int64(self):
        with pytest.raises(ps.InputError, match="exceed int64"):
            sbmm_cycles([[2**40]], 2**40, 16, mpca())
        with pytest.raises(ps.InputError, match="exceed int64"):
            run_dense(2**40, 2**40, 2**40, mpca())
        with pytest.raises(ps.InputError, match="exceed int64"):
            run_heads(2**30, 2**20, 2**20, 2**20, mpca())


class TestConformance(BoardConformance):
    """The engine among the others; whole DeiT-S dense, with headers, fill and DMA, its softmax unit included."""

    name, board, compute, deit_s_cycles = "mpca", "u250_mpca", "mpca", 1_188_696

    @pytest.fixture(params=itertools.product(BALANCES, (True, False)), ids=str)
    def mode(self, request):
        balance, fill = request.param
        return {"balance": balance, "fill": fill, "p_h": 2, "p_t": 2, "p_c": 1, "p_pe": 3, "dense_block": 4}


@pytest.mark.parametrize(("blocks", "rounds"), [(7, 1), (8, 1), (9, 2), (16, 2), (17, 3)])
def test_the_bound_counts_whole_blocks_of_a_lane(blocks, rounds):
    """Block columns of one block of 32 clocks each, on 8 lanes: one more than the lanes takes a second round."""
    result = run_masked(1, mask_of([1] * blocks, 16, 16 * blocks, 16), bare())
    assert result.lower_bound_cycles == result.cycles == 32 * rounds
