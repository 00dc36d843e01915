"""Engine `mpca`, the Verilog lanes and numpy agree: clocks, every sum and its place, and nothing else is written."""

import os
import random

import numpy as np
import pytest

from pivotsim.errors import InputError
from pivotsim.hardware.kinds.mpca import BALANCES
from pivotsim.rtl.mpca.lane_programs import LAST, dense_programs, masked_programs, token_words
from pivotsim.workload.masks.masks import Mask
from tests.rtl import verilated
from tests.rtl.mpca import faults
from tests.rtl.mpca.agreement import HEADS, MASKED, Point, Tally, differences, draw_point
from tests.rtl.mpca.bridge import Build, VerilatedLanes

BUILDS = (Build(1, 1, 1, 1), Build(2, 2, 2, 3), Build(1, 3, 3, 2))
POINTS = 25  # of each; `make proof` runs 500
MISSING = verilated.missing()
needs_verilator = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")


@pytest.fixture(scope="module")
def arrays():
    assert not MISSING, MISSING
    opened = {build: VerilatedLanes(build) for build in BUILDS}
    yield opened
    for array in opened.values():
        array.close()


def masked(m, counts, block, *, balance="lpt", header=0, seed=1):
    """A point whose columns keep their first blocks."""
    rows = max(counts)
    kept = np.array([[i < count for count in counts] for i in range(rows)])
    return Point(MASKED, m, rows * block, len(counts) * block, block, balance, header, 1, kept, seed)


@needs_verilator
class TestLanes:
    @pytest.mark.parametrize("build", BUILDS, ids=lambda b: f"{b.p_h}-{b.p_t}-{b.p_c}-{b.p_pe}")
    def test_random_products_agree_in_everything(self, arrays, build):
        draw, tally, seen = random.Random(3), Tally(), set()
        for _ in range(POINTS):
            point = draw_point(draw, build)
            assert not differences(point, arrays[build], tally), point
            seen.add((point.kind, point.balance))
        assert tally.points == POINTS and tally.clocks > 0 and tally.sums > 0 and len(seen) > 6

    @pytest.mark.parametrize("balance", BALANCES)
    def test_lanes_of_unequal_lengths_wait_for_each_other(self, arrays, balance):
        """Empty columns stand between full ones, a lane may have none; two groups of row tiles, headers of 3."""
        for counts in ([5, 0, 1, 0, 2, 2, 0, 0, 4], [0, 0, 3], [1] * 5 + [0] * 3):
            for build in BUILDS[1:]:
                point = masked(2 * build.p_t * build.p_pe, counts, 4, balance=balance, header=3)
                assert not differences(point, arrays[build], Tally()), point

    @pytest.mark.parametrize("block", [1, 2, 3, 4, 6, 7])
    def test_blocks_around_the_size_of_a_processing_element(self, arrays, block):
        """The shortest trains, one block a column: sums of the next columns come as soon as they can."""
        for build in BUILDS[1:]:
            for seed in (8, 1):  # all operands -128, and random ones
                point = masked(build.p_t * build.p_pe + 1, [1] * 9, block, seed=seed)
                assert not differences(point, arrays[build], Tally()), point

    def test_heads_that_do_not_fill_the_last_round(self, arrays):
        build = BUILDS[1]
        point = Point(HEADS, 7, 5, 9, 4, "lockstep", 1, 3, np.ones((2, 3), dtype=bool), 5)
        assert not differences(point, arrays[build], Tally())

    def test_a_fault_is_caught(self, tmp_path):
        """`make proof` runs them all."""
        assert faults.caught_by(faults.FAULTS[1], tmp_path)


class TestPrograms:
    MPCA = Build(1, 1, 2, 2).spec(balance="lockstep")

    def test_words_by_hand(self):
        """Two lanes in lockstep, blocks of 2: rounds (0, 1) and (4, 5); both columns of the round between are empty."""
        kept = np.array([[1, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 0]])
        weights = np.arange(48, dtype=np.int8).reshape(4, 12)
        first, second = masked_programs(weights, Mask("b", 4, 12, 2, kept), self.MPCA)
        assert first.columns == (0, 4) and second.columns == (5,)
        assert first.entries.tolist() == [0 << 16 | 1, LAST | 8 << 16 | 2]
        assert second.entries.tolist() == [0, LAST | 10 << 16 | 1]
        assert first.rows.tolist() == [0, 0, 2] and second.rows.tolist() == [0]
        assert first.weights.tolist() == [[0, 1], [12, 13], [8, 9], [20, 21], [32, 33], [44, 45]]

    def test_a_lane_without_columns_has_a_list_that_ends(self):
        first, second = dense_programs(np.ones((3, 2), dtype=np.int8), self.MPCA.model_copy(update={"dense_block": 3}))
        assert first.weights.tolist() == [[1, 1]] * 3 + [[0, 0]] * 3  # two columns of the block, then the third
        assert (second.columns, second.entries.tolist(), second.weights.shape) == ((), [LAST], (0, 2))

    def test_tokens_fill_up_the_last_group(self):
        words = token_words(np.arange(15, dtype=np.int8).reshape(3, 5), 3, self.MPCA)
        assert words.shape == (1, 12, 2)
        assert words[0, :5].tolist() == [[0, 5], [1, 6], [2, 7], [3, 8], [4, 9]]
        assert words[0, 5].tolist() == [0, 0] and words[0, 6].tolist() == [10, 0]

    @pytest.mark.parametrize(
        ("dtype", "n", "operand", "width", "said"),
        [
            ("float64", 4, "b", 4, "weights: the lanes multiply int8"),
            ("int8", 4, "a", 4, "weights: must be the masked 4x4"),
            ("int8", 6, "b", 4, "weights: must be the masked 4x4"),
            ("int8", 40_000, "b", 40_000, "weights: columns with whole blocks must be at most 32,768"),
        ],
    )
    def test_what_the_lanes_do_not_hold_is_refused(self, dtype, n, operand, width, said):
        mask = Mask(operand, 4, width, 2, np.ones((2, width // 2), dtype=bool))
        with pytest.raises(InputError, match=said):
            masked_programs(np.ones((4, n), dtype=dtype), mask, self.MPCA)

    def test_what_the_memories_cannot_address_is_refused(self):
        mask = Mask("b", 2**16, 1, 1, np.ones((2**16, 1), dtype=bool))
        with pytest.raises(InputError, match="blocks of a column must be fewer than 65,536"):
            masked_programs(np.ones((2**16, 1), dtype=np.int8), mask, self.MPCA)
        with pytest.raises(InputError, match="groups times depth must be at most 65,536"):
            token_words(np.ones((2**8 + 8, 2**15), dtype=np.int8), 1, self.MPCA)

    def test_tokens_of_another_type_are_refused(self):
        with pytest.raises(InputError, match="tokens: must be a table of int8"):
            token_words(np.ones((3, 5)), 3, self.MPCA)
