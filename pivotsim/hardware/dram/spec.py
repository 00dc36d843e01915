"""DDR4 memory channels: clock, organisation, timing, address mapping and controller, as validated data."""

# ruff: noqa: N815 - timing parameters carry JEDEC's names: nRCD is tRCD in clocks

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from pivotsim.errors import InputError, check_real, got, nearest
from pivotsim.hardware.sourced import SourcedSpec
from pivotsim.io.specs import ONE_LINE, Spec, leaves, load_spec, quantity

Scheduler = Literal["in_order", "fr_fcfs"]
SCHEDULERS: tuple[str, ...] = ("in_order", "fr_fcfs")
MAPPED: tuple[str, ...] = ("row", "bank", "bank_group", "column")
MAX_LOOK_AHEAD = 1024
MAX_BANKS = 64
MAX_CLOCKS = 1_000_000  # of one timing parameter: far above any, and sums stay far inside int64


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


class DramTimingSpec(Spec):
    """Timing in DRAM clocks, under JEDEC's names with n for t; constraints.py says what each holds back."""

    nBL: int = quantity("clocks", "A burst on the data bus (8 beats).", ge=1, le=64)
    nCL: int = quantity("clocks", "Read command to the first beat.", ge=1, le=MAX_CLOCKS)
    nCWL: int = quantity("clocks", "Write command to the first beat.", ge=1, le=MAX_CLOCKS)
    nRCD: int = quantity("clocks", "Activate to read or write.", ge=1, le=MAX_CLOCKS)
    nRP: int = quantity("clocks", "Precharge to activate or refresh.", ge=1, le=MAX_CLOCKS)
    nRAS: int = quantity("clocks", "Activate to precharge.", ge=1, le=MAX_CLOCKS)
    nRC: int = quantity("clocks", "Activate to activate, same bank.", ge=1, le=MAX_CLOCKS)
    nWR: int = quantity("clocks", "Last written beat to precharge.", ge=1, le=MAX_CLOCKS)
    nRTP: int = quantity("clocks", "Read to precharge.", ge=1, le=MAX_CLOCKS)
    nCCD_S: int = quantity("clocks", "Read to read, write to write, other bank group.", ge=1, le=MAX_CLOCKS)
    nCCD_L: int = quantity("clocks", "Read to read, write to write, same bank group.", ge=1, le=MAX_CLOCKS)
    nRRD_S: int = quantity("clocks", "Activate to activate, other bank group.", ge=1, le=MAX_CLOCKS)
    nRRD_L: int = quantity("clocks", "Activate to activate, same bank group.", ge=1, le=MAX_CLOCKS)
    nFAW: int = quantity("clocks", "Window that holds at most four activates.", ge=1, le=MAX_CLOCKS)
    nWTR_S: int = quantity("clocks", "Last written beat to read, other bank group.", ge=1, le=MAX_CLOCKS)
    nWTR_L: int = quantity("clocks", "Last written beat to read, same bank group.", ge=1, le=MAX_CLOCKS)
    nRTW: int = quantity("clocks", "Read to write.", ge=1, le=MAX_CLOCKS)
    nRFC: int = quantity("clocks", "Refresh to activate or refresh.", ge=1, le=MAX_CLOCKS)
    nREFI: int = quantity("clocks", "One refresh falls due in each such interval.", ge=1, le=100 * MAX_CLOCKS)


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


