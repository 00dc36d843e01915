"""Memories as the engine `memory` reads them: limits in bytes and array clocks, checked, and as the kernel's rows."""

import math
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from pivotsim.errors import InputError, check_choice, check_flag, check_integer
from pivotsim.hardware.dram.spec import DramSpec
from pivotsim.hardware.memory import BUFFERS, MAX_READ_CYCLES, UNLIMITED, MemorySpec
from pivotsim.kernels.types import Dram, Limits
from pivotsim.units import INT64_MAX


@dataclass(frozen=True)
class MemoryLimits:
    """Limits of the hierarchy; None is unlimited, and without arguments nothing is limited (`memory: paper`).

    ``channel`` takes the place of ``dram_bytes_per_s``: commands of a DRAM channel, one for reads and one for writes,
    since the two directions do not meet under `bandwidth` either.

    ``axi_bytes_per_cycle`` is ports times width. Latencies are array clocks; a write's of 0 is a posted write.
    ``buffer_read_cycles`` (0, 1, 2) is how long memories of the PL take to answer.
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
    buffer_read_cycles: int = 0
    out_bytes: int = 1
    bias: bool = False
    channel: DramSpec | None = None

    def __post_init__(self) -> None:
        problems: list[str] = []
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            try:
                if name == "channel":
                    continue
                if name.endswith("_buffers"):
                    check_choice(name, value, BUFFERS)
                elif name == "bias":
                    check_flag(name, value)
                elif value is not None or "None" not in str(field.type):
                    check_integer(
                        name,
                        value,
                        0 if name.endswith(("_share_bytes", "_latency_cycles", "_read_cycles")) else 1,
                        INT64_MAX,
                    )
            except InputError as error:
                problems += error.problems
        if self.out_bytes not in (1, 4):
            problems.append(f"out_bytes: must be 1 or 4 (got {self.out_bytes!r})")
        if self.buffer_read_cycles > MAX_READ_CYCLES:
            problems.append(f"buffer_read_cycles: must be 0, 1 or 2 (got {self.buffer_read_cycles!r})")
        if problems:
            raise InputError(problems)

    @cached_property
    def are_none(self) -> bool:
        """Whether nothing is limited: sizes, shares, rates and latencies."""
        free = (getattr(self, field.name) is None for field in fields(self) if "None" in str(field.type))
        late = self.read_latency_cycles or self.write_latency_cycles or self.buffer_read_cycles
        return all(free) and not late

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
            out_bytes=self.out_bytes,
            bias=int(self.bias),
            buffer_read_cycles=self.buffer_read_cycles,
        )

    def dram_row(self) -> Dram:
        """Return the DRAM as kernels read it."""
        axi = self.axi_bytes_per_cycle or 0
        if self.channel is not None:
            timing, ratio = self.channel.timing, self.channel.clocks_per(self.clock_hz / 1e6)
            least = 1 + min(timing.nCL, timing.nCWL) + timing.nBL
            burst = self.channel.burst_bytes, self.burst_clocks()
            return Dram(axi, 0, 1, *burst, least, ratio.numerator, ratio.denominator)
        common = 1 if self.dram_bytes_per_s is None else math.gcd(self.clock_hz, self.dram_bytes_per_s)
        cost = (0, 1) if self.dram_bytes_per_s is None else (self.clock_hz // common, self.dram_bytes_per_s // common)
        return Dram(axi, *cost, 1, 0, 0, 1, 1)


def limits_of(memories: MemorySpec, clock_mhz: float) -> MemoryLimits:
    """Return the limits of a hardware's memories at an array clock: ns become clocks, rounded up.

    The clock counts as a whole number of hertz, so that every length is an exact integer. Only what can matter is read:
    no halves of a memory without a limit, no rate behind a channel that issues commands.
    """
    clock_hz = round(clock_mhz * 1e6)

    def limit(value: int | str) -> int | None:
        return None if value == UNLIMITED else int(value)

    def cycles(time_ns: int) -> int:
        return -(-time_ns * clock_hz // 10**9)

    axi = limit(memories.axi_port_bytes_per_clock)
    channel = memories.dram_channel()
    buffers: dict[str, Any] = {}
    for name in ("ipmem", "wtmem", "opmem"):
        size = buffers[f"{name}_bytes"] = limit(getattr(memories, f"{name}_bytes"))
        if size is not None:
            buffers[f"{name}_buffers"] = getattr(memories, f"{name}_buffers")
    return MemoryLimits(
        **buffers,
        input_share_bytes=limit(memories.input_share_bytes),
        weight_share_bytes=limit(memories.weight_share_bytes),
        dram_bytes_per_s=limit(memories.dram_bytes_per_s) if channel is None else None,
        clock_hz=clock_hz,
        axi_bytes_per_cycle=None if axi is None else axi * memories.axi_ports,
        gb_port_bytes_per_cycle=limit(memories.gb_port_bytes_per_clock),
        ipmem_port_bytes_per_cycle=limit(memories.ipmem_port_bytes_per_clock),
        wtmem_port_bytes_per_cycle=limit(memories.wtmem_port_bytes_per_clock),
        read_latency_cycles=cycles(memories.read_latency_ns),
        write_latency_cycles=cycles(memories.write_latency_ns),
        buffer_read_cycles=memories.buffer_read_cycles,
        out_bytes=memories.out_bytes,
        bias=memories.bias,
        channel=channel,
    )
