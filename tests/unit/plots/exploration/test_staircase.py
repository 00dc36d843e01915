"""The staircase's pictures: their data equals the schedule's; drawing returns its Axes."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.plots.exploration import staircase
from pivotsim.plots.style import new_axes
from pivotsim.pruning.staircase import Staircase


@pytest.fixture(scope="module")
def schedule():
    return ps.pruning.pruning_schedule(ps.plan("deit_s"), "zcu102", lambda n: 80 - 0.002 * (197 - n) ** 2)


def test_the_data_is_the_schedules(schedule):
    stairs = staircase.staircase_data(schedule.staircase)
    assert (stairs.tokens[0], stairs.tokens[-1]) == (4, 197)
    assert [tokens for tokens, _ in stairs.best] == [36, 72, 108, 144, 180]
    assert [tokens for tokens, _ in stairs.worst] == [37, 73, 109, 145, 181]
    found = staircase.utility_data(schedule)
    assert found.tokens == stairs.tokens
    assert found.chosen == (108, max(found.total))
    assert found.latency[-1] == 0.0  # all tokens are the slowest
    assert found.accuracy[-1] == 1.0


def test_drawing_returns_its_axes_with_units(schedule):
    left, right = new_axes(8, 3, columns=2)[1]
    assert staircase.draw_staircase(staircase.staircase_data(schedule.staircase), left, "stairs") is left
    assert (left.get_ylabel(), left.get_title()) == ("latency, ms", "stairs")
    assert [text.get_text() for text in left.texts] == ["36", "72", "108", "144", "180"]
    assert staircase.draw_utilities(staircase.utility_data(schedule), right) is right
    assert right.texts[0].get_text() == "n* = 108"


def test_a_staircase_without_steps_is_drawn():
    flat = staircase.StaircaseData([1, 2], [1.0, 1.0], [], [])
    assert staircase.draw_staircase(flat, new_axes(4, 3)[1][0]).get_legend() is None


def test_counts_without_latency_are_no_points_and_break_no_line():
    """Of 1 to 8 tokens every second one was recorded: no staircase between them is known."""
    latency = np.array([np.nan, 1.0, np.nan, 1.0, np.nan, 2.0, np.nan, 2.0])
    data = staircase.staircase_data(Staircase(np.arange(1, 9), latency))
    assert (data.tokens, data.latency_ms) == ([2, 4, 6, 8], [1.0, 1.0, 2.0, 2.0])
    axes = staircase.draw_staircase(data, new_axes(4, 3)[1][0])
    assert axes.lines[0].get_drawstyle() == "default"
    assert axes.lines[0].get_marker() == "."
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "most tokens of a step", "one grid point more",
    ]  # fmt: skip


def test_a_whole_grid_is_a_staircase_and_its_cross_one_token_more():
    data = staircase.staircase_data(Staircase(np.arange(1, 5), np.array([1.0, 1.0, 2.0, 2.0])))
    axes = staircase.draw_staircase(data, new_axes(4, 3)[1][0])
    assert axes.lines[0].get_drawstyle() == "steps-post"
    assert axes.get_legend().get_texts()[1].get_text() == "one token more"


def test_the_picture_is_written(schedule, tmp_path):
    assert staircase.plot_schedule(schedule, tmp_path) == [tmp_path / "schedule.png"]
    assert (tmp_path / "schedule.png").stat().st_size > 10_000
