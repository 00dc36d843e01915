"""Where a problem stands in a space's file."""

import pytest

from pivotsim.dse.space.places import located

PLACES = {"fixed": "s.yaml:2", "fixed.set": "s.yaml:3", "fixed.set.array.rows": "s.yaml:4", "axes.model": "s.yaml:6"}


@pytest.mark.parametrize(
    ("problem", "place"),
    [
        ("fixed.set: array.rows: must be at least 1", "s.yaml:4: "),
        ("fixed.set: array.cols: must be at least 1", "s.yaml:3: "),
        ("axes.model: unknown: deit", "s.yaml:6: "),
        ("axes.models: unknown", ""),
    ],
)
def test_a_problem_stands_at_the_line_of_its_own_value(problem, place):
    assert located(problem, PLACES) == place + problem
