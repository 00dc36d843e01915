"""Fits of tile shapes: what the model says is found again, least squares by trying every set of columns, refusals."""

import itertools
import math

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.hardware.kinds.gpu import load_gpu
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.staircase import Staircase, staircase_of
from pivotsim.pruning.tile_fit import fit_tiles, not_negative

PLAN = ps.plan("deit_s")
TRUE = load_gpu("gpu/tx2_tiles")
START = TRUE.replace({"kernel.tiles": ["128x128", "128x64", "64x64", "256x128"], "sm.efficiency_frac": 0.3})


def by_every_set(matrix, target):
    """The least error of all sets of columns whose plain least squares has no negative entry."""
    best = math.inf
    for count in range(matrix.shape[1] + 1):
        for chosen in itertools.combinations(range(matrix.shape[1]), count):
            x = np.linalg.lstsq(matrix[:, chosen], target, rcond=None)[0] if chosen else np.zeros(0)
            if (x >= 0).all():
                best = min(best, float(((matrix[:, chosen] @ x - target) ** 2).sum()))
    return best


def test_least_squares_without_negative_entries_by_trying_every_set():
    draw = np.random.default_rng(2)
    for _ in range(300):
        columns = int(draw.integers(1, 5))
        matrix = draw.normal(size=(int(draw.integers(columns, 9)), columns))
        if draw.random() < 0.3:
            matrix[:, -1] = matrix[:, 0]  # two shapes that no latency tells apart
        target = draw.normal(size=len(matrix))
        x = not_negative(matrix, target)
        assert (x >= 0).all()
        assert ((matrix @ x - target) ** 2).sum() == pytest.approx(by_every_set(matrix, target), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("wave_us", [0.0, 5.0])
def test_what_the_model_says_is_found_again(wave_us):
    true = TRUE.replace({"kernel.wave_us": wave_us})
    recorded = staircase_of(PLAN, GpuWave(true), range(20, 198, 3), batch=2)
    found = fit_tiles(START.replace({"kernel.wave_us": wave_us}), PLAN, recorded, batch=2)
    assert found.gpu.kernel.tiles == TRUE.kernel.tiles
    assert found.gpu.sm.efficiency_frac == pytest.approx(0.6376)
    assert found.error_frac < 1e-9
    assert found.gpu.source("kernel.tiles").startswith("[calibrated] on 60 recorded latencies")
    np.testing.assert_allclose(GpuWave(found.gpu).latencies_ms(PLAN, range(1, 198), 2),
                               GpuWave(true).latencies_ms(PLAN, range(1, 198), 2), rtol=1e-6)  # fmt: skip


def test_no_efficiency_exceeds_the_peak_and_holes_are_left_out():
    recorded = staircase_of(PLAN, GpuWave(TRUE), range(4, 198))
    fast = Staircase(recorded.tokens, np.where(recorded.tokens % 2, recorded.latency_ms / 10, np.nan))
    found = fit_tiles(START, PLAN, fast)
    assert found.gpu.sm.efficiency_frac <= 1
    assert found.error_frac > 0.1
    assert "on 97 recorded latencies" in found.gpu.source("kernel.tiles")


def test_a_shape_that_no_product_gets_keeps_its_share():
    start = START.replace({"kernel.tiles": ["64x64", "256x256 at 0.7"]})
    found = fit_tiles(start, PLAN, staircase_of(PLAN, GpuWave(start), range(30, 198, 7)))
    assert found.unused == ("256x256 at 0.7",)
    assert found.gpu.kernel.tiles == ("64x64", "256x256 at 0.7")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"kernel.tile_choice": "fastest"}, "kernel.tiles: a fit needs shapes, chosen by tile_choice least_work"),
        ({"kernel.tiles": []}, "kernel.tiles: a fit needs shapes"),
        ({"overhead.encoder_floor_us": 10.0}, r"overhead\.encoder_floor_us: a fit needs none \(got 10\)"),
    ],
)
def test_a_gpu_that_cannot_be_fitted_is_refused(changes, problem):
    with pytest.raises(InputError, match=problem):
        fit_tiles(START.replace(changes), PLAN, staircase_of(PLAN, GpuWave(TRUE), range(100, 198)))


def test_fewer_latencies_than_efficiencies_are_refused():
    with pytest.raises(InputError, match="recorded: fewer latencies than the"):
        fit_tiles(START, PLAN, staircase_of(PLAN, GpuWave(TRUE), [64, 197]))
