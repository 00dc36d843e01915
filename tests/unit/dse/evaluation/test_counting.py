"""Counting points: how many combinations are tried, at the edge."""

import pytest

from pivotsim.dse.evaluation import counting
from pivotsim.dse.evaluation.counting import Count, count_points
from pivotsim.dse.space.reading import load_space
from pivotsim.errors import InputError

AXES = {"array.rows": [16, 32, 64], "array.cols": [16, 32], "host.cores": [1, 2, 4, 8, 16]}
TIED = ["array.rows * array.cols <= 1024"]  # 16x16, 16x32, 32x16, 32x32, 64x16 of six: all but 64x32


def space(axes=AXES, constraints=TIED):
    return load_space({"name": "s", "axes": axes, "constraints": constraints})


@pytest.mark.parametrize(("most", "admitted"), [(5, None), (6, 25), (7, 25)])
def test_as_many_combinations_as_may_be_are_tried(monkeypatch, most, admitted):
    monkeypatch.setattr(counting, "MAX_COMBINATIONS", most)
    assert count_points(space()) == Count(30, admitted)


@pytest.mark.parametrize("step", [1, 4, 5, 6, 7])
def test_steps_of_any_length_count_alike(monkeypatch, step):
    monkeypatch.setattr(counting, "STEP", step)
    assert count_points(space()) == Count(30, 25)


def test_what_is_too_much_to_try_hides_no_contradiction(monkeypatch):
    """Rows and columns are too many to try; the processor's rule leaves nothing of five all the same."""
    monkeypatch.setattr(counting, "MAX_COMBINATIONS", 5)
    for order in (AXES, dict(reversed(AXES.items()))):
        with pytest.raises(InputError, match=r"no point is left \(got 30 before the rules: host.cores > 16 \(5 of 5\)"):
            count_points(space(order, [*TIED, "host.cores > 16"]))
        assert count_points(space(order, [*TIED, "host.cores > 2"])) == Count(30, None)
