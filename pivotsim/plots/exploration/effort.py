"""Co-search: entropies of right and wrong images with the threshold, and the front of accuracy over cost."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pivotsim.effort.outputs import Name
from pivotsim.effort.search.choice import Choice
from pivotsim.effort.search.space import Cascades
from pivotsim.plots.style import new_axes, plain_axes, save_figure
from pivotsim.units import FloatArray, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 20
SHADES = {"right": ("#56B4E9", ""), "wrong": ("#D55E00", "//"), "images": ("#999999", "")}
LABELS = {
    "delay_ms": "delay of the mean image, ms",
    "energy_j": "energy of the mean image, J",
    "edp_j_ms": "EDP of the mean image, J*ms",
    "edp_mean_of_images_j_ms": "EDP, mean over the images, J*ms",
    "edp_sum_of_efforts_j_ms": "EDP, sum over the efforts, J*ms",
}
STYLES = (("o", "#0072B2"), ("s", "#E69F00"), ("^", "#009E73"), ("D", "#CC79A7"), ("v", "#56B4E9"), ("P", "#D55E00"))


class Histogram(NamedTuple):
    """Images per bin of entropy, split where labels are known; ``threshold`` is None for an effort on its own."""

    effort: Name
    edges: FloatArray
    counts: dict[str, IntArray]
    threshold: float | None
    exit_frac: float


def entropy_data(search: Cascades, choice: Choice) -> Histogram:
    """Return the histogram of the first effort's entropies, and what its threshold lets pass."""
    effort = choice.efforts[0]
    values, right = search.outputs.entropies[effort], search.outputs.right
    groups = {"images": values} if right is None else {"right": values[right[effort]], "wrong": values[~right[effort]]}
    threshold = (*choice.thresholds, None)[0]
    edges = _edges(threshold)
    counts = {name: np.histogram(np.maximum(group, edges[0]), edges)[0] for name, group in groups.items()}
    return Histogram(effort, edges, counts, threshold, choice.exits.fractions[0])


def _edges(threshold: float | None) -> FloatArray:
    """Return edges of bins up to 1, in powers where a threshold would lie at the axis of bins of one width."""
    if threshold is None or not 0 < threshold < 2 / BINS:
        return np.linspace(0, 1, BINS + 1)
    return np.geomspace(10.0 ** (np.floor(np.log10(threshold)) - 1), 1, BINS + 1)


def entropy_label(data: Histogram) -> str:
    """Return what the axis of entropies is named; bins in powers begin above 0."""
    below = f"; the first bar holds all below {data.edges[1]:.1g}" if data.edges[0] else ""
    return f"normalised entropy{below}"


def draw_entropies(data: Histogram, axes: "Axes") -> "Axes":
    """Draw stacked bars and the threshold as a line."""
    bottom, width, first = np.zeros(len(data.edges) - 1), np.diff(data.edges), float(data.edges[0])
    for name, counts in data.counts.items():
        colour, hatch = SHADES[name]
        axes.bar(data.edges[:-1], counts, width, bottom, align="edge", color=colour, hatch=hatch, edgecolor="white",
                 label=name)  # fmt: skip
        bottom += counts
    if data.threshold is not None:
        label = f"threshold {data.threshold:.4f}: {100 * data.exit_frac:.1f} % leave"
        axes.axvline(data.threshold, color="black", linestyle="--", label=label)
    axes.set_xlim(first, 1)
    axes.set_xlabel(entropy_label(data))
    if first:
        axes.set_xscale("log")
    axes.set_ylabel("images")
    axes.set_title(f"effort {data.effort}: how sure it is", fontsize=10)
    axes.legend(fontsize=8, frameon=False)
    return plain_axes(axes)


def front_data(front: list[Choice], cost: str) -> dict[str, list[tuple[float, float]]]:
    """Return {efforts and hardware: [(cost, accuracy in %)]}, cascades in the order in which the front meets them."""
    several = len({choice.hardware for choice in front}) > 1
    data: dict[str, list[tuple[float, float]]] = {}
    for choice in front:
        name = " then ".join(map(str, choice.efforts)) + (f" on {choice.hardware}" if several else "")
        point = (float(choice.to_dict()[cost]), 100 * (choice.accuracy_frac or 0.0))
        data.setdefault(name, []).append(point)
    return data


def draw_front(data: dict[str, list[tuple[float, float]]], axes: "Axes", label: str) -> "Axes":
    """Draw the front as a step line, one marker per cascade."""
    points = sorted(point for group in data.values() for point in group)
    axes.step([x for x, _ in points], [y for _, y in points], where="post", color="#999999", linewidth=1, zorder=0)
    for index, (name, group) in enumerate(data.items()):
        marker, colour = STYLES[index % len(STYLES)]
        face = "none" if index // len(STYLES) % 2 else colour
        axes.scatter([x for x, _ in group], [y for _, y in group], marker=marker, edgecolors=colour, facecolors=face,
                     s=22, label=name)  # fmt: skip
    axes.set_xlabel(label)
    axes.set_ylabel("accuracy on these images, %")
    axes.set_title("efforts and thresholds that no other beats", fontsize=10)
    if data:
        axes.legend(
            fontsize=7, frameon=False, ncols=1 + len(data) // 12, loc="lower right",
            title="efforts: attentions that run", title_fontsize=7,
        )  # fmt: skip
    return plain_axes(axes)


def plot_entropies(search: Cascades, choice: Choice, folder: Path) -> Path:
    """Write the histogram and return its path."""
    figure, (axes,) = new_axes(6, 3.5)
    draw_entropies(entropy_data(search, choice), axes)
    return save_figure(figure, folder, "cosearch_entropy")


def plot_front(front: list[Choice], cost: str, folder: Path) -> Path:
    """Write the front and return its path."""
    figure, (axes,) = new_axes(7, 4.5)
    draw_front(front_data(front, cost), axes, LABELS[cost])
    return save_figure(figure, folder, "cosearch_front")
