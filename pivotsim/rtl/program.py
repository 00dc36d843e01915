"""What hardware runs for one GEMM: its descriptors, where everything lies, and the clocks that the engine predicts."""

from dataclasses import dataclass, field

from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import Intervals
from pivotsim.hardware.dataflows import Dataflow
from pivotsim.kernels.types import Design
from pivotsim.rtl.descriptors import Drain, Load, Stream, Tile, Unit
from pivotsim.rtl.regions import Region
from pivotsim.rtl.units import Units
from pivotsim.workload.masks.masks import Mask

BIAS_BYTES = 4


@dataclass
class Program:
    """A GEMM on an array behind memories as hardware runs it, and what the engine predicts of it.

    Attributes
    ----------
    contents : Units
    regions : list of Region
        A drain each.
    loads, tiles, streams, drains : list
        Descriptors; no tiles where sums stay in the array. Under a mask a pass may have several tiles and streams.
    units : dict
        The DRAM address of every unit, bytes.
    bias_address, output_address : int
        Of bias and outputs in DRAM. Outputs lie region by region, in each entry by entry.
    dram_bytes, buffer_bytes, entries : int
        What DRAM, the global buffer and half an OPMEM bank must hold.
    narrow_column : int
        Where a pass over the last column tile ends.
    prediction : Intervals
        Engine `memory`'s clocks.
    """

    sizes: tuple[int, int, int]
    design: Design
    dataflow: Dataflow
    limits: MemoryLimits
    prediction: Intervals
    contents: Units  # what units hold
    regions: list[Region] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    drains: list[Drain] = field(default_factory=list)
    units: dict[Unit, int] = field(default_factory=dict)
    bias_address: int = 0
    output_address: int = 0
    dram_bytes: int = 0
    buffer_bytes: int = 0
    entries: int = 0
    narrow_column: int = 0

    @property
    def mask(self) -> Mask | None:
        """What is kept of an operand or of the output; None where all is."""
        return self.contents.mask

    @property
    def copy(self) -> int:
        """Which of the mask's copies."""
        return self.contents.copy

    @property
    def chunk(self) -> int:
        """Streamed steps of a full chunk."""
        return self.prediction.result.chunk

    @property
    def out_bytes(self) -> int:
        """Bytes of an output: 1 requantised, 4 as summed."""
        return self.limits.out_bits // 8

    def part(self, axis: str, number: int) -> range:
        """Return the indices of one row tile, column tile or chunk: axis 'rows', 'cols' or 'stream'."""
        return self.contents.part(axis, number)

    def unit_of(self, slot: int, number: int) -> Unit:
        """Return the unit of an operand slot that a pass uses."""
        flow = self.dataflow
        row, col, chunk = self.prediction.passes[number, :3].tolist()
        operand = flow.fetched[slot]
        if not flow.drains:
            return Unit(operand, row, col, -1) if slot == 0 else Unit(operand, row, -1, chunk)
        return Unit(operand, row, -1, chunk) if slot == 0 else Unit(operand, -1, col, chunk)
