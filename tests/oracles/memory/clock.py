"""The memory hierarchy, stepped clock by clock: slow and obvious, from the design's own sentences.

One GEMM runs through DRAM -> AXI -> global buffer (GB) -> IPMEM, WTMEM -> array -> OPMEM -> GB -> AXI -> DRAM. Clock
after clock, three sequencers look at what is in front of them and start it once what it needs is there: the read
side (loads), the array (passes: load a tile, stream a unit) and the write side (drains of OPMEM). Whatever has
started is a countdown. Nothing is known ahead of its clock except the program: the order in which things come.
DRAM is a bandwidth and a latency. Meant for cases of a few thousand clocks.

An interval is [start, end): what ends at a clock frees its place for what starts at that clock. ``None`` stands for
unlimited: a size with a half for every unit, a rate that takes no clocks.

array:  rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency
memory: ipmem_bytes, wtmem_bytes, opmem_bytes (or None); ipmem_buffers, wtmem_buffers, opmem_buffers (single or
        ping_pong); input_share_bytes, weight_share_bytes of the GB (or None: everything stays); dram_bytes_per_s
        (or None) and clock_hz; axi_bytes_per_cycle, gb_port_bytes_per_cycle, ipmem_port_bytes_per_cycle,
        wtmem_port_bytes_per_cycle (or None); axi_burst_bytes (None: bursts cost nothing), axi_bursts (unit or row),
        axi_read_burst_cycles, axi_read_beat_cycles and the same for write; read_latency_cycles,
        outstanding_reads, write_latency_cycles; buffer_read_cycles; bias; sum_bytes; input_bits, weight_bits, out_bits
        of the GEMM; output_block_rows and output_block_cols (os: outputs that share a chunk of the operands, whose sums
        OPMEM holds; 0 is the array's own, twice 0: each fold for itself, its sums stay in the array); those of
        ``modes``
mask:   operand (a, b or out), block, kept (rows of blocks), or None for a dense GEMM
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracles.array.array_schedule import slices_of
from tests.oracles.memory.modes import USUAL, array_as_run, is_turn_of_load, is_turn_of_pass, user_of
from tests.oracles.memory.program import (
    LOOP_ORDERS,
    DoesNotFit,
    Pass,
    Program,
    Region,
    Transfer,
    count_bytes,
    units,
)
from tests.oracles.memory.work import sizes

CAUSES = ("weight", "input", "output", "dram")  # the first three in the order in which they win a tie


UNLIMITED = {
    "ipmem_bytes": None, "wtmem_bytes": None, "opmem_bytes": None,
    "ipmem_buffers": "single", "wtmem_buffers": "single", "opmem_buffers": "single",
    "input_share_bytes": None, "weight_share_bytes": None,
    "dram_bytes_per_s": None, "clock_hz": 1, "axi_bytes_per_cycle": None, "gb_port_bytes_per_cycle": None,
    "ipmem_port_bytes_per_cycle": None, "wtmem_port_bytes_per_cycle": None,
    "axi_burst_bytes": None, "axi_read_burst_cycles": 0, "axi_read_beat_cycles": 1, "axi_write_burst_cycles": 0,
    "axi_write_beat_cycles": 1, "axi_bursts": "unit",
    "read_latency_cycles": 0, "outstanding_reads": 1, "write_latency_cycles": 0, "buffer_read_cycles": 0,
    "bias": False, "sum_bytes": 4,
    "input_bits": 8, "weight_bits": 8, "out_bits": 8, "output_block_rows": 0,
    "output_block_cols": 0, **USUAL,
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    total_cycles: int
    loads: list[Transfer]
    drains: list[Transfer]
    passes: list[Pass]
    stall_cycles: dict[str, int]
    moved_bytes: dict[str, int]


def run(
    gemm: tuple[int, int, int], array: dict, memory: dict, loop_order: str, chunk: int, mask: dict | None = None
) -> Result | DoesNotFit:
    """Every start and end of one GEMM with chunks of ``chunk`` streamed steps, or the units that do not fit.

    >>> array = {"rows": 2, "cols": 2, "dataflow": "is", "fold_overlap": "none", "edge": "padded",
    ...          "os_edge_register": True, "mac_latency": 1}
    >>> run((2, 2, 3), array, UNLIMITED, "column-chunk-row", 3).total_cycles
    7
    """
    misfits = tuple(unit for unit in units(gemm, array, memory, chunk) if unit.demand_bytes > unit.limit_bytes)
    if misfits:
        return DoesNotFit(misfits)
    return Machine(Program(gemm, array, memory, loop_order, chunk, mask)).run()


def legal(gemm: tuple[int, int, int], array: dict, memory: dict) -> list[tuple[str, int]]:
    """Every loop order and chunk that fits; none if not even one step does. Without limits only the array's own."""
    _, _, stream_size = sizes(gemm, array)
    clocks = ("_latency_cycles", "_region_cycles", "_entry_cycles", "_read_cycles")
    limits = {key: value for key, value in UNLIMITED.items() if value is None or key.endswith(clocks)}
    if all(memory[key] == value for key, value in limits.items()):
        return [(LOOP_ORDERS[array["dataflow"]][0], stream_size)]
    fitting = [
        chunk
        for chunk in range(1, stream_size + 1)
        if all(unit.demand_bytes <= unit.limit_bytes for unit in units(gemm, array, memory, chunk))
    ]
    return [(order, chunk) for order in LOOP_ORDERS[array["dataflow"]] for chunk in fitting]


