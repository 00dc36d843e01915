"""Gantt chart: what runs where and when, for a whole run or for one encoder."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.plots.style import (
    GROUP_COLOURS,
    GROUP_HATCHES,
    GROUP_LABELS,
    crowding,
    new_axes,
    plain_axes,
    save_figure,
)
from pivotsim.simulation.report import Report
from pivotsim.workload.ops import GROUP_OF

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRACK_LABELS = {"array": "array (PL)", "ps": "processor (PS)"}
MAX_LABEL_CHARACTERS = 16  # a bar has no room for more of a name
CHARACTER_SHARE, EDGE_SHARE = 0.0085, 0.01  # of the window, that a name takes; a narrower bar has it above
SLANTED_SHARE = 0.018  # that a slanted name above takes
MOST_IMAGES = 4  # that have rows of their own
NAMES_SHARE = 0.2  # of a picture's width, that the rows' names take
HALF_HEIGHT = 0.3  # of a bar
EDGE_PT, WIDE_SHARE = 0.5, 0.006  # of a white edge, and the least bar that is not hidden by its edges
MOST_NUMBERS = 24  # of encoders
INSIDE_PT, ABOVE_PT, NUMBER_PT = 7.0, 6.0, 6.5  # of names in bars and above them, and of encoders' numbers


class Bar(NamedTuple):
    """Work on one resource, from ``start_ms`` to ``end_ms``; ``label`` is empty where steps are joined.

    ``image`` counts from 0 and is 0 for all where a row holds work on several.
    """

    track: str
    group: str
    label: str
    start_ms: float
    end_ms: float
    image: int = 0


class Mark(NamedTuple):
    """When an image is in an encoder."""

    encoder: int
    image: int
    start_ms: float
    end_ms: float


def encoder_window(report: Report, encoder: int) -> tuple[float, float]:
    """Return when the first image's work in an encoder starts and ends, ms."""
    steps = len(report.rows) // report.images
    own = [p for p in report.timeline.pieces if p.row < steps and report.rows[p.row].encoder == encoder]
    to_ms = report.timeline.ticks.to_ms
    return to_ms(min(p.start for p in own)), to_ms(max(p.end for p in own))


def encoder_marks(report: Report) -> list[Mark]:
    """Return when each image is in each encoder."""
    to_ms, steps = report.timeline.ticks.to_ms, len(report.rows) // report.images
    spans: dict[tuple[int, int], list[int]] = {}
    for piece in report.timeline.pieces:
        encoder = report.rows[piece.row].encoder
        if encoder:
            span = spans.setdefault((encoder, piece.row // steps), [piece.start, piece.end])
            span[:] = min(span[0], piece.start), max(span[1], piece.end)
    return [Mark(*key, *map(to_ms, span)) for key, span in spans.items()]


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
        image = piece.row * report.images // len(report.rows)
        if label and report.images > 1:
            label += f" [{image + 1}]"
        own, track = bars[piece.resource], TRACK_LABELS.get(piece.resource, f"{piece.resource} (PL)")
        if join and own and own[-1][1::4] == (group, image) and start - own[-1].end_ms < 1e-9:
            own[-1] = own[-1]._replace(end_ms=end)
        else:
            own.append(Bar(track, group, label, start, end, image))
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
        Bar(
            track, GROUP_OF.get(track, "other"), f"[{image + 1}]" if is_numbered else "", to_ms(span[0]), to_ms(span[1])
        )
        for (track, image), span in ends.items()
    ]


def _ending(name: str) -> str:
    """Return the end of a long name, in which layers differ: their names begin with what they are part of."""
    return name if len(name) <= MAX_LABEL_CHARACTERS else f"...{name[3 - MAX_LABEL_CHARACTERS :]}"


def rows_of(data: list[Bar]) -> dict[tuple[str, int], str]:
    """Return the rows of a chart, (track, image) -> name: images of few have rows of their own, of many share one."""
    images = sorted({bar.image for bar in data})
    tracks = list(dict.fromkeys(bar.track for bar in data))
    if len(images) == 1 or len(images) > MOST_IMAGES:
        return {(track, image): track for track in tracks for image in images}
    return {(track, image): f"{track}, image {image + 1}" for track in tracks for image in images}


def draw_gantt(data: list[Bar], axes: "Axes", title: str = "", marks: Sequence[Mark] = ()) -> "Axes":
    """Draw one row per resource and one bar per piece of work, its group by colour and hatch.

    A name stands in its bar where it fits, else above, one for slices in a row; ``marks`` number the encoders above the
    first resource.
    """
    from matplotlib.patches import Patch

    rows = rows_of(data)
    places = {name: place for place, name in enumerate(dict.fromkeys(rows.values()))}
    first, last = min((b.start_ms for b in data), default=0.0), max((b.end_ms for b in data), default=1.0)
    wide_ms = WIDE_SHARE * (last - first) * _crowding(axes, ABOVE_PT)
    groups = [g for g in GROUP_LABELS if any(bar.group == g for bar in data)]
    for name, place in places.items():
        in_row = [bar for bar in data if rows[bar.track, bar.image] == name]
        for group in groups:
            own = [bar for bar in in_row if bar.group == group]
            axes.broken_barh(
                [(b.start_ms, b.end_ms - b.start_ms) for b in own], (place - HALF_HEIGHT, 2 * HALF_HEIGHT),
                facecolors=GROUP_COLOURS[group], hatch=GROUP_HATCHES[group], edgecolor="white",
                linewidths=[EDGE_PT if b.end_ms - b.start_ms > wide_ms else 0.0 for b in own],
            )  # fmt: skip
        _label(in_row, place, last - first, axes)
    _number(marks, {image: places[name] for (_, image), name in reversed(rows.items())}, axes)
    axes.set_yticks(list(places.values()), list(places))
    axes.set_ylim(len(places) - 0.5, -0.5 - 0.25 * _crowding(axes, ABOVE_PT))  # room for names above the first row
    axes.set_xlim(first, last)
    axes.set_xlabel("time, ms")
    axes.set_title(title, fontsize=10, pad=22)  # the legend stands between it and the chart
    handles = [
        Patch(facecolor=GROUP_COLOURS[g], hatch=GROUP_HATCHES[g], edgecolor="white", label=GROUP_LABELS[g])
        for g in groups
    ]
    if len(groups) > 1:  # of one colour it tells nothing
        axes.legend(
            handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=max(len(groups), 1), fontsize=8,
            frameon=False, borderaxespad=0.1,
        )  # fmt: skip
    return plain_axes(axes)


def _label(bars: list[Bar], place: int, span_ms: float, axes: "Axes") -> None:
    """Name the bars of a row, those that are too narrow for their names above them."""
    free_from = -1.0
    inside, above = (span_ms * _crowding(axes, points) for points in (INSIDE_PT, ABOVE_PT))
    for run in _runs([bar for bar in bars if bar.label], inside):
        start, end = run[0].start_ms, run[-1].end_ms
        label = run[0].label if len(run) == 1 else f"{run[0].label}-{run[-1].label.rpartition(' ')[2]}"
        middle = (start + end) / 2
        if _has_room(label, end - start, inside):
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0}
            axes.text(middle, place, label, ha="center", va="center", fontsize=INSIDE_PT, bbox=box)
        elif middle >= free_from:
            axes.text(middle, place - HALF_HEIGHT - 0.03, label, ha="left", va="bottom", fontsize=ABOVE_PT, rotation=35)
            free_from = middle + SLANTED_SHARE * above


