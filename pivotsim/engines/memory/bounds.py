"""Bounds that hold before anything runs: passes, int64, the roofline, and serial execution."""

import math
from fractions import Fraction

from pivotsim.engines.memory.fit_check import PSUM_BYTES, units
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.errors import InputError, got
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.kernels.types import Design
from pivotsim.workload.masks.masks import INDEX_BYTES, Mask

MAX_CYCLES = 2**62 - 1  # the kernel's NEVER lies beyond
MAX_PASSES = 200_000_000  # a few seconds
INDEX_FACTOR = 3  # a kept element, and at worst an index of 2 B for each
MAX_CLOCK_TERM = 2**31 - 1  # of the ratio of two clocks
MOST_CLOCKS_PER_BURST = 10_000  # a refresh, a row's whole cycle and more, for every byte if need be


def passes(sizes: tuple[int, int, int], rows: int, cols: int, dataflow: str, chunk: int) -> int:
    """Return ceil(rows held / R) * ceil(columns held / C) * ceil(T / chunk) of a GEMM (m, k, n)."""
    row_size, col_size, streamed = DATAFLOW[dataflow].sizes(*sizes)
    return -(-row_size // rows) * -(-col_size // cols) * -(-streamed // chunk)


def clocks_per(limits: MemoryLimits) -> Fraction:
    """Return the channel's clocks per array clock."""
    assert limits.channel is not None
    return limits.channel.clocks_per(limits.clock_hz / 1e6)


def burst_work(unit_bytes: int, limits: MemoryLimits) -> int:
    """Return how many times more a pass costs than without a channel: the bursts of its units, at most."""
    return 1 if limits.channel is None else 1 + 3 * -(-unit_bytes // 8)


def transfer_cycles(size: int, is_drain: bool, limits: MemoryLimits) -> int:
    """Return the clocks of a transfer from or to DRAM, an upper bound for one of any unit of at most ``size`` bytes."""
    rates = [limits.axi_bytes_per_cycle, limits.gb_port_bytes_per_cycle]
    rates += [] if is_drain else [limits.ipmem_port_bytes_per_cycle, limits.wtmem_port_bytes_per_cycle]
    longest = max((-(-size // rate) for rate in rates if rate), default=0)
    if limits.channel is not None:
        longest = max(longest, size * MOST_CLOCKS_PER_BURST * math.ceil(1 / clocks_per(limits)))
    elif limits.dram_bytes_per_s:
        longest = max(longest, -(-size * limits.clock_hz // limits.dram_bytes_per_s))
    latency = limits.write_latency_cycles if is_drain else limits.read_latency_cycles
    return longest + latency + limits.buffer_read_cycles


def check(
    sizes: tuple[int, int, int], design: Design, dataflow: str, limits: MemoryLimits, least: int, most: int,
    is_masked: bool = False,
) -> None:  # fmt: skip
    """Raise InputError where chunks of ``least`` to ``most`` steps could exceed int64, or one run the passes allowed.

    A mask makes units of at most INDEX_FACTOR times their bytes. Total <= transfers * longest + passes * (2R + C +
    chunk + m), transfers <= 3 * passes + 1. Passes fall with the chunk and units grow with it, so the product is convex
    and largest at one end. Python's integers never wrap.
    """
    rows, cols, (m, k, n) = design.rows, design.cols, sizes
    streamed, dram = DATAFLOW[dataflow].sizes(m, k, n)[2], limits.dram_row()
    if limits.channel is not None and max(dram.clock_num, dram.clock_den) > MAX_CLOCK_TERM:
        ratio = f"{dram.clock_num} / {dram.clock_den}"
        raise InputError(f"array.clock_mhz: its ratio to memories.dram's clock is too fine to be exact {got(ratio)}")
    number = passes(sizes, rows, cols, dataflow, most)
    if number > MAX_PASSES:
        raise InputError(
            f"gemm: needs more than {MAX_PASSES:,} passes through the array {got(number)}; use a larger array, larger"
            " memories or engine 'analytic'"
        )
    folds = passes(sizes, rows, cols, dataflow, streamed)
    total, product, factor = 0, 0, INDEX_FACTOR if is_masked else 1
    for chunk in (least, most):
        number = folds * (streamed // chunk + 2)
        unit = max(demand for _, _, demand, _ in units(sizes, rows, cols, dataflow, chunk))
        unit = max(unit * factor, PSUM_BYTES * n if limits.bias else 0)
        longest = max(transfer_cycles(unit, is_drain, limits) for is_drain in (False, True)) + unit + 1
        step = 2 * rows + cols + chunk + design.mac_latency + 2 * limits.buffer_read_cycles
        total = max(total, (3 * number + 1) * longest + number * step)
        product = max(product, unit * dram.cost_num)
    # bytes at any level: psums of every row tile, or an operand for every tile or chunk
    moved = 2 * PSUM_BYTES * m * n * (k + 1) + factor * (m * k + k * n) * max(m, k, n)
    if max(total, moved, product) > MAX_CYCLES:
        size = f"about 2**{math.log2(max(total, moved, product)):.1f}"
        raise InputError(f"gemm: sizes too large, the cycles or bytes could exceed int64 {got(size)}")


def needed(sizes: tuple[int, int, int], limits: MemoryLimits, mask: Mask | None, copy: int) -> tuple[int, int, int]:
    """Return (MACs, bytes read, bytes written) that no schedule undercuts.

    Each operand is read once, each output written once. A mask leaves its kept elements and an index for each kept
    block; of what it does not cover, the rows and columns that meet a kept element.
    """
    m, k, n = sizes
    bias = PSUM_BYTES * n if limits.bias else 0
    if mask is None:
        return m * k * n, m * k + k * n + bias, m * n * limits.out_bytes
    kept, flags = mask.kept_elements[copy], mask.kept[copy]
    down, across = int(flags.any(axis=1) @ mask.block_heights), int(flags.any(axis=0) @ mask.block_widths)
    packed = kept + INDEX_BYTES * mask.kept_blocks[copy]
    if mask.operand == "out":
        return kept * k, (down + across) * k + (bias if kept else 0), kept * limits.out_bytes
    macs, other = (kept * n, across * n) if mask.operand == "a" else (kept * m, down * m)
    return macs, packed + other + bias, m * n * limits.out_bytes


def roofline(
    sizes: tuple[int, int, int], pes: int, limits: MemoryLimits, mask: Mask | None = None, copy: int = 0
) -> tuple[int, str]:
    """Return (clocks that no schedule undercuts, which binds: ``compute``, ``dram_read`` or ``dram_write``).

    One MAC per PE and clock; what is ``needed`` once, at the lower of DRAM's and AXI's rates.
    """
    macs, read, written = needed(sizes, limits, mask, copy)
    clocks = {"compute": Fraction(macs, pes)}
    peak = None if limits.channel is None else limits.channel.burst_bytes * clocks_per(limits)
    for name, moved in (("dram_read", read), ("dram_write", written)):
        clocks[name] = Fraction(moved, limits.axi_bytes_per_cycle or 1) if limits.axi_bytes_per_cycle else Fraction(0)
        if peak is not None and limits.channel is not None:
            clocks[name] = max(clocks[name], moved * limits.burst_clocks() / peak)
        elif limits.dram_bytes_per_s:
            clocks[name] = max(clocks[name], Fraction(moved * limits.clock_hz, limits.dram_bytes_per_s))
    bound = max(clocks, key=lambda name: clocks[name])
    return math.ceil(clocks[bound]), bound
