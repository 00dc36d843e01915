"""The timing rules of DDR4 as data: one line per constraint.

A line reads: ``following`` may be issued no earlier than ``gap`` clocks after the ``nth`` most recent
``previous`` in the same ``scope``. Gaps are sums of timing parameters. A new rule is a new line.
Rules: JEDEC JESD79-4B; the data bus (channel) carries one burst at a time.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from pivotsim.errors import InputError, got, nearest

Command = Literal["PRE", "ACT", "RD", "WR", "PREA", "REF"]
Scope = Literal["bank", "bank_group", "rank", "channel"]

COMMANDS: tuple[str, ...] = ("PRE", "ACT", "RD", "WR", "PREA", "REF")
SCOPES: tuple[str, ...] = ("bank", "bank_group", "rank", "channel")
ALL_BANK_COMMANDS = ("PREA", "REF")  # they stand in no bank, so only rank and channel can hold them back
MAX_NTH = 4


class Constraint(NamedTuple):
    """One rule between two commands; ``nth`` 4 with ACT twice is the four-activate window."""

    previous: Command
    following: Command
    scope: Scope
    gap: str
    nth: int = 1


CONSTRAINTS: tuple[Constraint, ...] = (
    # one bank: a row is opened, used, closed
    Constraint("ACT", "RD", "bank", "nRCD"),
    Constraint("ACT", "WR", "bank", "nRCD"),
    Constraint("ACT", "PRE", "bank", "nRAS"),
    Constraint("ACT", "ACT", "bank", "nRC"),
    Constraint("PRE", "ACT", "bank", "nRP"),
    Constraint("RD", "PRE", "bank", "nRTP"),
    Constraint("WR", "PRE", "bank", "nCWL + nBL + nWR"),
    # one bank group: its banks share a data path that is slower than the bus
    Constraint("ACT", "ACT", "bank_group", "nRRD_L"),
    Constraint("RD", "RD", "bank_group", "nCCD_L"),
    Constraint("WR", "WR", "bank_group", "nCCD_L"),
    Constraint("WR", "RD", "bank_group", "nCWL + nBL + nWTR_L"),
    # the rank
    Constraint("ACT", "ACT", "rank", "nRRD_S"),
    Constraint("ACT", "ACT", "rank", "nFAW", nth=4),
    Constraint("RD", "RD", "rank", "nCCD_S"),
    Constraint("WR", "WR", "rank", "nCCD_S"),
    Constraint("RD", "WR", "rank", "nRTW"),
    Constraint("WR", "RD", "rank", "nCWL + nBL + nWTR_S"),
    # the rank: closing all banks, and refresh
    Constraint("ACT", "PREA", "rank", "nRAS"),
    Constraint("RD", "PREA", "rank", "nRTP"),
    Constraint("WR", "PREA", "rank", "nCWL + nBL + nWR"),
    Constraint("PREA", "ACT", "rank", "nRP"),
    Constraint("PREA", "REF", "rank", "nRP"),
    Constraint("PRE", "REF", "rank", "nRP"),
    Constraint("ACT", "REF", "rank", "nRC"),
    Constraint("REF", "ACT", "rank", "nRFC"),
    Constraint("REF", "REF", "rank", "nRFC"),
    # the channel: bursts do not overlap on the data bus
    Constraint("RD", "RD", "channel", "nBL"),
    Constraint("WR", "WR", "channel", "nBL"),
)


def gap_clocks(constraint: Constraint, timing: Mapping[str, int]) -> int:
    """Return a line's gap in DRAM clocks.

    Parameters
    ----------
    constraint : Constraint
        The line; its ``gap`` names timing parameters, joined by `` + ``.
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
    unknown = [name for name in names if name not in timing]
    if unknown:
        raise InputError(f"constraints: {unknown[0]}: unknown timing parameter{nearest(unknown[0], timing)}")
    return sum(timing[name] for name in names)


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
