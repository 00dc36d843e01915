"""The unit station that a board has: its sizes, DRAM as it sees it, and what its units do not take."""

from collections.abc import Iterator, Sequence

from pivotsim.engines.pl_units.operations import MAX_LANES, WORD_BYTES, Station
from pivotsim.engines.pl_units.pass_blocks import rounded
from pivotsim.engines.pl_units.passes import DramPort
from pivotsim.engines.pl_units.token_passes import TokenDrop
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.memory import UNLIMITED
from pivotsim.hardware.pl_units import TokenDropSpec
from pivotsim.operations import TOKEN_KINDS
from pivotsim.workload.ops import Op

LAID_OUT = {  # kind -> modules whose operands have a layout
    "softmax": ("softmax",),
    "gelu": ("gelu",),
    "relu": ("relu",),
    "norm": ("norm1", "norm2", "head"),
    "add": ("residual1", "residual2", "patch_embed"),
}


def check_operations(board: SystolicHardware, ops: Sequence[Op], drops: Sequence[TokenDrop] | None) -> None:
    """Raise an ``InputError`` for what units behind memories do not take.

    ``drops`` are the operations on tokens among ``ops``; None where they are no drops.
    """
    where, lanes = "units.memory_bytes", lanes_of(board, ops)
    problems = [*_problems_of_board(board, ops, lanes), *_problems_of_kinds(ops, drops)]
    if drops:
        problems += drop_problems(board.units.token_drop, lanes, is_fused=any(drop.is_fused for drop in drops))
        if len({drop.prefix for drop in drops}) > 1:
            problems.append(f"{where}: all token drops have as many tokens in front")
    if problems:
        raise InputError(problems)
    for op in ops:
        if op.kind == "softmax" and op.n < lanes:
            problems.append(f"{where}: softmax: rows of {op.n} elements are shorter than a beat of {lanes}")
        elif op.kind == "norm" and op.n % lanes:
            problems.append(f"{where}: norm: rows of {op.n} elements are no whole beats of {lanes}")
    stated, built = board.units.memory_bytes, board.units.built_bytes(lanes, WORD_BYTES)
    for drop in drops or ():
        if WORD_BYTES * drop.tokens * drop.channels > built:
            size = f"{drop.tokens} tokens of {drop.channels} channels"
            wanted = f"must fit a memory, {WORD_BYTES} B an element{rounded(stated, built)}"
            problems.append(f"{where}: {size} {wanted} {got(stated)}")
    if problems:
        raise InputError(list(dict.fromkeys(problems)))


def drop_problems(unit: TokenDropSpec, lanes: int, *, is_fused: bool) -> list[str]:
    """Return what the token-dropping module of a station of so many lanes cannot be; ``is_fused``: it fuses tokens."""
    forms = (
        ("ports", 1, unit.ports), ("channels_per_port", lanes, unit.channels_per_port),
        ("score_lanes", lanes, unit.score_lanes), ("sort_network", "bitonic", unit.sort_network),
        ("averaging_hidden", False, unit.averaging_hidden),
        ("fused_token", "mean", unit.fused_token if is_fused else "mean"),
    )  # fmt: skip
    wrong = [(name, str(wanted), value) for name, wanted, value in forms if value != wanted]
    if unit.comparators & (unit.comparators - 1):
        wrong.append(("comparators", "a power of two", unit.comparators))
    return [
        f"units.token_drop.{name}: behind memories it must be {wanted} {got(value)}" for name, wanted, value in wrong
    ]


def is_built(lanes: int) -> bool:
    """Return whether there are units of so many elements a clock in Verilog.

    >>> [lanes for lanes in range(40) if is_built(lanes)]
    [2, 4, 8, 16]
    """
    return 2 <= lanes <= MAX_LANES and not lanes & (lanes - 1)


