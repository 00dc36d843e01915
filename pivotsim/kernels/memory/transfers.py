"""Lengths of transfers: DRAM, AXI, the global buffer's port and the local memory's port, held together.

    length = max(DRAM side, ports) + latency        the latency only from and to DRAM, once per transfer

All count in clocks of the memories, which may be slower than the array's: a transfer starts where one of them begins.
`dram_cycles` is the one place where DRAM's time is made, and where its clock meets the array's. Under bursts the AXI
ports take clocks for each burst and for each of its beats.
"""

from pivotsim.kernels._jit import inlined, part
from pivotsim.kernels.dram.serving import serve_tile
from pivotsim.kernels.memory.addresses import Place, region_rows, unit_rows
from pivotsim.kernels.memory.stalls import Flight
from pivotsim.kernels.memory.tiles import Parts, ceil_div, fill_sizes, has_block, is_resident, is_weight
from pivotsim.kernels.types import Array, Channel, Design, Dram, Limits

READ, WRITE = 0, 1
SIZES, PORTS, DRAM_SIDE, LENGTHS, AGAIN = range(5)  # of a chunk's units, see ``fill_lengths``
ROOM_SHAPE = (5, 3, 2, 2)
UNKNOWN = -1  # DRAM's clocks of a unit that no table has


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
def axi_cycles(size: int, direction: int, place: Place, dram: Dram) -> int:
    """Return the array clocks of the AXI ports: of a unit in one run, or of the rows of ``place`` run by run."""
    if dram.axi_burst_bytes == 0:
        return at_rate(size, dram.axi_bytes)
    burst, beat = (dram.read_burst, dram.read_beat) if direction == READ else (dram.write_burst, dram.write_beat)
    runs, run_bytes = (place.runs, place.run_bytes) if dram.by_row else (1, size)
    return runs * (burst * ceil_div(run_bytes, dram.axi_burst_bytes) + beat * at_rate(run_bytes, dram.axi_bytes))


@inlined
def bandwidth_cycles(size: int, direction: int, place: Place, dram: Dram) -> int:
    """Return the array clocks that DRAM and the AXI ports need under `bandwidth`."""
    data = 0 if dram.cost_num == 0 else ceil_div(size * dram.cost_num, dram.cost_den)
    return max(axi_cycles(size, direction, place, dram), data)


@inlined
def dram_cycles(size: int, direction: int, start: int, place: Place, dram: Dram, channel: Channel | None) -> int:
    """Return the array clocks that DRAM and the AXI ports need for a transfer that starts at clock ``start``.

    Without a channel, DRAM is a bandwidth. A channel is entered at its clock ceil(start * p / q) and left at
    ceil(end * q / p), p / q = f_dram / f_array.
    """
    if channel is None:
        return bandwidth_cycles(size, direction, place, dram)
    entered = scaled(start, dram.clock_num, dram.clock_den)
    left = serve_tile(channel, place.address, place.run_bytes, place.runs, place.pitch, direction, entered)
    return max(axi_cycles(size, direction, place, dram), scaled(left, dram.clock_den, dram.clock_num) - start)


@inlined
def least_dram_cycles(size: int, direction: int, rows: Place, dram: Dram, channel: Channel | None) -> int:
    """Return a bound that ``dram_cycles`` never undercuts, whatever the start and the state of the banks.

    A channel's data bus takes ``burst_clocks`` per burst after the first command's latency. From a start of t clocks,
    ceil((ceil(t p/q) + x) q/p) - t >= ceil(t + x q/p) - t = ceil(x q/p).
    """
    if channel is None:
        return bandwidth_cycles(size, direction, rows, dram)
    if size == 0:
        return 0
    clocks = dram.least_clocks + dram.burst_clocks * (ceil_div(size, dram.burst_bytes) - 1)
    return max(axi_cycles(size, direction, rows, dram), scaled(clocks, dram.clock_den, dram.clock_num))


@inlined
def transfer(
    earliest: int, size: int, ports: int, known: int, is_dram: bool, direction: int, latency: int, divisor: int,
    place: Place, dram: Dram, channel: Channel | None,
) -> Flight:  # fmt: skip
    """Return a transfer that begins with the first clock of the memories from an array clock on, in array clocks.

    The bottleneck takes the whole transfer; behind slower ports only the latency is DRAM's. ``known``: DRAM's clocks
    where they were worked out before; a channel does not serve the transfer then.
    """
    start = earliest if divisor == 1 else ceil_div(earliest, divisor)
    end, dram_end = start + ports, start
    if is_dram:
        cycles = known
        if known == UNKNOWN:
            cycles = dram_cycles(size, direction, start, place, dram, channel)
        end = start + max(cycles, ports) + latency
        dram_end = end if cycles >= ports else start + latency
    return Flight(start * divisor, dram_end * divisor, end * divisor)


