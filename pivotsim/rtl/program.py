"""The program of one GEMM: descriptors of loads, tiles, streams and drains, from the engine's own static lists.

Which unit is loaded when, into which half, from where, and what drains, are the static columns of engine `memory`'s
records; when the array takes the next tile or stream is the engine's own function of the pass before. What stands here
is only what hardware needs besides: addresses, and the counts that the three sequencers wait for.

Words are those of verilog/accelerator.v and pass_sequencer.v, whose fields stand here in the same order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pivotsim.engines.array.designs import dataflow_of, design_of
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import AUTO, Intervals, record_gemm
from pivotsim.errors import InputError, got
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import OPERAND_MEMORY, Dataflow
from pivotsim.kernels.memory.array_passes import after_pass
from pivotsim.kernels.types import Design
from pivotsim.rtl.buildable import check_limits, ports
from pivotsim.rtl.descriptors import Drain, Load, Stream, Tile, Unit

IPMEM, WTMEM, BIAS = range(3)  # where a load goes to
MEMORY_CODE = {"ipmem": IPMEM, "wtmem": WTMEM}
BIAS_SLOT, BIAS_BYTES = 2, 4


@dataclass
class Program:
    """A GEMM on an array behind memories as hardware runs it, and what the engine predicts of it.

    Attributes
    ----------
    loads, tiles, streams, drains : list
        Descriptors; no tiles where sums stay in the array.
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
    def chunk(self) -> int:
        """Streamed steps of a full chunk."""
        return self.prediction.result.chunk

    @property
    def out_bytes(self) -> int:
        """Bytes of an output: 1 requantised, 4 as summed."""
        return self.limits.out_bits // 8

    def part(self, dimension: str, number: int) -> range:
        """Return the indices of one row tile, column tile or chunk.

        Parameters
        ----------
        dimension : {'rows', 'cols', 'stream'}
        number : int
        """
        sizes = dict(zip(("rows", "cols", "stream"), self.dataflow.sizes(*self.sizes), strict=True))
        step = {"rows": self.design.rows, "cols": self.design.cols, "stream": self.chunk}[dimension]
        return range(number * step, min((number + 1) * step, sizes[dimension]))


def program_of(
    m: int,
    k: int,
    n: int,
    array: ArraySpec | Mapping[str, Any],
    limits: MemoryLimits,
    *,
    loop_order: str = AUTO,
    chunk: int = 0,
) -> Program | DoesNotFit:
    """Return the program of an (m, k) x (k, n) GEMM, or what does not fit; parameters as ``run_gemm``'s.

    Raises
    ------
    InputError
        A value is not valid, the Verilog does not have it, or nothing says how wide hardware must be.
    """
    check_limits(limits)
    run = record_gemm(m, k, n, array, limits, loop_order=loop_order, chunk=chunk)
    if isinstance(run, DoesNotFit):
        return run
    design = design_of(array)
    program = Program((m, k, n), design, dataflow_of(array), limits, run, narrow_column=design.cols - 1)
    _lay_out(program)
    _Writer(program).write()
    return program


def _lay_out(program: Program) -> None:
    """Give every unit its place in DRAM, in the order of first use, then bias and outputs."""
    address, load = 0, program.prediction.loads.tolist()
    for slot, number, size, *_ in load:
        if slot == BIAS_SLOT:
            continue
        unit = unit_of(program, slot, number)
        if unit not in program.units:
            program.units[unit] = address
            address += size
    m, _, n = program.sizes
    program.bias_address = address
    program.output_address = address + (BIAS_BYTES * n if program.limits.bias else 0)
    program.dram_bytes = program.output_address + m * n * program.out_bytes


def unit_of(program: Program, slot: int, number: int) -> Unit:
    """Return the unit of an operand slot that a pass uses."""
    flow = program.dataflow
    row, col, chunk = program.prediction.passes[number, :3].tolist()
    operand = flow.fetched[slot]
    if not flow.drains:
        return Unit(operand, row, col, -1) if slot == 0 else Unit(operand, row, -1, chunk)
    return Unit(operand, row, -1, chunk) if slot == 0 else Unit(operand, -1, col, chunk)


