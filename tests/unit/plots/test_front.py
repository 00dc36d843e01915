"""Pictures of a front: their data, and that each file is written."""

import numpy as np

from pivotsim.dse.dataset import open_dataset
from pivotsim.dse.fronts import front_rows, knee_place
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.plots.front import draw_heat, front_data, parallel_data, plot_front
from pivotsim.plots.style import new_axes

SPACE = {
    "name": "s",
    "axes": {"array.dataflow": ["is", "ws"], "array.rows": [8, 24, 64], "array.cols": [8, 36]},
    "constraints": ["dsp <= 2400"],
}
OBJECTIVES = ["delay_ms", "dsp"]


def test_data():
    front = {
        "a": np.array([3.0, 1.0, 2.0]),
        "b": np.array([1, 3, 2]),
        "w": np.array(["ws", "is", "ws"]),
        "c": np.ones(3),
    }
    x, y = front_data(front, ["a", "b"])
    assert x.tolist() == [1, 2, 3] and y.tolist() == [3, 2, 1]
    scaled, ends = parallel_data(front, ["a", "b", "w", "c"])
    assert scaled.T.tolist() == [[1, 0, 0.5], [0, 1, 0.5], [1, 0, 1], [0.5, 0.5, 0.5]]
    assert ends == [("1", "3"), ("1", "3"), ("is", "ws"), ("1", "1")]


def test_pictures(tmp_path):
    run_sweep(SPACE, tmp_path / "out")
    dataset = open_dataset(tmp_path / "out")
    front = front_rows(dataset, OBJECTIVES)
    paths = plot_front(
        dataset, front, OBJECTIVES, knee_place(front, OBJECTIVES), tmp_path / "p", ["array.cols", "array.rows"]
    )
    assert [path.name for path in paths] == ["front.png", "parallel_coordinates.png", "heat_map.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    one = front_rows(dataset, ["delay_ms"])
    assert len(plot_front(dataset, one, ["delay_ms"], 0, tmp_path / "q")) == 1


def test_heat_map_names_what_it_shows():
    _, (axes,) = new_axes(4, 3)
    draw_heat([1, 2], [3, 4], np.array([[1.0, 2.0], [np.nan, 3.0]]), ["x", "y", "z_ms"], axes)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1", "2"]
    assert axes.figure.axes[1].get_ylabel() == "least z_ms"
