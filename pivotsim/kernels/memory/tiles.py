"""What moves through the memory hierarchy: tiles, passes, units, their bytes and how often each is fetched.

All of it is static. A GEMM is cut into `nr` row tiles of the array's rows, `nc` column tiles of its columns and `nt`
chunks of the streamed size; a pass is one (row tile i, column tile j, chunk t). Every pass uses two units of input and
weight, which are the *slots* 0 and 1 in the order in which they are fetched; slot 2 is what drains.

    dataflow   slot 0            slot 1            slot 2            loop orders, outermost first
    is, ws     tile (i, j)       stream (i, t)     sums (j, t)       j t i  and  t j i
    os         input (i, t)      weight (j, t)     sums (i, j)       j i t  and  i j t

Each unit is the product of the parts of its two dimensions, and a part is either full or the last of its dimension, so
four sizes per slot hold for all passes. Slot 0 is weight under ws, input otherwise.
"""

from typing import TypeAlias

import numpy as np

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.array.closed_form import IS, OS, WS

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Ints: TypeAlias = tuple[int, ...]  # tuples where a loop passes them on: they cost no reference count

# Fields of the tuple `limits`, in the order of engines/memory/limits.py. A rate or a number of halves of 0 is
# unlimited, a share of -1 too. Halves: 1 is single, 2 ping-pong.
INPUT_HALVES, WEIGHT_HALVES, OUTPUT_HALVES, INPUT_SHARE, WEIGHT_SHARE = 0, 1, 2, 3, 4
GB_PORT, IPMEM_PORT, WTMEM_PORT, READ_LATENCY, WRITE_LATENCY, OUT_BYTES, BIAS = 5, 6, 7, 8, 9, 10, 11
LIMITS = 12
PSUM_BYTES = BIAS_BYTES = 4  # int32

# Bytes moved, in the order of `count_bytes`.
(
    DRAM_READ, DRAM_WRITE, GB_INPUT_READ, GB_INPUT_WRITE, GB_WEIGHT_READ, GB_WEIGHT_WRITE, GB_BIAS_READ, GB_BIAS_WRITE,
    GB_OUTPUT_READ, GB_OUTPUT_WRITE, IPMEM_READ, IPMEM_WRITE, WTMEM_READ, WTMEM_WRITE, OPMEM_READ, OPMEM_WRITE,
) = range(16)  # fmt: skip
LEVELS = 16


