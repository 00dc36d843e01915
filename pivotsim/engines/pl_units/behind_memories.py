"""Units behind memories of their own (``units.memory_bytes``): each operation is a unit pass from DRAM and back.

A pass goes by blocks of rows, and of columns where rows are too long: filled, run, drained, one after the other. Of the
ways to cut a tensor it takes the one of the fewest clocks (``pass_blocks``). Layouts are those of ``layouts``, clocks
those of ``passes``; a head of softmax has its own blocks. Dropping tokens is a pass of three operations
(``token_passes``). Rules 95 to 97 of tests/oracles/memory/rules.md.

No pass runs beside a GEMM. What has no unit in Verilog, or rows that its unit does not take, is refused.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pivotsim.engines.pl_units.board_station import check_operations, dram_of, station_of
from pivotsim.engines.pl_units.operations import (
    WORD_BYTES,
    Addition,
    Drain,
    Fill,
    Score,
    Shuffle,
    Station,
    UnitOperation,
)
from pivotsim.engines.pl_units.pass_blocks import Operations, fewest, moved_by, too_small, ways
from pivotsim.engines.pl_units.token_dropping import sort_cycles
from pivotsim.engines.pl_units.token_passes import TokenDrop, drops_of, moved_tokens, score_ways
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import PL, TOKEN_KINDS, UNIT_OF
from pivotsim.units import INT64_MAX
from pivotsim.workload.ops import Op, Trace


class UnitPass(NamedTuple):
    """A pass: its place in the trace, clocks, bytes from and to DRAM, and those at the station's memories."""

    position: int
    cycles: int
    dram_bytes: int
    local_bytes: int


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
    own = [(place, op) for place, op in enumerate(trace) if op.kind in UNIT_OF and hw.placement.of(op.kind) == PL]
    if not own or not isinstance(hw, SystolicHardware):
        return []
    drops = drops_of(trace, own)
    ops = [op for _, op in own]
    check_operations(hw, ops, drops)
    run = _Passes(hw, station_of(hw, ops, drops or ()))
    found = [
        run.one(place, op, _behind(trace, place), _heads(trace, place))
        for place, op in own
        if op.kind not in TOKEN_KINDS
    ]
    for drop in drops or ():
        found += run.of_tokens(trace, drop)
    total = sum(one.cycles for one in found)
    if total > INT64_MAX:
        raise InputError(f"{trace.name}: sizes too large, the clocks of PL units exceed int64 {got(total)}")
    return sorted(found)


class _Passes:
    """Passes on one station, each kind and size of them worked out once."""

    def __init__(self, board: SystolicHardware, station: Station) -> None:
        self.board, self.station, self.dram = board, station, dram_of(board)
        self.made: dict[tuple[object, ...], tuple[int, Operations]] = {}

    def one(self, place: int, op: Op, behind: int, heads: int) -> UnitPass:
        key = (op.kind, op.module == "head", op.m, op.n, heads, behind)
        if key not in self.made:
            self.made[key] = self.fewest(op, behind, heads)
        return _unit_pass(place, op.repeats, *self.made[key])

    def fewest(self, op: Op, behind: int, heads: int) -> tuple[int, Operations]:
        sides = self.board.array.cols, self.board.array.rows
        best = fewest(ways(moved_by(op, self.board, behind), op, self.station, sides, heads), self.station, self.dram)
        if best is None:
            raise too_small(op, self.station, self.board.units.memory_bytes)
        return best

    def of_tokens(self, trace: Trace, drop: TokenDrop) -> Iterator[UnitPass]:
        """Yield the clocks of a drop's score, sort, gather and merge."""
        station, unit = self.station, self.board.units.token_drop
        scored = fewest(score_ways(drop, self.board, station), station, self.dram)
        moved = fewest([moved_tokens(drop, station)], station, self.dram)
        if scored is None or moved is None:
            raise too_small(trace.ops[drop.position], station, self.board.units.memory_bytes)
        sorting = sort_cycles(unit.sort_network, drop.patches, station.comparators)
        yield _unit_pass(drop.position, drop.heads * drop.images, *scored)
        yield UnitPass(drop.position + 1, drop.images * sorting, 0, 0)
        whole = _unit_pass(drop.position + 2, drop.images, *moved, prefix=drop.prefix)
        yield whole._replace(cycles=whole.cycles - drop.images * sorting)
        if drop.is_fused:
            yield UnitPass(drop.position + 3, 0, 0, 0)


def _unit_pass(place: int, copies: int, cycles: int, operations: Operations, prefix: int = 0) -> UnitPass:
    dram_bytes = sum(count * _dram_bytes(one) for (_, one), count in operations.items())
    local_bytes = sum(count * _local_bytes(one, prefix) for (_, one), count in operations.items())
    return UnitPass(place, *(copies * count for count in (cycles, dram_bytes, local_bytes)))


def pass_operations(op: Op, hw: SystolicHardware, ops: Sequence[Op], behind: int = 0) -> Operations:
    """Return the operations of a head of a pass, and how many there are of each, on a station built for ``ops``."""
    return _Passes(hw, station_of(hw, ops)).fewest(op, behind, op.repeats)[1]


def _dram_bytes(one: UnitOperation) -> int:
    return one.size_bytes if isinstance(one, Fill | Drain) else 0


def _local_bytes(one: UnitOperation, prefix: int) -> int:
    """Return the bytes of a memory's words that an operation reads and writes."""
    if isinstance(one, Fill | Drain):
        return WORD_BYTES * one.walk.length * one.walk.runs
    if isinstance(one, Score):
        return WORD_BYTES * one.patches
    if isinstance(one, Shuffle):  # all tokens are read, those that stay written, a fused one too
        return WORD_BYTES * one.channels * (2 * prefix + one.patches + one.kept + (one.fused_base >= 0))
    return WORD_BYTES * one.rows * one.row_elements * (3 if isinstance(one, Addition) else 2)


def _heads(trace: Trace, place: int) -> int:
    """Return the heads in a pass, those of one image: rows before attention are all images', a head's one image's."""
    op = trace.ops[place]
    before = next((other for other in reversed(trace.ops[:place]) if other.kind == "norm"), None)
    if before is None or before.encoder != op.encoder or before.m % op.m or op.repeats % (before.m // op.m):
        return op.repeats
    return op.repeats // (before.m // op.m)


def _behind(trace: Trace, place: int) -> int:
    """Return how many rows an addition has more than the multiplication before it: positions of prefix tokens."""
    op = trace.ops[place]
    if op.kind != "add":
        return 0
    before = next((other for other in reversed(trace.ops[:place]) if other.kind == "gemm"), None)
    return max(0, op.m - before.m) if before is not None and op.encoder == 0 else 0
