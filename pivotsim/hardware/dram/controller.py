"""The parts of a DRAM channel that are alike for all standards: clock, organisation and controller."""

# ruff: noqa: N815 - tCK is JEDEC's name

from typing import Literal

from pivotsim.io.specs import Spec, quantity

Scheduler = Literal["in_order", "fr_fcfs"]
SCHEDULERS: tuple[str, ...] = ("in_order", "fr_fcfs")
MAPPED: tuple[str, ...] = ("row", "bank", "bank_group", "column")
MAX_LOOK_AHEAD = 1024


class DramClockSpec(Spec):
    """The DRAM clock period as an exact fraction: 5/6 ns is 2500/3 ps."""

    tCK_ps_num: int = quantity("ps", "Clock period, numerator.", ge=1, le=10**9)
    tCK_ps_den: int = quantity("", "Clock period, denominator.", ge=1, le=10**6)


class DramOrganisationSpec(Spec):
    """One channel of one rank."""

    channel_bits: int = quantity("bit", "Data bus.", ge=8, le=1024)
    bank_groups: int = quantity("", "Bank groups.", ge=1, le=16)
    banks_per_group: int = quantity("", "Banks in a bank group.", ge=1, le=16)
    rows: int = quantity("rows", "Rows of a bank.", ge=1, le=2**24)
    row_bytes: int = quantity("B", "A row across the chips of the rank.", ge=1, le=2**24)


class DramControllerSpec(Spec):
    """What the controller decides. Rows stay open until another row of the bank is asked for (open page).

    One command is issued in a clock: of those that may be, the oldest request's. A request whose row was opened for it
    leaves its slot of the queue. A refresh that is due waits for these requests (and, in_order, for those before them).
    """

    mapping: str = quantity("", "Address bits, most significant first: row, bank, bank_group, column (of bursts).")
    scheduler: Scheduler = quantity("", "Order of reads and writes: arrival, or first ready then first come.")
    look_ahead: int = quantity(
        "requests",
        "Slots of the queue (fr_fcfs: of each of two), left when a row is opened; 1 is first come first served, "
        "0 starts a request once the one before is served.",
        ge=0, le=MAX_LOOK_AHEAD,
    )  # fmt: skip
    refresh: bool = quantity("", "Refresh all banks once in nREFI.")
    write_high_frac: float = quantity("", "fr_fcfs: writes are drained once more of their queue is full.", ge=0, le=1)
    write_low_frac: float = quantity("", "fr_fcfs: draining ends once less of their queue is full.", ge=0, le=1)


class BankRefreshControllerSpec(DramControllerSpec):
    """The controller of a standard that can refresh one bank while the others work.

    That refresh comes before all other commands once it is due: the bank serves the request whose row was opened for
    it, if there is one, is closed and refreshed; no other request goes to it meanwhile.
    """

    bank_refresh: bool = quantity("", "Refresh one bank after the other, each once in nREFI, instead of all at once.")
