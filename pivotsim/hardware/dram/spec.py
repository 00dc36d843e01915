"""DRAM channels: clock, organisation, timing, address mapping and controller, as validated data.

A channel's ``kind`` is its standard, which says what timing parameters it has and what each holds back.
"""

# ruff: noqa: N815 - timing parameters carry JEDEC's names: nRCD is tRCD in clocks

from collections.abc import Mapping
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import create_model, model_validator

from pivotsim.errors import InputError, check_real, got, nearest, one_of
from pivotsim.hardware.dram.constraints import gap_clocks
from pivotsim.hardware.dram.controller import (
    MAPPED,
    BankRefreshControllerSpec,
    DramClockSpec,
    DramControllerSpec,
    DramOrganisationSpec,
)
from pivotsim.hardware.dram.standard import Standard
from pivotsim.hardware.dram.standards import KINDS, standard_of
from pivotsim.hardware.sourced import SourcedSpec
from pivotsim.io.documents import load_document, note_name
from pivotsim.io.spec_values import leaves
from pivotsim.io.specs import ONE_LINE, Spec, quantity, validate

MAX_BANKS = 64
MAX_CLOCKS = 1_000_000  # of one timing parameter: far above any, and sums stay far inside int64


if TYPE_CHECKING:

    class DramTimingSpec(Spec):
        """Timing in DRAM clocks under JEDEC's names with n for t; a standard adds its own parameters."""

        nBL: int
        nCL: int
        nCWL: int
        nREFI: int
else:
    DramTimingSpec = Spec


class DramSpec(SourcedSpec):
    """A DRAM channel and its controller; each standard has a schema of its own, see ``schema_of``."""

    kind: str = quantity("", "The standard, which selects this schema.")
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
        if not self.standard.has_bank_groups and self.organisation.bank_groups != 1:
            problem = f"must be 1, {self.standard.title} has no bank groups {got(self.organisation.bank_groups)}"
            raise ValueError(f"organisation.bank_groups: {problem}")
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
        controller = self.controller
        kind = "REFB" if self.bank_refresh else "REF"
        closing = self._longest(("ACT", "RD", "WR"), ("PRE", "PREA", kind)) + self._longest(("PRE", "PREA"), (kind,))
        if self.bank_refresh:  # the next one is of another bank
            apart = [gap_clocks(c, self.timing_clocks) for c in self.standard.constraints
                     if c.previous == c.following == kind and c.scope == "rank"]  # fmt: skip
            least, what = self.banks * (closing + max(apart)), "clocks of closing and refreshing each bank"
        else:
            least = closing + self._longest((kind,), ("ACT",)) + self._longest(("ACT",), ("RD",))
            what = "clocks of closing, refreshing and opening"
        if controller.refresh and self.timing.nREFI <= least:
            raise ValueError(f"timing.nREFI: must exceed {least}, the {what} {got(self.timing.nREFI)}")
        if controller.write_low_frac > controller.write_high_frac:
            high = controller.write_high_frac
            raise ValueError(
                f"controller.write_low_frac: must be at most write_high_frac {high} {got(controller.write_low_frac)}"
            )
        return self

    @property
    def standard(self) -> Standard:
        """The standard: commands, parameters and constraints."""
        return standard_of(self.kind)

    @cached_property
    def timing_clocks(self) -> dict[str, int]:
        """Timing parameter -> DRAM clocks."""
        return self.timing.model_dump()

    def _longest(self, previous: tuple[str, ...], following: tuple[str, ...]) -> int:
        """Return the longest gap from some commands to some, the window of activates left out."""
        lines = (c for c in self.standard.constraints if c.nth == 1)
        return max(gap_clocks(c, self.timing_clocks) for c in lines
                   if c.previous in previous and c.following in following)  # fmt: skip

    @property
    def bank_refresh(self) -> bool:
        """Whether one bank is refreshed at a time."""
        return isinstance(self.controller, BankRefreshControllerSpec) and self.controller.bank_refresh

    @property
    def refresh_clocks(self) -> int:
        """Clocks from one refresh's due time to the next one's."""
        return self.timing.nREFI // (self.banks if self.bank_refresh else 1)

    @property
    def burst_clocks(self) -> int:
        """The least clocks between two bursts of one direction, wherever they lie."""
        lines = (c for c in self.standard.constraints if c.previous == c.following and c.following in ("RD", "WR"))
        return min(gap_clocks(c, self.timing_clocks) for c in lines)

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
        paths = [path for path, _, _ in leaves(type(self))]
        known = {path.rpartition(".")[2]: path for path in paths} | {path: path for path in paths}
        unknown = [key for key in changes if key not in known]
        if unknown:
            raise InputError(f"{label}: {key}: unknown key{nearest(key, known)}" for key in unknown)
        return super().replace({known[key]: value for key, value in changes.items()}, label=label)


@cache
def schema_of(kind: str) -> type[DramSpec]:
    """Return the schema of a standard's channels: its timing parameters, and its controller."""
    standard = standard_of(kind)
    parameters: dict[str, Any] = {
        name: (int, quantity("clocks", meaning, ge=1, le=_most(name))) for name, meaning in standard.parameters.items()
    }
    timing = create_model(f"{standard.title}Timing", __base__=Spec, __doc__=DramTimingSpec.__doc__, **parameters)
    fields: dict[str, Any] = {
        "kind": (Literal[kind], quantity("", "The standard, which selects this schema.")),
        "timing": (timing, ...),
        "controller": (BankRefreshControllerSpec if standard.has_bank_refresh else DramControllerSpec, ...),
    }
    doc = f"A {standard.title} channel and its controller."
    return create_model(f"{standard.title}Spec", __base__=DramSpec, __doc__=doc, **fields)


def _most(name: str) -> int:
    return {"nBL": 64, "nREFI": 100 * MAX_CLOCKS}.get(name, MAX_CLOCKS)


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
    if isinstance(source, DramSpec):
        return source
    document = load_document("hwconfigs", "dram", source)
    kind = document.data.get("kind", "ddr4")  # a missing key is told by validation, with all other problems
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"{document.places.get(('kind',), document.name)}: {one_of('kind', kind, KINDS)}")
    found = validate(schema_of(kind), document)
    note_name(document)
    return found
