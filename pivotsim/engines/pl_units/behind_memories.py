"""Units behind memories of their own (``units.memory_bytes``): each operation is a unit pass from DRAM and back.

A pass goes by blocks of rows, and of columns where rows are too long: filled, run, drained, one after the other. Of the
ways to cut a tensor and to lay its blocks out in a memory it takes the one of the fewest clocks: as many rows as fit,
or whole tiles of the array's sides; rows without a gap or with one that spreads a column over the banks; in the order
of DRAM where every element is alike. Layouts are those of ``layouts``, clocks those of ``passes``; a head of softmax
has its own blocks. Rule 96 of tests/oracles/memory/rules.md.

No pass runs beside a GEMM. What has no unit in Verilog, or rows that its unit does not take, is refused.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from pivotsim.engines.pl_units.layouts import Layout, block_walks, flat_walks, read, stream, written
from pivotsim.engines.pl_units.operations import (
    A,
    Activation,
    Addition,
    B,
    Drain,
    Fill,
    Norm,
    Rows,
    Softmax,
    Station,
    UnitOperation,
)
from pivotsim.engines.pl_units.passes import DramPort, operation_cycles
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.memory import UNLIMITED
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import PL, UNIT_OF
from pivotsim.units import INT64_MAX
from pivotsim.workload.ops import Op, Trace

WORD_BYTES = 2  # of a memory
LAID_OUT = {  # kind -> modules whose operands have a layout
    "softmax": ("softmax",),
    "gelu": ("gelu",),
    "relu": ("relu",),
    "norm": ("norm1", "norm2", "head"),
    "add": ("residual1", "residual2", "patch_embed"),
}
MAX_OPERATIONS = 4096  # of a pass: as many as the table of the station holds

Operations = Counter[tuple[type, UnitOperation]]  # by type: operations of two kinds may have equal fields
Block = tuple[range, range]
Run = Callable[[int, int, int], Rows]


class UnitPass(NamedTuple):
    """A pass: its place in the trace, clocks, bytes from and to DRAM, and those at the station's memories."""

    position: int
    cycles: int
    dram_bytes: int
    local_bytes: int


class _Moved(NamedTuple):
    """What a kind of operation reads and writes: the stream or what it works on, a branch, the result; how it runs.

    ``behind`` are the first rows of the stream that the branch does not have.
    """

    given: Layout
    branch: Layout | None
    found: Layout
    run: Run
    behind: int = 0


def is_behind_memories(trace: Trace, hw: Hardware) -> bool:
    """Whether operations of a trace run on units that work in memories of their own."""
    is_placed = any(kind in UNIT_OF and hw.placement.of(kind) == PL for kind in trace.first_ops)
    return is_placed and isinstance(hw, SystolicHardware) and hw.units.memory_bytes > 0


def unit_passes(trace: Trace, hw: Hardware) -> list[UnitPass]:
    """Return the passes of a trace's operations on units behind memories.

    Raises
    ------
    InputError
        There is no station of these units, it does not take an operation, or clocks would exceed int64.

    Examples
    --------
    DeiT-T's softmax on 16 lanes behind two memories of 64 KB: a byte in and one out for 3 * 197 * 197 scores.

    >>> import pivotsim as ps
    >>> hw = ps.load_hardware("zcu102").replace({"placement.softmax": "pl", "units.memory_bytes": 65536})
    >>> unit_passes(ps.lower(ps.plan("deit_t")), hw)[0]
    UnitPass(position=8, cycles=28092, dram_bytes=232854, local_bytes=931416)
    """
    board = hw if isinstance(hw, SystolicHardware) else None
    own = [(place, op) for place, op in enumerate(trace) if op.kind in UNIT_OF and hw.placement.of(op.kind) == PL]
    if board is None or not own:
        return []
    _check(trace, board, [op for _, op in own])
    station, dram = _station(board, [op for _, op in own]), _dram(board)
    found, total = [], 0
    made: dict[tuple[object, ...], tuple[int, Operations]] = {}
    for place, op in own:
        behind = _behind(trace, place)
        key = (op.kind, op.module == "head", op.m, op.n, op.repeats, behind)
        if key not in made:
            made[key] = _fewest(_moved(op, board, behind), op, station, dram, (board.array.cols, board.array.rows))
        cycles, operations = made[key]
        total += op.repeats * cycles
        if total > INT64_MAX:
            raise InputError(f"{trace.name}: sizes too large, the clocks of PL units exceed int64 {got(total)}")
        dram_bytes, local_bytes = (_total(of, operations) for of in (_dram_bytes, _local_bytes))
        found.append(UnitPass(place, *(op.repeats * count for count in (cycles, dram_bytes, local_bytes))))
    return found


def pass_operations(op: Op, hw: SystolicHardware, ops: Sequence[Op], behind: int = 0) -> Operations:
    """Return the operations of a head of a pass, and how many there are of each, on a station built for ``ops``."""
    sides = hw.array.cols, hw.array.rows
    return _fewest(_moved(op, hw, behind), op, _station(hw, ops), _dram(hw), sides)[1]


