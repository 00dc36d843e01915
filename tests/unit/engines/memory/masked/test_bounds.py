"""The least clocks of the passes that a mask leaves, against the passes one by one, in both loop orders."""

import random

import pytest

from pivotsim.engines.array.designs import design_of
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.masked.tables import tables_of
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.kernels.memory.mask_tables import kept_cycles, least_kept_cycles
from pivotsim.kernels.memory.records import NEVER
from pivotsim.kernels.memory.tiles import cut
from pivotsim.kernels.types import Gemm
from tests.campaigns import cases
from tests.plain_kernels import plain
from tests.proofs.memory_campaign import engine_mask, random_case, random_mask


@pytest.mark.campaign
def test_no_order_takes_less():
    """Equal where folds do not overlap and operands are loaded before them; given up only beyond the limit."""
    draw, slow, quick, equal, given_up = random.Random(27), plain(kept_cycles), plain(least_kept_cycles), 0, 0
    for _ in range(cases(400, 10_000)):
        sizes, array, _, _, chunk = random_case(draw)
        mask, design = engine_mask(random_mask(draw, sizes), sizes), design_of(array)
        tables = tables_of(sizes, design.rows, design.cols, array["dataflow"], mask, 0, chunk, 8)
        parts, known = plain(cut)(Gemm(*sizes), design, MemoryLimits().row(), chunk), (tables.arrays, tables.shape)
        clocks = [slow(parts, design, order, NEVER, *known) for order in range(2)]
        least = quick(parts, design, NEVER, *known)
        assert least <= min(clocks)
        if array["fold_overlap"] == "none" and not DATAFLOW[array["dataflow"]].drains:
            assert [least, least] == clocks
            equal += least > 0
        limit = draw.randint(0, 2 * min(clocks) + 1)
        found = quick(parts, design, limit, *known)
        assert found == least if found <= limit else limit < found <= least
        given_up += limit < found < least
    assert min(equal, given_up) > cases(400, 10_000) / 50
