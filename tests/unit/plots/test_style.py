"""Forms of pictures: PNG, PDF and SVG, as wide as the columns of a paper, the same bytes each time."""

import re

import pytest

from pivotsim.errors import InputError
from pivotsim.plots.style import (
    COLUMN_WIDTHS_IN,
    KINDS,
    LEAST_PT,
    drawn_as,
    log_axes,
    new_axes,
    plain_axes,
    save_figure,
)

STARTS = {"png": b"\x89PNG", "pdf": b"%PDF-", "svg": b"<?xml"}


def picture(width_in=8):
    figure, (axes,) = new_axes(width_in, 4)
    axes.plot([1, 2], [3, 4], label="a line")
    axes.set_xlabel("clocks")
    axes.legend(fontsize=8)
    plain_axes(axes)
    return figure


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_has_the_same_bytes_each_time(tmp_path, kind):
    with drawn_as(kind):
        first, second = (save_figure(picture(), tmp_path / name, "p") for name in ("a", "b"))
    assert first.name == f"p.{kind}" and first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(STARTS[kind])
    assert save_figure(picture(), tmp_path, "after").suffix == ".png"


@pytest.mark.parametrize(("columns", "width_in"), COLUMN_WIDTHS_IN.items())
def test_a_picture_is_as_wide_as_its_columns(tmp_path, columns, width_in):
    figure = picture()
    with drawn_as("svg", columns):
        text = save_figure(figure, tmp_path, "p").read_text()
    assert float(re.search(r'width="([0-9.]+)pt"', text)[1]) == pytest.approx(72 * width_in)
    assert "clocks" in text  # text stays text
    sizes = [t.get_fontsize() for t in figure.axes[0].get_legend().get_texts()]
    assert all(LEAST_PT <= size <= 8 for size in sizes) and (sizes[0] < 8) == (width_in < 8)


def test_forms_that_are_none():
    for wrong in (("jpg", None), ("png", 3)):
        with pytest.raises(InputError, match="must be"), drawn_as(*wrong):
            pass


def test_logarithmic_axes_have_plain_numbers():
    _, (axes,) = new_axes(4, 3)
    axes.plot([40, 3000], [1, 2])
    log_axes(axes, x=True)
    axes.figure.canvas.draw()
    shown = {label.get_text() for label in axes.get_xticklabels()}
    assert {"50", "1,000", "2,000"} <= shown and axes.get_yscale() == "linear"


def test_in_one_column_panels_stand_below_each_other_and_wide_legends_below_all(tmp_path):
    with drawn_as("png", 1):
        figure, axes = new_axes(12, 4, 3)
        assert len(axes) == 3 and len({round(a.get_position().x0, 3) for a in axes}) == 1
        for number in range(6):
            axes[0].plot([1, 2], label=f"a line with a long name {number}")
        axes[0].legend(ncols=6)
        axes[0].set_title("a title that is far too long for one column of a paper and so stands in lines")
        save_figure(figure, tmp_path, "p")
    assert axes[0].get_legend() is None and len(figure.legends[0].get_texts()) == 6
    assert axes[0].get_title().count("\n") >= 1
    with drawn_as("png", 2):
        _, axes = new_axes(12, 4, 3)
        assert len(axes) == 3 and len({round(a.get_position().x0, 3) for a in axes}) == 2
    figure, axes = new_axes(12, 4, 3)
    assert len({round(a.get_position().y0, 3) for a in axes}) == 1 and tuple(figure.get_size_inches()) == (12, 4)


def test_in_one_column_no_title_or_note_leaves_the_picture(tmp_path):
    """Titles stand above axes that long names push aside."""
    with drawn_as("png", 1):
        figure, (axes,) = new_axes(9, 4)
        axes.set_yticks([0, 1], ["a name of a row that is long", "another"])
        axes.set_title("a title of so many words that in one column it has to be told in lines")
        axes.set_xlabel("a note of so many words that in one column it has to be told in lines, too")
        save_figure(figure, tmp_path, "p")
    figure.draw_without_rendering()
    for text in (axes.title, axes.xaxis.label):
        box = text.get_window_extent()
        assert "\n" in text.get_text() and box.x0 >= 0 and box.x1 <= figure.bbox.x1, text.get_text()
