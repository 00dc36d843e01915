"""Sweeps of schedules: latency along the axis, the whole model as a line, and what each point removes."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pivotsim.plots.style import new_axes, plain_axes, save_figure
from pivotsim.pruning.sweeps.table import SweepTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS = {"encoder": "encoder that prunes", "batch": "batch, images", "method": ""}
LATENCY_COLOUR, WHOLE_COLOUR = "#0072B2", "#999999"


class SweepData(NamedTuple):
    """The axis and its values, latency with the pruning's own cost and of the whole model in ms, and a word per point.

    Both latencies are per batch, where the axis is the batch.
    """

    axis: str
    values: list[float] | list[str]
    latency_ms: list[float]
    whole_ms: list[float]
    words: list[str]


def sweep_data(table: SweepTable) -> SweepData:
    """Return what the picture shows of a sweep over alpha, batch, encoder or method."""
    axis = table.columns[0]
    if "pruned_ms" in table:
        latency = table["pruned_ms"] + np.nan_to_num(table["own_ms"])
        whole = table["baseline_ms"]
        words = [f"R = {removed}" for removed in table["removed"].tolist()]
    else:
        latency = table["latency_ms"]
        whole = latency / (1 + table["change_frac"])
        words = table["setting"].tolist() if "setting" in table else [""] * len(table)
    return SweepData(axis, table[axis].tolist(), latency.tolist(), whole.tolist(), words)


def draw_sweep(data: SweepData, axes: "Axes", title: str = "") -> "Axes":
    """Draw latency over the axis: a line with dots, or bars where the axis holds words."""
    from matplotlib.ticker import MaxNLocator

    are_words = isinstance(data.values[0], str)
    places = list(range(len(data.values))) if are_words else [float(value) for value in data.values]
    if are_words:
        axes.bar(places, data.latency_ms, width=0.6, color=LATENCY_COLOUR, label="with its own cost")
        axes.axhline(data.whole_ms[0], color=WHOLE_COLOUR, linestyle="--", label="whole model")
        axes.set_xticks(places, [str(value) for value in data.values], fontsize=8)
    else:
        axes.plot(places, data.latency_ms, "o-", color=LATENCY_COLOUR, label="pruned, with its own cost")
        axes.plot(places, data.whole_ms, "--", color=WHOLE_COLOUR, label="whole model")
    before = ""
    for place, latency, word in zip(places, data.latency_ms, data.words, strict=True):
        if word and word != before:  # a word that stays is written once
            axes.annotate(word, (place, latency), xytext=(0, 5), textcoords="offset points", fontsize=7, ha="center")
        before = "" if are_words else word
    if data.axis in ("batch", "encoder"):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0, 1.25 * max([*data.latency_ms, *data.whole_ms]))
    axes.set_xlabel(
        {"encoder": "encoder that prunes", "batch": "batch, images", "method": ""}.get(data.axis, data.axis)
    )
    axes.set_ylabel("latency, ms")
    axes.set_title(title, fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="upper right" if data.axis != "batch" else "upper left")
    return plain_axes(axes)


def plot_sweep(table: SweepTable, folder: Path) -> list[Path]:
    """Write the picture of one sweep and return its path."""
    figure, (axes,) = new_axes(7, 3.6)
    draw_sweep(sweep_data(table), axes, table.title)
    return [save_figure(figure, folder, f"schedule_by_{table.columns[0]}")]
