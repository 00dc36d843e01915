"""Printing: tables as text no wider than the page, or in another form that was asked for, and JSON."""

import contextlib
import io
import json
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from pivotsim.cli import status
from pivotsim.errors import InputError, got
from pivotsim.io.text_files import is_stdout
from pivotsim.table_formats import FORMS
from pivotsim.table_layout import blocks
from pivotsim.tables import PAGE_COLUMNS, Table, cell, text_lines

TEXT = "text"
FORMATS = (TEXT, *FORMS)
LEAST_COLUMNS = 40  # of a page; a narrower terminal wraps by itself
LINE_EVERY_S = 60.0  # of progress, where no terminal shows it
clock = time.monotonic  # replaced by tests
_format = TEXT


class UntilReaderLeaves:
    """A stream that takes what nobody reads any more, as after ``| head``, and drops it.

    The command goes on to its end, so that its exit status is the one that it would have had.
    """

    def __init__(self, stream: Any, descriptor: Callable[[], int] | None = None) -> None:
        self.stream = stream
        self.descriptor = descriptor or (lambda: int(stream.fileno()))
        self.is_left = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    @property
    def buffer(self) -> "UntilReaderLeaves":
        """The stream of bytes below."""
        return UntilReaderLeaves(self.stream.buffer, self.descriptor)

    def write(self, text: Any) -> int:
        """Write, or drop, and return how much."""
        self._unless_left(lambda: self.stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered, or drop it."""
        self._unless_left(self.stream.flush)

    def _unless_left(self, act: Callable[[], object]) -> None:
        if self.is_left:
            return
        try:
            act()
        except BrokenPipeError:
            self.is_left = True
            forget(self.descriptor)


def forget(descriptor: Callable[[], int]) -> None:
    """Send what is still buffered nowhere, so that closing a stream at exit raises nothing."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor())
        os.close(nowhere)


@contextlib.contextmanager
def until_readers_leave() -> Iterator[None]:
    """Let stdout and stderr lose their readers while this is open."""
    before = sys.stdout, sys.stderr
    during = [None if stream is None else UntilReaderLeaves(stream) for stream in before]
    sys.stdout, sys.stderr = during
    try:
        yield
    finally:
        for stream in during:
            if stream is not None:
                with contextlib.suppress(OSError, ValueError):  # of a full disk, which has been told
                    stream.flush()  # now, while a reader that left is no error
        sys.stdout, sys.stderr = before


@contextlib.contextmanager
def beside(path: Path | None) -> Iterator[None]:
    """Print on stderr while this is open, where the output of this name takes stdout."""
    if not is_stdout(path):
        yield
        return
    with contextlib.redirect_stdout(sys.stderr or io.StringIO()):
        yield


def check_free(option: str, path: Path | None, json: bool) -> None:
    """Raise InputError where an output and ``--json`` would both go to stdout."""
    if json and is_stdout(path):
        raise InputError(f"{option}: standard output takes the JSON; name a file {got(str(path))}")


@contextlib.contextmanager
def printed_as(name: str) -> Iterator[None]:
    """Print tables in a form of ``FORMATS`` while this is open, and beside them what is said of them.

    Remarks stand as comments in LaTeX; CSV has no place for them, they go to stderr.
    """
    global _format
    before, _format = _format, name
    try:
        yield
    finally:
        _format = before


def page_columns() -> int:
    """Return the width of the terminal, or $COLUMNS, or that of a page where there is neither."""
    return max(shutil.get_terminal_size((PAGE_COLUMNS, 24)).columns, LEAST_COLUMNS)


def print_raw(text: str) -> None:
    """Print text as it is."""
    with status.hidden():
        print(text)


def print_json(data: Any) -> None:
    """Print one JSON value."""
    print_raw(json.dumps(data, indent=2, allow_nan=False))


def print_line(text: str = "", *, wraps: bool = True) -> None:
    """Print one line beside tables; one that is wider than the page wraps, but for a path that is to be copied."""
    if _format == "csv":
        if text:
            print_note(text)
    elif _format == "latex":
        print_raw(f"% {text}" if text else "")
    else:
        for line in _wrapped(text) if wraps and _format == TEXT else [text]:
            print_raw(line)


def _wrapped(text: str) -> list[str]:
    """Return a line as lines of the page, those that go on indented."""
    width, indent = page_columns(), " " * (len(text) - len(text.lstrip()) + 2)
    if len(text) <= width:
        return [text]
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def print_title(text: str) -> None:
    """Print the title of what follows."""
    print_line(f"### {text}" if _format == "markdown" else text)
    print_line()


def print_note(text: str) -> None:
    """Print one line on stderr, nowhere if that is closed: Python's own print would turn to stdout."""
    if sys.stderr is not None:
        with status.hidden():
            print(text, file=sys.stderr)


def print_notes(texts: Iterable[str]) -> None:
    """Print lines on stderr; one that is wider than the page wraps."""
    for text in texts:
        for line in _wrapped(text):
            print_note(line)


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

    logger, tell, handler = logging.getLogger("pivotsim.progress"), EveryMinute(), logging.Handler()

    def emit(record: logging.LogRecord) -> None:
        if not status.say(record.getMessage()):
            tell(record.getMessage())

    handler.emit = emit  # type: ignore[method-assign]
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def is_terminal() -> bool:
    """Tell whether stdout is a terminal; it may be closed."""
    return sys.stdout is not None and sys.stdout.isatty()


def is_wide(table: Table) -> bool:
    """Tell whether a table is printed as text and wider than the page."""
    lines = text_lines(table.columns, table.rows, table.right)
    return _format == TEXT and max(map(len, lines)) > page_columns()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[int] = ()) -> None:
    """Print a table; ``right`` holds the indices of right-aligned columns."""
    if _format != TEXT:
        print_raw(
            FORMS[_format](columns, rows, right) + ("\n" if _format == "csv" else "")
        )  # told apart by empty lines
        return
    texts = [[cell(value) for value in row] for row in rows]
    is_bold = is_terminal()
    for number, block in enumerate(blocks(columns, texts, right, page_columns())):
        if number:
            print_line()
        for line in block.head:
            print_raw(typer.style(line, bold=True) if is_bold else line)
        for line in block.body:
            print_raw(line)
