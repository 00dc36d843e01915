"""Heat map of two axes: the least result of each pair of values, the best marked, what is left out hatched."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pivotsim.plots.labels import design_text, is_wide_range, text_of
from pivotsim.plots.style import plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_TICKS = 12
WIDE = 4.0  # times the least; from there on the scale of colours is logarithmic
NONE, MISFIT = "xxx", "///"


class HeatMap(NamedTuple):
    """The least result of each pair, float64 (y, x), NaN where there is no design; where none fits the device.

    ``best`` is (row, column) of the least result among pairs that fit, of all pairs where none does, and ``best_text``
    that pair in words.
    """

    xs: Sequence[Any]
    ys: Sequence[Any]
    least: Any
    misfits: Any
    best: tuple[int, int]
    best_text: str


def heat_data(
    names: Sequence[str],
    xs: Sequence[Any],
    ys: Sequence[Any],
    least: Any,
    fitting_xs: Sequence[Any],
    fitting_ys: Sequence[Any],
    fitting: Any,
) -> HeatMap:
    """Return a heat map of two columns from what ``best_by_pair`` found among all designs, and among those that fit."""
    fits, shown = np.zeros(least.shape, dtype=np.bool_), least.copy()  # shown is the least of designs that fit
    for row, column in np.argwhere(~np.isnan(fitting)).tolist():
        place = list(ys).index(fitting_ys[row]), list(xs).index(fitting_xs[column])
        fits[place], shown[place] = True, fitting[row, column]
    among = np.where(fits, shown, np.inf) if fits.any() else np.where(np.isnan(shown), np.inf, shown)
    row, column = divmod(int(np.argmin(among)), among.shape[1])
    text = design_text({names[0]: xs[column], names[1]: ys[row]})
    return HeatMap(xs, ys, shown, ~fits & ~np.isnan(least), (row, column), text)


def draw_heat(data: HeatMap, labels: Sequence[str], axes: "Axes") -> "Axes":
    """Draw the least result of each pair of axis values; ``labels`` are those of x, y and the result."""
    from matplotlib.colors import LogNorm
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    is_log = is_wide_range(data.least, WIDE)
    image = axes.imshow(
        data.least, origin="lower", aspect="auto", cmap="viridis_r", interpolation="nearest",
        norm=LogNorm() if is_log else None,
    )  # fmt: skip
    handles: list[Any] = []
    for mask, hatch, text in (
        (np.isnan(data.least), NONE, "no design meets the constraints"),
        (data.misfits, MISFIT, "none fits the device"),
    ):
        for row, column in np.argwhere(mask).tolist():
            colour = "#BBBBBB" if hatch == NONE else "white"
            axes.add_patch(_cell(column, row, hatch, colour))
        if mask.any():
            handles.append(Patch(facecolor="white", edgecolor="#999999", hatch=hatch, label=text))
    row, column = data.best
    axes.plot(column, row, "*", markersize=13, color="#D55E00", markeredgecolor="white")
    text = f"best: {text_of(float(data.least[row, column]))} at {data.best_text}"
    handles.append(
        Line2D(
            [], [], marker="*", linestyle="none", color="#D55E00", markeredgecolor="white", markersize=11, label=text
        )
    )
    for values, ticks in ((data.xs, axes.set_xticks), (data.ys, axes.set_yticks)):
        places = range(0, len(values), max(1, -(-len(values) // MAX_TICKS)))
        ticks(list(places), [text_of(values[i]) for i in places])
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    bar = axes.figure.colorbar(image, ax=axes, label=f"least {labels[2]}{' (log scale)' if is_log else ''}")
    if is_log:
        _plain_ticks(bar, data.least)
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(handles), fontsize=7, frameon=False,
        handlelength=1.6, borderaxespad=0.2,
    )  # fmt: skip
    return plain_axes(axes)


def _cell(column: int, row: int, hatch: str, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch=hatch, edgecolor=colour, linewidth=0)


def _plain_ticks(bar: Any, values: Any) -> None:
    """Write values of a logarithmic bar as numbers, not as powers, at ends and in between."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    at = [float(f"{v:.2g}") for v in np.geomspace(low, high, 5)]
    bar.set_ticks([v for v in at if low <= v <= high] or [low, high])
    bar.ax.minorticks_off()
    bar.ax.yaxis.set_major_formatter(lambda value, _: text_of(float(value)))
