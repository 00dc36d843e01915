"""Timing rules of DRAM as data: one line per constraint.

A line reads: ``following`` may be issued no earlier than ``gap`` clocks after the ``nth`` most recent
``previous`` in the same ``scope``. Gaps are sums of timing parameters and clocks. A new rule is a new line of a
standard's table (``pivotsim.hardware.dram.standards``).
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from pivotsim.errors import InputError, got, nearest

Command = Literal["PRE", "ACT", "RD", "WR", "REFB", "PREA", "REF"]
Scope = Literal["bank", "bank_group", "rank", "channel"]

# precharge, activate, read, write and refresh of one bank; precharge and refresh of all banks
COMMANDS: tuple[str, ...] = ("PRE", "ACT", "RD", "WR", "REFB", "PREA", "REF")
SCOPES: tuple[str, ...] = ("bank", "bank_group", "rank", "channel")
ALL_BANK_COMMANDS = ("PREA", "REF")  # they stand in no bank, so only rank and channel can hold them back
COLUMN_COMMANDS = ("RD", "WR")  # all others are row commands
MAX_NTH = 4


class Constraint(NamedTuple):
    """One rule between two commands; ``nth`` 4 with ACT twice is the four-activate window."""

    previous: Command
    following: Command
    scope: Scope
    gap: str
    nth: int = 1


def gap_clocks(constraint: Constraint, timing: Mapping[str, int]) -> int:
    """Return a line's gap in DRAM clocks.

    Parameters
    ----------
    constraint : Constraint
        The line; its ``gap`` holds timing parameters and numbers, joined by `` + ``.
    timing : mapping
        Timing parameter to DRAM clocks.

    Raises
    ------
    InputError
        The gap names an unknown parameter.

    Examples
    --------
    >>> gap_clocks(Constraint("WR", "PRE", "bank", "nCWL + nBL + nWR"), {"nCWL": 12, "nBL": 4, "nWR": 18})
    34
    """
    names = constraint.gap.split(" + ")
    unknown = [name for name in names if not name.isdigit() and name not in timing]
    if unknown:
        raise InputError(f"constraints: {unknown[0]}: unknown timing parameter{nearest(unknown[0], timing)}")
    return sum(int(name) if name.isdigit() else timing[name] for name in names)


def check_constraints(constraints: Iterable[Constraint]) -> None:
    """Raise InputError where a line says what no controller could obey; one problem per line."""
    problems = []
    for line in constraints:
        name = f"constraints: {line.previous} -> {line.following}"
        unknown = [command for command in (line.previous, line.following) if command not in COMMANDS]
        problems += [f"{name}: unknown command {got(command)}{nearest(command, COMMANDS)}" for command in unknown]
        if line.scope not in SCOPES:
            problems.append(f"{name}: unknown scope {got(line.scope)}{nearest(line.scope, SCOPES)}")
        stands_in_no_bank = {line.previous, line.following} & set(ALL_BANK_COMMANDS)
        if line.scope in ("bank", "bank_group") and stands_in_no_bank:
            problems.append(f"{name}: must have scope rank or channel {got(line.scope)}")
        window = line.previous == line.following == "ACT" and line.scope == "rank"
        if line.nth != 1 and not (window and line.nth == MAX_NTH):
            problems.append(f"{name}: nth must be 1, or {MAX_NTH} from ACT to ACT in the rank {got(line.nth)}")
    if problems:
        raise InputError(problems)
