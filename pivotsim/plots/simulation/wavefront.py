"""The wavefront: what every processing element does, clock by clock, and how many of them multiply."""

import io
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.io.text_files import make_folder, write_atomic
from pivotsim.plots.style import plain_axes, save_figure
from pivotsim.simulation.gemm.executed import ExecutedGemm
from pivotsim.units import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# what a PE does -> label, colour; a later one covers an earlier one
IDLE, PADS, MULTIPLIES, LOADS, DRAINS = range(5)
LABELS = ("idle", "multiplies padding", "multiplies operands", "takes its held operand", "hands over its sum")
COLOURS = ("#F2F2F2", "#BBD7EA", "#0072B2", "#E69F00", "#D55E00")
# parts of a fold on the time axis -> colour
PHASES = {"load": "#E69F00", "fill": "#56B4E9", "stream": "#0072B2", "drain": "#D55E00"}
FRAMES = 12
MAX_GIF_FRAMES = 240
TITLE_PT, GIF_TITLE_PT = 7, 11  # of one frame among several, and alone
MARKED_FOLDS = 12  # more would be stripes


@dataclass(frozen=True)
class Wavefront:
    """Data of the picture. ``doing`` is uint8 (cycles, rows, cols): an index into LABELS."""

    doing: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    utilization_frac: FloatArray  # (cycles,): PEs that multiply operands
    busy_frac: FloatArray  # (cycles,): padding too
    phases: list[tuple[str, int, int]]  # part of a fold, first clock, clock after its last


def wavefront_data(run: ExecutedGemm) -> Wavefront:
    """Return what the picture shows, from a run with ``activity=True``."""
    marks = run.activity
    doing = np.zeros(marks.shape, dtype=np.uint8)
    for bit, code in ((2, PADS), (1, MULTIPLIES), (4, LOADS), (8, DRAINS)):
        doing[(marks & bit) != 0] = code
    pes = run.rows * run.cols
    useful = ((marks & 1) != 0).sum(axis=(1, 2)) / pes
    busy = ((marks & 3) != 0).sum(axis=(1, 2)) / pes
    return Wavefront(doing, useful, busy, _phases(run))


def _phases(run: ExecutedGemm) -> list[tuple[str, int, int]]:
    """Cut each fold: load, fill (the wave spreads), stream (it covers the fold), drain (it leaves, sums move out)."""
    row_size, col_size, length = DATAFLOW[run.dataflow].sizes(run.m, run.k, run.n)
    row_folds, phases = -(-row_size // run.rows), []
    for fold in range(min(run.folds, MARKED_FOLDS)):
        load, start, end = (int(times[fold]) for times in (run.load_cycle, run.start_cycle, run.end_cycle))
        rows, cols = run.rows, run.cols
        if run.edge == "aware":
            rows = min(rows, row_size - fold % row_folds * rows)
            cols = min(cols, col_size - fold // row_folds * cols)
        covered = start + min(rows + cols - 2, length)
        if load >= 0:
            phases.append(("load", load, load + rows))
        phases += [("fill", start, covered), ("stream", covered, start + length), ("drain", start + length, end + 1)]
    return phases


def draw_frame(data: Wavefront, clock: int, axes: "Axes") -> "Axes":
    """Draw the array in one clock."""
    from matplotlib.colors import BoundaryNorm, ListedColormap

    norm = BoundaryNorm(np.arange(len(COLOURS) + 1) - 0.5, len(COLOURS))
    axes.imshow(
        data.doing[clock], cmap=ListedColormap(list(COLOURS)), norm=norm, aspect="equal", interpolation="nearest"
    )
    axes.set_xticks([])
    axes.set_yticks([])
    rows, cols = data.doing.shape[1:]
    if rows * cols <= 400:  # lines between PEs help small arrays and hide large ones
        for r in range(1, rows):
            axes.axhline(r - 0.5, color="white", linewidth=0.6)
        for c in range(1, cols):
            axes.axvline(c - 0.5, color="white", linewidth=0.6)
    axes.set_title(f"clock {clock:,}", fontsize=TITLE_PT, pad=2)
    return axes


def draw_utilization(data: Wavefront, axes: "Axes", *, first: int = 0, last: int | None = None) -> "Axes":
    """Draw the share of PEs that multiply over clocks, and below it each fold's load, fill, stream and drain."""
    last = len(data.utilization_frac) if last is None else last
    clocks = np.arange(first, last)
    for share, code in ((data.busy_frac, PADS), (data.utilization_frac, MULTIPLIES)):
        axes.fill_between(clocks, 100 * share[first:last], step="post", color=COLOURS[code], linewidth=0)
    per_fold = 4 if data.phases[0][0] == "load" else 3
    overlaps = any(a[2] > b[1] for a, b in itertools.pairwise(p for p in data.phases if p[2] > p[1]))
    height = 5.0
    for index, (name, start, end) in enumerate(data.phases):  # folds that overlap take turns on two lines
        line = index // per_fold % 2 if overlaps else 0
        axes.barh(-4 - (height + 1) * line, end - start, left=start, height=-height, color=PHASES[name], align="edge")
    axes.axhline(0, color="#999999", linewidth=0.6)
    axes.set_ylim(-5 - (height + 1) * (1 + overlaps), 103)
    axes.set_xlim(first, max(last, first + 1))
    axes.set_yticks([0, 50, 100])
    is_marked = data.phases[-1][2] >= len(data.utilization_frac)
    axes.set_xlabel("clock" if is_marked else f"clock; load to drain of the first {MARKED_FOLDS} folds")
    axes.set_ylabel("PEs that multiply, %")
    return plain_axes(axes)


def frame_clocks(data: Wavefront, count: int) -> list[int]:
    """Return clocks to show: spread over the first fold, where the wave forms, and the last clock of all."""
    first_fold_end = max(end for _, _, end in data.phases[: 4 if data.phases[0][0] == "load" else 3])
    total = len(data.utilization_frac)
    spread = np.linspace(0, min(first_fold_end, total) - 1, max(2, count - 1)).round().astype(int)
    return sorted({*map(int, spread), total - 1})


def draw_wavefront(run: ExecutedGemm, figure: "Figure", frames: int = FRAMES) -> "Figure":
    """Draw small multiples of the array above the utilisation over time."""
    data = wavefront_data(run)
    clocks = frame_clocks(data, frames)
    columns = min(6, len(clocks))
    lines = -(-len(clocks) // columns)
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.15 * lines + 0.5, 2.0], squeeze=False)[:, 0]
    grid = top.subplots(lines, columns, squeeze=False)
    for position, axes in enumerate(grid.flat):
        if position < len(clocks):
            draw_frame(data, clocks[position], axes)
        else:
            axes.axis("off")
    shape = f"{run.rows}x{run.cols}, {run.dataflow}, {run.fold_overlap}, {run.edge}"
    title = f"{shape}: {run.cycles:,} clocks, {run.folds:,} folds, utilisation {100 * run.utilization_frac:.1f} %"
    figure.suptitle(title, fontsize=10)
    _legend(top, data)
    axes = bottom.subplots()
    draw_utilization(data, axes)
    _phase_legend(axes, data)
    return figure


def _legend(figure: "Figure", data: Wavefront) -> None:
    from matplotlib.patches import Patch

    seen = set(np.unique(data.doing).tolist())
    handles = [
        Patch(facecolor=colour, edgecolor="#999999", label=label)
        for code, (label, colour) in enumerate(zip(LABELS, COLOURS, strict=True))
        if code in seen
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=7, frameon=False)


def _phase_legend(axes: "Axes", data: Wavefront, height: float = 1.16) -> None:
    from matplotlib.patches import Patch

    names = [name for name in PHASES if any(name == phase[0] for phase in data.phases)]
    handles = [Patch(facecolor=PHASES[name], label=name) for name in names]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, height), ncols=4, fontsize=7, frameon=False)


