"""simulate_gemm() and execute_gemm() under masks: what the results say, and what is refused."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.array.random_masks import expected_cycles
from pivotsim.engines.pe import clock as pe
from pivotsim.simulation import fold_times
from pivotsim.workload import Mask, drawn_mask

SMALL = {"rows": 4, "cols": 3}


def test_a_density_is_a_drawn_mask():
    mask = drawn_mask(12, 20, block=4, density=0.5, seed=7)
    drawn = ps.simulate_gemm(6, 12, 20, **SMALL, density=0.5, block=4, seed=7)
    given = ps.simulate_gemm(6, 12, 20, **SMALL, mask=mask)
    for field in ("cycles", "executed_folds", "macs", "utilization_frac", "block", "dense_cycles"):
        assert getattr(drawn, field) == getattr(given, field)
    assert (drawn.density, given.density) == (0.5, mask.density) == (0.5, 8 / 15)  # as asked; of the mask
    assert (drawn.seed, given.seed, given.expected_cycles, given.spread_cycles) == (7, None, None, None)
    mean, deviation, _ = expected_cycles(6, 12, 20, density=0.5, block=4, array={**drawn.__dict__})
    assert (drawn.expected_cycles, drawn.spread_cycles) == (mean, deviation)
    assert drawn.macs == mask.macs(6, 12, 20) and drawn.dense_cycles == ps.simulate_gemm(6, 12, 20, **SMALL).cycles
    assert drawn.utilization_frac == drawn.macs / (drawn.cycles * 12)
    assert drawn == ps.simulate_gemm(6, 12, 20, **SMALL, density=0.5, block=4, seed=7)
    assert drawn.to_dict()["input_hash"] != given.to_dict()["input_hash"]


def test_what_a_mask_leaves_beside_what_was_asked_for():
    """Of 3 x 5 blocks of 4 half are asked for and 8 kept; a block that is cut holds less than its share."""
    drawn = ps.simulate_gemm(6, 12, 20, **SMALL, density=0.5, block=4, seed=7)
    assert (drawn.density, drawn.kept_frac) == (0.5, 8 / 15)
    kept = np.array([[True, False]])
    given = ps.simulate_gemm(6, 12, 20, **SMALL, mask=Mask("b", 12, 20, 12, kept))
    assert given.kept_frac == given.macs / (6 * 12 * 20) == 12 / 20
    assert ps.simulate_gemm(6, 12, 20, **SMALL).kept_frac is None


def test_many_masks_that_are_too_much_work_are_left_out(monkeypatch):
    monkeypatch.setattr("pivotsim.simulation.gemm.masked.MAX_EXPECTED_BLOCKS", 256 * 15)
    some = ps.simulate_gemm(6, 12, 20, **SMALL, density=0.5, block=4)
    assert some.expected_cycles is not None and some.spread_cycles is not None
    monkeypatch.setattr("pivotsim.simulation.gemm.masked.MAX_EXPECTED_BLOCKS", 256 * 15 - 1)
    none = ps.simulate_gemm(6, 12, 20, **SMALL, density=0.5, block=4)
    assert (none.expected_cycles, none.spread_cycles, none.cycles) == (None, None, some.cycles)


def test_block_and_seed_have_defaults():
    assert ps.simulate_gemm(9, 40, 50, density=0.3) == ps.simulate_gemm(9, 40, 50, density=0.3, block=16, seed=0)


def test_without_a_mask_nothing_is_said_of_one():
    plain = ps.simulate_gemm(6, 12, 20, **SMALL)
    names = ("density", "kept_frac", "block", "seed", "dense_cycles", "expected_cycles", "spread_cycles")
    assert [getattr(plain, name) for name in names] == [None] * 7 and plain.executed_folds == plain.folds


@pytest.mark.parametrize("engine", ["analytic", "pe"])
def test_folds_that_need_nothing_do_not_run(engine):
    kept = np.zeros((3, 1), dtype=bool)
    kept[1] = True
    one = ps.simulate_gemm(3, 12, 20, **SMALL, mask=Mask("b", 12, 20, 20, kept[:1]), engine=engine)
    assert (one.executed_folds, one.folds, one.cycles) == (0, 3, 0) and one.utilization_frac == 0
    rows = np.repeat(kept, 5, axis=1)
    one = ps.simulate_gemm(3, 12, 20, **SMALL, mask=Mask("b", 12, 20, 4, rows), engine=engine)
    assert (one.executed_folds, one.folds, one.cycles) == (1, 3, 2 * 4 + 3 + 20 - 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"density": 1.1}, "density: must lie in 0 to 1 (got 1.1)"),
        ({"density": "x"}, "density: must be a number (got 'x')"),
        ({"density": 0.5, "block": 21}, "block: must not exceed a side of the matrix, 12x20 (got 21)"),
        ({"density": 0.5, "block": 0}, "block: must be at least 1 (got 0)"),
        ({"density": 0.5, "block": 4, "seed": 1.5}, "seed: must be an integer (got 1.5)"),
        ({"block": 4, "seed": 1}, "block: needs density (got 4)\nseed: needs density (got 1)"),
        ({"mask": "x"}, "mask: must be a Mask (got 'x')"),
        ({"mask": drawn_mask(12, 21, block=2, density=1, seed=0)},
         "mask: operand 'b' of this GEMM is 12x20 (got '12x21')"),
        ({"mask": drawn_mask(12, 20, block=2, density=1, seed=0), "density": 0.5},
         "density: give a mask or a density, not both (got 0.5)"),
        ({"mask": drawn_mask(12, 20, block=2, density=1, seed=0, count=2)},
         "mask: must have one copy for one GEMM (got 2)"),
    ],
)  # fmt: skip
def test_wrong_masks(options, message):
    with pytest.raises(ps.InputError) as error:
        ps.simulate_gemm(6, 12, 20, **options)
    assert str(error.value) == message


class TestMatmul:
    def test_dropped_operands_count_as_zero_whatever_they_are(self):
        a, b = pe.seeded_operands(6, 12, 20)
        for operand, shape in (("a", a.shape), ("b", b.shape)):
            mask = drawn_mask(*shape, block=3, density=0.4, seed=2, operand=operand)
            kept = mask.elements()
            run = ps.execute_gemm(a, b, **SMALL, mask=mask)
            left, right = (a * kept, b) if operand == "a" else (a, b * kept)
            assert np.array_equal(run.result, left.astype(int) @ right.astype(int))
            assert run.utilization_frac == mask.macs(6, 12, 20) / (run.cycles * 12) and (run.m, run.k, run.n) == (
                6,
                12,
                20,
            )

    def test_results_that_no_fold_computes_are_zero(self):
        a, b = np.full((6, 5), 3), np.full((5, 8), 7)
        kept = np.zeros((6, 8), dtype=bool)
        kept[5, 0] = True
        run = ps.execute_gemm(a, b, rows=2, cols=2, dataflow="os", mask=Mask("out", 6, 8, 1, kept))
        assert run.folds == 1 and run.result[4:, :2].tolist() == [[105, 105], [105, 105]]
        assert run.result.sum() == 4 * 105

    def test_activity_shows_what_is_streamed(self):
        mask = drawn_mask(12, 20, block=4, density=0.3, seed=1)
        run = ps.execute_gemm(*pe.seeded_operands(6, 12, 20), **SMALL, mask=mask, activity=True)
        times = fold_times(6, 12, 20, {**run.__dict__}, mask)
        assert int((run.activity & 1).sum()) == int(times.stream_cycles.sum()) * 12  # 4 x 3 PEs, all used
        assert len(run.activity) == run.cycles == times.cycles

    def test_nothing_at_all(self):
        empty = drawn_mask(12, 20, block=4, density=0, seed=1)
        run = ps.execute_gemm(*pe.seeded_operands(6, 12, 20), **SMALL, mask=empty, activity=True)
        assert (run.cycles, run.folds, run.utilization_frac, run.result.any()) == (0, 0, 0, False)
        assert run.activity.shape == (0, 4, 3) and run.fold_cycles.shape == (0,)
        assert fold_times(6, 12, 20, {**run.__dict__}, empty).cycles == 0

    @pytest.mark.parametrize(
        ("mask", "message"),
        [
            (np.ones((12, 20), dtype=bool), "mask: must be a Mask (got array("),
            (drawn_mask(6, 20, block=2, density=1, seed=0), "mask: operand 'b' of this GEMM is 12x20 (got '6x20')"),
            (drawn_mask(12, 20, block=2, density=1, seed=0, count=2),
             "mask: must have one copy for one multiplication (got 2)"),
        ],
    )  # fmt: skip
    def test_wrong_masks(self, mask, message):
        with pytest.raises(ps.InputError) as error:
            ps.execute_gemm(*pe.seeded_operands(6, 12, 20), mask=mask)
        assert str(error.value).startswith(message)
        assert len(error.value.problems) == 1