@inlined
def load_ports(size: int, weight: bool, limits: Limits) -> int:
    """Return the clocks of the global buffer's port and of the memory's that a unit goes to."""
    own, gb = limits.wtmem_port if weight else limits.ipmem_port, limits.gb_port
    return at_rate(size, min(own, gb) if own > 0 and gb > 0 else own + gb)  # 0 is unlimited


@inlined
def drain_ports(size: int, words: int, limits: Limits) -> int:
    """Return the clocks of the ports that a drain passes: OPMEM's and the global buffer's.

    OPMEM gives one word of every column per clock, however many are used; where it is unlimited, so is its port.
    """
    return max(words if limits.output_halves else 0, at_rate(size, limits.gb_port))


@inlined
def drain_words(a: int, b: int, e: int, parts: Parts, design: Design, limits: Limits) -> int:
    """Return the words of one sum per column that drain together; a, b, e: last of rows, of columns, of chunks."""
    if not design.drains:
        return parts.last_steps if e else parts.chunk
    rows, cols = parts.last_rows if a else parts.rows, parts.last_cols if b else parts.cols
    return rows * ceil_div(cols, design.cols) if has_block(design, limits) else rows


@inlined
def fill_ports(parts: Parts, design: Design, limits: Limits, slots: int, sizes: Array, ports: Array) -> None:
    """Write the clocks of the ports to ``ports`` (3, 2, 2), like ``sizes`` (see tiles.py)."""
    for a in range(2):
        for b in range(2):
            for slot in range(2):
                ports[slot, a, b] = load_ports(sizes[slot, a, b], is_weight(slot, design), limits)
            if slots > 2:
                words = drain_words(a, b, b, parts, design, limits)
                ports[2, a, b] = drain_ports(sizes[2, a, b], words, limits)


@inlined
def least_latency(limits: Limits) -> int:
    """Return the clocks of latency that every load from DRAM shows: none where a request may go out ahead of it."""
    return limits.read_latency if limits.outstanding_reads == 1 else 0


@part
def fill_lengths(
    parts: Parts, design: Design, limits: Limits, dram: Dram, reads: Channel | None, slots: int, room: Array
) -> None:  # fmt: skip
    """Fill the room, int64 ROOM_SHAPE, with what a chunk's units take: bytes, clocks of ports, of DRAM, in all, again.

    None depends on the loop order. DRAM's clocks are exact; with a channel they are UNKNOWN, and those that no transfer
    undercuts count in all. That is in array clocks: a load from DRAM with the latency that every load shows, a drain
    until memories have answered. Again is what a load takes that is not the unit's first: no DRAM where the global
    buffer keeps the operand. ``slots`` of 2 fills loads alone.
    """
    sizes, ports = room[SIZES], room[PORTS]
    fill_sizes(parts, design, limits, slots, sizes)
    fill_ports(parts, design, limits, slots, sizes, ports)
    for slot in range(3):
        if slot == 2 and slots == 2:
            continue
        is_held = slot < 2 and is_resident(slot, parts, design, limits)
        direction = WRITE if slot == 2 else READ
        after = limits.write_latency + limits.buffer_read_cycles if slot == 2 else least_latency(limits)
        for a in range(2):
            for b in range(2):
                rows = Place(0, 0, 0, 0)
                if dram.by_row:
                    at_col = a if slot == (1 if design.drains else 2) else b
                    i, j, t = a * (parts.nr - 1), at_col * (parts.nc - 1), b * (parts.nt - 1)
                    if slot == 2:
                        rows = region_rows(i, j, t, design, limits, parts)
                    else:
                        rows = unit_rows(slot, i, j, t, design, limits, parts)
                clocks = least_dram_cycles(sizes[slot, a, b], direction, rows, dram, reads)
                room[DRAM_SIDE, slot, a, b] = clocks if reads is None else UNKNOWN
                length = (max(ports[slot, a, b], clocks) + after) * limits.clock_divisor
                room[LENGTHS, slot, a, b] = length
                room[AGAIN, slot, a, b] = ports[slot, a, b] * limits.clock_divisor if is_held else length