def port_bytes(board: SystolicHardware, lanes: int) -> int:
    """Return the bytes a clock between DRAM and a station: what its lanes take, where nothing on the way is narrower.

    Raises
    ------
    InputError
        The way takes less than an element.
    """
    memories = board.memories
    axi, shared = memories.axi_port_bytes_per_clock, memories.gb_port_bytes_per_clock
    widths = [int(count * width) for count, width in ((memories.axi_ports, axi), (1, shared)) if width != UNLIMITED]
    port = min([WORD_BYTES * lanes, *widths])
    if port < WORD_BYTES:
        raise InputError(f"units.memory_bytes: DRAM's port must take an element of {WORD_BYTES} bytes {got(port)}")
    return port


def lanes_of(board: SystolicHardware, ops: Sequence[Op]) -> int:
    """Return the elements a clock of the units that run some operations, those that most of them have."""
    shared, _ = board.units.shared_width({op.kind for op in ops if op.kind not in TOKEN_KINDS})
    return shared or board.units.token_drop.channels_per_port


def _problems_of_board(board: SystolicHardware, ops: Sequence[Op], lanes: int) -> Iterator[str]:
    memories = board.memories
    for path, usual, value in (
        ("memories.dram", "bandwidth", memories.dram), ("memories.clock_divisor", 1, memories.clock_divisor),
        ("memories.axi_read_burst_clocks", 0, memories.axi_read_burst_clocks),
        ("memories.axi_write_burst_clocks", 0, memories.axi_write_burst_clocks),
        ("memories.axi_read_beat_clocks", 1, memories.axi_read_beat_clocks),
        ("memories.axi_write_beat_clocks", 1, memories.axi_write_beat_clocks),
    ):  # fmt: skip
        if value != usual:
            why = "units with memories meet DRAM as a rate and a latency"
            yield f"units.memory_bytes: {why}; set {path} to {usual}, or units.memory_bytes to 0 {got(value)}"
    if not is_built(lanes):
        yield f"units.*.elements_per_clock: behind memories 2, 4, 8 or {MAX_LANES} {got(lanes)}"
    yield from board.units.shared_width({op.kind for op in ops if op.kind not in TOKEN_KINDS})[1]


def _problems_of_kinds(ops: Sequence[Op], drops: Sequence[TokenDrop] | None) -> Iterator[str]:
    where = "units.memory_bytes"
    for op in {(op.kind, op.module): op for op in ops}.values():
        if op.kind in TOKEN_KINDS and drops is not None:
            continue
        if op.kind not in LAID_OUT or op.module not in LAID_OUT[op.kind]:
            name = op.kind if op.module in (op.kind, "") else f"{op.kind} of module {op.module}"
            yield f"{where}: no unit pass is known of {name}; 0 waits for no memory, as does placement ps"
        elif op.density != 1:
            yield f"{where}: no unit pass takes a part of an operation {got(f'{op.kind}, {op.density:g}')}"


def station_of(board: SystolicHardware, ops: Sequence[Op], drops: Sequence[TokenDrop] = ()) -> Station:
    """Return the station of a board, for the longest rows of some operations and their token drops."""
    lanes = lanes_of(board, ops)
    softmax, norm = (
        max([lanes, *(op.n for op in ops if op.kind in kinds)]) for kinds in (("softmax",), ("norm", "gather"))
    )
    words = board.units.built_bytes(lanes, WORD_BYTES) // WORD_BYTES
    station = Station(lanes, port_bytes(board, lanes), words, softmax, norm)
    if not drops:
        return station
    bits = max(1, (max(drop.patches for drop in drops) - 1).bit_length())
    comparators = min(board.units.token_drop.comparators, 1 << (bits - 1))
    return station._replace(token_bits=bits, comparators=comparators, prefix=drops[0].prefix)


def dram_of(board: SystolicHardware) -> DramPort:
    """Return DRAM as engine `memory` sees it: a whole number of hertz, latencies rounded up to clocks."""
    memories, clock_hz = board.memories, round(board.array.clock_mhz * 1e6)
    rate = None if memories.dram_bytes_per_s == UNLIMITED else int(memories.dram_bytes_per_s)
    latencies = (-(-ns * clock_hz // 10**9) for ns in (memories.read_latency_ns, memories.write_latency_ns))
    return DramPort(rate, clock_hz, *latencies)
