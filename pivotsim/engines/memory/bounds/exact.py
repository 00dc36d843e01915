"""Bounds that hold before anything runs: passes, int64, the roofline, and serial execution."""

import math
from fractions import Fraction

from pivotsim.engines.memory.fit_check import units
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.errors import InputError, got
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.kernels.types import Design
from pivotsim.workload.masks.masks import INDEX_BYTES, Mask
from pivotsim.workload.sizes import MAX_BITS, packed_bytes

MAX_CYCLES = 2**62 - 1  # the kernel's NEVER lies beyond
MAX_PASSES = 200_000_000  # a few seconds
MAX_CLOCK_TERM = 2**31 - 1  # of the ratio of two clocks
MOST_CLOCKS_PER_BURST = 10_000  # a refresh, a row's whole cycle and more, for every byte if need be


def folds_of(sizes: tuple[int, int, int], rows: int, cols: int, dataflow: str, limits: MemoryLimits) -> int:
    """Return the folds of a GEMM (m, k, n): tiles of an array's rows and columns, or those of each block by itself.

    >>> folds_of((100, 8, 64), 16, 16, "os", MemoryLimits()), folds_of((100, 8, 64), 16, 16, "ws", MemoryLimits())
    (28, 4)
    >>> folds_of((100, 8, 64), 16, 16, "os", MemoryLimits(output_block_rows=40, output_block_cols=64))
    32
    """
    held = DATAFLOW[dataflow].sizes(*sizes)
    number = 1
    for size, step, full in zip(held, (rows, cols), limits.tile(rows, cols, dataflow), strict=False):
        blocks = -(-size // full)
        number *= (blocks - 1) * -(-full // step) + -(-(size - (blocks - 1) * full) // step)
    return number


def clocks_per(limits: MemoryLimits) -> Fraction:
    """Return the channel's clocks per array clock."""
    assert limits.channel is not None
    return limits.channel.clocks_per(limits.clock_hz / 1e6)


def burst_work(unit_bytes: int, limits: MemoryLimits) -> int:
    """Return how many times more a pass costs than without a channel: the bursts of its units, at most."""
    return 1 if limits.channel is None else 1 + 3 * -(-unit_bytes // 8)


def transfer_cycles(size: int, is_drain: bool, limits: MemoryLimits) -> int:
    """Return array clocks that no transfer of at most ``size`` bytes exceeds, with its wait for a clock to start in."""
    divisor = limits.clock_divisor
    rates = [limits.gb_port_bytes_per_cycle]
    rates += [] if is_drain else [limits.ipmem_port_bytes_per_cycle, limits.wtmem_port_bytes_per_cycle]
    longest = max((-(-size // rate) for rate in rates if rate), default=0)
    longest = max(longest, axi_cycles(size, is_drain, limits)) * divisor
    if limits.channel is not None:
        longest = max(longest, size * MOST_CLOCKS_PER_BURST * math.ceil(1 / clocks_per(limits)))
    elif limits.dram_bytes_per_s:
        longest = max(longest, -(-size * limits.clock_hz // limits.dram_bytes_per_s))
    latency = limits.write_latency_cycles if is_drain else limits.read_latency_cycles
    latency += limits.buffer_read_cycles
    return longest + latency * divisor + 3 * (divisor - 1)  # whole clocks of the memories, of the channel's end too


def axi_cycles(size: int, is_drain: bool, limits: MemoryLimits) -> int:
    """Return the clocks of the AXI ports for a unit of at most ``size`` bytes, an upper bound.

    A unit has no more rows than elements, of a bit at least, and each row may begin a burst and fill up a beat.
    """
    if limits.axi_burst_bytes is None:
        return -(-size // limits.axi_bytes_per_cycle) if limits.axi_bytes_per_cycle else 0
    runs, most = (8 * size, 9 * size) if limits.is_by_row else (1, size)  # rows fill up their last bytes
    return math.ceil(most * limits.axi_cycles_per_byte(is_drain)) + runs * sum(limits.axi_clocks(is_drain))


def index_factor(limits: MemoryLimits) -> int:
    """Return how many times its bytes a masked unit may take: kept elements, and an index for each of them.

    >>> index_factor(MemoryLimits()), index_factor(MemoryLimits(weight_bits=4))
    (3, 5)
    """
    return 1 + -(-8 * INDEX_BYTES // min(limits.input_bits, limits.weight_bits, 8))


def check(
    sizes: tuple[int, int, int], design: Design, dataflow: str, limits: MemoryLimits, least: int, most: int,
    is_masked: bool = False,
) -> None:  # fmt: skip
    """Raise InputError where chunks of ``least`` to ``most`` steps could exceed int64, or one run the passes allowed.

    A mask makes units of at most ``index_factor`` times their bytes. Total <= transfers * longest + passes * (2R + C +
    chunk + m + post-operation), transfers <= 3 * passes + 1. Passes fall with the chunk and units grow with it, so the
    product is convex and largest at one end. Python's integers never wrap.
    """
    rows, cols, (m, k, n) = design.rows, design.cols, sizes
    streamed, dram = DATAFLOW[dataflow].sizes(m, k, n)[2], limits.dram_row()
    if limits.channel is not None and max(dram.clock_num, dram.clock_den) > MAX_CLOCK_TERM:
        ratio = f"{dram.clock_num} / {dram.clock_den}"
        raise InputError(f"array.clock_mhz: its ratio to memories.dram's clock is too fine to be exact {got(ratio)}")
    folds = folds_of(sizes, rows, cols, dataflow, limits)
    number = folds * -(-streamed // most)
    if number > MAX_PASSES:
        raise InputError(
            f"gemm: needs more than {MAX_PASSES:,} passes through the array {got(number)}; use a larger array, larger"
            " memories or engine 'analytic'"
        )
    total, product, factor = 0, 0, index_factor(limits) if is_masked else 1
    out_bytes = -(-limits.out_bits // 8)
    for chunk in (least, most):
        number = folds * (streamed // chunk + 2)
        *fetched, sums = (demand for _, _, demand, _ in units(sizes, rows, cols, dataflow, chunk, limits))
        unit = max(*fetched, sums, sums // limits.sum_bytes * out_bytes)
        unit = max(unit * factor, limits.sum_bytes * n if limits.bias else 0)
        longest = max(transfer_cycles(unit, is_drain, limits) for is_drain in (False, True)) + unit + 1
        step = 2 * rows + cols + chunk + design.mac_latency + 2 * limits.buffer_read_cycles
        step += limits.post_region_cycles + limits.post_entry_cycles * max(chunk, rows)
        total = max(total, (3 * number + 1) * longest + number * step)
        product = max(product, unit * dram.cost_num)
    # bytes at any level: psums of every row tile, or an operand for every tile or chunk
    widest = -(-max(limits.input_bits, limits.weight_bits) // 8)
    moved = 2 * max(limits.sum_bytes, MAX_BITS // 8) * m * n * (k + 1)
    moved += widest * factor * (m * k + k * n) * max(m, k, n)
    if max(total, moved, product) > MAX_CYCLES:
        size = f"about 2**{math.log2(max(total, moved, product)):.1f}"
        raise InputError(f"gemm: sizes too large, the cycles or bytes could exceed int64 {got(size)}")


def check_channel(sizes: tuple[int, int, int], limits: MemoryLimits) -> None:
    """Raise InputError where a GEMM's operands do not lie in the channel's memory, or have no layout there."""
    if limits.channel is None:
        return
    if limits.is_by_row:
        raise InputError(
            "memories.axi_bursts: 'row' has no layout behind a channel that issues commands; use dram 'bandwidth' or"
            " axi_bursts 'unit'"
        )
    m, k, n = sizes
    pitch = 64
    inputs, outputs = packed_bytes(k, limits.input_bits) + pitch, packed_bytes(n, limits.out_bits) + pitch
    end = m * (inputs + outputs) + packed_bytes(k * n, limits.weight_bits) + limits.sum_bytes * n + 3 * 4096
    if end > limits.channel.capacity_bytes:
        size = f"{end:,} B of {limits.channel.capacity_bytes:,}"
        raise InputError(f"memories.dram: the operands do not fit the channel {got(size)}")


def needed(sizes: tuple[int, int, int], limits: MemoryLimits, mask: Mask | None, copy: int) -> tuple[int, int, int]:
    """Return (MACs, bytes read, bytes written) that no schedule undercuts.

    Each operand is read once, each output written once. A mask leaves its kept elements and an index for each kept
    block; of what it does not cover, the rows and columns that meet a kept element.
    """
    m, k, n = sizes
    bias, a_bits, w_bits = limits.sum_bytes * n if limits.bias else 0, limits.input_bits, limits.weight_bits
    outputs = packed_bytes(m * n, limits.out_bits)
    if mask is None:
        return m * k * n, packed_bytes(m * k, a_bits) + packed_bytes(k * n, w_bits) + bias, outputs
    kept, flags = mask.kept_elements[copy], mask.kept[copy]
    down, across = int(flags.any(axis=1) @ mask.block_heights), int(flags.any(axis=0) @ mask.block_widths)
    if mask.operand == "out":
        read = packed_bytes(down * k, a_bits) + packed_bytes(across * k, w_bits)
        return kept * k, read + (bias if kept else 0), packed_bytes(kept, limits.out_bits)
    own, others = (a_bits, w_bits) if mask.operand == "a" else (w_bits, a_bits)
    stored = packed_bytes(kept, own) + INDEX_BYTES * mask.kept_blocks[copy]
    macs, other = (kept * n, across * n) if mask.operand == "a" else (kept * m, down * m)
    return macs, stored + packed_bytes(other, others) + bias, outputs


def clocks_per_byte(limits: MemoryLimits, *, is_write: bool) -> Fraction:
    """Return the array clocks that DRAM and AXI ports take for a byte at least, 0 where neither limits."""
    if limits.axi_burst_bytes is None:  # the usual case, in one fraction
        axi = limits.axi_bytes_per_cycle
        ports = Fraction(limits.clock_divisor, axi) if axi else Fraction(0)
    else:
        ports = limits.axi_cycles_per_byte(is_write) * limits.clock_divisor
    if limits.channel is not None:
        return max(ports, limits.burst_clocks() / (limits.channel.burst_bytes * clocks_per(limits)))
    if limits.dram_bytes_per_s:
        return max(ports, Fraction(limits.clock_hz, limits.dram_bytes_per_s))
    return ports


def roofline(
    sizes: tuple[int, int, int], pes: int, limits: MemoryLimits, mask: Mask | None = None, copy: int = 0
) -> tuple[int, str]:
    """Return (clocks that no schedule undercuts, which binds: ``compute``, ``dram_read`` or ``dram_write``).

    One MAC per PE and clock; what is ``needed`` once, at the lower of DRAM's and AXI's rates.
    """
    macs, read, written = needed(sizes, limits, mask, copy)
    clocks = {"compute": Fraction(macs, pes)}
    for name, moved in (("dram_read", read), ("dram_write", written)):
        clocks[name] = moved * clocks_per_byte(limits, is_write=name == "dram_write")
    bound = max(clocks, key=lambda name: clocks[name])
    return math.ceil(clocks[bound]), bound
