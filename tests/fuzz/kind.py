"""What is fuzzed: a kind of input draws a case, and judges what becomes of it."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pivotsim.errors import InputError

MAX_LINES = 100  # of one refusal: each value of a board may be missing; the command line prints 20
MAX_LINE_CHARACTERS = 1_000  # a path of the test's folder is in it


class Kind(NamedTuple):
    """A kind of input.

    ``draw`` makes a case, which prints as what it is; ``judge`` takes it in a folder and returns what is wrong with
    the outcome, "" where nothing is. What it raises beside ``InputError`` is a fault, and so is a warning.
    """

    name: str
    draw: Callable[[random.Random], Any]
    judge: Callable[[Any, Path], str]


def outcome(act: Callable[[], object]) -> str:
    """Return "" where something gives a value or refuses in clear lines, else what is wrong with the refusal."""
    try:
        act()
    except InputError as error:
        return fault_of(list(error.problems))
    return ""


def fault_of(lines: list[str]) -> str:
    """Return what is wrong with the lines of a refusal."""
    if not lines or len(lines) > MAX_LINES:
        return f"{len(lines)} lines"
    for line in lines:
        if not line.strip() or len(line.splitlines()) != 1:
            return f"is not one line: {line!r}"
        if len(line) > MAX_LINE_CHARACTERS:
            return f"{len(line)} characters: {line[:200]!r}"
        if "\0" in line or "\x1b" in line:
            return f"control characters: {line!r}"
    return ""
