"""Tiles, passes and units that move through the memory hierarchy: their bytes, and how often each is fetched.

All of it is static. A GEMM is cut into `nr` row tiles of the array's rows, `nc` column tiles of its columns and `nt`
chunks of the streamed size; a pass is one (row tile i, column tile j, chunk t). Every pass uses two units of input and
weight, which are the *slots* 0 and 1 in the order in which they are fetched; slot 2 is what drains.

    sums            slot 0            slot 1            slot 2            loop orders, outermost first
    leave (is, ws)  tile (i, j)       stream (i, t)     sums (j, t)       j t i  and  t j i
    drain (os)      input (i, t)      weight (j, t)     sums (i, j)       j i t  and  i j t

Each unit is the product of the parts of its two dimensions, and a part is either full or the last of its dimension, so
four sizes per slot hold for all passes. A block of outputs whose folds share a chunk (rules.md, 15) is a tile to the
memories, and all its folds are one pass. Elements have the bits of their matrix; those of a unit follow each other, and
its last byte is filled up.
"""

from typing import NamedTuple

import numpy as np

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.types import Array, Design, Gemm, Limits

# Bytes moved, in the order of `count_bytes`.
(
    DRAM_READ, DRAM_WRITE, GB_INPUT_READ, GB_INPUT_WRITE, GB_WEIGHT_READ, GB_WEIGHT_WRITE, GB_BIAS_READ, GB_BIAS_WRITE,
    GB_OUTPUT_READ, GB_OUTPUT_WRITE, IPMEM_READ, IPMEM_WRITE, WTMEM_READ, WTMEM_WRITE, OPMEM_READ, OPMEM_WRITE,
) = range(16)  # fmt: skip
LEVELS = 16


class Parts(NamedTuple):
    """How a GEMM is cut: row tiles, column tiles, chunks, what is left for the last of each, and full sizes.

    The tiles are the array's, or blocks of several (``has_block``).
    """

    nr: int
    nc: int
    nt: int
    last_rows: int
    last_cols: int
    last_steps: int
    chunk: int
    streamed: int
    rows: int
    cols: int


