"""Streamed indices of masked folds against the element-by-element oracle."""

import itertools
import random

import numpy as np
import pytest

from pivotsim.engines.array.masked_folds import kept_streams
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.workload.masks.masks import OPERANDS, Mask, drawn_mask
from tests.oracles.array import masked_schedule


def check(m, k, n, mask, dataflow, rows, cols, copy):
    folds = masked_schedule.streams_of_folds(
        m, k, n, mask.operand, mask.elements(copy), rows=rows, cols=cols, dataflow=dataflow
    )
    row_size, col_size, t = masked_schedule.mapped(m, k, n, dataflow)
    tiles = -(-row_size // rows), -(-col_size // cols), t
    found = np.broadcast_to(kept_streams(mask, dataflow, rows, cols, copy), tiles)
    for first_row, first_col, _, _, streamed in folds:
        assert np.flatnonzero(found[first_row // rows, first_col // cols]).tolist() == streamed


@pytest.mark.parametrize(("operand", "dataflow"), list(itertools.product(OPERANDS, DATAFLOWS)))
def test_equals_the_oracle(operand, dataflow):
    draw = random.Random(f"{operand} {dataflow}")
    for _ in range(60):
        m, k, n = (draw.randint(1, 12) for _ in range(3))
        height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[operand]
        block, density = draw.randint(1, min(height, width)), draw.choice((0, 0.1, 0.3, 0.6, 1))
        mask = drawn_mask(
            height, width, block=block, density=density, seed=draw.randrange(99), operand=operand, count=2
        )
        check(m, k, n, mask, dataflow, draw.randint(1, 7), draw.randint(1, 7), draw.randint(0, 1))


@pytest.mark.parametrize("tile", [1, 3, 4, 5, 8, 100])
def test_tiles_that_cut_blocks(tile):
    """Blocks of 4 on tiles around that size, and around the matrix."""
    for place in range(6):
        kept = np.zeros((2, 3), dtype=bool)
        kept.reshape(-1)[place] = True
        mask = Mask("b", 8, 10, 4, kept)
        for dataflow in DATAFLOWS:
            check(3, 8, 10, mask, dataflow, tile, 3, 0)
            check(3, 8, 10, mask, dataflow, 3, tile, 0)


@pytest.mark.parametrize(
    ("operand", "dataflow", "shape"),
    [
        ("a", "is", (2, 3, 1)), ("b", "is", (2, 1, 30)), ("out", "is", (1, 3, 30)),
        ("a", "ws", (2, 1, 9)), ("b", "ws", (2, 8, 1)), ("out", "ws", (1, 8, 9)),
        ("a", "os", (2, 1, 10)), ("b", "os", (1, 8, 10)), ("out", "os", (2, 8, 1)),
    ],
)  # fmt: skip
def test_axes_that_do_not_matter_are_one(operand, dataflow, shape):
    height, width = {"a": (9, 10), "b": (10, 30), "out": (9, 30)}[operand]
    mask = drawn_mask(height, width, block=2, density=0.5, seed=1, operand=operand)
    rows = 5
    assert kept_streams(mask, dataflow, rows, 4).shape == shape


def test_wrong_arguments():
    mask = drawn_mask(4, 4, block=2, density=0.5, seed=0)
    for arguments, message in (
        (("ls", 2, 2, 0), "dataflow: must be one of is, ws, os (got 'ls')"),
        (("is", 0, 2, 0), "rows: must be at least 1 (got 0)"),
        (("is", 2, 0, 0), "cols: must be at least 1 (got 0)"),
        (("is", 2, 2, 1), "copy: must be at most 0 (got 1)"),
    ):
        with pytest.raises(InputError) as error:
            kept_streams(mask, *arguments)
        assert message in str(error.value)
