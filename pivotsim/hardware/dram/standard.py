"""What a DRAM standard is: its commands, its timing parameters, and the table of constraints between the commands."""

from collections.abc import Mapping
from typing import NamedTuple

from pivotsim.hardware.dram.constraints import COMMANDS, Constraint, Scope

# parameters that every standard has, with what each is; a standard adds its own
PARAMETERS = {
    "nBL": "A burst on the data bus.",
    "nCL": "Read command to the first beat.",
    "nCWL": "Write command to the first beat.",
    "nRCD": "Activate to read or write.",
    "nRP": "Precharge to activate or refresh.",
    "nRAS": "Activate to precharge.",
    "nRC": "Activate to activate, same bank.",
    "nWR": "Last written beat to precharge.",
    "nRTP": "Read to precharge.",
    "nFAW": "Window that holds at most four activates.",
    "nRTW": "Read to write.",
    "nRFC": "Refresh to activate or refresh.",
    "nREFI": "One refresh falls due in each such interval.",
}


class Standard(NamedTuple):
    """One DRAM standard as data; a further one is a further file of ``standards``.

    Attributes
    ----------
    kind, title : str
        The ``kind`` of a channel's file, and the standard's name.
    parameters : mapping
        Timing parameter, in the order in which it is shown -> what it is; those of ``PARAMETERS`` among them.
    constraints : tuple of Constraint
        Which command holds back which.
    has_bank_groups : bool
        Banks stand in groups, whose number a channel states.
    has_bank_refresh : bool
        One bank can be refreshed while the others work (command REFB); a channel says whether it is.
    has_two_command_buses : bool
        Row commands (ACT, PRE, REF) and column commands (RD, WR) have a bus each: one of each in a clock.
    """

    kind: str
    title: str
    parameters: Mapping[str, str]
    constraints: tuple[Constraint, ...]
    has_bank_groups: bool = False
    has_bank_refresh: bool = False
    has_two_command_buses: bool = False

    @property
    def commands(self) -> tuple[str, ...]:
        """Commands of the standard."""
        return tuple(command for command in COMMANDS if self.has_bank_refresh or command != "REFB")


def row_lines(written: str = "nCWL + nBL", closing_all: str = "nRP", opening: str = "nRCD") -> tuple[Constraint, ...]:
    """Return the lines of rows that all standards share: a row is opened, used, closed; all rows close for a refresh.

    ``written`` is from a write to its last beat, ``closing_all`` from a precharge of all banks to what follows, and
    ``opening`` from an activate to a write.
    """
    return (
        Constraint("ACT", "RD", "bank", "nRCD"),
        Constraint("ACT", "WR", "bank", opening),
        Constraint("ACT", "PRE", "bank", "nRAS"),
        Constraint("ACT", "ACT", "bank", "nRC"),
        Constraint("PRE", "ACT", "bank", "nRP"),
        Constraint("RD", "PRE", "bank", "nRTP"),
        Constraint("WR", "PRE", "bank", f"{written} + nWR"),
        Constraint("ACT", "ACT", "rank", "nFAW", nth=4),
        Constraint("ACT", "PREA", "rank", "nRAS"),
        Constraint("RD", "PREA", "rank", "nRTP"),
        Constraint("WR", "PREA", "rank", f"{written} + nWR"),
        Constraint("PREA", "ACT", "rank", closing_all),
        Constraint("PREA", "REF", "rank", closing_all),
        Constraint("PRE", "REF", "rank", "nRP"),
        Constraint("ACT", "REF", "rank", "nRC"),
        Constraint("REF", "ACT", "rank", "nRFC"),
        Constraint("REF", "REF", "rank", "nRFC"),
    )


def column_lines(scope: Scope, apart: str, turning: str) -> tuple[Constraint, ...]:
    """Return the lines of reads and writes within a scope: how far apart equal ones stand, and a read after a write."""
    return (
        Constraint("RD", "RD", scope, apart),
        Constraint("WR", "WR", scope, apart),
        Constraint("WR", "RD", scope, turning),
    )


# the channel: bursts do not overlap on the data bus, and it takes time to turn round
BUS_LINES = (
    Constraint("RD", "WR", "rank", "nRTW"),
    Constraint("RD", "RD", "channel", "nBL"),
    Constraint("WR", "WR", "channel", "nBL"),
)


def bank_refresh_lines(apart: str, beside: str, refresh: str, closing_all: str = "nRP") -> tuple[Constraint, ...]:
    """Return the lines of a refresh of one bank.

    ``apart`` is between two of different banks, ``beside`` between one and an activate of another bank, ``refresh`` the
    time that one takes, and ``closing_all`` from a precharge of all banks to it.
    """
    return (
        Constraint("PRE", "REFB", "bank", "nRP"),
        Constraint("ACT", "REFB", "bank", "nRC"),
        Constraint("REFB", "ACT", "bank", refresh),
        Constraint("REFB", "REFB", "bank", refresh),
        Constraint("REFB", "REFB", "rank", apart),
        Constraint("REFB", "ACT", "rank", beside),
        Constraint("ACT", "REFB", "rank", beside),
        Constraint("PREA", "REFB", "rank", closing_all),
        Constraint("REF", "REFB", "rank", "nRFC"),
        Constraint("REFB", "REF", "rank", refresh),
    )
