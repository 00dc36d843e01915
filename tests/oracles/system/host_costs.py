"""Processor time, added up operation by operation from the cost table's own sentence."""


def op_ms(
    cost: dict, rows: int, elements: int, *, call_us: float, clock_mhz: float, cores: int, efficiency: float
) -> float:
    """One call, then every row and every element on cores that share the work."""
    clocks = 0.0
    for _ in range(rows):
        clocks += cost["cycles_per_row"]
    clocks += elements * cost["cycles_per_element"]
    if cores > 1:
        clocks /= cores * efficiency
    return call_us / 1000 + clocks / clock_mhz / 1000


def transfer_ms(
    size_bytes: int, *, bytes_per_clock: int, clock_mhz: float, line_bytes: int, ns_per_line: float, call_us: float
) -> float:
    """Bytes over the ports, cache upkeep line by line, one call."""
    clocks = lines = 0
    moved = 0
    while moved < size_bytes:
        moved += bytes_per_clock
        clocks += 1
    kept = 0
    while kept < size_bytes:
        kept += line_bytes
        lines += 1
    return clocks / clock_mhz / 1000 + lines * ns_per_line / 1e6 + call_us / 1000


def sort_levels(count: int) -> int:
    """Merges that sort a row: runs of 1, 2, 4, ... elements until one holds them all."""
    levels, run = 0, 1
    while run < count:
        run *= 2
        levels += 1
    return levels
