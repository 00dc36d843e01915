"""Pictures of an exploration: the front, parallel coordinates, a heat map of two axes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pivotsim.dse.dataset import Dataset
from pivotsim.dse.fronts import best_by_pair
from pivotsim.plots.style import new_axes, plain_axes, save_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#999999"
MAX_LINES = 500
MAX_TICKS = 12


def front_data(front: Mapping[str, Any], objectives: Sequence[str]) -> tuple[Any, Any]:
    """Return the first two objectives of a front, ordered by the first."""
    order = np.argsort(front[objectives[0]], kind="stable")
    return front[objectives[0]][order], front[objectives[1]][order]


def draw_front(data: tuple[Any, Any], knee: tuple[float, float], labels: Sequence[str], axes: "Axes") -> "Axes":
    """Draw a front of two objectives, its knee marked."""
    axes.plot(*data, marker="o", markersize=4, linewidth=0.8, color=BLUE)
    axes.plot(*knee, marker="D", markersize=8, color=ORANGE, linestyle="none", label="knee")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.legend(frameon=False, fontsize=8)
    return plain_axes(axes)


def parallel_data(front: Mapping[str, Any], columns: Sequence[str]) -> tuple[Any, list[tuple[str, str]]]:
    """Return columns scaled to 0 .. 1, float64 (rows, columns), and the texts of each one's ends."""
    scaled, ends = [], []
    for name in columns:
        words, values = np.unique(front[name], return_inverse=True)
        if front[name].dtype.kind in "iuf":
            values = np.asarray(front[name], dtype=np.float64)
        spread = values.max() - values.min()
        scaled.append((values - values.min()) / spread if spread else np.full(len(values), 0.5))
        ends.append((_short(words[0]), _short(words[-1])))
    return np.stack(scaled, axis=1), ends


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)


def draw_parallel(
    data: Any, ends: Sequence[tuple[str, str]], columns: Sequence[str], knee: int, axes: "Axes"
) -> "Axes":
    """Draw one line per design over all columns, the knee's on top."""
    for row in data[:: max(1, len(data) // MAX_LINES)]:
        axes.plot(row, color=GREY, linewidth=0.6, alpha=0.6)
    axes.plot(data[knee], color=ORANGE, linewidth=2, label="knee")
    axes.set_xticks(range(len(columns)), columns, rotation=30, ha="right", fontsize=8)
    axes.set_yticks([])
    for place, (low, high) in enumerate(ends):
        axes.text(place, -0.04, low, ha="center", va="top", fontsize=7)
        if high != low:
            axes.text(place, 1.02, high, ha="center", va="bottom", fontsize=7)
    axes.set_ylim(-0.12, 1.12)
    axes.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1))  # above the ends of columns
    return plain_axes(axes)


def draw_heat(xs: Sequence[Any], ys: Sequence[Any], least: Any, labels: Sequence[str], axes: "Axes") -> "Axes":
    """Draw the least result of each pair of axis values; pairs without a design stay white."""
    image = axes.imshow(least, origin="lower", aspect="auto", cmap="viridis_r", interpolation="nearest")
    for values, ticks in ((xs, axes.set_xticks), (ys, axes.set_yticks)):
        places = range(0, len(values), max(1, -(-len(values) // MAX_TICKS)))
        ticks(list(places), [_short(values[i]) for i in places])
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.figure.colorbar(image, ax=axes, label=f"least {labels[2]}")
    return plain_axes(axes)


def plot_front(
    dataset: Dataset, front: Mapping[str, Any], objectives: Sequence[str], knee: int, folder: Path,
    heat: Sequence[str] = (),
) -> list[Path]:  # fmt: skip
    """Write the pictures of a front and return their paths; ``heat`` names two axes."""
    paths = []
    if len(objectives) > 1:
        figure, (axes,) = new_axes(6, 4)
        mark = (float(front[objectives[0]][knee]), float(front[objectives[1]][knee]))
        draw_front(front_data(front, objectives), mark, objectives[:2], axes)
        paths.append(save_png(figure, folder, "front"))
    columns = [*dataset.axes, *objectives]
    figure, (axes,) = new_axes(2 + 0.9 * len(columns), 4)
    draw_parallel(*parallel_data(front, columns), columns, knee, axes)
    paths.append(save_png(figure, folder, "parallel_coordinates"))
    if heat:
        figure, (axes,) = new_axes(6.5, 4.5)
        draw_heat(*best_by_pair(dataset, heat[0], heat[1], objectives[0]), [*heat, objectives[0]], axes)
        paths.append(save_png(figure, folder, "heat_map"))
    return paths
