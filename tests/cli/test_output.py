"""Progress of long commands: a line a minute where no terminal shows it, nothing in between."""

import io
import logging
import sys

import pytest

from pivotsim.cli import output
from pivotsim.cli.output import EveryMinute, progress


@pytest.fixture
def now(monkeypatch):
    """The clock, as a list whose only entry a test may set."""
    time = [1000.0]
    monkeypatch.setattr(output, "clock", lambda: time[0])
    return time


@pytest.mark.parametrize(
    ("times", "told"),
    [([0, 30, 59.9], []), ([60], [60]), ([1, 61, 62, 120, 121], [61, 121]), ([300, 301, 359, 360], [300, 360])],
)
def test_a_line_a_minute(now, capsys, times, told):
    tell = EveryMinute()
    for seconds in times:
        now[0] = 1000.0 + seconds
        tell(f"at {seconds}")
    assert capsys.readouterr().err == "".join(f"at {seconds}\n" for seconds in told)


def test_any_commands_progress_without_a_terminal(now, capsys):
    logger = logging.getLogger("pivotsim.progress")
    with progress():
        for seconds in (1, 50, 61, 62, 125):
            now[0] = 1000.0 + seconds
            logger.info("%d clocks", seconds)
    logger.info("afterwards")
    assert capsys.readouterr().err == "61 clocks\n125 clocks\n"
    assert not logger.handlers


def test_a_terminal_has_one_line(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress():
        logging.getLogger("pivotsim.progress").info("half")
    assert stream.getvalue() == "\r\033[Khalf\r\033[K"


def test_no_stderr_is_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with progress():
        logging.getLogger("pivotsim.progress").info("unseen")
