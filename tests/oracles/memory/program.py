"""The program of one GEMM on the memory hierarchy: passes in loop order, loads in order of first use, drains.

Everything here is known before the first clock; ``memory_clock`` steps through it. The keys of ``array`` and
``memory`` are explained there. A ``mask`` is None or {"operand": a | b | out, "block": size, "kept": rows of blocks}.
"""

import itertools
from dataclasses import dataclass, field

from tests.oracles.memory.work import AXES, SIZES, Work, packed, ranges, sizes

TILE = {"is": "input", "ws": "weight", "os": None}  # the operand that is loaded into the array and stays for a pass
STREAMS = {"is": ("weight",), "ws": ("input",), "os": ("input", "weight")}
HOME = {"input": "ipmem", "weight": "wtmem"}
IS_WS_ORDERS = ("column-chunk-row", "chunk-column-row")
LOOP_ORDERS = {"is": IS_WS_ORDERS, "ws": IS_WS_ORDERS, "os": ("column-outer", "row-outer")}


@dataclass
class Transfer:
    """One load of a unit into its half, or one drain of a region of OPMEM."""

    kind: str  # input, weight, bias or output
    unit: tuple[int, ...]
    size_bytes: int
    from_dram: bool  # or to it; False: the GB still holds the unit
    serves: int  # the pass that uses it first; of an output, its region
    dram_cycles: int
    port_cycles: int  # the slower of the GB's port and the memory's
    latency_cycles: int
    answer_cycles: int = 0  # of a drain: OPMEM's first word is read
    half: int = 0
    uses: int = 0  # passes that read the unit before its half takes another
    requested: int | None = None  # of a load: the clock in which it was asked for
    start: int | None = None
    end: int | None = None
    readable: bool = False  # the array can have what came, or the half that went

    @property
    def length_cycles(self) -> int:
        return max(self.dram_cycles, self.port_cycles) + self.latency_cycles + self.answer_cycles

    def waits_for_dram(self, now: int) -> bool:
        under_way = now - self.start - self.answer_cycles
        in_latency = under_way < self.latency_cycles
        return self.from_dram and under_way >= 0 and (in_latency or self.dram_cycles >= self.port_cycles)


@dataclass
class Region:
    """The sums of one column tile and chunk (OS: of one fold) in OPMEM, and their drain."""

    half: int
    drain: Transfer
    sum_bytes: int  # of the partial sums that it drains
    passes_left: int = 0
    post_cycles: int = 0  # between its last output and its drain
    is_posting: bool = False
    is_posted: bool = False


@dataclass
class Pass:
    """One unit through the array: its tile loaded, its operands streamed, its sums registered."""

    row: int
    col: int
    chunk: int
    used_rows: int
    used_cols: int
    steps: int  # streamed indices that some row and column of it needs
    region: Region
    tile: Transfer | None = None
    streams: list[Transfer] = field(default_factory=list)
    claims_region: bool = False  # its sums are the first to enter the region
    adds_sums: bool = False  # to those of passes before
    writes_region: bool = True  # OS: only the last chunk of K leaves the array
    load_start: int | None = None
    load_end: int | None = None
    stream_start: int | None = None
    stream_end: int | None = None  # the last operand has entered
    registered: int | None = None  # the last output is registered at the bottom edge
    next_fold_steps: int = 0  # OS, of a fold's last chunk: what the next fold streams
    array_ready: int | None = None  # the stream's start if this pass waited for no memory
    tile_wanted: bool = False
    tile_could_be_in: bool = False
    tile_in: bool = False
    reload_open: bool = False  # the array would take the next pass's tile
    stream_open: bool = False  # the array would take the next pass's operands


@dataclass(frozen=True)
class Misfit:
    """A unit that is larger than a half of its buffer."""

    buffer: str
    unit: str
    demand_bytes: int
    limit_bytes: int


@dataclass(frozen=True)
class DoesNotFit:
    misfits: tuple[Misfit, ...]


def units(gemm: tuple[int, int, int], array: dict, memory: dict, chunk: int) -> list[Misfit]:
    """The largest unit of each buffer beside the half that must hold it."""
    row_size, col_size, _ = sizes(gemm, array)
    tiling = tiling_of(array, memory)
    rows, cols = min(tiling["rows"], row_size), min(tiling["cols"], col_size)
    demands = {
        "is": (("ipmem", "tile", rows * cols), ("wtmem", "stream", rows * chunk), ("opmem", "psums", cols * chunk)),
        "ws": (("wtmem", "tile", rows * cols), ("ipmem", "stream", rows * chunk), ("opmem", "psums", cols * chunk)),
        "os": (("ipmem", "stream", rows * chunk), ("wtmem", "stream", cols * chunk), ("opmem", "psums", rows * cols)),
    }[array["dataflow"]]
    bits = {"ipmem": memory["input_bits"], "wtmem": memory["weight_bits"], "opmem": 8 * memory["sum_bytes"]}
    found = []
    for buffer, unit, elements in demands:
        if memory[f"{buffer}_bytes"] is not None:
            limit_bytes = memory[f"{buffer}_bytes"] // (2 if memory[f"{buffer}_buffers"] == "ping_pong" else 1)
            found.append(Misfit(buffer, unit, packed(elements, bits[buffer]), limit_bytes))
    return found


