"""Published values beside others, as bars: grey is published, hatched is not."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.plots.style import plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PUBLISHED, SIMULATED, OTHER = "#999999", "#0072B2", "#E69F00"
WIDTH = 0.8  # of all bars of one group
ABOVE, CLEAR, TEXT = 0.015, 0.03, 0.06  # a label over its bar, over a line, and its height: of the tallest bar
Delays = list[tuple[str, float, float, str]]  # row, published, simulated, verdict


class Series(NamedTuple):
    """Bars of one colour, one in each group; None leaves a bar out, ``spread`` holds the ends of its error bar."""

    label: str
    values: Sequence[float | None]
    colour: str = SIMULATED
    hatch: str = "//"
    spread: Sequence[tuple[float, float] | None] = ()


def draw_groups(
    groups: Sequence[str], series: Sequence[Series], axes: "Axes", form: str = "{:.2f}", line: float | None = None
) -> "Axes":
    """Draw one group of bars for each name, their values above, and a line; the caller names the axis.

    A value that would stand on the line, or touch it, stands above it.
    """
    width = WIDTH / len(series)
    top = max((v for s in series for v in s.values if v is not None), default=1.0)
    for side, one in enumerate(series):
        for index, value in enumerate(one.values):
            if value is None:
                continue
            x = index + (side - (len(series) - 1) / 2) * width
            label = one.label if value is next(v for v in one.values if v is not None) else None
            axes.bar(x, value, 0.92 * width, color=one.colour, hatch=one.hatch, edgecolor="white", label=label)
            ends = one.spread[index] if one.spread else None
            if ends is not None and ends[1] - ends[0] > 0.005 * top:
                axes.errorbar(x, value, [[value - ends[0]], [ends[1] - value]], color="black", capsize=3, linewidth=1)
            above = value if ends is None else max(value, ends[1])
            foot = above + ABOVE * top
            if line is not None and line - TEXT * top < foot < line + CLEAR * top:
                foot = line + CLEAR * top
            axes.text(x, foot, form.format(value), ha="center", fontsize=8)
    if line is not None:
        axes.axhline(line, color="black", linewidth=0.8)
    axes.set_xticks(range(len(groups)), groups, fontsize=9)
    axes.set_ylim(0, 1.3 * top)
    axes.legend(fontsize=8, frameon=False, loc="upper center", ncols=len(series))
    return plain_axes(axes)


def draw_pairs(data: Delays, axes: "Axes", label: str, title: str) -> "Axes":
    """Draw published and simulated values side by side, the deviation above."""
    top = max((max(published, simulated) for _, published, simulated, _ in data), default=1.0)
    for index, (_, published, simulated, verdict) in enumerate(data):
        axes.bar(index - 0.2, published, width=0.38, color=PUBLISHED, label="published" if index == 0 else None)
        axes.bar(
            index + 0.2, simulated, width=0.38, color=SIMULATED, hatch="//", edgecolor="white",
            label="simulated" if index == 0 else None,
        )  # fmt: skip
        off = round(100 * (simulated / published - 1), 1)
        note = "\n".join(filter(None, (f"{off:+.1f} %" if off else "0.0 %", verdict)))
        axes.text(index, max(published, simulated) + 0.015 * top, note, ha="center", fontsize=7)
    axes.set_xticks(range(len(data)), [row for row, *_ in data], fontsize=8)
    axes.set_ylim(0, 1.32 * top)
    axes.set_ylabel(label)
    axes.set_title(title, fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="upper center", ncols=2)
    return plain_axes(axes)
