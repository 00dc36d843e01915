"""Clocks under drawn masks against masks that are made, and their mean against the closed form."""

import itertools
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.array import closed_form as analytic
from pivotsim.engines.array import random_masks as drawn
from pivotsim.engines.array.random_masks import drawn_column_counts, drawn_cycles, expected_cycles
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.workload.masks.masks import OPERANDS, drawn_mask, kept_of
from tests.campaigns import cases
from tests.oracles.array.expected_clocks import mean_clocks
from tests.proofs.masked_campaign import random_case

FC1 = (197, 384, 1536)
ARRAY = ps.load_hardware("zcu102").array


def by_masks(sizes, array, operand, density, block, seed):
    m, k, n = sizes
    height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[operand]
    mask = drawn_mask(height, width, block=block, density=density, seed=seed, operand=operand)
    return int(analytic.cycles_per_gemm(np.array([(*sizes, 1)]), array, [mask])[0])


@pytest.mark.campaign
def test_lanes_equal_masks_that_are_made():
    draw = random.Random(1)
    for _ in range(cases(150, 1_500)):
        sizes, array, mask, _ = random_case(draw, largest=60)
        lanes = range(8)
        blocks = [draw.randint(1, min(mask.height, mask.width)) for _ in lanes]
        densities = [draw.choice((0, 1, draw.random())) for _ in lanes]
        seeds = [draw.choice((0, draw.randrange(2**63))) for _ in lanes]
        found = drawn_cycles(
            *sizes, density=densities, block=blocks, seed=seeds, array=array, operand=mask.operand
        ).tolist()  # fmt: skip
        assert found == [
            by_masks(sizes, array, mask.operand, *lane) for lane in zip(densities, blocks, seeds, strict=True)
        ]


def test_single_values_serve_all_lanes():
    found = drawn_cycles(*FC1, density=0.5, block=16, seed=range(4), array=ARRAY)
    assert found.tolist() == [by_masks(FC1, ARRAY, "b", 0.5, 16, seed) for seed in range(4)]
    assert drawn_cycles(*FC1, density=[0.5], block=16, seed=1, array=ARRAY).tolist() == found.tolist()[1:2]
    assert drawn_cycles(*FC1, density=[], block=16, seed=1, array=ARRAY).shape == (0,)


def test_threads_change_nothing(monkeypatch):
    options = {"density": np.linspace(0, 1, 101), "block": np.arange(101) % 40 + 1, "seed": np.arange(101)}
    for dataflow, operand in itertools.product(DATAFLOWS, OPERANDS):
        array = ARRAY.model_copy(update={"dataflow": dataflow})
        serial = drawn_cycles(50, 70, 90, **options, array=array, operand=operand)
        with monkeypatch.context() as patch:
            patch.setattr(drawn, "PARALLEL_FROM_BLOCKS", 0)
            assert drawn_cycles(50, 70, 90, **options, array=array, operand=operand).tolist() == serial.tolist()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 7), (7, 1), (24, 96), (300, 300)])
