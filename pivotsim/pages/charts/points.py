"""Points that a table's rows belong to: fronts of sweeps and of searches, deviations of claims."""

from collections.abc import Mapping, Sequence
from typing import Any

from pivotsim.pages.bokeh_figures import (
    INK,
    MARKERS,
    PALETTE,
    add_hover,
    can_list,
    new_figure,
    new_source,
    place_legend,
    plain,
)

OTHERS = "#c3ccd6"


def front_chart(
    points: Mapping[str, Sequence[Any]], labels: tuple[str, str], tips: Mapping[str, str], *, source: str,
    others: tuple[Sequence[float], Sequence[float]] | None = None, knee: int | None = None, is_step: bool = False,
    colour: str = "",
) -> Any:  # fmt: skip
    """Return a front: a point for each row, what made it where the pointer is, the row of its table on a click.

    Parameters
    ----------
    points : mapping of str to sequence
        Columns of one length: ``x``, ``y``, and what ``tips`` names; ``group`` tells points apart by colour and marker.
    labels : (str, str)
        Of the axes, with units.
    tips : mapping of str to str
        Text -> column that is shown where the pointer is.
    source : str
        Name by which a table finds the points.
    others : (sequence, sequence), optional
        Points that are not on the front.
    knee : int, optional
        The place of the point that is marked as the knee.
    is_step : bool
        Whether the line between points is a step, as of a front that is not convex.
    colour : str
        A column of numbers that colours the points, with a bar that says which; '' for one colour.
    """
    figure = new_figure(*labels, height=420, tools="box_zoom,wheel_zoom,pan,zoom_in,zoom_out,tap,reset,save",
                        drag="box_zoom")  # fmt: skip
    if others is not None and len(others[0]):
        figure.scatter(*others, size=4, color=OTHERS, line_color=None, alpha=0.7, legend_label="other designs")
    order = sorted(range(len(points["x"])), key=lambda i: points["x"][i])
    if order and not colour:
        xs, ys = [points["x"][i] for i in order], [points["y"][i] for i in order]
        draw = figure.step if is_step else figure.line
        draw(xs, ys, color="#9aa7b4", line_width=1.2, **({"mode": "after"} if is_step else {}))
    columns: dict[str, Sequence[Any]] = dict(points)
    style: dict[str, Any] = {"color": PALETTE[0]}
    if colour:
        style = {"color": _coloured(figure, colour, list(points[colour]), tips)}
    elif "group" in points:
        names = list(dict.fromkeys(points["group"]))
        columns["shade"] = [PALETTE[names.index(name) % len(PALETTE)] for name in points["group"]]
        columns["marker"] = [MARKERS[names.index(name) // len(PALETTE) % len(MARKERS)] for name in points["group"]]
        style = {"color": "shade", "marker": "marker"}
        if can_list(names):
            style["legend_group"] = "group"
    drawn = figure.scatter(
        "x", "y", size=9, source=new_source(columns, source), line_color="white", selection_line_color=INK,
        selection_line_width=3, nonselection_alpha=0.45, **({"legend_label": "front"} if not colour and "group" not in
        points else {}), **style,
    )  # fmt: skip
    if knee is not None:
        figure.scatter([points["x"][knee]], [points["y"][knee]], size=20, marker="circle", fill_color=None,
                       line_color=PALETTE[5], line_width=3, legend_label="knee")  # fmt: skip
    add_hover(figure, [drawn], [(text, f"@{{{column}}}") for text, column in tips.items()])
    place_legend(figure)
    return figure


def _coloured(figure: Any, column: str, values: Sequence[float], tips: Mapping[str, str]) -> Any:
    """Return a colour for each number of a column, and add the bar that says which."""
    from bokeh.models import ColorBar
    from bokeh.transform import linear_cmap

    mapped = linear_cmap(column, "Viridis256", min(values), max(values))
    title = next((text for text, name in tips.items() if name == column), column)
    figure.add_layout(ColorBar(color_mapper=mapped["transform"], title=plain(title), width=10, padding=4), "right")
    return mapped


def deviation_chart(
    names: Sequence[str], deviations_pct: Sequence[float], verdicts: Sequence[str], published: Sequence[str],
    found: Sequence[str], source: str,
) -> Any:  # fmt: skip
    """Return claims in the order of their paper by how far they are off, %, verdicts by colour."""
    figure = new_figure("claim, in the paper's order", "simulated over published, %", height=360, drag="box_zoom",
                        tools="box_zoom,pan,zoom_in,zoom_out,tap,reset,save")  # fmt: skip
    kinds = list(dict.fromkeys(verdicts))
    data: dict[str, Sequence[Any]] = {
        "x": list(range(1, len(names) + 1)), "y": list(deviations_pct), "name": list(names), "kind": list(verdicts),
        "published": list(published), "found": list(found),
        "shade": [PALETTE[kinds.index(v) % len(PALETTE)] for v in verdicts],
    }  # fmt: skip
    drawn = figure.scatter(
        "x", "y", size=9, source=new_source(data, source), color="shade", line_color="white", legend_group="kind",
        selection_line_color=INK, selection_line_width=3, nonselection_alpha=0.45,
    )  # fmt: skip
    figure.line([0, len(names) + 1], [0, 0], color="#9aa7b4")
    add_hover(figure, [drawn], [("", "@name"), ("published", "@published"), ("found", "@found"),
                                ("deviation, %", "@y{+0.00}"), ("verdict", "@kind")])  # fmt: skip
    place_legend(figure)
    return figure
