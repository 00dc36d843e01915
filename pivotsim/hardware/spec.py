"""Boards: what all of them share; a module of ``kinds`` adds what each kind computes with."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import SerializerFunctionWrapHandler, field_serializer, field_validator, model_validator
from pydantic_core import PydanticCustomError

from pivotsim.errors import InputError
from pivotsim.hardware.defaults import NO_PROCESSOR, with_defaults, without_defaults
from pivotsim.hardware.host import PROFILES, HostCosts, HostSpec, PlacementSpec
from pivotsim.hardware.intervals import Intervals, disorder, intervals_field, ranges_field, with_intervals
from pivotsim.hardware.pl_units import UnitsSpec
from pivotsim.hardware.power import PowerSpec
from pivotsim.hardware.sourced import SourcedSpec
from pivotsim.io.specs import ONE_LINE, quantity
from pivotsim.tables import Printable, Table, as_html


class Hardware(Printable, SourcedSpec):
    """A board: what all kinds share; see ``pivotsim show hw NAME``."""

    compute: ClassVar[str]  # the group of values that it computes with
    usual_base: ClassVar[str] = "zcu102"

    kind: str = quantity("", "Selects this schema.")
    name: str = quantity("", "Short name.", min_length=1, pattern=ONE_LINE)
    description: str = quantity("", "One sentence.", min_length=1, pattern=ONE_LINE)
    host: HostSpec | None = quantity("", "Processor side; none is a board with no processor.")
    units: UnitsSpec
    power: PowerSpec
    placement: PlacementSpec
    intervals: Intervals = intervals_field()
    ranges: Intervals = ranges_field()

    @model_validator(mode="before")
    @classmethod
    def _fill_in_what_is_left_out(cls, data: Any) -> Any:
        return cls._with_defaults(data)

    @classmethod
    def _with_defaults(cls, data: Any) -> Any:
        has_processor = not isinstance(data, Mapping) or data.get("host") != NO_PROCESSOR
        return with_defaults(data, has_processor=has_processor)

    @model_validator(mode="after")
    def _intervals_hold_their_values(self) -> Self:
        for problem in (*disorder(self, self.intervals), *disorder(self, self.ranges, "ranges")):
            raise ValueError(problem)
        return self

    @field_validator("host", mode="before")
    @classmethod
    def _none_is_a_word(cls, value: object) -> object:
        if value == NO_PROCESSOR:
            return None
        if not isinstance(value, (Mapping, HostSpec)):  # an empty group is a mistake, no board without a processor
            raise PydanticCustomError("group_or_none", "must be a group or none")
        return value

    @field_serializer("host", mode="wrap")
    def _none_as_a_word(self, value: HostSpec | None, handler: SerializerFunctionWrapHandler) -> Any:
        return NO_PROCESSOR if value is None else handler(value)

    @property
    @abstractmethod
    def assumptions(self) -> tuple[str, ...]:
        """Values and groups whose sources are printed with every run."""

    @property
    @abstractmethod
    def clock_mhz(self) -> float:
        """Clock of the programmable logic."""

    @property
    @abstractmethod
    def pes(self) -> int:
        """Multiply-accumulates that the board can do in a clock."""

    @property
    @abstractmethod
    def operand_bits(self) -> int:
        """Widest operand that it multiplies."""

    @property
    def packs_operands(self) -> bool:
        """Whether operands move as the bits that their operation states; else all as wide as the board's own."""
        return False

    @abstractmethod
    def without_memory_limits(self) -> Self:
        """Return a copy with unlimited memories, what `memory: paper` means; sources stay those of the board."""

    def values(self) -> dict[str, object]:
        """Return what the board states of all that a simulation may depend on: no names, sources, intervals, defaults.

        Defaults are the package's, so that a further kind of operation changes no result's hash; neither does a value
        that boards of before did not state, where it has its default.
        """
        values = self.model_dump(exclude={"name", "description", "sources", "intervals", "ranges"})
        return without_defaults(values, self.sources)

    @property
    def profiles(self) -> tuple[str, ...]:
        """Cost profiles of the processor side that mean something here."""
        return PROFILES

    def unit_cycles(self, kind: str, elements: int, blocks: int) -> int:
        """Return the clocks that a unit of the programmable logic takes for each of equal blocks of elements."""
        unit = self.units.of(kind)
        return int(-(-elements // (blocks * unit.elements_per_clock)) + unit.fill_cycles)

    def linked(self) -> Mapping[str, SourcedSpec]:
        """Return the specifications in files of their own that a run reads too, by the path that names each."""
        return {}

    def host_costs(self, profile: str) -> HostCosts:
        """Return the cost profile ``paper`` or ``full``, or raise InputError for a board without a processor."""
        host = self.processor()
        return host.full if profile == "full" else host.paper

    def processor(self) -> HostSpec:
        """Return the processor side, or raise InputError for a board that has none."""
        if self.host is None:
            raise InputError(f"host: '{self.name}' has no processor (host: {NO_PROCESSOR})")
        return self.host

    @property
    def ps_cores(self) -> int:
        """Cores of the processor side that share one operation; 0 without a processor."""
        return 0 if self.host is None else self.host.cores

    @property
    def ps_pl_overlap(self) -> str:
        """What runs on the processor while the PL works; ``serial`` without a processor."""
        return "serial" if self.host is None else self.host.ps_pl_overlap

    @property
    def derived(self) -> dict[str, tuple[float, str, str]]:
        """Peaks that follow from the values: name -> (value, unit, formula)."""
        peak_gmac_per_s = self.pes * self.clock_mhz * 1e-3
        return {
            "peak_gmac_per_s": (peak_gmac_per_s, "GMAC/s", f"pes * {self.compute}.clock_mhz"),
            "peak_gops": (2 * peak_gmac_per_s, "GOP/s", "two operations per MAC"),
        }

    def _tables(self) -> tuple[Table]:
        """Return what it computes with, and the peaks that follow."""
        rows = [row[:3] for row in self.to_rows() if row[0].startswith(f"{self.compute}.")]
        rows += [(name, f"{value:.6g}", unit) for name, (value, unit, _) in self.derived.items()]
        more = "every value with its source: to_rows(), or pivotsim show hw"
        return (Table(f"{self.name}: {self.description}", ("value", "", "unit"), rows, (1,), (more,)),)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name}>"

    def _repr_html_(self) -> str:
        columns = ("value", "", "unit", "source", "description")
        return as_html([Table(f"{self.name}: {self.description}", columns, self.to_rows(), (1,))])

    def to_rows(self) -> list[tuple[str, object, str, str, str]]:
        """Return (path, value, unit, source, description) of every value, what it computes with before the rest."""
        rows = with_intervals(super().to_rows(), self.intervals, self.ranges)
        return sorted(rows, key=lambda row: row[0].partition(".")[0] in ("host", "units", "power", "placement"))
