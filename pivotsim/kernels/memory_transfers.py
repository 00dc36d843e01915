"""How long a transfer takes: DRAM, AXI, the global buffer's port and the local memory's port, held together.

    length = max(DRAM side, ports) + latency        the latency only from and to DRAM, once per transfer

`dram_cycles` is the one place where DRAM's time is made. It knows the bytes, the direction and the clock in which the
transfer starts, so a model with state (open rows, refresh) takes the place of its second line from the end, with an
array for its state beside `dram`; `least_dram_cycles` then needs that model's bound.
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.analytic import OS, WS
from pivotsim.kernels.memory_units import (
    GB_PORT,
    IPMEM_PORT,
    OUTPUT_HALVES,
    WTMEM_PORT,
    Array,
    Ints,
    ceil_div,
)

# Fields of the tuple `dram`. MODE `BANDWIDTH`: bytes * COST_NUM / COST_DEN array clocks (0 / 1 is unlimited). MODE
# `BUS`: a data bus of BUS_BYTES per DRAM clock, entered and left on its edges, f_dram/f_array = CLOCK_NUM/CLOCK_DEN.
MODE, AXI_BYTES, COST_NUM, COST_DEN, BUS_BYTES, CLOCK_NUM, CLOCK_DEN = range(7)
DRAM_FIELDS = 7
BANDWIDTH, BUS = 0, 1
READ, WRITE = 0, 1


@inlined
def at_rate(size: int, bytes_per_cycle: int) -> int:
    """Return ceil(size / rate), 0 at an unlimited rate."""
    return 0 if bytes_per_cycle == 0 else ceil_div(size, bytes_per_cycle)


@inlined
def dram_cycles(size: int, direction: int, start: int, dram: Ints) -> int:
    """Return the array clocks that DRAM and the AXI ports need for a transfer that starts at clock ``start``.

    A DRAM with a clock of its own is entered at ceil(start * p / q) and left at ceil(end * q / p), p / q = f_dram /
    f_array in lowest terms, so a transfer's length depends on where it starts.
    """
    axi = at_rate(size, dram[AXI_BYTES])
    if dram[MODE] == BANDWIDTH:  # either direction at the full rate, whatever the start
        return max(axi, ceil_div(size * dram[COST_NUM], dram[COST_DEN]))
    entered = ceil_div(start * dram[CLOCK_NUM], dram[CLOCK_DEN])
    left = entered + ceil_div(size, dram[BUS_BYTES])
    return max(axi, ceil_div(left * dram[CLOCK_DEN], dram[CLOCK_NUM]) - start)


@inlined
def least_dram_cycles(size: int, direction: int, dram: Ints) -> int:
    """Return a bound that ``dram_cycles`` never undercuts, whatever the start: a transfer that starts at clock 0.

    From a start of t clocks, ceil((ceil(t p/q) + x) q/p) - t >= ceil(t + x q/p) - t = ceil(x q/p).
    """
    return dram_cycles(size, direction, 0, dram)


@inlined
def transfer(
    start: int, size: int, ports: int, is_dram: bool, direction: int, latency: int, dram: Ints
) -> tuple[int, int]:
    """Return (end of a transfer, end of the clocks in which it waits for DRAM; those begin at its start).

    The bottleneck takes the whole transfer; behind slower ports only the latency is DRAM's.
    """
    if not is_dram:
        return start + ports, start
    cycles = dram_cycles(size, direction, start, dram)
    end = start + max(cycles, ports) + latency
    return end, end if cycles >= ports else start + latency


@inlined
def fill_ports(parts: Ints, design: Ints, chunk: int, limits: Ints, sizes: Array, ports: Array) -> None:
    """Write the clocks of the ports to ``ports`` (3, 2, 2), like ``sizes`` (see memory_units.py).

    A load passes the global buffer's port and its memory's. A drain passes OPMEM's, one word of every column per clock
    however many are used, and the global buffer's; where OPMEM is unlimited, so is its port.
    """
    dataflow = design[2]
    for a in range(2):
        for b in range(2):
            for slot in range(2):
                is_weight = (slot == 0) == (dataflow == WS)
                own = at_rate(sizes[slot, a, b], limits[WTMEM_PORT if is_weight else IPMEM_PORT])
                ports[slot, a, b] = max(own, at_rate(sizes[slot, a, b], limits[GB_PORT]))
            if dataflow == OS:
                words = parts[3] if a else design[0]
            else:
                words = parts[5] if b else chunk
            if limits[OUTPUT_HALVES] == 0:
                words = 0
            ports[2, a, b] = max(words, at_rate(sizes[2, a, b], limits[GB_PORT]))
