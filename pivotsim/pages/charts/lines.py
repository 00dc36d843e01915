"""Lines over a count: the latency staircase, the utilities, a sweep's columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from pivotsim.pages.bokeh_figures import PALETTE, add_hover, new_figure, new_source, place_legend, plain
from pivotsim.plots.exploration.staircase import StaircaseData, UtilityData

DASHES = ("solid", "dashed", "dotdash", "dotted")


def staircase_chart(data: StaircaseData) -> Any:
    """Return latency over tokens; the best point of each step is a dot, the worst, one token more, a cross."""
    figure = new_figure("tokens", "latency, ms", tools="xbox_zoom,xpan,xzoom_in,xzoom_out,reset,save", drag="xbox_zoom")
    source = new_source({"x": data.tokens, "y": data.latency_ms}, "staircase")
    figure.line("x", "y", source=source, color=PALETTE[0], line_width=1.4)
    points = figure.scatter("x", "y", source=source, color=PALETTE[0], size=4)
    for name, marker, ends in (("most tokens of a step", "circle", data.best), ("one more", "cross", data.worst)):
        if ends:
            figure.scatter([n for n, _ in ends], [ms for _, ms in ends], marker=marker, size=10, color=PALETTE[5],
                           legend_label=name)  # fmt: skip
    add_hover(figure, [points], [("tokens", "@x"), ("latency, ms", "@y{0,0.0000}")])
    place_legend(figure)
    return figure


def utility_chart(data: UtilityData) -> Any:
    """Return the utilities over tokens, and the point that is chosen."""
    columns = {"U": data.total, "U of latency": data.latency, "U of accuracy": data.accuracy}
    figure = line_chart(data.tokens, columns, "tokens", "utility")
    figure.scatter([data.chosen[0]], [data.chosen[1]], size=18, marker="star", color=PALETTE[5], legend_label="chosen")
    return figure


def line_chart(xs: Sequence[Any], columns: Mapping[str, Sequence[float]], x_label: str, y_label: str) -> Any:
    """Return a line for each column over ``xs``, which are numbers or names."""
    names = any(isinstance(x, str) for x in xs)
    ranges: dict[str, Any] = {"x_range": [plain(str(x)) for x in dict.fromkeys(xs)]} if names else {}
    figure = new_figure(x_label, y_label, tools="box_zoom,pan,xzoom_in,xzoom_out,reset,save", drag="box_zoom", **ranges)
    source = new_source({"x": list(xs)} | {f"c{i}": list(values) for i, values in enumerate(columns.values())})
    for place, name in enumerate(columns):
        style = {"color": PALETTE[place % len(PALETTE)], "legend_label": plain(name)}
        figure.line("x", f"c{place}", source=source, line_width=1.8, line_dash=DASHES[place % len(DASHES)], **style)
        points = figure.scatter("x", f"c{place}", source=source, size=5, **style)
        add_hover(figure, [points], [(x_label, "@x"), (name, f"@c{place}{{0,0.0000}}")])
    place_legend(figure, hides=True)
    return figure