def auto(
    gemm: tuple[int, int, int], array: dict, memory: dict, mask: dict | None = None
) -> tuple[str, int, Result] | DoesNotFit:
    """Fewest clocks, then fewest DRAM bytes, then the larger chunk, then the loop order named first."""
    best = None
    for order, chunk in legal(gemm, array, memory):
        result = run(gemm, array, memory, order, chunk, mask)
        dram_bytes = result.moved_bytes["dram_read"] + result.moved_bytes["dram_write"]
        rank = (result.total_cycles, dram_bytes, -chunk)
        if best is None or rank < best[0]:
            best = (rank, order, chunk, result)
    return run(gemm, array, memory, "", 1) if best is None else best[1:]


class Machine:
    """Read side, array and write side, each with the next thing in front of it, and countdowns of what runs."""

    def __init__(self, program: Program):
        self.program, self.array = program, array_as_run(program.array, program.memory)
        self.now = 0
        self.answer = program.memory["buffer_read_cycles"]  # clocks from a memory's address to its data
        self.countdowns: list[list] = []  # [clocks left, what happens then]
        self.reading: Transfer | None = None
        self.writing: Transfer | None = None
        self.next_load = self.next_drain = self.next_tile = self.next_stream = 0  # indices into the program
        self.next_request = 0  # of the loads, ahead of next_load where requests may be in flight
        self.readers_left: dict[tuple[str, int], int] = {}  # of a half of IPMEM or WTMEM, by operand
        self.region_freed: dict[int, int] = {}  # by half of OPMEM: the clock in which it drained last
        self.read_waits: list[bool] = []  # clock by clock: the read side waits for DRAM
        self.write_waits: list[bool] = []  # the same for the write side, or for the bias
        self.stall_cycles = dict.fromkeys(CAUSES, 0)

    def run(self) -> Result:
        program = self.program
        passes, drains = program.passes, [region.drain for region in program.regions]
        while True:
            while self.finish_something() or self.start_something():
                pass  # what takes no clocks starts and ends within this one
            if all(drain.end is not None for drain in drains):
                break
            self.tick()
        array_end = max((one.registered for one in passes if one.writes_region), default=0)
        self.charge("output", range(array_end, self.now), self.write_waits)
        moved_bytes = count_bytes(program)
        return Result(self.now, program.loads, drains, passes, self.stall_cycles, moved_bytes)

    def tick(self) -> None:
        assert self.countdowns or not self.is_memory_clock() or self.has_requested(), "nothing can start"
        reads = self.reading is not None and self.reading.waits_for_dram(self.now)
        writes = self.writing is not None and self.writing.waits_for_dram(self.now)
        self.read_waits.append(reads)
        self.write_waits.append(writes or (reads and self.reading.kind == "bias"))
        for countdown in self.countdowns:
            countdown[0] -= 1
        self.now += 1

    def after(self, clocks: int, action: Callable[[], None]) -> None:
        self.countdowns.append([clocks, action])

    def finish_something(self) -> bool:
        over = [countdown for countdown in self.countdowns if countdown[0] == 0]
        self.countdowns = [countdown for countdown in self.countdowns if countdown[0] > 0]
        for _, action in over:
            action()
        return bool(over)

    def start_something(self) -> bool:
        return (
            self.request_read() or self.start_read() or self.start_write() or self.start_tile() or self.start_stream()
        )

    def is_memory_clock(self) -> bool:
        return self.now % self.program.divisor == 0

    # read side: requests go out in program order, and in that order one load at a time comes

    def request_read(self) -> bool:
        loads, memory = self.program.loads, self.program.memory
        allowed = memory["outstanding_reads"] if memory["read_latency_cycles"] else 1
        if self.next_request == len(loads) or not self.is_memory_clock():
            return False
        load, before = loads[self.next_request], loads[: self.next_request]
        if sum(each.end is None for each in before) == allowed:
            return False
        if allowed > 1 and self.has_requested():  # one request a clock
            return False
        if self.readers_left.get((load.kind, load.half), 0) > 0:  # its half is still to be read
            return False
        if not is_turn_of_load(self.program, load):
            return False
        self.readers_left[load.kind, load.half] = load.uses
        self.next_request += 1
        load.requested = self.now
        return True

    def has_requested(self) -> bool:
        return self.next_request > 0 and self.program.loads[self.next_request - 1].requested == self.now

    def start_read(self) -> bool:
        if self.reading is not None or self.next_load == self.next_request or not self.is_memory_clock():
            return False
        load = self.program.loads[self.next_load]
        self.next_load += 1
        self.reading, load.start = load, self.now
        load.latency_cycles = max(0, load.requested + load.latency_cycles - self.now)  # what is left of it
        self.after(load.length_cycles, self.end_read)
        return True

    def end_read(self) -> None:
        load = self.reading
        load.end, self.reading = self.now, None
        self.after(self.answer, lambda: setattr(load, "readable", True))

    def has_been_read(self, load: Transfer) -> None:
        self.readers_left[load.kind, load.half] -= 1

    # write side: one drain at a time, region by region

    def start_write(self) -> bool:
        regions, bias = self.program.regions, self.program.bias
        if self.writing is not None or self.next_drain == len(regions):
            return False
        region = regions[self.next_drain]
        if region.passes_left > 0 or (bias is not None and bias.end is None):
            return False
        if not region.is_posting:
            region.is_posting = True
            self.after(region.post_cycles, lambda: setattr(region, "is_posted", True))
            return True
        if not region.is_posted or not self.is_memory_clock():
            return False
        self.next_drain += 1
        self.writing, region.drain.start = region.drain, self.now
        self.after(region.drain.length_cycles, self.end_write)
        return True

    def end_write(self) -> None:
        drain = self.writing
        drain.end, self.writing = self.now, None
        self.region_freed[drain.half] = self.now
        self.after(self.answer, lambda: setattr(drain, "readable", True))

    def is_free_for(self, region: Region) -> bool:
        """Whether what comes earlier in the region's half has drained."""
        regions = self.program.regions
        earlier = regions[: next(number for number, one in enumerate(regions) if one is region)]
        return all(one.drain.readable for one in earlier if one.half == region.half)

    # array: tiles and streams, pass by pass

    def start_tile(self) -> bool:
        passes, index = self.program.passes, self.next_tile
        if index == len(passes) or self.array["dataflow"] == "os":
            return False
        one = passes[index]
        if index > 0 and not passes[index - 1].reload_open:
            return False
        if not one.tile_wanted:  # had memory been no limit, the tile's load would start now
            one.tile_wanted = True
            self.after(self.rows_of(one), lambda: setattr(one, "tile_could_be_in", True))
        if not one.tile.readable or not is_turn_of_pass(self.program, index):
            return False
        self.next_tile += 1
        one.load_start = self.now
        self.after(self.rows_of(one), lambda: self.end_tile(one))
        return True

    def end_tile(self, one: Pass) -> None:
        one.load_end, one.tile_in = self.now, True
        self.has_been_read(one.tile)

    def start_stream(self) -> bool:
        passes, index = self.program.passes, self.next_stream
        if index == len(passes):
            return False
        one, drains = passes[index], self.array["dataflow"] == "os"
        if index > 0 and not passes[index - 1].stream_open:
            return False
        if one.array_ready is None and (drains or one.tile_could_be_in):
            one.array_ready = self.now
        if not (drains or one.tile_in) or not all(unit.readable for unit in one.streams):
            return False
        if one.claims_region and not self.is_free_for(one.region):
            return False
        if drains and not is_turn_of_pass(self.program, index):
            return False
        self.next_stream += 1
        one.stream_start = self.now
        self.blame(one)
        to_reload, to_stream, to_registered = self.waves(one)
        self.after(to_reload, lambda: setattr(one, "reload_open", True))
        self.after(to_stream, lambda: setattr(one, "stream_open", True))
        self.after(one.steps, lambda: self.end_stream(one))
        if one.writes_region:
            self.after(to_registered, lambda: self.register(one))
        return True

    def end_stream(self, one: Pass) -> None:
        one.stream_end = self.now
        for unit in one.streams:
            self.has_been_read(unit)

    def register(self, one: Pass) -> None:
        one.registered = self.now
        one.region.passes_left -= 1

    def rows_of(self, one: Pass) -> int:
        return self.array["rows"] if self.array["edge"] == "padded" else one.used_rows

    def waves(self, one: Pass) -> tuple[int, int, int]:
        """Clocks from the stream's start until the array takes the next tile, the next stream, has all outputs."""
        cols = self.array["cols"] if self.array["edge"] == "padded" else one.used_cols
        rows, used, slower = self.array["rows"], self.rows_of(one), self.array["mac_latency"] - 1
        packing = self.array.get("mac_packing", 1)
        cols = slices_of(cols, packing)  # columns that share a slice see a streamed operand in the same clock
        slower += 1 if packing > 1 else 0  # a register parts their sums
        overlap, steps = self.array["fold_overlap"], one.steps
        if self.array["dataflow"] != "os":
            outputs = steps + rows + cols - 2 + slower
            return {
                "none": (outputs, outputs, outputs),
                "preload": (0, outputs, outputs),
                "chained": (steps - 1, steps, outputs),
                "pipelined": (0, steps, outputs),
                "settled": (used - 1, steps, outputs),  # the tile comes through what the last row still takes over
            }[overlap]
        if not one.writes_region:  # the accumulators stay for the next chunk
            return (0, steps, 0)
        summed = steps + used + cols - 2 + slower
        outputs = summed + rows - (0 if self.array["os_edge_register"] else 1)
        spread = max(0, used - one.next_fold_steps)  # two drain waves are a fold's rows apart
        next_fold = {"none": outputs, "preload": summed, "chained": steps + used - 1, "pipelined": steps + spread}
        next_fold["settled"] = next_fold["pipelined"]  # no tile, so none that settles
        return (0, next_fold[overlap], outputs)

    # stalls: clocks between the start that the array alone would allow and the start

    def blame(self, one: Pass) -> None:
        if self.now == one.array_ready:
            return
        if self.program.memory["transfers"] == "serial":
            lead = 0 if one.tile is None else self.rows_of(one)  # all of the wait lies before the tile's load
            waits = [reads or writes for reads, writes in zip(self.read_waits, self.write_waits, strict=True)]
            earlier = lead + self.answer
            for clock in range(one.array_ready - earlier, self.now - earlier):
                self.charge(user_of(self.program, clock), range(clock, clock + 1), waits)
            return
        came = {unit.kind: (unit.end, 0) for unit in one.streams}
        if one.tile is not None:
            came[one.tile.kind] = (one.tile.end, self.rows_of(one))  # the tile's wait lies a tile load earlier
        if one.claims_region:
            came["output"] = (self.region_freed.get(one.region.half, 0), 0)
        cause = next(c for c in CAUSES if c in came and sum(came[c]) + self.answer == self.now)
        earlier = came[cause][1] + self.answer  # what came is read before the pass sees it
        idle = range(one.array_ready - earlier, self.now - earlier)
        self.charge(cause, idle, self.write_waits if cause == "output" else self.read_waits)

    def charge(self, cause: str, idle: range, waits_for_dram: list[bool]) -> None:
        for clock in idle:
            self.stall_cycles["dram" if clock >= 0 and waits_for_dram[clock] else cause] += 1
