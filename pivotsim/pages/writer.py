"""A result as one HTML file: its page, the scripts and the style, and nothing from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pivotsim.io.text_files import write_atomic
from pivotsim.pages.bokeh_figures import check_extra
from pivotsim.pages.registry import page_of
from pivotsim.pages.template import page_html
from pivotsim.tables import Table


def html_of(
    result: Any, *, asked: Mapping[str, Any] | None = None, said: Iterable[str] = (), tables: Sequence[Table] = (),
    notes: Iterable[str] = (),
) -> str:  # fmt: skip
    """Return a result as the text of one HTML page; arguments as for ``write_html``."""
    check_extra()
    return page_html(page_of(result).more(asked, said, tables, notes))


def write_html(
    result: Any, path: str | Path, *, asked: Mapping[str, Any] | None = None, said: Iterable[str] = (),
    tables: Sequence[Table] = (), notes: Iterable[str] = (),
) -> Path:  # fmt: skip
    """Write a result as one HTML file that a browser opens without network, and return its path.

    Parameters
    ----------
    result : Report, MixedReport, Schedule, SweepTable, Findings, SearchResult, SweepFront, or a list of results
        Of ``simulate``, ``combine``, ``pruning_schedule``, ``reproduce``; a list of Reports, MixedReports or their
        ``to_dict()`` is compared, the first with each other one.
    path : str or Path
        The file, written whole or not at all.
    asked : mapping, optional
        What more was asked for, name -> value, shown on the first screen.
    said, tables, notes : sequence, optional
        What more must be said beside the answer, is listed below it, and stands behind its numbers.

    Returns
    -------
    Path

    Raises
    ------
    MissingExtraError
        Bokeh is not installed; the message holds the command.
    InputError
        There is no page of such a result, or the file cannot be written.

    Examples
    --------
    >>> import pivotsim as ps
    >>> report = ps.simulate(ps.plan("deit_t"))
    >>> write_html(report, "/dev/null").name
    'null'
    """
    text = html_of(result, asked=asked, said=said, tables=tables, notes=notes)
    write_atomic(Path(path), text)
    return Path(path)
