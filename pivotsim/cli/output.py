"""Printing: tables by rich on a terminal, plain full-width rows elsewhere, JSON where asked for."""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pivotsim.errors import InputError, got
from pivotsim.io.text_files import is_stdout
from pivotsim.tables import cell, text_lines

LINE_EVERY_S = 60.0  # of progress, where no terminal shows it
clock = time.monotonic  # replaced by tests


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


def print_json(data: Any) -> None:
    """Print one JSON value."""
    print_line(json.dumps(data, indent=2, allow_nan=False))


def print_line(text: str = "") -> None:
    """Print one line, uncut."""
    print(text)


def print_note(text: str) -> None:
    """Print one line on stderr, nowhere if that is closed: Python's own print would turn to stdout."""
    if sys.stderr is not None:
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
