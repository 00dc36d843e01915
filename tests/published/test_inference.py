"""Inference: a slow count beside the fast one, on random candidates and cells."""

import math
import random

import numpy as np
import pytest

from pivotsim.published.base.claims import Interval, printed
from pivotsim.published.base.inference import Cell, infer


@pytest.mark.parametrize("seed", range(20))
def test_what_fits_is_what_lies_within_print(seed):
    draw = random.Random(seed)
    texts = [f"{draw.uniform(1, 9):.{draw.randint(0, 2)}f}" for _ in range(3)]
    cells = [Cell(f"q{i}", printed(text), known=draw.choice([0.0, 0.3])) for i, text in enumerate(texts)]
    values = {
        cell.quantity: np.array([cell.interval.value + draw.uniform(-1, 1) for _ in range(200)]) for cell in cells
    }
    found = infer(cells, [{"at": i} for i in range(200)], values)
    slow = [
        at
        for at in range(200)
        if all(c.interval.low - c.known <= values[c.quantity][at] <= c.interval.high + c.known for c in cells)
    ]
    assert sorted(one.settings["at"] for one in found.fitting) == slow
    assert found.tried == 200
    assert found.counted.startswith(f"{len(slow)} of 200 tried meet")
    scores = [one.score for one in found.candidates[len(slow) :]]
    assert scores == sorted(scores)


def test_a_value_that_is_missing_never_fits():
    found = infer([Cell("delay", printed("2"))], [{"at": 0}, {"at": 1}], {"delay": np.array([math.nan, 2.4])})
    assert [one.settings["at"] for one in found.fitting] == [1]


def test_a_cell_without_width_is_met_by_its_value_alone():
    cell = Cell("clocks", Interval(23304.0, 23304.0, 23304.0))
    found = infer([cell], [{"at": 0}, {"at": 1}], {"clocks": np.array([23305.0, 23304.0])})
    assert [one.settings["at"] for one in found.fitting] == [1]


def test_the_table_says_how_many_were_tried():
    found = infer([Cell("q", printed("1.0"))], [{"n": 3}, {"n": 4}], {"q": np.array([1.2, 1.01])})
    table = found.table("settings")
    assert table.closing == ("1 of 2 tried meets all cells",)
    assert [row[1] for row in table.rows] == ["", "4", "3"]
