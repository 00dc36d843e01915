"""Progress of long commands: a line a minute where no terminal shows it, nothing in between."""

import io
import logging
import sys
import threading

import pytest

from pivotsim.cli import output, status
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


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_has_one_line(monkeypatch):
    monkeypatch.setattr(status, "EVERY_S", 1e6)  # no second passes here
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with status.while_running("run"), progress():
        logging.getLogger("pivotsim.progress").info("half")
        output.print_note("a note")
        logging.getLogger("pivotsim").warning("compiling")
        with status.paused():
            logging.getLogger("pivotsim.progress").info("unseen")
        logging.getLogger("pivotsim.progress").info("whole")
    clear = "\r\033[K"
    assert stream.getvalue() == f"{clear}half{clear}a note\ncompiling\n{clear}whole{clear}"
    assert not status.say("afterwards") and not logging.getLogger("pivotsim").handlers


def test_the_line_says_what_runs_and_for_how_long():
    line = status.StatusLine(Terminal(), "reproduce")
    line.tick(1.2)
    line.say("3 of 4 rows")
    line.tick(62)
    line.clear()
    line.clear()  # nothing is left to take away
    shown = ["pivotsim reproduce: 1 s", "3 of 4 rows", "3 of 4 rows: 62 s", ""]
    assert line.stream.getvalue() == "".join("\r\033[K" + text for text in shown)


def test_seconds_are_shown_as_they_pass(monkeypatch):
    ticked = threading.Event()
    monkeypatch.setattr(status, "EVERY_S", 1e-3)
    monkeypatch.setattr(status.StatusLine, "tick", lambda line, elapsed_s: ticked.set())
    monkeypatch.setattr(sys, "stderr", Terminal())
    with status.while_running("warm"):
        assert ticked.wait(30)
    assert not any(thread.name == "pivotsim-status" for thread in threading.enumerate())


def test_no_stderr_is_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with progress():
        logging.getLogger("pivotsim.progress").info("unseen")
