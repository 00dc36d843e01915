"""Figs. 3a, 4a and 9 on digits: the CKA matrix, path scores against accuracy, and the paths of every effort."""

from typing import TYPE_CHECKING, Any

import numpy as np

from pivotsim.plots.papers.pivot.recordings import IMAGES, SEEDS, Recordings, Rows
from pivotsim.plots.style import plain_axes
from pivotsim.units import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACCURACIES = {"accuracy_untuned_frac": "teacher's weights", "accuracy_frac": "after two epochs of fine-tuning"}
MARKERS = ("o", "s", "^")
COLOURS = ("#0072B2", "#E69F00", "#009E73")
ACTIVE, SKIPPED = "#0072B2", "#BBBBBB"

Paths = dict[int, list[int]]  # effort -> numbers of the active attentions


def cka_data(recordings: Recordings) -> dict[int, FloatArray]:
    """Return Fig. 3a: seed -> CKA (D, D), NaN where attention j does not come after MLP i."""
    found = {}
    for seed in SEEDS:
        cka = recordings.cka(seed)
        found[seed] = np.where(np.triu(np.ones_like(cka), 1) > 0, cka, np.nan)
    return found


def draw_cka(cka: FloatArray, axes: "Axes", title: str) -> Any:
    """Draw one matrix and return the image, for a colour bar."""
    picture = axes.imshow(cka, vmin=0, vmax=1, cmap="viridis")
    numbers = [str(i) for i in range(1, len(cka) + 1)]
    axes.set_xticks(range(len(cka)), numbers)
    axes.set_yticks(range(len(cka)), numbers)
    axes.set_xlabel("attention j")
    axes.set_ylabel("MLP i")
    axes.set_title(title, fontsize=9)
    return picture


def ranks(values: Any) -> FloatArray:
    """Return ranks from 1, ties sharing their mean.

    >>> ranks([0.3, 0.1, 0.3]).tolist()
    [2.5, 1.0, 2.5]
    """
    array = np.asarray(values, dtype=np.float64)
    above = array[:, None] > array
    found: FloatArray = (above.sum(axis=1) + (array[:, None] >= array).sum(axis=1) + 1) / 2
    return found


def rank_correlation(x: Any, y: Any) -> float:
    """Return Spearman's rank correlation.

    >>> round(rank_correlation([1, 2, 3], [10, 30, 20]), 9)
    0.5
    """
    return float(np.corrcoef(ranks(x), ranks(y))[0, 1])


def score_data(recorded: Rows, accuracy: str = "accuracy_frac") -> dict[int, tuple[FloatArray, FloatArray]]:
    """Return Fig. 4a: seed -> (path scores, accuracies in %), one entry per random path of effort 4."""
    found = {}
    for seed in SEEDS:
        rows = [row for row in recorded.rows if int(row["seed"]) == seed]
        scores, values = (np.array([float(row[name]) for row in rows]) for name in ("score", accuracy))
        found[seed] = (scores, 100 * values)
    return found


def draw_scores(data: dict[int, tuple[FloatArray, FloatArray]], axes: "Axes", label: str) -> "Axes":
    """Draw accuracy over path score, a marker for each seed."""
    mean = np.mean([rank_correlation(*points) for points in data.values()])
    for (seed, (scores, accuracies)), marker, colour in zip(data.items(), MARKERS, COLOURS, strict=False):
        axes.scatter(scores, accuracies, marker=marker, s=18, color=colour, alpha=0.8, label=f"seed {seed}")
    axes.set_xlabel("path score S, effort 4 of 8")
    axes.set_ylabel("accuracy on the test images, %")
    axes.set_title(f"{label}\nmean rank correlation {mean:+.2f}", fontsize=9)
    axes.legend(fontsize=8, frameon=False)
    return plain_axes(axes)


def path_data(recorded: Rows) -> dict[int, Paths]:
    """Return Fig. 9: seed -> {effort: active attentions}, the paths of highest score, highest effort first."""
    found: dict[int, Paths] = {}
    for row in recorded.rows:
        found.setdefault(int(row["seed"]), {})[int(row["effort"])] = [int(i) for i in row["active"].split()]
    return {seed: dict(sorted(paths.items(), reverse=True)) for seed, paths in found.items()}


def draw_paths(paths: Paths, depth: int, axes: "Axes", title: str) -> "Axes":
    """Draw a row of dots for each effort: full where the attention is active, an empty one where it is skipped."""
    for row, (_, active) in enumerate(paths.items()):
        skipped = [i for i in range(1, depth + 1) if i not in active]
        axes.scatter(active, [row] * len(active), s=90, color=ACTIVE)
        axes.scatter(skipped, [row] * len(skipped), s=90, facecolors="none", edgecolors=SKIPPED)
    axes.set_yticks(range(len(paths)), [f"effort {effort}" for effort in paths])
    axes.set_xticks(range(1, depth + 1))
    axes.set_ylim(len(paths) - 0.5, -0.5)
    axes.set_xlabel("attention of encoder")
    axes.set_title(title, fontsize=9)
    return plain_axes(axes)


CKA_TITLE = f"Fig. 3a: CKA of each MLP with each later attention ({IMAGES})"
SCORE_TITLE = f"Fig. 4a: 144 random paths ({IMAGES})"
PATH_TITLE = (
    f"Fig. 9: path of highest score for each effort, full dots active ({IMAGES}; the paper's own are not in its text)"
)
