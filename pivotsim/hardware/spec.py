"""Specifications that all boards share; a module beside this one adds what each kind computes with."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import SerializerFunctionWrapHandler, create_model, field_serializer, field_validator, model_validator
from pydantic_core import PydanticCustomError

from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOWS, SPLITS
from pivotsim.hardware.defaults import CALLS, DEFAULT, MEMORIES, NO_PROCESSOR, with_defaults
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.intervals import Intervals, disorder, intervals_field, ranges_field, with_intervals
from pivotsim.hardware.pl_units import UnitsSpec
from pivotsim.hardware.power import PowerSpec
from pivotsim.hardware.sourced import SourcedSpec
from pivotsim.io.specs import ONE_LINE, Spec, quantity
from pivotsim.operations import OPERATIONS, PS_KINDS
from pivotsim.tables import Printable, Table, as_html

Edge = Literal["padded", "aware"]
Profile = Literal["paper", "full"]
PsPlOverlap = Literal["serial", "heads", "images"]

EDGES: tuple[str, ...] = ("padded", "aware")
PROFILES: tuple[str, ...] = ("paper", "full")
PS_PL_OVERLAPS: tuple[str, ...] = ("serial", "heads", "images")
MAX_ROWS = MAX_COLS = 65_536
MAX_MAC_LATENCY = 16
MAX_ARRAYS = 64
MIN_CLOCK_MHZ, MAX_CLOCK_MHZ = 0.001, 100_000  # far outside any device; keeps every result finite


if TYPE_CHECKING:
    Dataflow = str
    FoldOverlap = str
    Split = str
else:  # a further row of a table is a further name
    Dataflow = Literal[DATAFLOWS]
    FoldOverlap = Literal[FOLD_OVERLAPS]
    Split = Literal[SPLITS]


class ArraySpec(Spec):
    """Systolic arrays of registered multiply-accumulate processing elements (PEs): one, or several alike."""

    rows: int = quantity("PEs", "Rows of the array.", ge=1, le=MAX_ROWS)
    cols: int = quantity("PEs", "Columns of the array.", ge=1, le=MAX_COLS)
    clock_mhz: float = quantity("MHz", "Clock of the programmable logic.", ge=MIN_CLOCK_MHZ, le=MAX_CLOCK_MHZ)
    dataflow: Dataflow = quantity("", "Operand held in the array: is inputs, ws weights, os outputs.")
    fold_overlap: FoldOverlap = quantity("", "How far a fold overlaps the next one of the same GEMM.")
    edge: Edge = quantity("", "Folds at the edge cost the full array (padded) or the used part (aware).")
    os_edge_register: bool = quantity("", "Output stationary only: a register below the last row.")
    mac_latency: int = quantity("clocks", "Clocks of one MAC; 2 is a DSP48 with MREG.", ge=1, le=MAX_MAC_LATENCY)
    operand_bits: int = quantity("bit", "Widest operand that a PE multiplies.", ge=1, le=64)
    count: int = quantity("", "Arrays alike, side by side, each with its own memories.", ge=1, le=MAX_ARRAYS, default=1)
    split: Split = quantity("", "What they share out: heads, or rows or cols of the result.", default="auto")


class OpCost(Spec):
    """What one operation costs on one core of the processor side."""

    cycles_per_element: float = quantity("clocks", "Processor clocks per element.", ge=0, le=1e6)
    cycles_per_row: float = quantity("clocks", "Processor clocks per row on top.", ge=0, le=1e9)


class CallCost(Spec):
    """What every operation pays on the processor side."""

    call_us: float = quantity("us", "Per call: one per operation and encoder, all heads in one.", ge=0, le=1e6)


if TYPE_CHECKING:  # what each kind of operation adds is read by `of`
    CostOfEachKind = CallCost
    PlaceOfEachKind = Spec
else:
    CostOfEachKind = create_model(
        "CostOfEachKind",
        __base__=CallCost,
        **dict.fromkeys(PS_KINDS, (OpCost, ...)),
    )
    PlaceOfEachKind = create_model(
        "PlaceOfEachKind",
        __base__=Spec,
        **{kind: (Literal[row.places], quantity("", row.meaning)) for kind, row in OPERATIONS.items()},
    )


class HostCosts(CostOfEachKind):
    """One cost profile of the processor side, a field per kind; operations at zero are left out of the delay.

    ``sort`` is per element and level of the sort: an element of a row of n costs ceil(log2 n) times. ``entropy`` is
    no kind of operation: no trace holds it, effort combination adds it.
    """

    entropy: OpCost
    transfers: bool = quantity("", "Charge the transfers between programmable logic and processor.")

    def of(self, kind: str) -> OpCost:
        """Return the cost of a kind of operation that the processor can run."""
        cost: OpCost = getattr(self, kind)
        return cost


class TransferSpec(Spec):
    """Copies between the programmable logic and the processor's memory."""

    ports: int = quantity("", "High-performance ports in use.", ge=1, le=64)
    port_bytes_per_clock: int = quantity("B", "Bytes that a port moves in an array clock.", ge=1, le=4096)
    cache_ns_per_line: float = quantity("ns", "Cache clean or invalidate, per line.", ge=0, le=1e6)
    cache_line_bytes: int = quantity("B", "Cache line.", ge=1, le=65_536)