def _total(of: Callable[[UnitOperation], int], operations: Operations) -> int:
    return sum(count * of(one) for (_, one), count in operations.items())


def _dram_bytes(one: UnitOperation) -> int:
    return one.size_bytes if isinstance(one, Fill | Drain) else 0


def _local_bytes(one: UnitOperation) -> int:
    """Return the bytes of a memory's words that an operation reads and writes."""
    if isinstance(one, Fill | Drain):
        return WORD_BYTES * one.walk.length * one.walk.runs
    assert isinstance(one, Softmax | Activation | Norm | Addition)
    return WORD_BYTES * one.rows * one.row_elements * (3 if isinstance(one, Addition) else 2)


# ---- what a station takes


def _check(trace: Trace, board: SystolicHardware, ops: Sequence[Op]) -> None:
    memories, where = board.memories, "units.memory_bytes"
    problems = [
        f"{where}: the station knows a rate and a latency of DRAM, {path} must be {usual} {got(value)}"
        for path, usual, value in (
            ("memories.dram", "bandwidth", memories.dram), ("memories.clock_divisor", 1, memories.clock_divisor),
            ("memories.axi_read_burst_clocks", 0, memories.axi_read_burst_clocks),
            ("memories.axi_write_burst_clocks", 0, memories.axi_write_burst_clocks),
            ("memories.axi_read_beat_clocks", 1, memories.axi_read_beat_clocks),
            ("memories.axi_write_beat_clocks", 1, memories.axi_write_beat_clocks),
        )
        if value != usual
    ]  # fmt: skip
    widths = {UNIT_OF[op.kind]: board.units.of(op.kind).elements_per_clock for op in ops if op.kind in LAID_OUT}
    lanes = next(iter(widths.values()), 2)
    if lanes & (lanes - 1) or lanes < 2:
        problems.append(f"units.{next(iter(widths))}.elements_per_clock: behind memories a power of two {got(lanes)}")
    problems += [
        f"units.{unit}.elements_per_clock: behind memories all units are as wide, {lanes} {got(width)}"
        for unit, width in widths.items() if width != lanes
    ]  # fmt: skip
    for op in {(op.kind, op.module): op for op in ops}.values():
        if op.kind not in LAID_OUT or op.module not in LAID_OUT[op.kind]:
            name = op.kind if op.module in (op.kind, "") else f"{op.kind} of module {op.module}"
            problems.append(f"{where}: no unit pass is known of {name}; 0 waits for no memory, as does placement ps")
        elif op.density != 1:
            problems.append(f"{where}: no unit pass takes a part of an operation {got(f'{op.kind}, {op.density:g}')}")
    if problems:
        raise InputError(problems)
    for op in ops:
        if op.kind == "softmax" and op.n < lanes:
            problems.append(f"{where}: softmax: rows of {op.n} elements are shorter than a beat of {lanes}")
        elif op.kind == "norm" and op.n % lanes:
            problems.append(f"{where}: norm: rows of {op.n} elements are no whole beats of {lanes}")
    if problems:
        raise InputError(list(dict.fromkeys(problems)))


def _station(board: SystolicHardware, ops: Iterable[Op]) -> Station:
    """Return the station of a board, for the longest rows of some operations."""
    ops = list(ops)
    lanes = board.units.of(ops[0].kind).elements_per_clock
    memories = board.memories
    axi, shared = memories.axi_port_bytes_per_clock, memories.gb_port_bytes_per_clock
    widths = [int(count * width) for count, width in ((memories.axi_ports, axi), (1, shared)) if width != UNLIMITED]
    longest = {kind: max([lanes, *(op.n for op in ops if op.kind == kind)]) for kind in ("softmax", "norm")}
    words = board.units.memory_bytes // WORD_BYTES // lanes * lanes
    port = min([WORD_BYTES * lanes, *widths])
    if port < WORD_BYTES:
        raise InputError(f"units.memory_bytes: DRAM's port must take an element of {WORD_BYTES} bytes {got(port)}")
    return Station(lanes, port, words, longest["softmax"], longest["norm"])