class _Writer:
    """Walks through the engine's passes once and writes all descriptors."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.held: dict[tuple[int, int], tuple[Unit, int]] = {}  # (memory, half) -> unit, loads until it is there
        self.last_use: dict[tuple[int, int], int] = {}  # passes until a half's unit was used last
        self.kept: dict[Unit, int] = {}  # address in the global buffer
        self.regions = 0
        self.open_passes = 0  # of the region
        self.folds = 0
        self.bias_loads = 0
        self.before = (0, 0)  # when the pass before let the array take the next stream, the next tile

    def write(self) -> None:
        program = self.program
        passes = program.prediction.passes.tolist()
        waiting = iter([*program.prediction.loads.tolist(), None])
        load = next(waiting)
        for number, (row, col, chunk, *_) in enumerate(passes):
            while load is not None and load[1] == number and load[0] != BIAS_SLOT:
                self._load(load)
                load = next(waiting)
            is_last = number + 1 == len(passes) or self._region(passes[number + 1]) != self._region(passes[number])
            self._pass(number, row, col, chunk, is_last)
            if load is not None and load[0] == BIAS_SLOT and load[1] == number:
                self._load_bias(load)
                load = next(waiting)
            if is_last:
                self._drain(number, row, col, chunk)

    def _region(self, row: list[int]) -> tuple[int, int]:
        return (row[0], row[1]) if self.program.dataflow.drains else (row[1], row[2])

    def _memory(self, slot: int) -> int:
        return MEMORY_CODE[OPERAND_MEMORY[self.program.dataflow.fetched[slot]]]

    def _half_bytes(self, memory: int) -> int:
        return self.program.limits.half_bytes(("ipmem", "wtmem")[memory]) or 0

    def _lanes(self, memory: str, from_dram: bool) -> int:
        widths, axi = ports(self.program.limits)[memory], self.program.limits.axi_bytes_per_cycle
        return min([*widths, axi] if from_dram and axi is not None else widths)

    def _load(self, load: list[int]) -> None:
        program = self.program
        slot, number, size, from_dram, half, *_ = load
        memory, unit = self._memory(slot), unit_of(program, slot, number)
        share = (program.limits.input_share_bytes, program.limits.weight_share_bytes)[memory]
        m, k, n = program.sizes
        keeps = from_dram and (share is None or (m * k, k * n)[memory] <= share)
        if keeps:
            self.kept[unit] = program.buffer_bytes
            program.buffer_bytes += size
        program.loads.append(
            Load(
                memory, from_dram, int(keeps), size, self._lanes(("ipmem", "wtmem")[memory], bool(from_dram)),
                half * self._half_bytes(memory), self.kept.get(unit, 0), self.last_use.get((memory, half), 0),
                program.units[unit],
            )
        )  # fmt: skip
        self.held[memory, half] = (unit, len(program.loads))

    def _load_bias(self, load: list[int]) -> None:
        program = self.program
        program.loads.append(Load(BIAS, 1, 0, load[2], self._lanes("bias", True), 0, 0, 0, program.bias_address))
        self.bias_loads = len(program.loads)

    def _use(self, slot: int, number: int) -> tuple[int, int]:
        """Return a unit's address, and the loads after which it is there."""
        memory, unit = self._memory(slot), unit_of(self.program, slot, number)
        half = next(half for half in (0, 1) if (memory, half) in self.held and self.held[memory, half][0] == unit)
        self.last_use[memory, half] = number + 1
        return half * self._half_bytes(memory), self.held[memory, half][1]

    def _pass(self, number: int, i: int, j: int, t: int, is_last: bool) -> None:
        program, design = self.program, self.program.design
        rows, cols, steps = (len(program.part(*of)) for of in (("rows", i), ("cols", j), ("stream", t)))
        extent, width = (rows, cols) if design.edge_aware else (design.rows, design.cols)
        streamed = program.dataflow.sizes(*program.sizes)[2]
        _, tile_after, stream_after = after_pass(0, steps, extent, width, streamed, is_last, design)
        is_first = self.open_passes == 0
        self.open_passes = 0 if is_last else self.open_passes + 1
        drains = bool(design.drains)
        halves = program.limits.halves("opmem")
        claims = is_last if drains else is_first
        (first_address, first_loads), (second_address, second_loads) = (self._use(slot, number) for slot in (0, 1))
        if not drains:
            program.tiles.append(Tile(rows, cols, extent, first_address, first_loads))
        program.streams.append(
            Stream(
                rows, cols, extent, steps, first_address if drains else second_address, second_address if drains else 0,
                max(first_loads, second_loads) if drains else second_loads,
                max(0, self.regions - halves + 1) if claims else 0, 0 if drains else tile_after, stream_after, 0,
                int(is_first or not drains), int(is_last or not drains), int(not drains and not is_first),
                self.regions % halves,
            )
        )  # fmt: skip
        program.entries = max(program.entries, rows if drains else steps)
        if not drains and not is_first:
            self._check_spacing(extent)
        self.before = stream_after, tile_after

    def _check_spacing(self, extent: int) -> None:
        """Raise InputError where sums may come sooner after those that they are added to than OPMEM answers."""
        stream_after, tile_after = self.before
        answer = self.program.limits.buffer_read_cycles
        if max(stream_after, tile_after + extent) < answer:
            raise InputError(
                "memories.buffer_read_cycles: sums of one row and one step follow each other too soon"
                f" {got(answer)}; try 1, fold_overlap none or another chunk"
            )

    def _drain(self, number: int, i: int, j: int, t: int) -> None:
        program, design, limits = self.program, self.program.design, self.program.limits
        rows, cols, steps = (len(program.part(*of)) for of in (("rows", i), ("cols", j), ("stream", t)))
        entries = rows if design.drains else steps
        self.folds += 1
        narrow = bool(design.edge_aware) and cols < design.cols
        if narrow:
            program.narrow_column = cols - 1
        by_column = program.dataflow.cols == "n"  # a bias per column of the array, or per entry
        start = BIAS_BYTES * (program.part("cols", j) if by_column else program.part("stream", t)).start
        size = entries * cols * program.out_bytes
        done = sum(drain.size_bytes for drain in program.drains[-1:])
        program.drains.append(
            Drain(
                self.regions % limits.halves("opmem"), int(narrow), entries, cols * program.out_bytes, 0,
                self._lanes("DRAM", True), self.folds if design.drains else number + 1, self.bias_loads, start,
                0 if by_column else BIAS_BYTES, size,
                program.drains[-1].dram_address + done if program.drains else program.output_address,
            )
        )  # fmt: skip
        self.regions += 1
