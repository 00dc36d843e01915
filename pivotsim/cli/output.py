"""Printing: tables by rich on a terminal, plain full-width rows elsewhere, JSON where asked for."""

import contextlib
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pivotsim.tables import cell, text_lines

LINE_EVERY_S = 60.0  # of progress, where no terminal shows it
clock = time.monotonic  # replaced by tests


class ReaderGoneError(Exception):
    """Nobody reads stdout any more, as after ``| head``."""


def print_json(data: Any) -> None:
    """Print one JSON value."""
    print_line(json.dumps(data, indent=2, allow_nan=False))


def print_line(text: str = "") -> None:
    """Print one line, uncut."""
    try:
        print(text)
    except BrokenPipeError:  # typer would turn it into exit status 1, which means that a check failed
        raise ReaderGoneError from None


def print_note(text: str) -> None:
    """Print one line on stderr."""
    print(text, file=sys.stderr)


def print_notes(texts: Iterable[str]) -> None:
    """Print lines on stderr."""
    for text in texts:
        print_note(text)


class EveryMinute:
    """Prints one line on stderr a minute, however often it is given one; the first after a minute."""

    def __init__(self) -> None:
        self.last = clock()

    def __call__(self, text: str) -> None:
        """Print a line if it is time."""
        now = clock()
        if now - self.last >= LINE_EVERY_S:
            self.last = now
            print_note(text)


@contextlib.contextmanager
def progress() -> Iterator[None]:
    """Show the progress of long runs on stderr while this is open: on one line of a terminal, else a line a minute."""
    import logging

    logger, stream = logging.getLogger("pivotsim.progress"), sys.stderr
    if stream is None:
        yield
        return
    is_line = stream.isatty()
    if is_line:
        handler: logging.Handler = logging.StreamHandler(stream)
        handler.terminator = ""  # type: ignore[attr-defined]
        handler.setFormatter(logging.Formatter("\r\033[K%(message)s"))
    else:
        handler, tell = logging.Handler(), EveryMinute()
        handler.emit = lambda record: tell(record.getMessage())  # type: ignore[method-assign]
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        if is_line:
            stream.write("\r\033[K")


def is_terminal() -> bool:
    """Tell whether stdout is a terminal; it may be closed."""
    return sys.stdout is not None and sys.stdout.isatty()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[int] = ()) -> None:
    """Print a table; ``right`` holds the indices of right-aligned columns."""
    texts = [[cell(value) for value in row] for row in rows]
    if is_terminal():
        _print_rich(columns, texts, right)
        return
    for line in text_lines(columns, texts, right):
        print_line(line)


def _print_rich(columns: Sequence[str], rows: list[list[str]], right: Sequence[int]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text: brackets in a source are no markup
    Console().print(table)
