"""A cascade of efforts: what share of the images leaves where, and how sure the first effort is of them."""

from typing import Any

from pivotsim.effort.mixed_report import MixedReport
from pivotsim.pages.bokeh_figures import PALETTE, add_hover, new_figure, new_source, place_legend, plain
from pivotsim.plots.exploration.effort import SHADES, Histogram, entropy_label
from pivotsim.tables import figures

LEAVES, GOES_ON = PALETTE[2], "#c3ccd6"


def cascade_data(mix: MixedReport, names: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Return a column for each of: effort, shares in % that leave there and that go on, delay and energy of it."""
    efforts = mix.efforts
    shown = names or tuple(f"{place}: {effort.report.workload}" for place, effort in enumerate(efforts, start=1))
    return {
        "effort": list(shown),
        "leave": [100 * e.exit_frac for e in efforts],
        "reach": [100 * e.reach_frac for e in efforts],
        "delay": [figures(e.delay_ms) for e in efforts],
        "energy": [figures(e.energy_j) for e in efforts],
    }


def cascade_chart(data: dict[str, list[Any]]) -> Any:
    """Return a bar for each effort, the first on top: the images that reach it, and those of them that leave."""
    names = [plain(name) for name in data["effort"]]
    figure = new_figure("images, %", "", height=100 + 46 * max(2, len(names)), y_range=names[::-1], x_range=(0, 100))
    source = new_source(data, "cascade")
    leave = figure.hbar(y="effort", right="leave", height=0.7, source=source, color=LEAVES, line_color="white",
                        legend_label="leave there")  # fmt: skip
    go_on = figure.hbar(y="effort", left="leave", right="reach", height=0.7, source=source, color=GOES_ON,
                        line_color="white", hatch_pattern="/", hatch_color="white", legend_label="go on")  # fmt: skip
    tips = [("effort", "@effort"), ("run it, %", "@reach{0.0}"), ("leave there, %", "@leave{0.0}"),
            ("delay, ms", "@delay"), ("energy, J", "@energy")]  # fmt: skip
    add_hover(figure, [leave, go_on], tips)
    figure.ygrid.grid_line_color = None
    place_legend(figure)
    return figure


def entropy_chart(data: Histogram) -> Any:
    """Return images over the entropy of the first effort, right and wrong ones told apart, and the threshold."""
    first = float(data.edges[0])  # above 0 where bins are in powers
    figure = new_figure(entropy_label(data), "images", height=300, x_range=(first, 1),
                        **({"x_axis_type": "log"} if first else {}))  # fmt: skip
    bottom = [0] * (len(data.edges) - 1)
    for name, counts in data.counts.items():
        top = [low + int(count) for low, count in zip(bottom, counts, strict=True)]
        source = new_source({"left": data.edges[:-1].tolist(), "right": data.edges[1:].tolist(), "bottom": bottom,
                             "top": top, "count": [int(c) for c in counts]})  # fmt: skip
        bars = figure.quad(left="left", right="right", bottom="bottom", top="top", source=source,
                           color=SHADES[name][0], line_color="white", legend_label=name)  # fmt: skip
        add_hover(figure, [bars], [("entropy", "@left{0.0000} to @right{0.0000}"), (name, "@count")])
        bottom = top
    if data.threshold is not None:
        label = f"threshold {data.threshold:.4f}"
        figure.line([data.threshold] * 2, [0, max(bottom)], color="black", line_dash="dashed", legend_label=label)
    figure.y_range.start = 0
    place_legend(figure)
    return figure