def plot_wavefront(run: ExecutedGemm, folder: Path, name: str = "wavefront") -> Path:
    """Write the picture of a run with ``activity=True`` as PNG and return its path."""
    from matplotlib.figure import Figure

    lines = -(-FRAMES // 6)
    figure = Figure(figsize=(8, 1.6 * lines + 3.0), layout="constrained")
    return save_figure(draw_wavefront(run, figure), folder, name)


def animate_wavefront(run: ExecutedGemm, folder: Path, name: str = "wavefront") -> Path:
    """Write a GIF, one frame a clock (evenly thinned above 240 clocks), and return its path."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    data = wavefront_data(run)
    step = -(-run.cycles // MAX_GIF_FRAMES)
    images = []
    figure = Figure(figsize=(5.4, 5.4), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    top, bottom = figure.subplots(2, 1, height_ratios=[3, 1])
    shape = f"{run.rows}x{run.cols}, {run.dataflow}, {run.fold_overlap}, {run.edge}"
    figure.suptitle(f"{shape}: {run.m} x {run.k} x {run.n}, {run.cycles:,} clocks", fontsize=GIF_TITLE_PT)
    _legend(figure, data)
    draw_utilization(data, bottom)
    _phase_legend(bottom, data, 1.42)
    cursor = bottom.axvline(0, color="black", linewidth=1)
    title = draw_frame(data, 0, top).set_title(f"clock 0 of {run.cycles - 1:,}", fontsize=GIF_TITLE_PT - 1)
    canvas.draw()
    figure.set_layout_engine("none")  # the first frame's holds for all
    for moves in (top, cursor):
        moves.set_visible(False)
    canvas.draw()  # once what all frames share
    still = canvas.copy_from_bbox(figure.bbox)
    for moves in (top, cursor):
        moves.set_visible(True)
    for clock in range(0, run.cycles, step):
        top.images[0].set_data(data.doing[clock])
        title.set_text(f"clock {clock:,} of {run.cycles - 1:,}")
        cursor.set_xdata([clock, clock])
        canvas.restore_region(still)
        top.draw(canvas.renderer)
        cursor.draw(canvas.renderer)
        images.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).quantize(64))
    buffer = io.BytesIO()
    images[0].save(buffer, format="GIF", save_all=True, append_images=images[1:], duration=120, loop=0)
    make_folder(folder)
    path = folder / f"{name}.gif"
    write_atomic(path, buffer.getvalue())
    return path
