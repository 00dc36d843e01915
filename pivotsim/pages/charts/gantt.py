"""Gantt chart of a run: every piece of work on its resource, to be zoomed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pivotsim.pages.bokeh_figures import HATCHES, add_hover, new_figure, new_source, place_legend, plain
from pivotsim.plots.simulation.gantt import TRACK_LABELS
from pivotsim.plots.style import GROUP_COLOURS, GROUP_HATCHES, GROUP_LABELS
from pivotsim.simulation.report import Report
from pivotsim.workload.ops import GROUP_OF

MOST_PIECES = 4000
ROW_PX, AROUND_PX, MOST_PX = 44, 120, 640


class Bar(NamedTuple):
    """Work on one track, from ``start_ms`` to ``end_ms``."""

    track: str
    group: str
    label: str
    start_ms: float
    end_ms: float


def gantt_bars(report: Report, most: int = MOST_PIECES) -> tuple[list[Bar], int]:
    """Return the first pieces of a run in the order in which they start, and how many there are in all.

    Parameters
    ----------
    report : Report
    most : int
        Pieces that are returned at most.
    """
    to_ms, steps = report.timeline.ticks.to_ms, len(report.rows) // report.images
    pieces = sorted(report.timeline.pieces, key=lambda piece: (piece.start, piece.resource))
    bars = []
    for piece in pieces[:most]:
        row = report.rows[piece.row]
        label = f"{row.label}, encoder {row.encoder}" if row.encoder else row.label
        label += "" if piece.block < 0 else f", head {piece.block + 1}"
        label += f", image {piece.row // steps + 1}" if report.images > 1 else ""
        track = TRACK_LABELS.get(piece.resource, f"{piece.resource} (PL)")
        bars.append(Bar(track, GROUP_OF.get(row.module, "other"), label, to_ms(piece.start), to_ms(piece.end)))
    return bars, len(pieces)


def gantt_chart(bars: Sequence[Bar]) -> Any:
    """Return the chart: a row for each track, drag or buttons zoom the time."""
    tracks = list(dict.fromkeys(bar.track for bar in bars))
    figure = new_figure(
        "time, ms", "", height=min(MOST_PX, AROUND_PX + ROW_PX * max(2, len(tracks))),
        y_range=[plain(track) for track in reversed(tracks)], drag="xbox_zoom",
        tools="xbox_zoom,xpan,xzoom_in,xzoom_out,reset,save",
    )  # fmt: skip
    drawn = []
    for group in [name for name in GROUP_LABELS if any(bar.group == name for bar in bars)]:
        own = [bar for bar in bars if bar.group == group]
        source = new_source({
            "track": [bar.track for bar in own], "label": [bar.label for bar in own],
            "start": [bar.start_ms for bar in own], "end": [bar.end_ms for bar in own],
            "long": [bar.end_ms - bar.start_ms for bar in own],
        }, name=f"gantt_{group}")  # fmt: skip
        drawn.append(figure.hbar(
            y="track", left="start", right="end", height=0.74, source=source, color=GROUP_COLOURS[group],
            hatch_pattern=HATCHES.get(GROUP_HATCHES[group]), hatch_color="white", hatch_alpha=0.6,
            line_color="white", line_width=0.5, legend_label=GROUP_LABELS[group],
        ))  # fmt: skip
    tips = [("", "@label"), ("on", "@track"), ("from, ms", "@start{0,0.0000}"), ("to, ms", "@end{0,0.0000}"),
            ("takes, ms", "@long{0,0.0000}")]  # fmt: skip
    add_hover(figure, drawn, tips)
    figure.ygrid.grid_line_color = None
    figure.x_range.range_padding = 0.0
    place_legend(figure, hides=True)
    return figure
