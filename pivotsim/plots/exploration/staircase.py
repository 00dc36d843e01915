"""The latency staircase and the utilities over tokens kept (Eliopoulos et al., Fig. 3)."""

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pivotsim.plots.style import new_axes, plain_axes, save_figure
from pivotsim.pruning.schedule_report import Schedule
from pivotsim.pruning.staircase import Staircase

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LATENCY_COLOUR, ACCURACY_COLOUR, TOTAL_COLOUR = "#0072B2", "#E69F00", "#000000"


class StaircaseData(NamedTuple):
    """Tokens ascending with their latencies in ms, and the best and worst point of each step."""

    tokens: list[int]
    latency_ms: list[float]
    best: list[tuple[int, float]]
    worst: list[tuple[int, float]]


class UtilityData(NamedTuple):
    """Tokens ascending with U_L, U_A and U, and (n*, U(n*))."""

    tokens: list[int]
    latency: list[float]
    accuracy: list[float]
    total: list[float]
    chosen: tuple[int, float]


def staircase_data(staircase: Staircase) -> StaircaseData:
    """Return what the left picture shows: the token counts that have a latency."""
    edges, known = staircase.edges, ~np.isnan(staircase.latency_ms)
    return StaircaseData(
        staircase.tokens[known].tolist(),
        staircase.latency_ms[known].tolist(),
        [(edge.tokens, edge.latency_ms) for edge in edges],
        [(edge.next_tokens, edge.next_latency_ms) for edge in edges],
    )


def utility_data(schedule: Schedule) -> UtilityData:
    """Return what the right picture shows: the grid points that have latency and accuracy."""
    latency, accuracy, total = (column[::-1].tolist() for column in schedule.utility)
    tokens = schedule.tokens[::-1].tolist()
    return UtilityData(
        tokens, latency, accuracy, total, (schedule.best_tokens, total[tokens.index(schedule.best_tokens)])
    )


def draw_staircase(data: StaircaseData, axes: "Axes", title: str = "") -> "Axes":
    """Draw latency over tokens, each step's best point as a dot and its worst as a cross."""
    has_all = all(after - before == 1 for before, after in itertools.pairwise(data.tokens))
    unit = "token" if has_all else "grid point"
    line = "steps-post" if has_all else "default"  # between points far apart no step is known
    axes.plot(data.tokens, data.latency_ms, "-" if has_all else ".-", color=LATENCY_COLOUR, drawstyle=line)
    marks = ((data.best, "o", "most tokens of a step"), (data.worst, "x", f"one {unit} more"))
    for points, marker, label in marks:
        if points:
            axes.plot(*zip(*points, strict=True), marker, color=TOTAL_COLOUR, markersize=5, label=label)
    for tokens, latency_ms in data.best:
        axes.annotate(str(tokens), (tokens, latency_ms), xytext=(0, -12), textcoords="offset points", fontsize=8)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("tokens in every block")
    axes.set_ylabel("latency, ms")
    axes.set_title(title, fontsize=10)
    if data.best:
        axes.legend(fontsize=8, frameon=False)
    return plain_axes(axes)


def draw_utilities(data: UtilityData, axes: "Axes", title: str = "") -> "Axes":
    """Draw the three utilities over tokens and mark the chosen count."""
    axes.plot(data.tokens, data.latency, "--", color=LATENCY_COLOUR, label="latency")
    axes.plot(data.tokens, data.accuracy, ":", color=ACCURACY_COLOUR, label="accuracy")
    axes.plot(data.tokens, data.total, "-", color=TOTAL_COLOUR, label="weighted sum")
    axes.plot(*data.chosen, "o", color=TOTAL_COLOUR)
    axes.annotate(f"n* = {data.chosen[0]}", data.chosen, xytext=(4, 6), textcoords="offset points", fontsize=8)
    axes.set_ylim(0, 1.1)
    axes.set_xlabel("tokens kept, n")
    axes.set_ylabel("utility")
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8, frameon=False)
    return plain_axes(axes)


def plot_schedule(schedule: Schedule, folder: Path) -> list[Path]:
    """Write the picture of one schedule and return its path."""
    figure, (left, right) = new_axes(10, 3.6, columns=2)
    title = f"{schedule.plan.model.name} on {schedule.device}, batch {schedule.batch}"
    draw_staircase(staircase_data(schedule.staircase), left, title)
    draw_utilities(utility_data(schedule), right, f"alpha {schedule.alpha:g}: remove R = {schedule.removed}")
    return [save_figure(figure, folder, "schedule")]
