"""Switching activity (SAIF) of a simulated netlist: how often its bits toggle.

A file is nested lists in parentheses. Read is ``TC`` of every net in every INSTANCE, its toggles; durations and times at
0, 1 and unknown are passed over. Clocks are counted on nets named ``clk``, which rise once in two toggles.
Where there is an instance ``elements``, what the array is called in the Verilog that ships, only what is in it counts.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pivotsim.errors import InputError, got
from pivotsim.io.text_files import read_text

MAX_BYTES = 256 * 2**20
MAX_DEPTH = 1000
TOKEN = re.compile(r'"[^"\n]*"|//[^\n]*|[()]|(?:\\.|[^\s()"])+')
CLOCK, ARRAY = "clk", "elements"


class Activity(NamedTuple):
    """What a file says of a netlist: bits other than clocks, their toggles, and clocks that passed; its instance."""

    bits: int
    toggles: int
    clocks: int
    instance: str = ""

    @property
    def toggle_rate(self) -> float:
        """Toggles of a bit in a clock, the mean of all bits and clocks, idle ones too."""
        return self.toggles / (self.bits * self.clocks)


def read_saif(path: Path) -> Activity:
    """Return the activity that a file holds.

    Raises
    ------
    InputError
        The file is no SAIF, its parentheses do not match, a count is no number, or it has no clock or no other net.
    """
    text = read_text(path, MAX_BYTES)
    stack: list[str] = []  # the first words of the lists that are open; an instance's name behind its own
    found = {inside: [0, 0] for inside in (False, True)}  # bits and toggles, whether within the array
    opens, is_saif, name, within, clocks, last = False, False, "", 0, 0, ""
    for line_number, word in _words(text):
        place = f"{path}:{line_number}"
        if word == "(":
            if len(stack) == MAX_DEPTH:
                raise InputError(f"{place}: more than {MAX_DEPTH} lists in each other")
            opens, last = True, ""
        elif word == ")":
            if not stack:
                raise InputError(f"{place}: a ')' closes nothing")
            within -= stack.pop() == f"INSTANCE {ARRAY}"
            opens, last = False, ""
        elif opens:
            stack.append(word)
            opens, last = False, word
            is_saif |= stack == ["SAIFILE"]
            name = word if stack[-2:-1] == ["NET"] else name
        elif last == "INSTANCE":
            stack[-1], last = f"INSTANCE {word.strip(chr(34))}", ""
            within += stack[-1] == f"INSTANCE {ARRAY}"
        elif last == "TC" and stack[-3:-2] == ["NET"]:
            if not re.fullmatch(r"\d{1,18}", word):
                raise InputError(f"{place}: TC of {name}: must be an integer {got(word)}")
            last = ""
            if name.rpartition(".")[2] == CLOCK:
                clocks = max(clocks, int(word) // 2)
            else:
                counts = found[within > 0]
                counts[:] = counts[0] + 1, counts[1] + int(word)
    if not is_saif:
        raise InputError(f"{path}: is no SAIF: it does not begin with (SAIFILE")
    if stack:
        raise InputError(f"{path}: ends within {stack[-1]}: {len(stack)} lists are open")
    has_array = found[True][0] > 0
    bits, toggles = found[has_array]
    if not clocks or not bits:
        what = f"no toggles of a net named {CLOCK}, so clocks are unknown" if not clocks else "no net but clocks"
        raise InputError(f"{path}: has {what}")
    return Activity(bits, toggles, clocks, ARRAY if has_array else "")


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, word), comments left out."""
    for line_number, line in enumerate(text.splitlines(), start=1):
        for word in TOKEN.findall(line):
            if word.startswith("//"):
                break
            yield line_number, word