class DramSpec(SourcedSpec):
    """A DDR4 channel and its controller."""

    kind: Literal["ddr4"] = quantity("", "Selects this schema.")
    name: str = quantity("", "Short name.", min_length=1, pattern=ONE_LINE)
    description: str = quantity("", "One sentence.", min_length=1, pattern=ONE_LINE)
    clock: DramClockSpec
    organisation: DramOrganisationSpec
    timing: DramTimingSpec
    controller: DramControllerSpec

    @model_validator(mode="after")
    def _addresses_split_into_bits(self) -> "DramSpec":
        parts = self.controller.mapping.split(":")
        if sorted(parts) != sorted(MAPPED):
            raise ValueError(
                f"controller.mapping: must hold {', '.join(MAPPED)} once each, joined by ':' {got(':'.join(parts))}"
            )
        for name in ("channel_bits", "bank_groups", "banks_per_group", "rows", "row_bytes"):
            value = getattr(self.organisation, name)
            if value & (value - 1):
                raise ValueError(f"organisation.{name}: must be a power of two {got(value)}")
        if self.timing.nBL & (self.timing.nBL - 1):
            raise ValueError(f"timing.nBL: must be a power of two {got(self.timing.nBL)}")
        if self.banks > MAX_BANKS:
            raise ValueError(f"organisation.banks_per_group: at most {MAX_BANKS} banks in all {got(self.banks)}")
        if self.organisation.row_bytes < self.burst_bytes:
            row = self.organisation.row_bytes
            raise ValueError(f"organisation.row_bytes: must hold a burst of {self.burst_bytes} B {got(row)}")
        return self

    @model_validator(mode="after")
    def _refreshes_leave_time(self) -> "DramSpec":
        timing, controller = self.timing, self.controller
        closing = max(timing.nRAS, timing.nRC, timing.nRTP, timing.nCWL + timing.nBL + timing.nWR) + timing.nRP
        least = closing + timing.nRFC + timing.nRCD
        if controller.refresh and timing.nREFI <= least:
            text = f"timing.nREFI: must exceed {least}, the clocks of closing, refreshing and opening"
            raise ValueError(f"{text} {got(timing.nREFI)}")
        if controller.write_low_frac > controller.write_high_frac:
            high = controller.write_high_frac
            raise ValueError(
                f"controller.write_low_frac: must be at most write_high_frac {high} {got(controller.write_low_frac)}"
            )
        return self

    @property
    def banks(self) -> int:
        """Banks of the rank."""
        return self.organisation.bank_groups * self.organisation.banks_per_group

    @property
    def burst_bytes(self) -> int:
        """Bytes of one burst: two beats a clock on the data bus."""
        return self.organisation.channel_bits // 8 * 2 * self.timing.nBL

    @property
    def capacity_bytes(self) -> int:
        """Bytes of the channel."""
        return self.banks * self.organisation.rows * self.organisation.row_bytes

    @property
    def tck_ps(self) -> Fraction:
        """The clock period in ps."""
        return Fraction(self.clock.tCK_ps_num, self.clock.tCK_ps_den)

    @property
    def peak_gb_per_s(self) -> float:
        """Peak bandwidth in GB/s: a burst every nBL clocks."""
        return float(Fraction(self.burst_bytes * 1000, self.timing.nBL) / self.tck_ps)

    @cached_property
    def address_fields(self) -> tuple[tuple[str, int, int], ...]:
        """The address of a burst as (part, lowest bit, bits), least significant part first."""
        counts = {
            "row": self.organisation.rows,
            "bank": self.organisation.banks_per_group,
            "bank_group": self.organisation.bank_groups,
            "column": self.organisation.row_bytes // self.burst_bytes,
        }
        found, low = [], 0
        for part in reversed(self.controller.mapping.split(":")):
            bits = counts[part].bit_length() - 1
            found.append((part, low, bits))
            low += bits
        return tuple(found)

    def clocks_per(self, clock_mhz: float) -> Fraction:
        """Return the DRAM clocks in one clock of ``clock_mhz``, exactly.

        Examples
        --------
        >>> load_dram("dram/ddr4_2133").clocks_per(125), load_dram("dram/ddr4_2400").clocks_per(125)
        (Fraction(128, 15), Fraction(48, 5))
        """
        mhz = check_real("clock_mhz", clock_mhz)
        if not 0 < mhz < float("inf"):
            raise InputError(f"clock_mhz: must be a finite number above 0 {got(clock_mhz)}")
        return Fraction(10**6) / (Fraction(str(mhz)) * self.tck_ps)

    def replace(self, changes: Mapping[str, object], *, label: str = "replace") -> Self:
        """Return a copy with values changed, validated, and marked in ``sources``.

        Parameters
        ----------
        changes : mapping
            Dotted path, or its last part alone, to new value: ``{"timing.nRFC": 313}`` or ``{"nRFC": 313}``.
        label : str
            What an error message starts with.

        Raises
        ------
        InputError
            A name is unknown (the nearest valid one is given) or a value does not fit.

        Examples
        --------
        >>> load_dram("dram/ddr4_2400").replace({"nRFC": 313, "nREFI": 9364}).timing.nRFC
        313
        """
        if not isinstance(changes, Mapping):
            return super().replace(changes, label=label)  # which says what is wrong
        paths = [path for path, _, _ in leaves(DramSpec)]
        known = {path.rpartition(".")[2]: path for path in paths} | {path: path for path in paths}
        unknown = [key for key in changes if key not in known]
        if unknown:
            raise InputError(f"{label}: {key}: unknown key{nearest(key, known)}" for key in unknown)
        return super().replace({known[key]: value for key, value in changes.items()}, label=label)


def load_dram(source: "str | Path | Mapping[str, object] | DramSpec") -> DramSpec:
    """Return a validated DRAM from a name, a path or a dict of the YAML file's form.

    Parameters
    ----------
    source : str, Path, mapping or DramSpec
        A name (``"dram/ddr4_2400"``) is looked up in $PIVOTSIM_PATH, then among the package's own.

    Returns
    -------
    DramSpec

    Raises
    ------
    InputError
        One line per problem: ``file:line: dotted.path: problem (got X), nearest valid name``.

    Examples
    --------
    >>> dram = load_dram("dram/ddr4_2400_zcu102_pl")
    >>> dram.banks, dram.burst_bytes, round(dram.peak_gb_per_s, 3)
    (8, 16, 4.8)
    """
    return load_spec(DramSpec, "hwconfigs", "dram", source)
