"""Scales: the nearest one of every factor, and rounding against exact fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotsim.errors import InputError
from pivotsim.integer.scaling import ONE, Scale, power_of_two, rescale, scale_of

FACTORS = st.floats(2.0**-47, 65535, allow_nan=False)


@given(FACTORS)
def test_a_scale_is_within_half_a_step_of_its_factor(real):
    scale = scale_of(real)
    assert 1 << 15 <= scale.multiplier < 1 << 16 and 0 <= scale.shift <= 62
    assert abs(Fraction(scale.multiplier, 1 << scale.shift) - Fraction(real)) <= Fraction(real) / (1 << 16)


@given(st.integers(-(2**32), 2**32 - 1), FACTORS, st.sampled_from([8, 16, 32]))
def test_rescaling_rounds_a_half_up_and_saturates(x, real, bits):
    scale = scale_of(real)
    exact = math.floor(Fraction(x * scale.multiplier, 1 << scale.shift) + Fraction(1, 2))
    most = (1 << (bits - 1)) - 1
    assert int(rescale(np.array([x]), scale, bits)[0]) == min(most, max(-most - 1, exact))


def test_a_power_of_two_and_one():
    assert rescale(np.array([2**30, -(2**30), 6, 5, -6, -7]), power_of_two(2)).tolist() == [127, -128, 2, 1, -1, -2]
    assert rescale(np.array([2**30, -(2**30), 6, 5, -6, -7]), Scale(1, 2)).tolist() == [127, -128, 2, 1, -1, -2]
    assert rescale(np.array([5, -5]), ONE).tolist() == [5, -5]


@pytest.mark.parametrize("real", [-0.1, math.nan, math.inf, 65536.0])
def test_what_no_scale_states_is_refused(real):
    with pytest.raises(InputError, match=r"below 65535\.5"):
        scale_of(real)


def test_what_brings_every_sum_to_zero_is_zero():
    assert scale_of(2.0**-48) == Scale(0, 0)
    assert rescale(np.array([2**31 - 1]), scale_of(2.0**-47)).tolist() == [0]