def _dram(board: SystolicHardware) -> DramPort:
    """Return DRAM as engine `memory` sees it: a whole number of hertz, latencies rounded up to clocks."""
    memories, clock_hz = board.memories, round(board.array.clock_mhz * 1e6)
    rate = None if memories.dram_bytes_per_s == UNLIMITED else int(memories.dram_bytes_per_s)
    latencies = (-(-ns * clock_hz // 10**9) for ns in (memories.read_latency_ns, memories.write_latency_ns))
    return DramPort(rate, clock_hz, *latencies)


# ---- what a pass moves


def _behind(trace: Trace, place: int) -> int:
    """Return how many rows an addition has more than the multiplication before it: positions of prefix tokens."""
    op = trace.ops[place]
    if op.kind != "add":
        return 0
    before = next((other for other in reversed(trace.ops[:place]) if other.kind == "gemm"), None)
    return max(0, op.m - before.m) if before is not None and op.encoder == 0 else 0


def _moved(op: Op, board: SystolicHardware, behind: int) -> _Moved:
    array = board.array.dataflow, board.array.rows, board.array.cols
    m, n = op.m, op.n
    if op.kind == "softmax":
        return _Moved(written(m, n, *array, is_head=True), None, read(m, n, *array), lambda h, w, _: Softmax(0, h, w))
    if op.kind == "norm":
        found = read(m, n, *array, is_one_row=op.module == "head")
        return _Moved(stream(m, n), None, found, lambda h, w, p: Norm(0, h, w, p, 0, 0, 0, 0))
    if op.kind == "add":
        branch = written(m - behind, n, *array, is_head=False)
        return _Moved(stream(m, n), branch, stream(m, n), lambda h, w, p: Addition(0, h, w, p, 0, p, 0, 0), behind)
    given = written(m, n, *array, is_head=False)
    return _Moved(given, None, read(m, n, *array), lambda h, w, p: Activation(0, h, w, p))


def _fewest(moved: _Moved, op: Op, station: Station, dram: DramPort, sides: tuple[int, int]) -> tuple[int, Operations]:
    """Return clocks and operations of the way of the fewest clocks."""
    best: tuple[int, Operations] | None = None
    for operations in _ways(moved, op, station, sides):
        cycles = sum(count * _cycles(one, station, dram) for (_, one), count in operations.items())
        best = (cycles, operations) if best is None or cycles < best[0] else best
    if best is None:
        raise InputError(
            f"units.memory_bytes: too small for {op.kind}'s {op.m} rows of {op.n} elements:"
            f" none fits, or a pass has more than {MAX_OPERATIONS:,} operations {got(WORD_BYTES * station.words)}"
        )
    return best


_cycles = lru_cache(65_536, typed=True)(operation_cycles)


def _ways(moved: _Moved, op: Op, station: Station, sides: tuple[int, int]) -> Iterator[Operations]:
    """Yield the operations of every way to cut a tensor into blocks and to lay them out."""
    whole = [range(op.n)]
    groups = [whole]
    if op.kind not in ("softmax", "norm"):
        odd = (station.words // side // 2 * 2 - 1 for side in sides)  # rows without gaps serve both ways
        groups += [_parts(whole[0], width) for width in odd if 0 < width < op.n]
    layouts = [layout._replace(is_wide=False) for layout in (moved.given, moved.branch, moved.found) if layout]
    is_flat = op.kind not in ("softmax", "norm") and not moved.behind and len(set(layouts)) == 1
    for columns in groups:
        width = max(map(len, columns))
        gaps = (0,) if width % 2 or op.kind == "softmax" else (0, 1)
        for pitch in (*((0,) if is_flat else ()), *(width + gap for gap in gaps)):
            for cut in _cuts(op.m, station.words // (pitch or width), sides):
                blocks = ((rows, group) for group in columns for rows in _parts(range(op.m), cut))
                found: Operations = Counter()
                for block in blocks:
                    found.update(_of_block(moved, block, pitch, station.lanes))
                    if op.repeats * found.total() > MAX_OPERATIONS:
                        break
                else:
                    yield found


def _of_block(moved: _Moved, block: Block, pitch: int, lanes: int) -> Operations:
    """Return the operations of a block; pitch 0 lays it out in the order of DRAM, one row long."""
    rows, columns = block
    found: Operations = Counter()

    def move(kind: type[Fill] | type[Drain], memory: int, layout: Layout, part: range) -> None:
        walks = block_walks(layout, part, columns, pitch, lanes) if pitch else flat_walks(layout, part, columns, lanes)
        found.update({(kind, kind(memory, int(layout.is_wide), 0, walk)): count for walk, count in walks.items()})

    move(Fill, A, moved.given, rows)
    rest = rows
    if moved.branch is not None:
        rest = range(max(0, rows.start - moved.behind), max(0, rows.stop - moved.behind))
        if rest:
            move(Fill, B, moved.branch, rest)
    if rest:
        sizes = (len(rest), len(columns), pitch) if pitch else (1, *[len(rest) * len(columns)] * 2)
        run = moved.run(*sizes)
        found[type(run), run] += 1
    move(Drain, A, moved.found, rows)
    return found


def _parts(whole: range, size: int) -> list[range]:
    return [range(first, min(whole.stop, first + size)) for first in range(whole.start, whole.stop, size)]


def _cuts(rows: int, most: int, sides: Sequence[int]) -> list[int]:
    """Return how many rows a block may have: as many as fit, or whole tiles of a side of the array."""
    found = [min(most, rows), *(most // side * side for side in sides if most < rows)]
    return [cut for cut in dict.fromkeys(found) if cut]