@inlined
def ceil_div(a: int, b: int) -> int:
    """Return a / b rounded up, for a >= 0 and b >= 1."""
    # unsigned, because a signed division by Python's rule costs twice
    quotient: int = np.int64((np.uint64(a) + np.uint64(b) - np.uint64(1)) // np.uint64(b))  # type: ignore[assignment]
    return quotient


@inlined
def packed(elements: int, bits: int) -> int:
    """Return the bytes of elements of so many bits one after the other."""
    return (elements * bits + 7) >> 3


@inlined
def has_block(design: Design, limits: Limits) -> bool:
    """Tell whether the sums of several folds wait in the output memory, which then share a chunk of the operands."""
    return bool(design.drains) and max(limits.block_rows, limits.block_cols) > 0


@inlined
def cut(gemm: Gemm, design: Design, limits: Limits, chunk: int) -> Parts:
    """Return how a GEMM is cut for an array and a chunk of streamed steps; in blocks where an array's folds share."""
    rows, cols, t = gemm[design.rows_dim], gemm[design.cols_dim], gemm[design.stream_dim]
    full_rows, full_cols = design.rows, design.cols
    if has_block(design, limits):
        full_rows, full_cols = min(limits.block_rows or full_rows, rows), min(limits.block_cols or full_cols, cols)
    nr, nc, nt = ceil_div(rows, full_rows), ceil_div(cols, full_cols), ceil_div(t, chunk)
    last_rows, last_cols = rows - (nr - 1) * full_rows, cols - (nc - 1) * full_cols
    return Parts(nr, nc, nt, last_rows, last_cols, t - (nt - 1) * chunk, chunk, t, full_rows, full_cols)


@inlined
def cut_again(parts: Parts, chunk: int) -> Parts:
    """Return the same cut with another chunk."""
    nr, nc, _, last_rows, last_cols, _, _, t, rows, cols = parts
    nt = ceil_div(t, chunk)
    return Parts(nr, nc, nt, last_rows, last_cols, t - (nt - 1) * chunk, chunk, t, rows, cols)


@inlined
def folds_of(step: int, number: int, full: int, last: int) -> int:
    """Return how many tiles of ``step`` rows or columns lie in parts of ``full`` of them, the last of ``last``."""
    return (number - 1) * ceil_div(full, step) + ceil_div(last, step)


@inlined
def is_weight(slot: int, design: Design) -> bool:
    """Tell whether a slot's units are weights."""
    return (slot == 0) == (design.holds_weights == 1)


@inlined
def bits_of(slot: int, design: Design, limits: Limits) -> int:
    """Return the bits of an element of a slot's operand."""
    return limits.weight_bits if is_weight(slot, design) else limits.input_bits


@inlined
def fill_sizes(parts: Parts, design: Design, limits: Limits, slots: int, sizes: Array) -> None:
    """Write the bytes of units to ``sizes`` (3, 2, 2): slot, last of the first dimension, last of the second."""
    bits_0, bits_1 = bits_of(0, design, limits), bits_of(1, design, limits)
    for a in range(2):
        for b in range(2):
            row_a = parts.last_rows if a else parts.rows
            col_a, col_b = parts.last_cols if a else parts.cols, parts.last_cols if b else parts.cols
            steps = parts.last_steps if b else parts.chunk
            sizes[0, a, b] = packed(row_a * (steps if design.drains else col_b), bits_0)
            sizes[1, a, b] = packed((col_a if design.drains else row_a) * steps, bits_1)
            if slots > 2:
                sizes[2, a, b] = packed(row_a * col_b if design.drains else col_a * steps, limits.out_bits)


@inlined
def between_uses(parts: Parts, design: Design, order: int, slot: int) -> int:
    """Return how many units of a slot the passes walk through, round and round, before the same one comes again."""
    nr, nc, nt = parts.nr, parts.nc, parts.nt
    if design.drains:
        if slot == 0:
            return nr * nt if order == 0 else nt
        return nt if order == 0 else nc * nt
    if slot == 0:
        return nr if order == 0 else nr * nc
    return nr * nt if order == 0 else nr


@inlined
def always_fetched(parts: Parts, design: Design, order: int, slot: int, limits: Limits) -> bool:
    """Tell whether every pass fetches its unit; else each unit is fetched once, by the first pass that uses it.

    The units between two uses come in a cycle. A memory that replaces the half not used last keeps a cycle of one unit
    in one half or two in two; a longer one evicts every unit before its next use.
    """
    halves = halves_of(slot, design, limits)
    return limits.refetches == 1 or (halves > 0 and between_uses(parts, design, order, slot) > halves)


@inlined
def halves_of(slot: int, design: Design, limits: Limits) -> int:
    """Return the halves of the memory that a slot's units live in."""
    return limits.weight_halves if is_weight(slot, design) else limits.input_halves


@inlined
def share_of(slot: int, design: Design, limits: Limits) -> int:
    """Return a slot's share of the global buffer."""
    return limits.weight_share if is_weight(slot, design) else limits.input_share


@inlined
def packed_units(full_a: int, last_a: int, parts_a: int, full_b: int, last_b: int, parts_b: int, bits: int) -> int:
    """Return the bytes of all units of a matrix that is cut along both dimensions, each unit's last byte filled up."""
    if bits & 7 == 0:  # nothing to fill up
        return ((parts_a - 1) * full_a + last_a) * ((parts_b - 1) * full_b + last_b) * (bits >> 3)
    in_row = (parts_b - 1) * packed(full_a * full_b, bits) + packed(full_a * last_b, bits)
    in_last = (parts_b - 1) * packed(last_a * full_b, bits) + packed(last_a * last_b, bits)
    return (parts_a - 1) * in_row + in_last


@inlined
def operand_size(slot: int, parts: Parts, design: Design, limits: Limits) -> int:
    """Return the bytes of all units of a slot's operand."""
    nr, nc, nt, last_rows, last_cols, last_steps, chunk = parts[:7]
    bits = bits_of(slot, design, limits)
    if slot == 0 and not design.drains:
        return packed_units(parts.rows, last_rows, nr, parts.cols, last_cols, nc, bits)
    if slot == 0 or not design.drains:
        return packed_units(parts.rows, last_rows, nr, chunk, last_steps, nt, bits)
    return packed_units(parts.cols, last_cols, nc, chunk, last_steps, nt, bits)


@inlined
def output_size(parts: Parts, design: Design, limits: Limits) -> int:
    """Return the bytes of all regions of outputs."""
    nr, nc, nt, last_rows, last_cols, last_steps, chunk = parts[:7]
    if design.drains:
        return packed_units(parts.rows, last_rows, nr, parts.cols, last_cols, nc, limits.out_bits)
    return packed_units(parts.cols, last_cols, nc, chunk, last_steps, nt, limits.out_bits)


@inlined
def is_resident(slot: int, parts: Parts, design: Design, limits: Limits) -> bool:
    """Tell whether a slot's whole operand fits its share of the global buffer, which then reads DRAM once."""
    share = share_of(slot, design, limits)
    return limits.refetches == 0 and (share < 0 or operand_size(slot, parts, design, limits) <= share)


@inlined
def uses(parts: Parts, design: Design, slot: int) -> int:
    """Return how many passes use each unit of a slot."""
    if design.drains:
        return parts.nc if slot == 0 else parts.nr
    return parts.nt if slot == 0 else parts.nc


@inlined
def dram_bytes(gemm: Gemm, design: Design, limits: Limits, order: int, parts: Parts) -> int:
    """Return the bytes read from and written to DRAM."""
    total = output_size(parts, design, limits) + limits.bias * limits.sum_bytes * gemm.n
    for slot in range(2):
        size = operand_size(slot, parts, design, limits)
        again = always_fetched(parts, design, order, slot, limits)
        if again and not is_resident(slot, parts, design, limits):
            size *= uses(parts, design, slot)
        total += size
    return total


@inlined
def read_size(slot: int, parts: Parts, design: Design, limits: Limits) -> int:
    """Return the bytes that all passes read of a slot's units; under blocks those that all folds do."""
    if not has_block(design, limits):
        return operand_size(slot, parts, design, limits) * uses(parts, design, slot)
    step, number, full, last = design.rows, parts.nr, parts.rows, parts.last_rows
    readers = folds_of(design.cols, parts.nc, parts.cols, parts.last_cols)
    if slot == 1:
        step, number, full, last = design.cols, parts.nc, parts.cols, parts.last_cols
        readers = folds_of(design.rows, parts.nr, parts.rows, parts.last_rows)
    size = 0
    for is_last in range(2):
        extent = last if is_last else full
        folds = ceil_div(extent, step)
        one = packed_units(
            step, extent - (folds - 1) * step, folds, parts.chunk, parts.last_steps, parts.nt,
            bits_of(slot, design, limits),
        )  # fmt: skip
        size += one if is_last else (number - 1) * one
    return size * readers


@inlined
def count_bytes(gemm: Gemm, design: Design, limits: Limits, order: int, parts: Parts, moved: Array) -> None:
    """Write the bytes moved at each level to ``moved`` (16,), in the order of the constants above.

    Unit sets partition their operand, so a slot moves (operand bytes) x (fetches of each unit). Partial sums are
    written by every row tile of K (of a block: chunk of K) and read back by all but the first, then read once more by
    the drain.
    """
    bias, output = limits.bias * limits.sum_bytes * gemm.n, output_size(parts, design, limits)
    moved[DRAM_READ] = moved[GB_BIAS_READ] = moved[GB_BIAS_WRITE] = bias
    for slot in range(2):
        weight, size = is_weight(slot, design), operand_size(slot, parts, design, limits)
        again = always_fetched(parts, design, order, slot, limits)
        fetched = size * uses(parts, design, slot) if again else size
        from_dram = size if is_resident(slot, parts, design, limits) else fetched
        moved[DRAM_READ] += from_dram
        moved[GB_WEIGHT_WRITE if weight else GB_INPUT_WRITE] = from_dram
        moved[GB_WEIGHT_READ if weight else GB_INPUT_READ] = fetched
        moved[WTMEM_WRITE if weight else IPMEM_WRITE] = fetched
        moved[WTMEM_READ if weight else IPMEM_READ] = read_size(slot, parts, design, limits)
    moved[DRAM_WRITE] = moved[GB_OUTPUT_READ] = moved[GB_OUTPUT_WRITE] = output
    writes = 1 if design.drains else parts.nr
    if has_block(design, limits):
        writes = parts.nt
    moved[OPMEM_READ] = moved[OPMEM_WRITE] = limits.sum_bytes * gemm.m * gemm.n * writes