def test_column_counts_equal_masks(height, width):
    for density in (0, 0.01, 0.37, 0.5, 1):
        seeds = [0, 1, 2**63 - 1]
        found = drawn_column_counts(height, width, density, seeds)
        assert found.dtype == np.int64 and found.shape == (3, width)
        for row, seed in zip(found, seeds, strict=True):
            mask = drawn_mask(height, width, block=1, density=density, seed=seed)
            assert row.tolist() == mask.kept[0].sum(axis=0).tolist()


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize(
    ("sizes", "block", "density"), [((5, 14, 17), 3, 0.4), ((9, 12, 10), 2, 0.1), ((3, 7, 8), 7, 1)]
)
def test_mean_of_the_closed_form(dataflow, sizes, block, density):
    array = ARRAY.model_copy(update={"rows": 4, "cols": 3, "dataflow": dataflow, "mac_latency": 2})
    kept = kept_of(density, -(-sizes[1] // block) * -(-sizes[2] // block))
    exact = mean_clocks(*sizes, kept, block, rows=4, cols=3, dataflow=dataflow, mac_latency=2)
    mean, deviation, error = expected_cycles(*sizes, density=density, block=block, array=array, draws=4_000)
    assert error == pytest.approx(deviation / 4_000**0.5)
    assert abs(mean - float(exact)) <= 4 * error  # equal where nothing varies


def test_mean_and_deviation_by_hand():
    """Two blocks, one kept, on an array of one row: the two folds of the kept one stream 2 or 1 of 3 indices each."""
    array = ARRAY.model_copy(update={"rows": 1, "cols": 1})
    values = drawn_cycles(1, 2, 3, density=0.5, block=2, seed=range(200), array=array)
    assert set(values.tolist()) == {2 * (2 * 1 + 1 - 2 + 1), 2 * (2 * 1 + 1 - 2 + 2)}
    mean, deviation, _ = expected_cycles(1, 2, 3, density=0.5, block=2, array=array, draws=200)
    assert mean == values.mean() and deviation == pytest.approx(values.std(ddof=1))


def test_half_the_blocks_of_fc1():
    dense = {"is": 61_128, "ws": 92_622, "os": 93_912}
    shares = {"is": (0.94, 0.77), "ws": (1.00, 0.93), "os": (0.91, 0.82)}
    for dataflow, block in itertools.product(DATAFLOWS, (16, 32)):
        array = ARRAY.model_copy(update={"dataflow": dataflow})
        mean = expected_cycles(*FC1, density=0.5, block=block, array=array)[0]
        assert round(mean / dense[dataflow], 2) == shares[dataflow][block == 32]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"density": [0.5, 1.5]}, "density: must lie in 0 to 1 (got 1.5)"),
        ({"density": float("nan")}, "density: must lie in 0 to 1 (got nan)"),
        ({"density": "x"}, "density: must be a number (got 'x')"),
        ({"density": True}, "density: must be a number or a vector (got true)"),
        ({"block": 0}, "block: must be at least 1 (got 0)"),
        ({"block": 11}, "block: must not exceed a side of the matrix, 8x10 (got 11)"),
        ({"block": 1.5}, "block: must hold integers (got 1.5)"),
        ({"seed": -1}, "seed: must be at least 0 (got -1)"),
        ({"seed": 2**63}, "seed: must be at most 9223372036854775807 (got 9223372036854775808)"),
        ({"seed": [[1]]}, "seed: must be a number or a vector (got a list of one: a list of one: 1)"),
        ({"seed": [1, 2], "density": [0, 1, 0]}, "density, block, seed: vectors differ in length (got 2, 3)"),
        ({"seed": -1, "density": 2}, "density: must lie in 0 to 1 (got 2)\nseed: must be at least 0 (got -1)"),
        ({"operand": "w"}, "operand: must be one of a, b, out (got 'w')"),
    ],
)
def test_wrong_values(options, message):
    with pytest.raises(ps.InputError) as error:
        drawn_cycles(4, 8, 10, **{"density": 0.5, "block": 2, "seed": 0, "array": ARRAY, **options})
    assert str(error.value) == message


def test_too_large(monkeypatch):
    with pytest.raises(ps.InputError, match="exceed int64"):
        drawn_cycles(2**30, 2**30, 2**30, density=0.5, block=2**29, seed=0, array=ARRAY)
    for call in (
        lambda: drawn_cycles(1, 2**13, 2**13 + 1, density=0.5, block=1, seed=0, array=ARRAY),
        lambda: drawn_cycles(1, 2**31, 2**31, density=0.5, block=[1, 2**30], seed=0, array=ARRAY),
        lambda: drawn_column_counts(2**13, 2**13 + 1, 0.5, [0]),
    ):
        with pytest.raises(ps.InputError, match=r"^mask: has more than 67,108,864 blocks .* take a larger block \(got"):
            call()
    monkeypatch.setattr(drawn, "MAX_LANE_BLOCKS", 300)
    options = {"density": 0.5, "block": 1, "array": ARRAY}
    assert len(drawn_cycles(1, 10, 10, **options, seed=range(3))) == 3
    with pytest.raises(ps.InputError, match=r"^seed: 4 masks have more than 300 blocks; take a larger block, or fewer"):
        drawn_cycles(1, 10, 10, **options, seed=range(4))
    with pytest.raises(ps.InputError, match="draws: must be at least 2"):
        expected_cycles(4, 8, 10, density=0.5, block=2, array=ARRAY, draws=1)


@pytest.mark.parametrize(("blocks", "parts"), [(1, 4), (2**20, 4), (2**25, 4), (2**26, 3)])
def test_rooms_of_all_parts_are_bounded(monkeypatch, blocks, parts):
    monkeypatch.setattr("numba.get_num_threads", lambda: 4)
    assert drawn.parts_of(256, blocks, 256 * 2**26) == parts
    assert drawn.parts_of(2, 1, 256 * 2**26) == 2
    assert drawn.parts_of(256, 1, drawn.PARALLEL_FROM_BLOCKS - 1) == 1
    assert 9 * parts * blocks <= drawn.MAX_ROOM_BYTES


def test_a_first_seed_is_a_seed():
    with pytest.raises(ps.InputError, match=r"first_seed: must be at least 0 \(got -1\)"):
        expected_cycles(4, 8, 10, density=0.5, block=2, array=ARRAY, first_seed=-1)
