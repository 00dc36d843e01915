"""Masks: what one may be made of, and how one is drawn."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.workload.masks import masks
from pivotsim.workload.masks.masks import MAX_DRAWN_BLOCKS, block_hashes, kept_of


@pytest.mark.parametrize(
    ("kept", "problem"),
    [
        ([[1], [1, 0]], "mask: must be an array, its rows of one length (got a list of one: 1; 1, 0)"),
        ([[1, 2]], "mask: must hold true and false, or the integers 1 and 0 (got 2)"),
        ([[True, False]], "mask: must have 2x2 blocks of 1 of a 2x2 matrix (got 1x2)"),
        (True, "mask: must have 2x2 blocks of 1 of a 2x2 matrix (got a single value)"),
        (np.ones((0, 2, 2), bool), "mask: must have 2x2 blocks of 1 of a 2x2 matrix (got 0x2x2)"),
    ],
    ids=str,
)
def test_what_is_no_mask(kept, problem):
    with pytest.raises(ps.InputError) as error:
        ps.workload.Mask("b", 2, 2, 1, kept)
    assert error.value.problems == (problem,)


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (400, 300)])  # of the last, 2**20 blocks hold 8 copies
def test_a_draw_keeps_the_smallest_hashes(height, width, count):
    blocks = height * width
    for density in (0, 0.01, 0.5, 0.99, 1):
        mask = ps.workload.drawn_mask(height, width, block=1, density=density, seed=3, count=count)
        for copy in range(count):
            order = np.argsort(block_hashes(3, copy, blocks), kind="stable")[: kept_of(density, blocks)]
            assert np.flatnonzero(mask.kept[copy]).tolist() == sorted(order.tolist())


def test_many_copies_are_drawn_at_once(monkeypatch):
    calls = []
    monkeypatch.setattr(masks, "block_hashes", lambda *a: calls.append(a) or block_hashes(*a))
    mask = ps.workload.drawn_mask(2, 2, block=1, density=0.5, seed=1, count=2**18 + 1)  # 4 blocks each
    assert set(mask.kept_blocks) == {2}
    assert len(calls) == 2
    last = np.sort(np.argsort(block_hashes(1, 2**18, 4))[:2])
    assert np.flatnonzero(mask.kept[2**18]).tolist() == last.tolist()


def test_all_copies_together_are_bounded():
    with pytest.raises(ps.InputError) as error:
        ps.workload.drawn_mask(2, 2, block=1, density=0.5, seed=1, count=MAX_DRAWN_BLOCKS // 4 + 1)
    assert error.value.problems == (
        "block: 1 makes more than the 67,108,864 blocks that are drawn of one mask; take a larger one, or fewer copies "
        "(got 67,108,868 blocks)",
    )
    with pytest.raises(ps.InputError, match="count: must be at least 1"):
        ps.workload.drawn_mask(2, 2, block=1, density=0.5, seed=1, count=0)


@pytest.mark.parametrize(("height", "width"), [(5, 8), (8, 5), (5, 5)])
def test_a_block_exceeds_neither_side(height, width):
    assert ps.workload.drawn_mask(height, width, block=5, density=1, seed=0).density == 1
    with pytest.raises(ps.InputError) as error:
        ps.workload.drawn_mask(height, width, block=6, density=1, seed=0)
    assert error.value.problems == (f"block: must not exceed a side of the matrix, {height}x{width} (got 6)",)
