"""The style of all pictures: colours that colour-blind readers and printers tell apart, and saving."""

import contextlib
import io
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.errors import InputError, check_choice, got
from pivotsim.io.text_files import make_folder, write_atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

# Okabe and Ito's palette, light enough apart to be told apart in grey; hatches help where bars touch.
GROUP_COLOURS = {
    "attention_mac": "#0072B2", "softmax": "#E69F00", "mlp": "#56B4E9", "other": "#999999", "entropy": "#D55E00",
}  # fmt: skip
GROUP_LABELS = {
    "attention_mac": "attention MACs", "softmax": "softmax", "mlp": "MLP", "other": "other", "entropy": "entropy gate",
}  # fmt: skip
GROUP_HATCHES = {"attention_mac": "", "softmax": "//", "mlp": "..", "other": "xx", "entropy": "++"}


KINDS = ("png", "pdf", "svg")
COLUMN_WIDTHS_IN = {1: 3.5, 2: 7.16}  # of a two-column paper, as IEEE's
METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": "pivotsim"}, "pdf": {"CreationDate": None, "Creator": "pivotsim"},
    "svg": {"Date": None, "Creator": "pivotsim"},
}  # fmt: skip
DPI = {False: 150, True: 300}  # on a screen, and in a column
LEGEND_SHARE = 0.9  # of a picture's width; a wider legend goes below it
LEAST_PANEL_IN = 3.0  # of axes side by side
LEAST_SCALE, LEAST_PT, HEIGHT_EXPONENT = 0.7, 5.0, 0.6
TITLE_PT = 10.0


class Form(NamedTuple):
    """How pictures are written; ``width_in`` is None for each one's own width."""

    kind: str = "png"
    width_in: float | None = None


_form = Form()


class Written(NamedTuple):
    """The pictures that were written, and a line for what was left out."""

    paths: list[Path]
    notes: list[str]


def new_axes(width_in: float, height_in: float, columns: int = 1) -> "tuple[Figure, list[Axes]]":
    """Return a figure and its axes, without pyplot and so without any window or global state.

    The axes stand side by side; in a picture for a paper's column so many as have room, the others below.
    """
    from matplotlib.figure import Figure

    per_row = columns if _form.width_in is None else max(1, min(columns, int(_form.width_in / LEAST_PANEL_IN)))
    rows = -(-columns // per_row)
    figure = Figure(figsize=(width_in * per_row / columns, height_in * rows), layout="constrained")
    axes = list(figure.subplots(rows, per_row, squeeze=False).flat)
    for unused in axes[columns:]:
        unused.set_visible(False)
    return figure, axes[:columns]


@contextlib.contextmanager
def drawn_as(kind: str = "png", columns: int | None = None) -> Iterator[None]:
    """Write pictures in another form while this is open.

    Parameters
    ----------
    kind : {'png', 'pdf', 'svg'}
    columns : {1, 2}, optional
        As wide as one column of a paper (3.5 in) or two (7.16 in); None for each picture's own width.

    Raises
    ------
    InputError
        The kind or the number of columns is another one.
    """
    global _form
    check_choice("figure_format", kind, KINDS)
    if columns is not None and columns not in COLUMN_WIDTHS_IN:
        raise InputError(f"figure_columns: must be 1 or 2 {got(columns)}")
    before, _form = _form, Form(kind, None if columns is None else COLUMN_WIDTHS_IN[columns])
    try:
        yield
    finally:
        _form = before


def save_figure(figure: "Figure", folder: Path, name: str) -> Path:
    """Write a figure, whole or not at all, and return its path; ``drawn_as`` says in which form."""
    import matplotlib as mpl

    make_folder(folder)
    buffer = io.BytesIO()
    # the same bytes each time: no date, no drawn names; text stays text
    settings = {"svg.hashsalt": "pivotsim", "svg.fonttype": "none", "pdf.fonttype": 42}
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Creating legend with loc")  # said of a second, so of any busy machine
        if _form.width_in is not None:
            _resize(figure, _form.width_in)
        figure.savefig(buffer, format=_form.kind, dpi=DPI[_form.width_in is not None], metadata=METADATA[_form.kind])
    path = folder / f"{name}.{_form.kind}"
    write_atomic(path, buffer.getvalue())
    return path


def crowding(width_in: float, points: float) -> float:
    """Return how many times as much of a picture's width its text takes in the form that is written as in its own."""
    ratio = 1.0 if _form.width_in is None else _form.width_in / width_in
    return _points(points, ratio) / points / ratio


def _points(points: float, ratio: float) -> float:
    """Return the size of text in a picture of another width."""
    return max(points * min(1.0, max(ratio, LEAST_SCALE)), LEAST_PT)


def _resize(figure: "Figure", width_in: float) -> None:
    """Give a figure another width, and text and lines the size that goes with it, no smaller than can be read.

    Its height follows less than its width, as text does not shrink as far.
    """
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

    own_in, height_in = figure.get_size_inches()
    ratio = width_in / own_in
    figure.set_size_inches(width_in, height_in * ratio**HEIGHT_EXPONENT if ratio < 1 else height_in)
    scale = min(1.0, max(ratio, LEAST_SCALE))
    for text in figure.findobj(Text):
        text.set_fontsize(_points(float(text.get_fontsize()), ratio))
    for line in figure.findobj(Line2D):
        line.set_linewidth(line.get_linewidth() * scale)
        line.set_markersize(line.get_markersize() * scale)
    for axes in figure.axes:
        _wrap(axes.title, width_in / _panels(axes))
    if figure.get_suptitle():
        _wrap(figure.suptitle(figure.get_suptitle(), fontsize=TITLE_PT * scale), width_in)
    figure.set_layout_engine("none")  # for once: a legend wider than the picture leaves no room for the axes
    figure.draw_without_rendering()
    figure.set_layout_engine("constrained")
    for legend in figure.findobj(Legend):
        if legend.get_window_extent().width > LEGEND_SHARE * width_in * figure.dpi:
            labels = [text.get_text() for text in legend.get_texts()]
            size = legend.get_texts()[0].get_fontsize()
            legend.remove()
            handles = [handle for handle in legend.legend_handles if handle is not None]
            figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=size, frameon=False)
    figure.draw_without_rendering()  # gives the axes their places
    for axes in figure.axes:
        box = axes.get_position()
        middle = (box.x0 + box.x1) / 2  # above and below which text is centred
        room = min(2 * min(middle, 1 - middle), 1 / _panels(axes))
        for text in (axes.title, axes.xaxis.label):
            _wrap(text, width_in * room)


def _panels(axes: "Axes") -> int:
    """Return how many panels stand side by side where axes are one of them."""
    grid = axes.get_subplotspec()
    return 1 if grid is None else grid.get_gridspec().ncols


def _wrap(title: "Text", width_in: float) -> None:
    """Break a title into lines that fit a width; a character is a bit more than half as wide as it is high."""
    characters = max(int(72 * width_in / (0.55 * float(title.get_fontsize()))), 10)
    lines = title.get_text().splitlines()
    title.set_text("\n".join(part for line in lines for part in textwrap.wrap(line, characters)))


def plain_axes(axes: "Axes") -> "Axes":
    """Take away what carries no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)
    return axes


def log_axes(axes: "Axes", *, x: bool = False, y: bool = False) -> "Axes":
    """Give axes logarithmic scales whose ticks are numbers as they are read aloud: 50, 100, 200."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    for wanted, axis, set_scale in ((x, axes.xaxis, axes.set_xscale), (y, axes.yaxis, axes.set_yscale)):
        if wanted:
            set_scale("log")
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    return axes