class HostSpec(Spec):
    """The processor side (PS)."""

    name: str = quantity("", "Processor.", min_length=1)
    clock_mhz: float = quantity("MHz", "Clock of a core.", ge=MIN_CLOCK_MHZ, le=MAX_CLOCK_MHZ)
    cores: int = quantity("", "Cores that share one operation.", ge=1, le=1024)
    multicore_efficiency_frac: float = quantity(
        "", "Speed-up over one core = cores * this, for two cores or more.", ge=0.01, le=1
    )
    ps_pl_overlap: PsPlOverlap = quantity("", "What runs on the PS while the PL works: nothing, heads, or images.")
    paper: HostCosts
    full: HostCosts
    transfer: TransferSpec


class PlacementSpec(PlaceOfEachKind):
    """Where each kind of operation runs: the array, a unit of the programmable logic (pl), the processor (ps)."""

    def of(self, kind: str) -> str:
        """Return the place of a kind of operation."""
        place: str = getattr(self, kind)
        return place


# values that boards of version 0.1 did not state, and what they are there
LATER = {
    "units.token_drop.fused_token": "mean",
    "mpca.rules": "pivotsim",
    "array.count": 1,
    "array.split": "auto",
    "fpga.uram": 0,
    "fpga.dsp_kind": "DSP48E2",
    "fpga.use.uram_from_bytes": 0,
    "fpga.use.counted_by": "fitted",
    "fpga.vivado": None,
    **{f"memories.{name}": usual for name, (usual, _) in MEMORIES.items()},
    **{f"calls.{name}": usual for name, usual in CALLS.items()},
}
# facts of a device that are told beside a fit and decide nothing
TOLD = ("fpga.dsp_columns", "fpga.clock_regions", "fpga.slrs", "fpga.hbm_bytes")


def _value_in(values: Any, path: str) -> Any:
    """Return what nested dicts hold at a dotted path, None where they hold nothing."""
    for key in path.split("."):
        values = values.get(key) if isinstance(values, dict) else None
    return values


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
        defaults = [
            path
            for path, source in self.sources.items()
            if source.startswith(DEFAULT) and not any(changed.startswith(f"{path}.") for changed in self.sources)
        ]
        for path in (*defaults, *TOLD, *(path for path, usual in LATER.items() if _value_in(values, path) == usual)):
            *groups, last = path.split(".")
            inside: Any = values
            for key in groups:
                inside = inside.get(key, {}) if isinstance(inside, dict) else {}
            if isinstance(inside, dict):
                inside.pop(last, None)
                if not inside and len(groups) == 1:  # a group of such values alone
                    values.pop(groups[0], None)
        return values

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
