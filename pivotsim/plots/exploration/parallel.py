"""Parallel coordinates: a line per design over axes and objectives, coloured by the last objective."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pivotsim.plots.labels import text_of
from pivotsim.plots.style import plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLACK = "#000000"
MAX_LINES = 500
DARK_ENOUGH = 0.88  # of the colours, for lines on white
MOST_TICKS = 8  # of a column of numbers that has so few different ones


class Parallel(NamedTuple):
    """Columns scaled to 0 .. 1, float64 (rows, columns), and for each its ticks: places and texts."""

    scaled: Any
    ticks: list[tuple[list[float], list[str]]]


def parallel_data(front: Mapping[str, Any], columns: Sequence[str]) -> Parallel:
    """Return columns scaled to 0 .. 1: words by their order, every word a tick; numbers by their size."""
    scaled, ticks = [], []
    for name in columns:
        words, codes = np.unique(front[name], return_inverse=True)
        is_number = front[name].dtype.kind in "iuf"
        values = np.asarray(front[name] if is_number else codes.reshape(-1), dtype=np.float64)
        low, spread = values.min(), values.max() - values.min()
        at = np.asarray(words, dtype=np.float64) if is_number else np.arange(len(words), dtype=np.float64)
        if is_number and len(words) > MOST_TICKS:
            at = words = np.array([words[0], words[-1]])
        scaled.append((values - low) / spread if spread else np.full(len(values), 0.5))
        places = ((np.asarray(at, dtype=np.float64) - low) / spread if spread else np.full(len(at), 0.5)).tolist()
        ticks.append((places, [text_of(word) for word in words]))
    return Parallel(np.stack(scaled, axis=1), ticks)


def draw_parallel(data: Parallel, labels: Sequence[str], knee: int, axes: "Axes") -> "Axes":
    """Draw one line per design over all columns in the colour of the last one, the knee's on top."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap

    rows, columns = data.scaled.shape
    colours = ListedColormap(colormaps["viridis"](np.linspace(0, DARK_ENOUGH, 256)))
    by = columns - 1
    for row in data.scaled[:: max(1, rows // MAX_LINES)]:
        axes.plot(row, color=colours(row[by]), linewidth=0.8, alpha=0.7)
    axes.plot(data.scaled[knee], color=BLACK, linewidth=2.2, label="knee")
    for place, (at, texts) in enumerate(data.ticks):
        axes.axvline(place, color="#BBBBBB", linewidth=0.6, zorder=0)
        for height, text in zip(at, texts, strict=True):
            is_alone = len(texts) == 1  # all lines meet there
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 1 if is_alone else 0.75, "pad": 0.6}
            axes.annotate(
                text, (place, height), (3, 9 if is_alone else 0), textcoords="offset points", ha="left", va="center",
                fontsize=7, bbox=box,
            )  # fmt: skip
    axes.set_xticks(range(columns), labels, rotation=20, ha="right", fontsize=8)
    axes.set_yticks([])
    axes.set_ylim(-0.05, 1.05)
    axes.set_xlim(-0.1, columns - 0.6)
    low, high = (text_of(text) for text in (data.ticks[by][1][0], data.ticks[by][1][-1]))
    bar = axes.figure.colorbar(ScalarMappable(cmap=colours), ax=axes, label=labels[by], ticks=[0, 1])
    bar.ax.set_yticklabels([low, high])
    axes.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1))
    axes.spines["left"].set_visible(False)
    return plain_axes(axes)
