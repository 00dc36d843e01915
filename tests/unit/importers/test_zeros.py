"""Structures of zeros beside loops over blocks and groups: drawn masks come back, scattered zeros make none."""

import numpy as np
import pytest

from pivotsim.importers.checkpoints.zeros import common_block, find_zeros
from pivotsim.workload.masks.masks import drawn_mask
from tests.oracles.workload.zeros import best_block, is_n_of_m, kept_blocks

SIZES = [(64, 96), (100, 75), (65, 97), (48, 33)]  # the last three with ragged edges, down to a single element


def zeros_of_mask(height, width, block, density=0.5, seed=0):
    mask = drawn_mask(height, width, block=block, density=density, seed=seed)
    return mask, ~mask.elements()


def largest(found):
    return max(found.kept, default=None)


@pytest.mark.parametrize("block", [4, 5, 8, 12, 16, 32])
@pytest.mark.parametrize("size", SIZES)
def test_drawn_masks_come_back(size, block):
    for seed in range(3):
        mask, zeros = zeros_of_mask(*size, block, seed=seed)
        found = find_zeros(zeros[None])
        expected = best_block(zeros.tolist())
        assert largest(found) == expected
        assert expected is not None and expected % block == 0
        kept = kept_blocks(zeros.tolist(), expected)
        assert found.kept[expected].shape == (1, *(-(-side // expected) for side in size))
        assert all(found.kept[expected][0, i, j] == flag for (i, j), flag in kept.items())
        elements = found.kept[expected][0].repeat(expected, 0).repeat(expected, 1)
        assert (elements[: size[0], : size[1]] == mask.elements()).all()


@pytest.mark.parametrize("block", [8, 12, 16, 32])
def test_drawn_masks_of_encoders_have_the_blocks_they_were_drawn_with(block):
    for size in ((384, 1152), (384, 1000), (197, 384)):
        mask, zeros = zeros_of_mask(*size, block)
        found = find_zeros(zeros[None])
        assert largest(found) == block
        assert (found.kept[block] == mask.kept).all()


def test_scattered_zeros_beside_a_mask_do_not_hide_it():
    mask, zeros = zeros_of_mask(192, 200, 16)
    scattered = zeros | (np.random.default_rng(1).random(zeros.shape) < 0.01)
    found = find_zeros(scattered[None])
    assert largest(found) == 16
    assert (found.kept[16] == mask.kept).all()


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("size", [*SIZES, (384, 385)])
def test_scattered_zeros_are_no_mask_and_no_pattern(size, share):
    for seed in range(5):
        zeros = np.random.default_rng(seed).random((1, *size)) < share
        found = find_zeros(zeros)
        assert (found.kept, found.pattern) == ({}, None)
        assert (found.zeros, found.elements) == (zeros.sum(), zeros.size)


def test_a_lone_corner_is_no_mask():
    zeros = np.zeros((65, 65), dtype=bool)
    zeros[64, 64] = True
    zeros[::9, 3] = True
    assert best_block(zeros.tolist()) is None
    assert find_zeros(zeros[None]).kept == {}


@pytest.mark.parametrize(("side", "block"), [(4, 4), (63, 63), (64, 64), (65, 64)])
def test_blocks_are_as_large_as_the_matrix_but_at_most_64(side, block):
    zeros = np.zeros((side, 2 * side), dtype=bool)
    zeros[:block, :block] = True
    assert largest(find_zeros(zeros[None])) == best_block(zeros.tolist()) == block


@pytest.mark.parametrize(("beside", "fits"), [(0.04, True), (0.07, False)])
def test_zeros_among_kept_blocks_are_put_up_with_to_five_percent(beside, fits):
    _, zeros = zeros_of_mask(96, 96, 16)
    zeros |= np.random.default_rng(0).random(zeros.shape) < beside
    assert bool(find_zeros(zeros[None]).kept) is fits
    assert (best_block(zeros.tolist()) is not None) is fits


@pytest.mark.parametrize(("n", "m"), [(1, 2), (2, 4), (1, 4), (3, 4), (4, 8), (2, 8), (5, 16)])
@pytest.mark.parametrize("inputs", [64, 70])
def test_n_of_m_along_the_inputs_is_named(n, m, inputs):
    order = np.random.default_rng(n * m).random((-(-inputs // m), m, 50)).argsort(axis=1)
    zeros = (order >= n).reshape(-1, 50)[:inputs]
    assert is_n_of_m(zeros.tolist(), n, m)
    assert not is_n_of_m(zeros.tolist(), n - 1, m)
    assert find_zeros(zeros[None]).pattern == (n, m)
    assert find_zeros(zeros.T[None]).pattern is None  # along the outputs it is none


@pytest.mark.parametrize("zeros", [np.zeros((1, 32, 32), bool), np.ones((1, 32, 32), bool), np.zeros((1, 3, 9), bool)])
def test_whole_and_empty_matrices_have_no_blocks(zeros):
    found = find_zeros(zeros)
    assert (found.kept, found.pattern, found.zeros) == ({}, None, zeros.sum())


def test_copies_are_told_apart():
    zeros = np.zeros((2, 32, 32), bool)
    zeros[1, :16, 16:] = True
    assert find_zeros(zeros).kept[16].tolist() == [[[True, True], [True, True]], [[True, False], [True, True]]]


def test_a_common_block_fits_all_that_are_pruned_in_blocks():
    of = {block: find_zeros(zeros_of_mask(192, 192, block)[1][None]) for block in (8, 12, 16, 32)}
    dense = find_zeros(np.zeros((1, 192, 192), bool))
    assert common_block([of[16], dense, of[32]]) == 16
    assert common_block([of[8], of[32]]) == 8
    assert common_block([of[8], of[12]]) == 4
    assert common_block([dense]) is None