@inlined
def ceil_div(a: int, b: int) -> int:
    """Return a / b rounded up, for a >= 0 and b >= 1."""
    # unsigned, because a signed division by Python's rule costs twice
    quotient: int = np.int64((np.uint64(a) + np.uint64(b) - np.uint64(1)) // np.uint64(b))  # type: ignore[assignment]
    return quotient


@inlined
def mapped(gemm: Ints, dataflow: int) -> tuple[int, int, int]:
    """Return (size held by rows, size held by columns, streamed size T) of a GEMM (m, k, n)."""
    m, k, n = gemm[0], gemm[1], gemm[2]
    if dataflow == IS:
        return k, m, n
    if dataflow == WS:
        return k, n, m
    return m, n, k


@inlined
def cut(gemm: Ints, design: Ints, chunk: int) -> Ints:
    """Return (nr, nc, nt) and the last, possibly smaller, part of rows, columns and streamed size."""
    rows, cols, t = mapped(gemm, design[2])
    nr, nc, nt = ceil_div(rows, design[0]), ceil_div(cols, design[1]), ceil_div(t, chunk)
    return nr, nc, nt, rows - (nr - 1) * design[0], cols - (nc - 1) * design[1], t - (nt - 1) * chunk


@inlined
def fill_sizes(parts: Ints, design: Ints, chunk: int, limits: Ints, sizes: Array) -> None:
    """Write the bytes of units to ``sizes`` (3, 2, 2): slot, last of the first dimension, last of the second."""
    dataflow = design[2]
    for a in range(2):
        for b in range(2):
            row_a = parts[3] if a else design[0]
            col_a, col_b = parts[4] if a else design[1], parts[4] if b else design[1]
            steps = parts[5] if b else chunk
            if dataflow == OS:
                sizes[0, a, b] = row_a * steps
                sizes[1, a, b] = col_a * steps
                sizes[2, a, b] = row_a * col_b * limits[OUT_BYTES]
            else:
                sizes[0, a, b] = row_a * col_b
                sizes[1, a, b] = row_a * steps
                sizes[2, a, b] = col_a * steps * limits[OUT_BYTES]


@inlined
def between_uses(parts: Ints, dataflow: int, order: int, slot: int) -> int:
    """Return how many units of a slot the passes walk through, round and round, before the same one comes again."""
    nr, nc, nt = parts[0], parts[1], parts[2]
    if dataflow == OS:
        if slot == 0:
            return nr * nt if order == 0 else nt
        return nt if order == 0 else nc * nt
    if slot == 0:
        return nr if order == 0 else nr * nc
    return nr * nt if order == 0 else nr


@inlined
def always_fetched(parts: Ints, dataflow: int, order: int, slot: int, halves: int) -> bool:
    """Tell whether every pass fetches its unit; else each unit is fetched once, by the first pass that uses it.

    The units between two uses come in a cycle. A memory that replaces the half not used last keeps a cycle of one unit
    in one half or two in two; a longer one evicts every unit before its next use.
    """
    return halves > 0 and between_uses(parts, dataflow, order, slot) > halves


@inlined
def halves_of(slot: int, dataflow: int, limits: Ints) -> int:
    """Return the halves of the memory that a slot's units live in."""
    is_weight = (slot == 0) == (dataflow == WS)
    return limits[WEIGHT_HALVES] if is_weight else limits[INPUT_HALVES]


@inlined
def is_resident(gemm: Ints, slot: int, dataflow: int, limits: Ints) -> bool:
    """Tell whether a slot's whole operand fits its share of the global buffer, which then reads DRAM once."""
    is_weight = (slot == 0) == (dataflow == WS)
    share = limits[WEIGHT_SHARE] if is_weight else limits[INPUT_SHARE]
    size = gemm[1] * gemm[2] if is_weight else gemm[0] * gemm[1]
    return share < 0 or size <= share


@inlined
def uses(parts: Ints, dataflow: int, slot: int) -> int:
    """Return how many passes use each unit of a slot."""
    if dataflow == OS:
        return parts[1] if slot == 0 else parts[0]
    return parts[2] if slot == 0 else parts[1]


@inlined
def dram_bytes(gemm: Ints, design: Ints, limits: Ints, order: int, chunk: int) -> int:
    """Return the bytes read from and written to DRAM."""
    parts, dataflow = cut(gemm, design, chunk), design[2]
    total = gemm[0] * gemm[2] * limits[OUT_BYTES] + limits[BIAS] * BIAS_BYTES * gemm[2]
    for slot in range(2):
        size = gemm[1] * gemm[2] if (slot == 0) == (dataflow == WS) else gemm[0] * gemm[1]
        again = always_fetched(parts, dataflow, order, slot, halves_of(slot, dataflow, limits))
        if again and not is_resident(gemm, slot, dataflow, limits):
            size *= uses(parts, dataflow, slot)
        total += size
    return total


@inlined
def count_bytes(gemm: Ints, design: Ints, limits: Ints, order: int, chunk: int, moved: Array) -> None:
    """Write the bytes moved at each level to ``moved`` (16,), in the order of the constants above.

    Unit sets partition their operand, so a slot moves (operand bytes) x (fetches of each unit). Partial sums are
    written by every row tile of K and read back by all but the first, then read once more by the drain.
    """
    m, k, n = gemm[0], gemm[1], gemm[2]
    parts, dataflow = cut(gemm, design, chunk), design[2]
    bias, output = limits[BIAS] * BIAS_BYTES * n, m * n * limits[OUT_BYTES]
    moved[DRAM_READ] = moved[GB_BIAS_READ] = moved[GB_BIAS_WRITE] = bias
    for slot in range(2):
        is_weight = (slot == 0) == (dataflow == WS)
        size = k * n if is_weight else m * k
        used = size * uses(parts, dataflow, slot)
        again = always_fetched(parts, dataflow, order, slot, halves_of(slot, dataflow, limits))
        fetched = used if again else size
        from_dram = size if is_resident(gemm, slot, dataflow, limits) else fetched
        moved[DRAM_READ] += from_dram
        moved[GB_WEIGHT_WRITE if is_weight else GB_INPUT_WRITE] = from_dram
        moved[GB_WEIGHT_READ if is_weight else GB_INPUT_READ] = fetched
        moved[WTMEM_WRITE if is_weight else IPMEM_WRITE] = fetched
        moved[WTMEM_READ if is_weight else IPMEM_READ] = used
    moved[DRAM_WRITE] = moved[GB_OUTPUT_READ] = moved[GB_OUTPUT_WRITE] = output
    writes = 1 if dataflow == OS else parts[0]
    moved[OPMEM_READ] = moved[OPMEM_WRITE] = PSUM_BYTES * m * n * writes
