"""A board's memories as limits: ns become clocks, what does not matter is left out."""

from typing import Any

from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.hardware.memory import UNLIMITED, MemorySpec


def limits_of(memories: MemorySpec, clock_mhz: float) -> MemoryLimits:
    """Return the limits of a hardware's memories at an array clock: ns become clocks of the memories, rounded up.

    The clock counts as a whole number of hertz, so that every length is an exact integer. Only what can matter is read:
    no halves of a memory without a limit, no rate behind a channel that issues commands.
    """
    clock_hz = round(clock_mhz * 1e6)

    def limit(value: int | str) -> int | None:
        return None if value == UNLIMITED else int(value)

    def cycles(time_ns: int) -> int:
        return -(-time_ns * clock_hz // (10**9 * memories.clock_divisor))

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
        outstanding_reads=memories.outstanding_reads,
        buffer_read_cycles=memories.buffer_read_cycles,
        bias=memories.bias,
        sum_bytes=memories.sum_bytes,
        transfers=memories.transfers,
        reuse=memories.reuse,
        clock_divisor=memories.clock_divisor,
        post_region_cycles=memories.post_region_cycles,
        post_entry_cycles=memories.post_entry_cycles,
        output_block_rows=memories.output_block_rows,
        output_block_cols=memories.output_block_cols,
        **_bursts(memories),
        channel=channel,
    )


def _bursts(memories: MemorySpec) -> dict[str, Any]:
    """Return what bursts cost where they cost more than a clock a beat; else nothing of them is read."""
    reads = memories.axi_read_burst_clocks, memories.axi_read_beat_clocks
    writes = memories.axi_write_burst_clocks, memories.axi_write_beat_clocks
    if reads == (0, 1) and writes == (0, 1) and memories.axi_bursts == "unit":
        return {}
    return {
        "axi_burst_bytes": memories.axi_burst_bytes,
        "axi_read_burst_cycles": reads[0],
        "axi_read_beat_cycles": reads[1],
        "axi_write_burst_cycles": writes[0],
        "axi_write_beat_cycles": writes[1],
        "axi_bursts": memories.axi_bursts,
    }
