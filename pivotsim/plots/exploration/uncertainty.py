"""Pictures of uncertainty: outcomes of a run over the draws, shares of constants, designs by how they stay."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pivotsim.dse.indicators import attainment
from pivotsim.plots.labels import WORDS, axis_label, is_wide_range
from pivotsim.plots.style import log_axes, new_axes, plain_axes, save_figure
from pivotsim.propagation.front_result import FrontUncertainty
from pivotsim.propagation.main_effects import LISTED_FRAC
from pivotsim.propagation.run import OUTCOMES, Uncertainty
from pivotsim.propagation.variance import noise_floor
from pivotsim.tables import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#E69F00", "#56B4E9", "#D55E00", "#999999")
HATCHES = ("", "//", "..", "xx", "--")
BINS = 40
MOST_BARS = 8
LEAST_BARS = 4  # that a panel has room for
LEVELS = (0.1, 0.5, 0.9)  # of the draws that attain
GRID = 200
LOG_FROM = 5  # times the least value


class Spread(NamedTuple):
    """An outcome over the draws: edges and counts of its bins, its own value, and the middle 95 %."""

    edges: Any
    counts: Any
    value: float
    low: float
    high: float


def spread_data(found: Uncertainty, outcome: str) -> Spread:
    """Return an outcome in bins of equal width."""
    counts, edges = np.histogram(found.outcomes[outcome], BINS)
    return Spread(edges, counts, found.value(outcome), *found.interval(outcome))


def draw_spread(data: Spread, label: str, axes: "Axes") -> "Axes":
    """Draw a histogram with the board's own value and the interval that holds 95 % of the draws."""
    axes.stairs(data.counts, data.edges, fill=True, color=COLOURS[0], alpha=0.6)
    axes.axvline(data.value, color="black", linewidth=1.2, label=f"own value {data.value:.4g}")
    axes.axvspan(data.low, data.high, color=COLOURS[4], alpha=0.2, label=f"95 %: {data.low:.4g} to {data.high:.4g}")
    axes.set_xlabel(label)
    axes.set_ylabel("draws")
    axes.legend(frameon=False, fontsize=8)
    return plain_axes(axes)


def share_data(shares: Mapping[str, Mapping[str, float]], floor: float) -> dict[str, list[float]]:
    """Return {constant: its share of each outcome's variance}, largest first, of the constants above a floor."""
    paths = {path for of in shares.values() for path, share in of.items() if share > floor}
    rows = {path: [of[path] for of in shares.values()] for path in paths}
    return dict(sorted(rows.items(), key=lambda row: (-max(row[1]), row[0]))[:MOST_BARS])


def draw_shares(data: Mapping[str, Sequence[float]], names: Sequence[str], axes: "Axes") -> "Axes":
    """Draw the shares of variance that constants explain, a bar per outcome."""
    height = 0.8 / max(len(names), 1)
    for number, name in enumerate(names):
        places = np.arange(len(data)) + (number - (len(names) - 1) / 2) * height
        values = [100 * row[number] for row in data.values()]
        axes.barh(
            places,
            values,
            height,
            color=COLOURS[number],
            hatch=HATCHES[number],
            edgecolor="white",
            label=_words(name),
        )
    axes.set_yticks(range(len(data)), [_short(path) for path in data], fontsize=8)
    middle, half = (len(data) - 1) / 2, max(len(data), LEAST_BARS) / 2  # few bars are no higher than those of many
    axes.set_ylim(middle + half, middle - half)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of variance explained alone, %")
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(names), frameon=False)
    return plain_axes(axes)


def _words(outcome: str) -> str:
    """Return an outcome, such as ``energy_j of the knee``, in words."""
    return " ".join(WORDS[word].partition(",")[0] if word in WORDS else word for word in outcome.split())


def _short(path: str) -> str:
    """Return a dotted path in two lines that fit beside a picture."""
    group, _, name = path.rpartition(".")
    return f"{group.replace('power.activity.default', 'power')}\n{name}"


