"""Bokeh, imported late: figures in the style of all pages, their JSON, and the script that draws them."""

import importlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pivotsim.errors import MissingExtraError

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")  # Okabe and Ito's
MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "plus")
MOST_LISTED, MOST_CHARACTERS = 12, 22  # of a legend
INK, PALE = "#1b2733", "#e3e8ee"
HATCHES = {"//": "/", "..": ".", "xx": "x", "++": "+"}  # Matplotlib's names of hatches -> Bokeh's
MATHS = (("$$", "$ $"), ("\\[", "\\ ["), ("\\(", "\\ ("))  # what Bokeh would take for TeX, and load a library for


def check_extra() -> None:
    """Raise MissingExtraError, with the command that installs it, where Bokeh is not there."""
    try:
        found = find_spec("bokeh") is not None
    except (ImportError, ValueError):  # ValueError: it is hidden, as tests do
        found = False
    if not found:
        raise MissingExtraError("bokeh", "html", "a page of charts")


def plotting() -> Any:
    """Return ``bokeh.plotting``."""
    check_extra()
    return importlib.import_module("bokeh.plotting")


def models() -> Any:
    """Return ``bokeh.models``."""
    check_extra()
    return importlib.import_module("bokeh.models")


def script_text() -> str:
    """Return the script that draws figures, as Bokeh's own package ships it."""
    check_extra()
    package = Path(str(importlib.import_module("bokeh").__file__)).parent
    return (package / "server" / "static" / "js" / "bokeh.min.js").read_text(encoding="utf-8")


def json_text(figure: Any, target: str) -> str:
    """Return a figure as JSON that no HTML parser takes for a tag, to be drawn in the element ``target``."""
    check_extra()
    item = importlib.import_module("bokeh.embed").json_item(figure, target)
    text: str = importlib.import_module("bokeh.core.json_encoder").serialize_json(item)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def plain(text: str) -> str:
    r"""Return a text of which nothing is taken for TeX.

    >>> plain("$$x$$"), plain("qkv")
    ('$ $x$ $', 'qkv')
    """
    for mark, instead in MATHS:
        text = text.replace(mark, instead)
    return text


def new_source(columns: Mapping[str, Sequence[Any]], name: str = "") -> Any:
    """Return columns as the data of a chart, under a name by which a table finds its points."""
    data = {key: [plain(v) if isinstance(v, str) else v for v in values] for key, values in columns.items()}
    return models().ColumnDataSource(data=data, name=name or None)


def new_figure(
    x_label: str, y_label: str, *, height: int = 320, tools: str = "", drag: str | None = None, **ranges: Any,
) -> Any:  # fmt: skip
    """Return an empty figure as wide as its page; ``drag`` names the tool that a drag works, none on touch screens."""
    figure = plotting().figure(
        height=height, sizing_mode="stretch_width", tools=tools, toolbar_location="above" if tools else None,
        active_drag=drag, active_scroll=None, min_border_left=48, **ranges,
    )  # fmt: skip
    figure.toolbar.logo = None
    figure.outline_line_color = None
    for axis, label in ((figure.xaxis, x_label), (figure.yaxis, y_label)):
        axis.axis_label = plain(label)
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "12px"
        axis.axis_label_text_color = axis.major_label_text_color = INK
        axis.axis_line_color = axis.major_tick_line_color = "#9aa7b4"
        axis.minor_tick_line_color = None
    figure.grid.grid_line_color = PALE
    return figure


def add_hover(figure: Any, renderers: Sequence[Any], tips: Sequence[tuple[str, str]]) -> None:
    """Show texts and numbers where the pointer is."""
    figure.add_tools(models().HoverTool(renderers=list(renderers), tooltips=[(plain(k), v) for k, v in tips]))


def can_list(names: Sequence[str]) -> bool:
    """Whether a legend has room for names: few, and short enough for a phone."""
    return len(set(names)) <= MOST_LISTED and max(map(len, names), default=0) <= MOST_CHARACTERS


def place_legend(figure: Any, *, hides: bool = False) -> None:
    """Put the legend above the chart, in one row; a click on a name takes it away where ``hides``."""
    if not figure.legend:
        return
    legend = figure.legend[0]
    figure.add_layout(legend, "above")
    legend.orientation, legend.border_line_color, legend.padding, legend.spacing = "horizontal", None, 0, 12
    legend.ncols = 3  # what the width of a phone holds
    legend.label_text_font_size, legend.glyph_width, legend.glyph_height = "12px", 20, 16
    if hides:
        legend.click_policy = "hide"
