"""Memories as the engine `memory` reads them: limits in bytes and array clocks, checked, and as the kernel's rows."""

from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from pivotsim.errors import InputError, check_choice, check_flag, check_integer, got
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.dram.spec import DramSpec
from pivotsim.hardware.memory import (
    BLOCK,
    BUFFERS,
    BURSTS,
    KEPT,
    MAX_OUTSTANDING_READS,
    MAX_READ_CYCLES,
    MAX_SUM_BYTES,
    NOT_KEPT,
    OVERLAPPED,
    SERIAL,
)
from pivotsim.kernels.types import Dram, Limits
from pivotsim.units import INT64_MAX
from pivotsim.workload.sizes import MAX_BITS

MOST = {
    **dict.fromkeys(("input_bits", "weight_bits", "out_bits"), MAX_BITS), "sum_bytes": MAX_SUM_BYTES,
    "buffer_read_cycles": MAX_READ_CYCLES, "outstanding_reads": MAX_OUTSTANDING_READS,
}  # fmt: skip
MAY_BE_ZERO = (
    "_share_bytes", "_latency_cycles", "_burst_cycles", "_region_cycles", "_entry_cycles", "_read_cycles", *BLOCK
)  # fmt: skip
CHOICES = {"axi_bursts": BURSTS, "transfers": (OVERLAPPED, SERIAL), "reuse": (KEPT, NOT_KEPT)}


