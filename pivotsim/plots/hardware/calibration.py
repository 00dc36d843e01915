"""Residuals of a calibration: how far every measured row is from its prediction, by what it measures."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.calibration.report import Calibration
from pivotsim.plots.style import new_axes, plain_axes, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#999999", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")


class Residuals(NamedTuple):
    """Rows of one kind: (measured ms, error in percent) of the fit, and of a fit without the row's point."""

    kind: str
    fitted: list[tuple[float, float]]
    left_out: list[tuple[float, float]]


def calibration_data(found: Calibration) -> list[Residuals]:
    """Return the residuals of times, a group for each kind of operation and one for models."""
    groups: dict[str, Residuals] = {}
    for each in found.rows:
        if each.unit != "ms" or not each.fitted:
            continue
        group = groups.setdefault(each.row.kind or "models", Residuals(each.row.kind or "models", [], []))
        group.fitted.append((each.measured, 100 * (each.predicted / each.measured - 1)))
        if each.left_out is not None:
            group.left_out.append((each.measured, 100 * (each.left_out / each.measured - 1)))
    return list(groups.values())


def draw_calibration(data: list[Residuals], axes: "Axes") -> "Axes":
    """Draw errors over measured times; hollow marks are predictions by a fit without the row."""
    axes.axhline(0, color="black", linewidth=0.8, zorder=1)
    for place, group in enumerate(data):
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        for pairs, face, label in ((group.left_out, "none", None), (group.fitted, colour, group.kind)):
            xs, ys = zip(*pairs, strict=True) if pairs else ((), ())
            axes.scatter(xs, ys, s=22, marker=marker, facecolors=face, edgecolors=colour, linewidths=0.8, label=label)
    axes.set_xscale("log")
    axes.set_xlabel("measured, ms")
    axes.set_ylabel("predicted over measured - 1, %")
    axes.legend(
        fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0), title="hollow: fitted without it",
        title_fontsize=8,
    )  # fmt: skip
    return plain_axes(axes)


def plot_calibration(found: Calibration, folder: Path) -> Path:
    """Write the picture and return its path."""
    figure, (axes,) = new_axes(7.4, 3.8)
    draw_calibration(calibration_data(found), axes)
    return save_figure(figure, folder, "calibration")