def _crowding(axes: "Axes", points: float) -> float:
    """Return how many times as much of the chart's width text takes as in a picture of its own width.

    The rows' names beside the chart are text as well, and take of its width.
    """
    text = crowding(axes.figure.bbox.width / axes.figure.dpi, points)
    return text * (1 - NAMES_SHARE) / max(1 - NAMES_SHARE * text, NAMES_SHARE)


def _has_room(label: str, wide_ms: float, span_ms: float) -> bool:
    return wide_ms >= (CHARACTER_SHARE * len(label) + EDGE_SHARE) * span_ms


def _runs(bars: list[Bar], span_ms: float) -> Iterator[list[Bar]]:
    """Yield bars, narrow ones together that follow each other and differ in their number alone."""
    run: list[Bar] = []
    for bar in sorted(bars, key=lambda b: b.start_ms):
        name = bar.label.rpartition(" ")[0]
        is_wide = _has_room(bar.label, bar.end_ms - bar.start_ms, span_ms)
        if (
            run
            and name
            and not is_wide
            and run[-1].label.rpartition(" ")[0] == name
            and bar.start_ms - run[-1].end_ms < 1e-9
        ):
            run.append(bar)
            continue
        if run:
            yield run
        run = [bar]
    if run:
        yield run


def _number(marks: Sequence[Mark], rows: Mapping[int, int], axes: "Axes") -> None:
    """Write encoder numbers above the first row of each image, of many every second or third one."""
    most = int(MOST_NUMBERS / _crowding(axes, NUMBER_PT))
    step = -(-max((mark.encoder for mark in marks), default=1) // most)
    for mark in marks:
        top = rows[mark.image] - HALF_HEIGHT
        axes.plot([mark.start_ms, mark.start_ms], [top - 0.16, top], color="#666666", linewidth=0.6)
        if (mark.encoder - 1) % step == 0:
            axes.text(
                mark.start_ms,
                top - 0.1,
                f" {mark.encoder}",
                ha="left",
                va="bottom",
                fontsize=NUMBER_PT,
                color="#444444",
            )


def plot_gantt(report: Report, folder: Path) -> list[Path]:
    """Write the whole run, and its first encoder with attention (or its first), and return their paths."""
    mode = report.options["ps_pl_overlap"]
    beside = "" if mode == "serial" or report.details.side_by_side else f", ps_pl_overlap {mode}"
    title = f"{report.workload} on {report.hardware}{beside}: {report.delay_ms:.2f} ms"
    is_staged = report.details.side_by_side
    bars = staged_bars(report) if is_staged else gantt_data(report, join=True)
    marks = [] if is_staged or len(rows_of(bars)) != len(set(rows_of(bars).values())) else encoder_marks(report)
    figure, (axes,) = new_axes(9, _height(bars, 0.6))
    draw_gantt(bars, axes, f"{title}; encoders numbered" if marks else title, marks)
    paths = [save_figure(figure, folder, "timeline")]
    with_attention = [row.encoder for row in report.rows if row.module == "qkt"]
    encoder = (with_attention or [row.encoder for row in report.rows])[0]
    own = staged_bars(report, encoder) if is_staged else gantt_data(report, encoder_window(report, encoder))
    figure, (axes,) = new_axes(9, _height(own, 0.4 if is_staged else 0.8))
    where = f"encoder {encoder}" if encoder else "outside the encoders"
    where += ", [image]" if report.images > 1 else ""
    draw_gantt(own, axes, f"{title}; {where}")
    return [*paths, save_figure(figure, folder, "timeline_encoder")]


def _height(bars: list[Bar], row_in: float) -> float:
    return 1.1 + row_in * len(set(rows_of(bars).values()))
