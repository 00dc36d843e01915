"""The roofline: MACs a clock of each product over its intensity, below what PEs and DRAM allow."""

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
)
from pivotsim.simulation.rooflines import Roofline
from pivotsim.tables import figures, percent


def roof_lines(found: Roofline) -> tuple[list[float], list[float]]:
    """Return intensities, MACs per byte, and the roof at each, MACs a clock: the slope, the ridge, the flat part."""
    at = [p.intensity for p in found.products if p.intensity] or [1.0]
    first, last = min(at) / 4, max(at) * 4
    ridge = found.pes / found.bytes_per_cycle if found.bytes_per_cycle else first
    xs = sorted({min(first, ridge / 4), ridge, max(last, ridge * 4)})
    return xs, [found.roof(x) for x in xs]


def roofline_chart(found: Roofline) -> Any:
    """Return the chart, both axes logarithmic."""
    figure = new_figure("MACs per byte of DRAM, at most", "MACs a clock", height=360, x_axis_type="log",
                        y_axis_type="log")  # fmt: skip
    xs, ys = roof_lines(found)
    dash = "solid" if found.is_read else "dashed"
    figure.line(xs, ys, color=INK, line_width=2, line_dash=dash, legend_label="roof")
    source = new_source({
        "x": [p.intensity for p in found.products], "y": [p.macs_per_cycle for p in found.products],
        "module": [p.module for p in found.products],
        "sizes": [" x ".join(map(str, p.sizes)) + f", {p.times:,} times" for p in found.products],
        "roof": [percent(p.roof_cycles / p.cycles if p.cycles else None) for p in found.products],
        "bytes": [f"{p.moved_bytes:,}" for p in found.products],
        "macs": [figures(float(p.macs)) for p in found.products],
        "shade": [PALETTE[i % len(PALETTE)] for i in range(len(found.products))],
        "marker": [MARKERS[i // len(PALETTE) % len(MARKERS)] for i in range(len(found.products))],
    }, name="roofline")  # fmt: skip
    listed = can_list([p.module for p in found.products])
    legend = {"legend_group": "module"} if listed else {"legend_label": "products"}
    points = figure.scatter("x", "y", size=12, source=source, color="shade", marker="marker", line_color="white",
                            **legend)  # fmt: skip
    tips = [("", "@module"), ("M x K x N", "@sizes"), ("MACs", "@macs"), ("bytes at least", "@bytes"),
            ("MACs per byte", "@x{0,0.0}"), ("MACs a clock", "@y{0,0}"), ("of its roof", "@roof")]  # fmt: skip
    add_hover(figure, [points], tips)
    place_legend(figure)
    return figure
