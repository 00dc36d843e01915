"""Convolutions as matrix multiplications, beside windows walked and taps counted one by one."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.workload.lowering.convolution import convolution_gemm, window_positions
from tests.oracles.workload import convolution as oracle

AXIS = st.tuples(*(st.integers(1, n) for n in (12, 4, 4, 3)), st.integers(0, 3), st.integers(0, 3))


@given(AXIS, st.booleans())
@settings(max_examples=400)
def test_positions_are_those_of_a_walk(axis, ceil_mode):
    size, taps, stride, dilation, before, after = axis
    found = oracle.positions(*axis, ceil_mode=False)
    options = {"stride": stride, "dilation": dilation, "padding": [(before, after)]}
    if not found:
        with pytest.raises(ps.InputError, match="kernel: spans"):
            window_positions([size], taps, **options)
        return
    assert window_positions([size], taps, **options) == (found,)
    up = oracle.positions(*axis, ceil_mode=True)
    assert window_positions([size], taps, ceil_mode=ceil_mode, **options) == (up if ceil_mode else found,)


@given(st.integers(1, 30), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_same_keeps_every_place_that_a_stride_reaches(size, taps, stride, dilation):
    before, after = oracle.same_padding(size, taps, stride, dilation)
    same = window_positions([size], taps, stride=stride, dilation=dilation, padding="same")
    assert same == (len(range(0, size, stride)),)
    if before + after <= dilation * (taps - 1):  # else the stride passes over elements that no tap reads
        assert same == (oracle.positions(size, taps, stride, dilation, before, after, ceil_mode=False),)


@given(
    st.lists(st.integers(3, 6), min_size=1, max_size=3), st.integers(1, 3), st.sampled_from([(1, 1), (2, 4), (3, 3)]),
    st.sampled_from([1, 2]), st.integers(1, 2),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_multiplication_has_the_macs_of_the_loops(size, taps, per_group, groups, stride):
    channels, filters = (groups * count for count in per_group)
    kernel = (taps,) * len(size)
    outputs = window_positions(size, kernel, stride=stride, padding=1)
    m, k, n, repeats = convolution_gemm(size, channels, filters, kernel, stride=stride, padding=1, groups=groups)
    assert m == math.prod(outputs) and repeats == groups
    assert m * k * n * repeats == oracle.multiply_accumulates(outputs, kernel, channels, filters, groups)
    assert (
        convolution_gemm(size, channels, filters, kernel, stride=stride, padding=1, groups=groups, batch=3).m == 3 * m
    )


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"groups": 3}, "channels: must be a multiple of groups 3 (got 4)"),
        ({"filters": 7, "groups": 2}, "filters: must be a multiple of groups 2 (got 7)"),
        ({"kernel": 9}, "kernel: spans 9, more than the 8 of the padded input"),
        ({"kernel": (3, 3, 3)}, "kernel: must be a number for each of 2 axes (got 3, 3, 3)"),
        ({"stride": 0}, "stride: must be"),
        ({"dilation": 1.5}, "dilation: must be an integer (got 1.5)"),
        ({"padding": "full"}, "padding: must be same, valid or numbers (got 'full')"),
        ({"padding": (1, 2, 3, 4)}, "padding: must be a number or a pair for each of 2 axes"),
        ({"padding": -1}, "padding: must be"),
        ({"size": 8}, "size: must be a number for each axis (got 8)"),
    ],
)
def test_what_does_not_fit_is_told(changed, problem):
    with pytest.raises(ps.InputError) as error:
        convolution_gemm(**{"size": (8, 8), "channels": 4, "filters": 8, "kernel": 3, **changed})
    assert problem in str(error.value)