@dataclass(frozen=True)
class MemoryLimits:
    """Limits of the hierarchy; None is unlimited, and without arguments nothing is limited (`memory: paper`).

    ``channel`` takes the place of ``dram_bytes_per_s``: commands of a DRAM channel, one for reads and one for writes,
    since the two directions do not meet under `bandwidth` either.

    ``clock_hz`` is the array's clock; one of the memories, in which ports, bursts and latencies count, takes
    ``clock_divisor`` of it. The ``post`` clocks are the array's. ``transfers`` and ``reuse`` as in ``hardware.memory``.
    At most ``outstanding_reads`` loads are asked for and not there yet; 1 holds the channel during a read's latency.
    ``axi_bytes_per_cycle`` is ports times width. A write's latency of 0 is a posted write.
    ``buffer_read_cycles`` (0, 1, 2) is how long memories of the PL take to answer. With
    ``axi_burst_bytes`` the AXI ports take clocks for each burst, and for each beat of ``axi_bytes_per_cycle``; a burst
    reaches over a unit, or over a row of its matrix. Under os, folds of ``output_block_rows`` x ``output_block_cols``
    outputs share each chunk of K, and their sums wait in the output memory (a 0: the array's own; 0, 0: no fold shares,
    sums stay).

    The last three are those of the multiplication that runs: bits of an element of inputs, weights and outputs.
    """

    ipmem_bytes: int | None = None
    wtmem_bytes: int | None = None
    opmem_bytes: int | None = None
    ipmem_buffers: str = "single"
    wtmem_buffers: str = "single"
    opmem_buffers: str = "single"
    input_share_bytes: int | None = None
    weight_share_bytes: int | None = None
    dram_bytes_per_s: int | None = None
    clock_hz: int = 1
    axi_bytes_per_cycle: int | None = None
    gb_port_bytes_per_cycle: int | None = None
    ipmem_port_bytes_per_cycle: int | None = None
    wtmem_port_bytes_per_cycle: int | None = None
    read_latency_cycles: int = 0
    write_latency_cycles: int = 0
    outstanding_reads: int = 1
    buffer_read_cycles: int = 0
    bias: bool = False
    sum_bytes: int = 4
    axi_burst_bytes: int | None = None
    axi_read_burst_cycles: int = 0
    axi_read_beat_cycles: int = 1
    axi_write_burst_cycles: int = 0
    axi_write_beat_cycles: int = 1
    axi_bursts: str = "unit"
    transfers: str = OVERLAPPED
    reuse: str = KEPT
    clock_divisor: int = 1
    post_region_cycles: int = 0
    post_entry_cycles: int = 0
    output_block_rows: int = 0
    output_block_cols: int = 0
    channel: DramSpec | None = None
    input_bits: int = 8
    weight_bits: int = 8
    out_bits: int = 8

    def __post_init__(self) -> None:
        problems: list[str] = []
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            try:
                if name == "channel":
                    continue
                if name.endswith("_buffers") or name in CHOICES:
                    check_choice(name, value, CHOICES.get(name, BUFFERS))
                elif name == "bias":
                    check_flag(name, value)
                elif value is not None or "None" not in str(field.type):
                    check_integer(name, value, 0 if name.endswith(MAY_BE_ZERO) else 1, MOST.get(name, INT64_MAX))
            except InputError as error:
                problems += error.problems
        if not problems and self.outstanding_reads > 1 and (self.transfers == SERIAL or self.channel is not None):
            reads = got(self.outstanding_reads)
            problems.append(
                f"outstanding_reads: must be 1 where transfers are serial or a channel issues commands {reads}"
            )
        if not problems and (self.dram_bytes_per_s or 0) * self.clock_divisor > INT64_MAX:
            problems.append(f"dram_bytes_per_s: times clock_divisor exceeds int64 {got(self.dram_bytes_per_s)}")
        if problems:
            raise InputError(problems)

    @cached_property
    def are_none(self) -> bool:
        """Whether nothing is limited: sizes, shares, rates, latencies and clocks before drains."""
        free = (getattr(self, field.name) is None for field in fields(self) if "None" in str(field.type))
        clocks = (self.read_latency_cycles, self.write_latency_cycles, self.buffer_read_cycles)
        return all(free) and not any((*clocks, self.post_region_cycles, self.post_entry_cycles))

    def tile(self, rows: Any, cols: Any, dataflow: str) -> tuple[Any, Any]:
        """Return the rows and columns that a unit serves: those of an array, or of a block whose folds share units."""
        if not self.has_block(dataflow):
            return rows, cols
        return self.output_block_rows or rows, self.output_block_cols or cols

    def has_block(self, dataflow: str) -> bool:
        """Whether the folds of a block of outputs share units, and their sums wait in the output memory."""
        return DATAFLOW[dataflow].drains and bool(self.output_block_rows or self.output_block_cols)

    def with_bits(self, input_bits: int, weight_bits: int, out_bits: int) -> "MemoryLimits":
        """Return the limits for a multiplication whose elements have these bits."""
        if (input_bits, weight_bits, out_bits) == (self.input_bits, self.weight_bits, self.out_bits):
            return self
        return replace(self, input_bits=input_bits, weight_bits=weight_bits, out_bits=out_bits)

    def halves(self, memory: str) -> int:
        """Return 1 (single) or 2 (ping_pong) for `ipmem`, `wtmem` or `opmem`; 0 where it is unlimited."""
        return 0 if getattr(self, f"{memory}_bytes") is None else 1 + BUFFERS.index(getattr(self, f"{memory}_buffers"))

    def half_bytes(self, memory: str) -> int | None:
        """Return the bytes of one half of a memory, None where it is unlimited."""
        size: int | None = getattr(self, f"{memory}_bytes")
        return None if size is None else size // self.halves(memory)

    def burst_clocks(self) -> int:
        """Return the least clocks between two bursts of the channel."""
        assert self.channel is not None
        return self.channel.burst_clocks

    def row(self) -> Limits:
        """Return the limits as kernels read them."""
        return self._row

    def dram_row(self) -> Dram:
        """Return the DRAM as kernels read it."""
        return self._dram_row

    @cached_property
    def _row(self) -> Limits:
        return Limits(
            input_halves=self.halves("ipmem"),
            weight_halves=self.halves("wtmem"),
            output_halves=self.halves("opmem"),
            input_share=-1 if self.input_share_bytes is None else self.input_share_bytes,
            weight_share=-1 if self.weight_share_bytes is None else self.weight_share_bytes,
            gb_port=self.gb_port_bytes_per_cycle or 0,
            ipmem_port=self.ipmem_port_bytes_per_cycle or 0,
            wtmem_port=self.wtmem_port_bytes_per_cycle or 0,
            read_latency=self.read_latency_cycles,
            write_latency=self.write_latency_cycles,
            bias=int(self.bias),
            sum_bytes=self.sum_bytes,
            clock_divisor=self.clock_divisor,
            is_serial=int(self.transfers == SERIAL),
            refetches=int(self.reuse == NOT_KEPT),
            post_region=self.post_region_cycles,
            post_entry=self.post_entry_cycles,
            buffer_read_cycles=self.buffer_read_cycles,
            block_rows=self.output_block_rows,
            block_cols=self.output_block_cols,
            outstanding_reads=self.outstanding_reads
            if self.read_latency_cycles
            else 1,  # else there is nothing to hide
            input_bits=self.input_bits,
            weight_bits=self.weight_bits,
            out_bits=self.out_bits,
        )

    @cached_property
    def _dram_row(self) -> Dram:
        axi = self.axi_bytes_per_cycle or 0
        if self.channel is not None:
            timing, ratio = self.channel.timing, self.channel.clocks_per(self.clock_hz / 1e6) * self.clock_divisor
            least = 1 + min(timing.nCL, timing.nCWL) + timing.nBL
            burst = self.channel.burst_bytes, self.burst_clocks()
            return Dram(axi, 0, 1, *burst, least, ratio.numerator, ratio.denominator, *self._burst_row())
        cost = Fraction(0)  # of the memories' clocks, per byte
        if self.dram_bytes_per_s is not None:
            cost = Fraction(self.clock_hz, self.dram_bytes_per_s * self.clock_divisor)
        if axi and cost and self.axi_burst_bytes is None:  # the faster of two rates that begin together never shows
            axi, cost = (0, cost) if cost * axi > 1 else (axi, Fraction(0))
        return Dram(axi, cost.numerator, cost.denominator, 1, 0, 0, 1, 1, *self._burst_row())

    def _burst_row(self) -> tuple[int, int, int, int, int, int]:
        """Return what AXI bursts cost as kernels read it; without their cost, rows of a matrix do not matter either."""
        if self.axi_burst_bytes is None:
            return 0, 0, 1, 0, 1, 0
        read, write = (self.axi_clocks(is_drain) for is_drain in (False, True))
        return self.axi_burst_bytes, *read, *write, BURSTS.index(self.axi_bursts)

    def axi_clocks(self, is_drain: bool) -> tuple[int, int]:
        """Return the clocks of the AXI ports for (a burst, a beat)."""
        if self.axi_burst_bytes is None:
            return 0, 1
        if is_drain:
            return self.axi_write_burst_cycles, self.axi_write_beat_cycles
        return self.axi_read_burst_cycles, self.axi_read_beat_cycles

    def axi_cycles_per_byte(self, is_drain: bool) -> Fraction:
        """Return the clocks that the AXI ports take for a byte at least."""
        width = self.axi_bytes_per_cycle
        if self.axi_burst_bytes is None:
            return Fraction(1, width) if width else Fraction(0)
        burst, beat = self.axi_clocks(is_drain)
        return Fraction(burst, self.axi_burst_bytes) + (Fraction(beat, width) if width else 0)

    @property
    def is_by_row(self) -> bool:
        """Whether each row of a unit's matrix is a run of bursts of its own."""
        return self.axi_burst_bytes is not None and self.axi_bursts == "row"
