"""Pictures of a front: their data, and that each file is written."""

import numpy as np
import pytest

from pivotsim.dse.dataset import open_dataset
from pivotsim.dse.fronts import front_rows, knee_place
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.plots.exploration.front import draw_front, front_data, plot_front
from pivotsim.plots.exploration.heat_map import draw_heat, heat_data
from pivotsim.plots.exploration.parallel import draw_parallel, parallel_data
from pivotsim.plots.style import new_axes

SPACE = {
    "name": "s",
    "axes": {"array.dataflow": ["is", "ws"], "array.rows": [8, 24, 64], "array.cols": [8, 36]},
    "constraints": ["dsp <= 2400"],
}
OBJECTIVES = ["delay_ms", "dsp"]


def test_columns_of_parallel_coordinates():
    front = {
        "a": np.array([3.0, 1.0, 2.0]),
        "w": np.array(["ws", "is", "os"]),
        "c": np.ones(3),
    }
    scaled, ticks = parallel_data(front, ["a", "w", "c"])
    assert scaled.T.tolist() == [[1, 0, 0.5], [1, 0, 0.5], [0.5, 0.5, 0.5]]
    assert ticks == [([0, 0.5, 1], ["1", "2", "3"]), ([0, 0.5, 1], ["is", "os", "ws"]), ([0.5], ["1"])]
    _, ((at, texts),) = parallel_data({"a": np.arange(12.0)}, ["a"])
    assert (at, texts) == ([0, 1], ["0", "11"])  # of many numbers the ends


def test_a_word_that_all_designs_share_stands_above_their_lines():
    front = {"a": np.array([1, 2]), "w": np.array(["is", "is"]), "c": np.array([3.0, 4.0])}
    axes = draw_parallel(parallel_data(front, list(front)), list(front), 0, new_axes(6, 3)[1][0])
    of = {text.get_text(): text for text in axes.texts}
    assert of["is"].xyann[1] > 6 and of["is"].get_bbox_patch().get_alpha() == 1
    assert of["1"].xyann[1] == 0


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("front") / "out"
    run_sweep(SPACE, folder)
    return open_dataset(folder)


def test_a_front_among_the_designs_behind_it(dataset):
    front = front_rows(dataset, OBJECTIVES)
    knee = knee_place(front, OBJECTIVES)
    data = front_data(dataset, front, OBJECTIVES, knee)
    table = next(dataset.tables())
    assert data.x.tolist() == sorted(front["delay_ms"]) and data.z is None
    assert data.designs == len(table["point"]) - len(front["point"])
    assert sorted(data.cloud[0]) == sorted(table["delay_ms"])
    names = [
        f"{r}x{c}, {d}" for r, c, d in zip(*(front[f"array.{k}"] for k in ("rows", "cols", "dataflow")), strict=True)
    ]
    assert data.knee.text == names[knee]
    own = (table["array.rows"] == 64) & (table["array.cols"] == 36) & (table["array.dataflow"] == "is")
    assert data.board == (table["delay_ms"][own][0], table["dsp"][own][0], "64x36, is")
    kept = front_data(dataset, front, OBJECTIVES, knee, ["array.rows < 64"])
    assert kept.board is None and len(kept.cloud[0]) < len(data.cloud[0])


def test_a_front_is_drawn_with_its_knee_the_board_and_a_third_objective(dataset):
    front = front_rows(dataset, OBJECTIVES)
    data = front_data(dataset, front, OBJECTIVES, 0)
    axes = draw_front(data, ["delay, ms", "DSP slices"], new_axes(5, 4)[1][0])
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == [f"{data.designs:,} designs behind it", f"front, {len(data.x)} designs", f"knee: {data.knee.text}",
                     "board: 64x36, is"]  # fmt: skip
    assert axes.lines[0].get_drawstyle() == "steps-post"
    assert draw_front(data, ["a", "b"], new_axes(5, 4)[1][0], falls=False).lines[0].get_drawstyle() == "steps-pre"
    axes = draw_front(data._replace(z=data.x * 2), ["a", "b", "energy, J"], new_axes(5, 4)[1][0])
    assert axes.figure.axes[1].get_ylabel() == "energy, J"
    assert "steps" not in {line.get_drawstyle()[:5] for line in axes.lines}


def test_pictures(dataset, tmp_path):
    front = front_rows(dataset, OBJECTIVES)
    paths = plot_front(
        dataset, front, OBJECTIVES, knee_place(front, OBJECTIVES), tmp_path / "p", ["array.cols", "array.rows"]
    )
    assert [path.name for path in paths] == ["front.png", "parallel_coordinates.png", "heat_map.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    one = front_rows(dataset, ["delay_ms"])
    assert len(plot_front(dataset, one, ["delay_ms"], 0, tmp_path / "q")) == 1


def test_a_heat_map_marks_the_best_that_fits_and_hatches_the_rest():
    least = np.array([[9.0, 2.0], [np.nan, 1.0]])  # 1.0 fits no device, 9.0 is that of a design that fits
    fitting = np.array([[8.0, 2.0]])
    data = heat_data(("array.rows", "array.cols"), [1, 2], [3, 4], least, [1, 2], [3], fitting)
    assert data.least[0].tolist() == [8, 2] and data.misfits.tolist() == [[False, False], [False, True]]
    assert (data.best, data.best_text) == ((0, 1), "2x3")
    axes = draw_heat(data, ["x", "y", "z, ms"], new_axes(4, 3)[1][0])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1", "2"]
    assert axes.figure.axes[1].get_ylabel() == "least z, ms (log scale)"
    assert [(patch.get_xy(), patch.get_hatch()) for patch in axes.patches] == [
        ((-0.5, 0.5), "xxx"),
        ((0.5, 0.5), "///"),
    ]
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["no design meets the constraints", "none fits the device", "best: 2 at 2x3"]
    none = heat_data(("a", "b"), [1], [3, 4], np.array([[2.0], [3.0]]), [], [], np.empty((0, 0)))
    assert none.best == (0, 0) and none.misfits.all()
