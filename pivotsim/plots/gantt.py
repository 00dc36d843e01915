"""Gantt chart: what runs where and when, for a whole run or for one encoder."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.plots.style import GROUP_COLOURS, GROUP_HATCHES, GROUP_LABELS, new_axes, plain_axes, save_png
from pivotsim.simulation.report import Report
from pivotsim.workload.ops import GROUP_OF

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRACK_LABELS = {"array": "array (PL)", "ps": "processor (PS)"}
MAX_LABEL_CHARACTERS = 16  # a bar has no room for more of a name
LEAST_LABELLED_SHARE = 0.045  # of the window; below it a bar has no room for its name


class Bar(NamedTuple):
    """Work on one resource, from ``start_ms`` to ``end_ms``; ``label`` is empty where steps are joined."""

    track: str
    group: str
    label: str
    start_ms: float
    end_ms: float


def encoder_window(report: Report, encoder: int) -> tuple[float, float]:
    """Return when the first image's work in an encoder starts and ends, ms."""
    steps = len(report.rows) // report.images
    own = [p for p in report.timeline.pieces if p.row < steps and report.rows[p.row].encoder == encoder]
    to_ms = report.timeline.ticks.to_ms
    return to_ms(min(p.start for p in own)), to_ms(max(p.end for p in own))


def gantt_data(report: Report, window_ms: tuple[float, float] | None = None, *, join: bool = False) -> list[Bar]:
    """Return the bars of a run, or of a window of it, cut to it.

    Parameters
    ----------
    report : Report
    window_ms : (float, float), optional
        Start and end.
    join : bool
        Make one bar of neighbours of one group on one track, as a picture of a whole run can show no more.
    """
    first, last = window_ms or (0.0, report.delay_ms)
    to_ms = report.timeline.ticks.to_ms
    bars: dict[str, list[Bar]] = {name: [] for name in report.timeline.resources}
    for piece in sorted(report.timeline.pieces, key=lambda p: p.start):
        start, end = max(to_ms(piece.start), first), min(to_ms(piece.end), last)
        if end <= start:
            continue
        row = report.rows[piece.row]
        group = GROUP_OF.get(row.module, "other")
        label = "" if join else _ending(row.label) if piece.block < 0 else f"{_ending(row.label)} {piece.block + 1}"
        if label and report.images > 1:
            label += f" [{piece.row * report.images // len(report.rows) + 1}]"
        own = bars[piece.resource]
        if join and own and own[-1].group == group and start - own[-1].end_ms < 1e-9:
            own[-1] = own[-1]._replace(end_ms=end)
        else:
            own.append(Bar(TRACK_LABELS.get(piece.resource, f"{piece.resource} (PL)"), group, label, start, end))
    return [bar for own in bars.values() for bar in own]


def staged_bars(report: Report, encoder: int | None = None) -> list[Bar]:
    """Return the bars of a run whose operations work side by side: one for each encoder, or one's stages and images.

    A bar lasts from the first clock to the last one, whether its stage works in all of them or waits.
    """
    to_ms, steps = report.timeline.ticks.to_ms, len(report.rows) // report.images
    ends: dict[tuple[str, int], list[int]] = {}
    for piece in report.timeline.pieces:
        row = report.rows[piece.row]
        if encoder is None:
            key = (f"encoder {row.encoder}" if row.encoder else piece.resource, 0)  # images overlap in an encoder
        elif row.encoder != encoder:
            continue
        else:
            key = (row.module, piece.row // steps)
        span = ends.setdefault(key, [piece.start, piece.end])
        span[:] = min(span[0], piece.start), max(span[1], piece.end)
    is_numbered = encoder is not None and report.images > 1
    return [
        Bar(track, GROUP_OF.get(track, "other"), f"[{image + 1}]" if is_numbered else "", *map(to_ms, span))
        for (track, image), span in ends.items()
    ]


def _ending(name: str) -> str:
    """Return the end of a long name, in which layers differ: their names begin with what they are part of."""
    return name if len(name) <= MAX_LABEL_CHARACTERS else f"...{name[3 - MAX_LABEL_CHARACTERS :]}"


def draw_gantt(data: list[Bar], axes: "Axes", title: str = "") -> "Axes":
    """Draw one row per resource and one bar per piece of work, its group by colour and hatch, named where it fits."""
    tracks = list(dict.fromkeys(bar.track for bar in data))
    first, last = min((b.start_ms for b in data), default=0.0), max((b.end_ms for b in data), default=1.0)
    groups = [g for g in GROUP_LABELS if any(bar.group == g for bar in data)]
    for position, track in enumerate(tracks):
        for group in groups:
            own = [bar for bar in data if (bar.track, bar.group) == (track, group)]
            axes.broken_barh(
                [(b.start_ms, b.end_ms - b.start_ms) for b in own], (position - 0.35, 0.7),
                facecolors=GROUP_COLOURS[group], hatch=GROUP_HATCHES[group], edgecolor="white", linewidth=0.5,
            )  # fmt: skip
        for bar in data:
            wide = bar.end_ms - bar.start_ms >= LEAST_LABELLED_SHARE * (last - first)
            if bar.track == track and bar.label and wide:
                box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0}
                middle = (bar.start_ms + bar.end_ms) / 2
                axes.text(middle, position, bar.label, ha="center", va="center", fontsize=7, bbox=box)
    axes.set_yticks(range(len(tracks)), tracks)
    axes.set_ylim(len(tracks) - 0.5, -1.1 if len(groups) > 1 else -0.5)  # room for the legend above the first row
    axes.set_xlim(first, last)
    axes.set_xlabel("time, ms")
    axes.set_title(title, fontsize=10)
    if len(groups) > 1:  # of one colour it tells nothing
        _legend(axes, groups)
    return plain_axes(axes)


def _legend(axes: "Axes", groups: list[str]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=GROUP_COLOURS[g], hatch=GROUP_HATCHES[g], edgecolor="white", label=GROUP_LABELS[g])
        for g in groups
    ]
    axes.legend(handles=handles, loc="upper center", ncols=len(groups), fontsize=8, frameon=False)


def plot_gantt(report: Report, folder: Path) -> list[Path]:
    """Write the whole run, and its first encoder with attention (or its first), and return their paths."""
    mode = report.options["ps_pl_overlap"]
    beside = "" if mode == "serial" or report.details.side_by_side else f", ps_pl_overlap {mode}"
    title = f"{report.workload} on {report.hardware}{beside}: {report.delay_ms:.2f} ms"
    is_staged = report.details.side_by_side
    bars = staged_bars(report) if is_staged else gantt_data(report, join=True)
    figure, (axes,) = new_axes(9, _height(bars))
    draw_gantt(bars, axes, title)
    paths = [save_png(figure, folder, "timeline")]
    with_attention = [row.encoder for row in report.rows if row.module == "qkt"]
    encoder = (with_attention or [row.encoder for row in report.rows])[0]
    own = staged_bars(report, encoder) if is_staged else gantt_data(report, encoder_window(report, encoder))
    figure, (axes,) = new_axes(9, _height(own))
    where = f"encoder {encoder}" if encoder else "outside the encoders"
    where += ", [image]" if report.images > 1 else ""
    draw_gantt(own, axes, f"{title}; {where}")
    return [*paths, save_png(figure, folder, "timeline_encoder")]


def _height(bars: list[Bar]) -> float:
    return 1.6 + 0.55 * len({bar.track for bar in bars})
