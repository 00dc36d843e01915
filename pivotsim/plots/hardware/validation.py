"""Measured against predicted, all machines in one picture: on the diagonal a prediction is right."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.hardware.loading import load_hardware
from pivotsim.plots.style import new_axes, plain_axes, save_figure
from pivotsim.truth.validation import FOLDER, Validation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#999999", "#E69F00", "#CC79A7", "#56B4E9", "#332288")
MARKERS = ("o", "s", "^", ".", "D", "v", "P", "X")


class Points(NamedTuple):
    """The rows of one machine in seconds, (measured, predicted) each, those that constants were fitted on apart."""

    name: str
    not_fitted: list[tuple[float, float]]
    fitted: list[tuple[float, float]]


def validation_data(validations: Sequence[Validation]) -> list[Points]:
    """Return the points of each machine, clocks as seconds of its own clock."""
    found = []
    for each in validations:
        unit_s = each.machine.unit_clocks * 1e-6 / load_hardware(f"{FOLDER}/{each.name}").clock_mhz
        scale = each.machine.unit_s or unit_s
        points: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
        for row in each.rows:
            points[row.fitted].append((row.row.value * scale, row.predicted * scale))
        found.append(Points(each.name, points[False], points[True]))
    return found


def draw_validation(data: Sequence[Points], axes: "Axes") -> "Axes":
    """Draw measured against predicted times; hollow marks are rows that constants were fitted on."""
    values = [value for points in data for pair in points.not_fitted + points.fitted for value in pair]
    ends = (min(values) / 2, max(values) * 2)
    axes.plot(ends, ends, color="black", linewidth=0.8, zorder=1)
    for place, points in enumerate(data):
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        for chosen, face, label in ((points.fitted, "none", None), (points.not_fitted, colour, points.name)):
            xs, ys = zip(*chosen, strict=True) if chosen else ((), ())
            axes.scatter(xs, ys, s=18, marker=marker, facecolors=face, edgecolors=colour, linewidths=0.7, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(ends)
    axes.set_ylim(ends)
    axes.set_aspect("equal")
    axes.set_xlabel("measured, s")
    axes.set_ylabel("predicted, s")
    axes.legend(fontsize=8, frameon=False, loc="upper left", title="hollow: constants fitted on it", title_fontsize=8)
    return plain_axes(axes)


def plot_validation(validations: Sequence[Validation], folder: Path) -> Path:
    """Write the picture and return its path."""
    figure, (axes,) = new_axes(5.6, 5.4)
    draw_validation(validation_data(validations), axes)
    return save_figure(figure, folder, "validation")