class Staying(NamedTuple):
    """Designs of a front by how they stay: two objectives, the share of the draws, and whether it is its own front."""

    x: Any
    y: Any
    share: Any
    is_own: Any


def staying_data(found: FrontUncertainty) -> Staying:
    """Return the distinct candidates that are on the front of some draw, at the board's own values."""
    share = found.is_on.mean(axis=0)
    kept = (share > 0) | found.own_front
    first, second = (found.own[kept, place] * (-1 if name in found.maximize else 1)
                     for place, name in enumerate(found.names[:2]))  # fmt: skip
    return Staying(first, second, share[kept], found.own_front[kept])


def draw_staying(data: Staying, labels: Sequence[str], axes: "Axes") -> "Axes":
    """Draw designs at their own values, coloured by the share of the draws that have them on the front."""
    order = np.argsort(data.share, kind="stable")
    points = axes.scatter(
        data.x[order], data.y[order], c=100 * data.share[order], s=14 + 30 * data.share[order], cmap="viridis", vmin=0,
        vmax=100, linewidths=np.where(data.is_own[order], 0.8, 0.0).tolist(), edgecolors="black",
    )  # fmt: skip
    log_axes(axes, x=is_wide_range(data.x, LOG_FROM), y=is_wide_range(data.y, LOG_FROM))
    axes.figure.colorbar(points, ax=axes, label="on the front in % of the draws")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.set_title("black rim: on the front at the board's own values", fontsize=8)
    return plain_axes(axes)


def attained_data(found: FrontUncertainty) -> tuple[Any, Any]:
    """Return values of the first objective, and the second that 10, 50 and 90 % of the draws attain there."""
    x, y = found.points[..., 0], found.points[..., 1]
    at = np.geomspace(x.min(), x.max(), GRID) if x.min() > 0 else np.linspace(x.min(), x.max(), GRID)
    return at, attainment(x, y, at, LEVELS)


def draw_attained(data: tuple[Any, Any], labels: Sequence[str], axes: "Axes") -> "Axes":
    """Draw the surfaces that shares of the draws attain."""
    at, surfaces = data
    for level, surface, style, colour in zip(LEVELS, surfaces, ("--", "-", ":"), COLOURS, strict=False):
        shown = np.where(np.isfinite(surface), surface, np.nan)
        axes.step(at, shown, style, where="post", color=colour, label=percent(level, 0))
    log_axes(axes, x=True, y=True)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.legend(frameon=False, fontsize=8, title="of the draws attain", title_fontsize=8)
    return plain_axes(axes)


def plot_uncertainty(found: Uncertainty, folder: Path) -> list[Path]:
    """Write the picture of a run at drawn constants and return its path."""
    figure, axes = new_axes(13, 3.8, columns=3)
    for outcome, each in zip(("delay_ms", "energy_j"), axes, strict=False):
        draw_spread(spread_data(found, outcome), f"{outcome.rpartition('_')[0]}, {OUTCOMES[outcome]}", each)
    draw_shares(share_data(found.shares, LISTED_FRAC), list(found.shares), axes[2])
    return [save_figure(figure, folder, "uncertainty")]


def plot_front_uncertainty(found: FrontUncertainty, folder: Path) -> list[Path]:
    """Write the pictures of a front at drawn constants and return their paths; with one objective, the shares alone."""
    paths, labels = [], [axis_label(name) for name in found.names[:2]]
    if len(labels) == 2:
        figure, axes = new_axes(13, 4.2, columns=2)
        draw_staying(staying_data(found), labels, axes[0])
    else:
        figure, axes = new_axes(6.5, 4.2)
    draw_shares(share_data(found.shares, noise_floor(found.draws.count)), list(found.shares), axes[-1])
    paths.append(save_figure(figure, folder, "front_uncertainty"))
    if len(found.names) == 2 and not found.maximize:
        figure, (single,) = new_axes(6, 4)
        draw_attained(attained_data(found), labels, single)
        paths.append(save_figure(figure, folder, "front_attainment"))
    return paths
