"""How long a transfer takes: DRAM, AXI, the global buffer's port and the local memory's port, held together.

    length = max(DRAM side, ports) + latency        the latency only from and to DRAM, once per transfer

`dram_cycles` is the one place where DRAM's time is made, and where its clock meets the array's.
"""

from typing import TypeAlias

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.array.closed_form import OS, WS
from pivotsim.kernels.dram.channel import serve_tile
from pivotsim.kernels.memory.addresses import Place
from pivotsim.kernels.memory.tiles import (
    GB_PORT,
    IPMEM_PORT,
    OUTPUT_HALVES,
    WTMEM_PORT,
    Array,
    Ints,
    ceil_div,
)

# Fields of the tuple `dram`. MODE `BANDWIDTH`: bytes * COST_NUM / COST_DEN array clocks (0 / 1 is unlimited). MODE
# `COMMANDS`: a channel that issues commands (kernels/dram/channel.py), f_dram / f_array = CLOCK_NUM / CLOCK_DEN in
# lowest terms; its bursts of BURST_BYTES take BURST_CLOCKS of its clocks, and no data comes before LEAST_CLOCKS.
MODE, AXI_BYTES, COST_NUM, COST_DEN, BURST_BYTES, BURST_CLOCKS, LEAST_CLOCKS, CLOCK_NUM, CLOCK_DEN = range(9)
DRAM_FIELDS = 9
BANDWIDTH, COMMANDS = 0, 1
CHANNELS = "UniTuple(int64[:, ::1], 8)"  # a channel for reads, then one for writes
Channels: TypeAlias = tuple[Array, Array, Array, Array, Array, Array, Array, Array]
READ, WRITE = 0, 1


@inlined
def at_rate(size: int, bytes_per_cycle: int) -> int:
    """Return ceil(size / rate), 0 at an unlimited rate."""
    return 0 if bytes_per_cycle == 0 else ceil_div(size, bytes_per_cycle)


@inlined
def scaled(time: int, num: int, den: int) -> int:
    """Return ceil(time * num / den) without the product of all three: num and den lie below 2**31."""
    whole = time // den
    return whole * num + ceil_div((time - whole * den) * num, den)


@inlined
def bandwidth_cycles(size: int, dram: Ints) -> int:
    """Return the array clocks that DRAM and the AXI ports need under `bandwidth`."""
    return max(at_rate(size, dram[AXI_BYTES]), ceil_div(size * dram[COST_NUM], dram[COST_DEN]))


@inlined
def dram_cycles(size: int, direction: int, start: int, place: Place, dram: Ints, channels: Channels) -> int:
    """Return the array clocks that DRAM and the AXI ports need for a transfer that starts at clock ``start``.

    A channel is entered at its clock ceil(start * p / q) and left at ceil(end * q / p), p / q = f_dram / f_array.
    Reads and writes do not meet in it, as they do not under `bandwidth`: each direction has banks of its own.
    """
    if dram[MODE] == BANDWIDTH:
        return bandwidth_cycles(size, dram)
    axi = at_rate(size, dram[AXI_BYTES])
    entered = scaled(start, dram[CLOCK_NUM], dram[CLOCK_DEN])
    if direction == READ:
        left = serve_tile(channels[:4], place[0], place[1], place[2], place[3], 0, entered)
    else:
        left = serve_tile(channels[4:], place[0], place[1], place[2], place[3], 1, entered)
    return max(axi, scaled(left, dram[CLOCK_DEN], dram[CLOCK_NUM]) - start)


@inlined
def least_dram_cycles(size: int, direction: int, dram: Ints) -> int:
    """Return a bound that ``dram_cycles`` never undercuts, whatever the start and the state of the banks.

    A channel's data bus takes BURST_CLOCKS per burst after the first command's latency. From a start of t clocks,
    ceil((ceil(t p/q) + x) q/p) - t >= ceil(t + x q/p) - t = ceil(x q/p).
    """
    if dram[MODE] == BANDWIDTH:
        return bandwidth_cycles(size, dram)
    if size == 0:
        return 0
    axi = at_rate(size, dram[AXI_BYTES])
    clocks = dram[LEAST_CLOCKS] + dram[BURST_CLOCKS] * (ceil_div(size, dram[BURST_BYTES]) - 1)
    return max(axi, scaled(clocks, dram[CLOCK_DEN], dram[CLOCK_NUM]))


@inlined
def flown(start: int, cycles: int, ports: int, latency: int) -> tuple[int, int]:
    """Return what ``transfer`` does, for DRAM's clocks and the ports'."""
    end = start + max(cycles, ports) + latency
    return end, end if cycles >= ports else start + latency


@inlined
def transfer(
    start: int, size: int, ports: int, is_dram: bool, direction: int, latency: int, place: Place, dram: Ints,
    channels: Channels,
) -> tuple[int, int]:  # fmt: skip
    """Return (end of a transfer, end of the clocks in which it waits for DRAM; those begin at its start).

    The bottleneck takes the whole transfer; behind slower ports only the latency is DRAM's.
    """
    if not is_dram:
        return start + ports, start
    return flown(start, dram_cycles(size, direction, start, place, dram, channels), ports, latency)


@inlined
def load_ports(size: int, is_weight: bool, limits: Ints) -> int:
    """Return the clocks of the global buffer's port and of the memory's that a unit goes to."""
    own = at_rate(size, limits[WTMEM_PORT if is_weight else IPMEM_PORT])
    return max(own, at_rate(size, limits[GB_PORT]))


@inlined
def fill_ports(parts: Ints, design: Ints, chunk: int, limits: Ints, sizes: Array, ports: Array) -> None:
    """Write the clocks of the ports to ``ports`` (3, 2, 2), like ``sizes`` (see tiles.py).

    A load passes the global buffer's port and its memory's. A drain passes OPMEM's, one word of every column per clock
    however many are used, and the global buffer's; where OPMEM is unlimited, so is its port.
    """
    dataflow = design[2]
    for a in range(2):
        for b in range(2):
            for slot in range(2):
                ports[slot, a, b] = load_ports(sizes[slot, a, b], (slot == 0) == (dataflow == WS), limits)
            if dataflow == OS:
                words = parts[3] if a else design[0]
            else:
                words = parts[5] if b else chunk
            if limits[OUTPUT_HALVES] == 0:
                words = 0
            ports[2, a, b] = max(words, at_rate(sizes[2, a, b], limits[GB_PORT]))