def tiling_of(array: dict, memory: dict) -> dict:
    """The array, with the rows and columns of outputs that share a chunk of the operands: its own, or a block's."""
    block = {side: memory[f"output_block_{side}"] for side in ("rows", "cols")}
    if array["dataflow"] != "os" or not any(block.values()):
        return array
    return {**array, **{side: size or array[side] for side, size in block.items()}}


def cycles(size_bytes: int, bytes_per_cycle: int | None) -> int:
    return 0 if bytes_per_cycle is None else -(-size_bytes // bytes_per_cycle)


class Program:
    """What comes after what: passes in loop order, loads in order of first use, drains region by region."""

    def __init__(
        self, gemm: tuple[int, int, int], array: dict, memory: dict, loop_order: str, chunk: int, mask: dict | None
    ):
        self.gemm, self.array, self.memory, self.mask = gemm, array, memory, mask
        self.dataflow, self.divisor = array["dataflow"], memory["clock_divisor"]  # array clocks of a memory clock
        tiling = tiling_of(array, memory)
        self.has_block = tiling is not array  # its sums leave the array after each chunk
        self.work = Work(gemm, tiling, chunk, mask)
        self.ranges = self.work.ranges
        self.loads: list[Transfer] = []
        self.passes: list[Pass] = []
        self.regions: list[Region] = []
        self.bias: Transfer | None = None
        self.halves = {name: self._empty_halves(name) for name in ("ipmem", "wtmem", "opmem")}
        self.held: dict[str, list] = {"input": [], "weight": []}  # residents, the most recently used one last
        self.seen: set = set()
        nest = self._nest(loop_order)
        self.needed = {place: self.work.needed(*place) for place in nest}
        self.unit_bytes = self._unit_bytes()
        for region, places in itertools.groupby(nest, key=self._region_of):
            self._add_region(region, [place for place in places if self.needed[place]])
        self._look_ahead()

    def _empty_halves(self, buffer: str) -> int | None:
        if self.memory[f"{buffer}_bytes"] is None:
            return None
        return 2 if self.memory[f"{buffer}_buffers"] == "ping_pong" else 1

    def _nest(self, loop_order: str) -> list[tuple[int, int, int]]:
        rows, cols, chunks = (range(len(self.ranges[axis])) for axis in ("row", "col", "stream"))
        return {
            "column-chunk-row": lambda: [(i, j, c) for j in cols for c in chunks for i in rows],
            "chunk-column-row": lambda: [(i, j, c) for c in chunks for j in cols for i in rows],
            "column-outer": lambda: [(i, j, c) for j in cols for i in rows for c in chunks],
            "row-outer": lambda: [(i, j, c) for i in rows for j in cols for c in chunks],
        }[loop_order]()

    def _region_of(self, place: tuple[int, int, int]) -> tuple[int, int]:
        i, j, c = place
        return (i, j) if self.dataflow == "os" else (j, c)

    # passes and transfers

    def _unit_bytes(self) -> dict[tuple[str, tuple[int, int]], int]:
        """Bytes of every unit that some pass uses."""
        users: dict[tuple[str, tuple[int, int]], list] = {}
        for (i, j, c), steps in self.needed.items():
            tile = {"row": i, "col": j, "stream": c}
            for operand, axes in AXES[self.dataflow].items():
                if steps:
                    users.setdefault((operand, tuple(tile[axis] for axis in axes)), []).append(steps)
        return {
            (operand, unit): self.work.bytes_of(operand, unit, lists, self.memory[f"{operand}_bits"])
            for (operand, unit), lists in users.items()
        }

    def _add_region(self, unit: tuple[int, int], places: list[tuple[int, int, int]]) -> None:
        """A region that drains, its passes, and before its drain the bias."""
        drains, asked = self.dataflow == "os", self.mask is not None and self.mask["operand"] == "out"
        if asked and not places:
            return  # none of its outputs is wanted
        if drains:
            entries = self.ranges["row"][unit[0]]  # words of one psum per column
        else:
            computed = set().union(*(self.needed[place] for place in places))
            entries = computed if asked else self.ranges["stream"][unit[1]]
        columns = self.ranges["col"][unit[1] if drains else unit[0]]
        words = 1 if not self.has_block else len(ranges(len(columns), self.array["cols"]))  # of a row of outputs
        self.regions.append(self._region(unit, len(entries), len(columns), words))
        for number, place in enumerate(places):
            if self.has_block:
                self._add_folds(place, number == 0)
            else:
                self._add_pass(place, number == 0, number == len(places) - 1)
        if self.memory["bias"] and self.bias is None:  # the first region is about to drain
            self.bias = self._load("bias", (), self.memory["sum_bytes"] * self.gemm[2])

    def _add_pass(self, place: tuple[int, int, int], is_first: bool, is_last: bool) -> None:
        i, j, c = place
        drains = self.dataflow == "os"
        used_rows, used_cols = len(self.ranges["row"][i]), len(self.ranges["col"][j])
        one = Pass(i, j, c, used_rows, used_cols, len(self.needed[place]), self.regions[-1])
        one.claims_region = is_last if drains else is_first
        one.adds_sums = not one.claims_region
        one.writes_region = not drains or is_last
        one.region.passes_left += one.writes_region
        if drains:
            one.streams = [self._use("input", (i, c)), self._use("weight", (c, j))]
        else:
            one.tile = self._use(TILE[self.dataflow], (i, j))
            one.streams = [self._use(STREAMS[self.dataflow][0], (i, c))]
        self.passes.append(one)

    def _add_folds(self, place: tuple[int, int, int], is_first: bool) -> None:
        """The folds of a block, a pass each, which stream one chunk of the operands and add to the block's sums."""
        i, j, c = place
        streams = [self._use("input", (i, c)), self._use("weight", (c, j))]
        for load in streams:
            load.uses -= 1  # each fold reads them, see below
        across, down = (len(self.ranges["col"][j]), len(self.ranges["row"][i]))
        for cols in ranges(across, self.array["cols"]):
            for rows in ranges(down, self.array["rows"]):
                one = Pass(i, j, c, len(rows), len(cols), len(self.needed[place]), self.regions[-1], streams=streams)
                one.claims_region = is_first and cols.start == rows.start == 0
                one.adds_sums = not is_first
                one.region.passes_left += 1
                for load in streams:
                    load.uses += 1
                self.passes.append(one)

    def _look_ahead(self) -> None:
        """Tell the last chunk of each OS fold how much the next fold streams."""
        steps = 0
        for one in reversed(self.passes):
            if one.writes_region:
                one.next_fold_steps, steps = steps, 0
            steps += one.steps

    def _use(self, operand: str, unit: tuple[int, int]) -> Transfer:
        """The load that brings the unit: an earlier one if the unit is still in its half."""
        held, limit = self.held[operand], self.halves[HOME[operand]]
        for load in held:
            if load.unit == unit and self.memory["reuse"] == "kept":
                held.remove(load)
                break
        else:
            load = self._load(operand, unit, self.unit_bytes[operand, unit])
            load.half = len(held)
            if limit is not None and len(held) == limit:
                load.half = held.pop(0).half  # the half that was not used last
        held.append(load)
        load.uses += 1
        return load

    def _load(self, kind: str, unit: tuple[int, ...], size_bytes: int) -> Transfer:
        operand_bytes = sum(size for (operand, _), size in self.unit_bytes.items() if operand == kind)
        share_bytes = None if kind == "bias" else self.memory[f"{kind}_share_bytes"]
        stays_in_gb = (share_bytes is None or operand_bytes <= share_bytes) and self.memory["reuse"] == "kept"
        from_dram = not stays_in_gb or (kind, unit) not in self.seen
        self.seen.add((kind, unit))
        port = None if kind == "bias" else self.memory[f"{HOME[kind]}_port_bytes_per_cycle"]
        load = Transfer(
            kind, unit, size_bytes, from_dram, self._turn() if kind == "bias" else len(self.passes),
            self._dram_cycles(size_bytes, "read", self._rows_of(kind, unit)) if from_dram else 0,
            self.divisor * max(cycles(size_bytes, self.memory["gb_port_bytes_per_cycle"]), cycles(size_bytes, port))
            + (0 if from_dram else self.divisor * self.memory["buffer_read_cycles"]),
            self.divisor * self.memory["read_latency_cycles"] if from_dram else 0,
        )  # fmt: skip
        self.loads.append(load)
        return load

    def _turn(self) -> int:
        """The first of the last passes that share their units: only the folds of a block do."""
        places = [(one.row, one.col, one.chunk) for one in self.passes]
        return places.index(places[-1]) if places else 0

    def _region(self, unit: tuple[int, int], rows: int, used_cols: int, words: int) -> Region:
        index, halves = len(self.regions), self.halves["opmem"]
        size_bytes = packed(rows * used_cols, self.memory["out_bits"])
        entries = rows * words
        read_cycles = 0 if halves is None else entries  # one word of all columns per clock
        drain = Transfer(
            "output", unit, size_bytes, True, index,
            self._dram_cycles(size_bytes, "write", self._rows_of("output", unit)),
            self.divisor * max(cycles(size_bytes, self.memory["gb_port_bytes_per_cycle"]), read_cycles),
            self.divisor * self.memory["write_latency_cycles"],
            self.divisor * self.memory["buffer_read_cycles"],
        )  # fmt: skip
        drain.half = index if halves is None else index % halves
        post_cycles = self.memory["post_region_cycles"] + entries * self.memory["post_entry_cycles"]
        sum_bytes = rows * used_cols * self.memory["sum_bytes"]
        return Region(drain.half, drain, sum_bytes, post_cycles=post_cycles)

    def _dram_cycles(self, size_bytes: int, way: str, rows: list[int]) -> int:
        per_s = self.memory["dram_bytes_per_s"]
        at_dram = 0 if per_s is None else -(-size_bytes * self.memory["clock_hz"] // (per_s * self.divisor))
        return self.divisor * max(at_dram, self._axi_cycles(size_bytes, way, rows))

    def _axi_cycles(self, size_bytes: int, way: str, rows: list[int]) -> int:
        """A burst after the other, its start and its beats; of the whole unit, or of each row of its matrix."""
        memory = self.memory
        if memory["axi_burst_bytes"] is None:
            return cycles(size_bytes, memory["axi_bytes_per_cycle"])
        clocks = 0
        for run_bytes in rows if memory["axi_bursts"] == "row" else [size_bytes]:
            bursts = ranges(run_bytes, memory["axi_burst_bytes"])
            clocks += len(bursts) * memory[f"axi_{way}_burst_cycles"]
            clocks += cycles(run_bytes, memory["axi_bytes_per_cycle"]) * memory[f"axi_{way}_beat_cycles"]
        return clocks

    def _rows_of(self, kind: str, unit: tuple[int, ...]) -> list[int]:
        """Bytes of each row of a unit, as it lies in its matrix: M x K, K x N or M x N."""
        if kind == "bias":
            return [self.memory["sum_bytes"] * self.gemm[2]]
        axes = {**AXES[self.dataflow], "output": ("row", "col") if self.dataflow == "os" else ("col", "stream")}[kind]
        letters = dict(zip(("row", "col", "stream"), SIZES[self.dataflow], strict=True))
        used = {letters[axis]: len(self.ranges[axis][place]) for axis, place in zip(axes, unit, strict=True)}
        down, across = {"input": "mk", "weight": "kn", "output": "mn"}[kind]
        bits = self.memory["out_bits" if kind == "output" else f"{kind}_bits"]
        return [packed(used[across], bits)] * used[down]


def count_bytes(program: Program) -> dict[str, int]:
    """Bytes read and written at every level, each transfer and pass on its own."""
    levels = ("dram", "gb_input", "gb_weight", "gb_bias", "gb_output", "ipmem", "wtmem", "opmem")
    moved = {f"{level}_{way}": 0 for level in levels for way in ("read", "write")}
    for load in program.loads:
        if load.from_dram:
            moved["dram_read"] += load.size_bytes
            moved[f"gb_{load.kind}_write"] += load.size_bytes
        moved[f"gb_{load.kind}_read"] += load.size_bytes
        if load.kind != "bias":
            moved[f"{HOME[load.kind]}_write"] += load.size_bytes
    for one in program.passes:
        for unit in [one.tile, *one.streams]:
            if unit is not None:
                moved[f"{HOME[unit.kind]}_read"] += bytes_read(program, one, unit)
        if one.writes_region:
            entries = one.used_rows if program.dataflow == "os" else one.steps
            psum_bytes = entries * one.used_cols * program.memory["sum_bytes"]
            moved["opmem_write"] += psum_bytes
            moved["opmem_read"] += psum_bytes if one.adds_sums else 0  # sums of earlier folds or chunks of K
    for region in program.regions:
        size_bytes = region.drain.size_bytes
        moved["opmem_read"] += region.sum_bytes
        moved["gb_output_write"] += size_bytes
        moved["gb_output_read"] += size_bytes
        moved["dram_write"] += size_bytes
    return moved


def bytes_read(program: Program, one: Pass, unit: Transfer) -> int:
    """Bytes that a pass reads of a unit: all of a tile and of what is stored with gaps, else the indices it needs."""
    if unit is one.tile or program.work.is_masked(unit.kind):
        return unit.size_bytes
    across = one.used_cols if program.dataflow == "os" and unit.kind == "weight" else one.used_rows
    return packed(one.steps * across, program.memory[f"{unit.kind}_bits"])
