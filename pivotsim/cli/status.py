"""One line of the terminal that says what runs and for how long, while a command takes longer than a second."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

EVERY_S = 1.0
ERASE = "\r\033[K"


class StatusLine:
    """The last line of a terminal: what a command says of its progress, and how long it has been running."""

    def __init__(self, stream: Any, name: str) -> None:
        self.stream, self.name = stream, name
        self.text = ""
        self.is_shown = self.is_paused = False
        self.lock = threading.RLock()

    def say(self, text: str) -> None:
        """Show a text, and beside it the time as it passes."""
        self.text = text
        self._write(text)

    def tick(self, elapsed_s: float) -> None:
        """Show how long the command has been running."""
        self._write(f"{self.text or f'pivotsim {self.name}'}: {elapsed_s:.0f} s")

    def clear(self) -> None:
        """Take the line away, so that something else is printed in its place."""
        with self.lock:
            if self.is_shown:
                self.stream.write(ERASE)
                self.stream.flush()
                self.is_shown = False

    def _write(self, text: str) -> None:
        with self.lock:
            if not self.is_paused:
                self.stream.write(ERASE + text)
                self.stream.flush()
                self.is_shown = True


_open: list[StatusLine] = []  # the line of the command that runs


@contextlib.contextmanager
def while_running(name: str) -> Iterator[None]:
    """Show how long a command has been running, from its first second on; nothing where stderr is no terminal."""
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield
        return
    line, ended, start = StatusLine(stream, name), threading.Event(), time.monotonic()

    def run() -> None:
        while not ended.wait(EVERY_S):
            line.tick(time.monotonic() - start)

    thread = threading.Thread(target=run, name="pivotsim-status", daemon=True)
    thread.start()
    _open.append(line)
    try:
        with _warnings_in_place(stream):
            yield
    finally:
        _open.remove(line)
        ended.set()
        thread.join()
        line.clear()


@contextlib.contextmanager
def _warnings_in_place(stream: Any) -> Iterator[None]:
    """Print the package's warnings, such as that of a compilation, on lines of their own."""
    import logging

    def emit(record: logging.LogRecord) -> None:
        with hidden():
            stream.write(f"{record.getMessage()}\n")

    logger, handler = logging.getLogger("pivotsim"), logging.Handler(logging.WARNING)
    handler.emit = emit  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def say(text: str) -> bool:
    """Show a text on the line of the command that runs, and tell whether there is one."""
    for line in _open[-1:]:
        line.say(text)
    return bool(_open)


@contextlib.contextmanager
def hidden() -> Iterator[None]:
    """Keep the line away while this is open, for something else to be printed."""
    with contextlib.ExitStack() as locks:
        for line in _open[-1:]:
            locks.enter_context(line.lock)
            line.clear()
        yield


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Leave the terminal's last line to something else while this is open, such as a bar."""
    lines = _open[-1:]
    for line in lines:
        line.is_paused = True
        line.clear()
    try:
        yield
    finally:
        for line in lines:
            line.is_paused = False
