"""The option --html, and what the commands hand to the writer of pages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli.options import file_of
from pivotsim.errors import InputError, got
from pivotsim.io.text_files import is_stdout

if TYPE_CHECKING:
    from pivotsim.effort.search.choice import Answer, Choice
    from pivotsim.effort.search.space import Cascades


def html_file(text: str) -> Path:
    """Return the path of a page, or raise what is wrong with it, or missing for it, before anything runs."""
    from pivotsim.pages.bokeh_figures import check_extra

    path = file_of("--html")(text)
    if is_stdout(path):
        raise InputError(f"--html: must name a file that a browser can open {got(text)}")
    check_extra()
    return path


HtmlOption = Annotated[
    Path | None,
    typer.Option(
        "--html", parser=html_file, metavar="OUT.html", help="Write a page with charts that a browser opens offline."
    ),
]


def write_page(result: Any, path: Path | None, **more: Any) -> list[Path]:
    """Write the page of a result where a path is given, and return its path; ``more`` as for ``write_html``."""
    if path is None:
        return []
    from pivotsim.pages.writer import write_html

    return [write_html(result, path, **more)]


def write_search(
    search: "Cascades", model: str, answers: "Sequence[tuple[str, Answer]]", front: "list[Choice] | None",
    cost: str | None, flags: Mapping[str, str], path: Path | None, **more: Any,
) -> list[Path]:  # fmt: skip
    """Write the page of a search where a path is given; answers of several hardwares are told apart by their names."""
    if path is None:
        return []
    from pivotsim.pages.results.cosearch import SearchResult

    several = len(search.reports) > 1
    named = {f"{title}, {one.choice.hardware}" if several else title: one for title, one in answers}
    result = SearchResult(search, model, named, front, cost or "delay_ms", flags)
    return write_page(result, path, **more)
