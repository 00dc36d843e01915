"""Passes and units that a mask leaves, read from tables (made by engines/memory/masked/tables.py).

Sums along the streamed index, one row per tile, so that a chunk [t0, t1) of any length is a difference:

    needed     (lists, T + 1)    streamed indices that the passes of a list need; or (lists, 1) flags, all of T or none
    sums_0    (nr, nc)          is, ws: bytes of tile (i, j)
               (nr, T + 1)       os: elements of the input's stream
    sums_1    (tiles, T + 1)    elements of slot 1's stream: of row tile i, under os the weight's of column tile j
    blocks_0, blocks_1           (as bytes, blocks + 1): kept blocks along the stream; zeros where nothing is masked

Row (list_i * i + list_j * j) of `needed` belongs to the passes (i, j, .).
"""

from typing import NamedTuple

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.array_passes import PassIndex, apart, place
from pivotsim.kernels.memory.tiles import (
    DRAM_READ,
    DRAM_WRITE,
    GB_INPUT_READ,
    GB_INPUT_WRITE,
    GB_OUTPUT_READ,
    GB_OUTPUT_WRITE,
    GB_WEIGHT_READ,
    GB_WEIGHT_WRITE,
    IPMEM_READ,
    IPMEM_WRITE,
    OPMEM_READ,
    OPMEM_WRITE,
    WTMEM_READ,
    WTMEM_WRITE,
    Parts,
    bits_of,
    is_weight,
    packed,
)
from pivotsim.kernels.types import Array, Design, Limits, Shape, Tables

INDEX_BYTES = 2  # of a kept block


class Kept(NamedTuple):
    """What a mask leaves of a GEMM, and what its runs write.

    ``seen_0`` and ``seen_1`` (units,) hold for each unit of a slot the number of the run that fetched it last;
    ``flights`` (drains, 3) is room to work in where stalls are charged; ``moved`` (16,) takes the bytes by level, those
    of local memories only where stalls are charged.
    """

    tables: Tables
    shape: Shape
    seen_0: Array
    seen_1: Array
    flights: Array
    moved: Array


@inlined
def needed_steps(i: int, j: int, first: int, past: int, tables: Tables, shape: Shape) -> int:
    """Return how many of the streamed indices [first, past) a pass of tile (i, j) needs."""
    needed, row = tables.needed, shape.list_i * i + shape.list_j * j
    steps: int = needed[row, 0] * (past - first) if needed.shape[1] == 1 else needed[row, past] - needed[row, first]
    return steps


@inlined
def pass_steps(at: PassIndex, parts: Parts, tables: Tables, shape: Shape) -> int:
    """Return how many streamed indices pass (i, j, t) needs."""
    first, past = at.t * parts.chunk, min((at.t + 1) * parts.chunk, parts.streamed)
    return needed_steps(at.i, at.j, first, past, tables, shape)


@inlined
def streamed_index(blocks: Array, block: int, tile: int, first: int, past: int) -> int:
    """Return the bytes of index of a streamed unit: of each kept block that it touches."""
    kept: int = blocks[tile, (past - 1) // block + 1] - blocks[tile, first // block]
    return INDEX_BYTES * kept


@inlined
def row_of(slot: int, at: PassIndex, shape: Shape) -> int:
    """Return the row or column tile of a slot's unit that pass (i, j, t) uses."""
    return at.i if slot == 0 or shape.tiled else at.j


@inlined
def unit_of(slot: int, at: PassIndex, parts: Parts, shape: Shape) -> int:
    """Return the number of a slot's unit that pass (i, j, t) uses."""
    if slot == 0 and shape.tiled:
        return at.i * parts.nc + at.j
    return row_of(slot, at, shape) * parts.nt + at.t


@inlined
def unit_bytes(slot: int, at: PassIndex, parts: Parts, bits: int, tables: Tables, shape: Shape) -> int:
    """Return the bytes of a slot's unit that pass (i, j, t) uses, of elements of so many bits."""
    sums, row = tables.sums_0 if slot == 0 else tables.sums_1, row_of(slot, at, shape)
    if slot == 0 and shape.tiled:
        size: int = sums[row, at.j]
        return size
    first, past = at.t * parts.chunk, min((at.t + 1) * parts.chunk, parts.streamed)
    size = packed(sums[row, past] - sums[row, first], bits)
    if shape.masked != slot:
        return size
    return size + streamed_index(tables.blocks_0 if slot == 0 else tables.blocks_1, shape.block, row, first, past)


@inlined
def read_bytes(
    slot: int, at: PassIndex, parts: Parts, needed: int, bits: int, tables: Tables, shape: Shape
) -> int:  # fmt: skip
    """Return the bytes that pass (i, j, t) reads of a slot's unit; of a stream without gaps the elements ``needed``."""
    if shape.masked == slot or (slot == 0 and shape.tiled):
        return unit_bytes(slot, at, parts, bits, tables, shape)
    return packed(needed, bits)


@inlined
def operand_bytes(slot: int, parts: Parts, bits: int, tables: Tables, shape: Shape) -> int:
    """Return the bytes of all units of a slot that passes use, of elements of so many bits."""
    whole = shape.whole_0 if slot == 0 else shape.whole_1
    if slot == 0 and shape.tiled:  # in bytes, with index
        return whole
    is_whole = bits & 7 == 0  # no unit's last byte is filled up
    size = whole * (bits >> 3) if is_whole else 0
    if is_whole and shape.masked != slot:
        return size
    sums, blocks = (tables.sums_0, tables.blocks_0) if slot == 0 else (tables.sums_1, tables.blocks_1)
    for tile in range(sums.shape[0]):
        for first in range(0, parts.streamed, parts.chunk):
            past = min(first + parts.chunk, parts.streamed)
            if not is_whole:
                size += packed(sums[tile, past] - sums[tile, first], bits)
            if shape.masked == slot:
                size += streamed_index(blocks, shape.block, tile, first, past)
    return size


@inlined
def last_pass(tiled: bool, order: int, x: int, y: int, n_z: int, parts: Parts, tables: Tables, shape: Shape) -> int:
    """Return the last pass of a region that needs anything, -1 where none does."""
    for z in range(n_z - 1, -1, -1):
        if pass_steps(place(tiled, order, x, y, z), parts, tables, shape):
            return z
    return -1


@inlined
def spread(at: PassIndex, rows_before: int, streamed: int, design: Design, tables: Tables, shape: Shape) -> int:
    """Return how much later a fold that drains streams so that its sums leave after those of the fold before."""
    if not design.drains:
        return 0
    return apart(rows_before, needed_steps(at.i, at.j, 0, streamed, tables, shape), design)


@inlined
def count_load(size: int, is_dram: bool, weight: bool, moved: Array) -> None:
    """Add a load's bytes at each level to ``moved``."""
    from_dram = size if is_dram else 0
    moved[DRAM_READ] += from_dram
    moved[GB_WEIGHT_WRITE if weight else GB_INPUT_WRITE] += from_dram
    moved[GB_WEIGHT_READ if weight else GB_INPUT_READ] += size
    moved[WTMEM_WRITE if weight else IPMEM_WRITE] += size


@inlined
def count_drain(size: int, sums: int, moved: Array) -> None:
    """Add a drain's bytes at each level to ``moved``: outputs and the partial sums they are made of."""
    moved[OPMEM_READ] += sums
    moved[GB_OUTPUT_READ] += size
    moved[GB_OUTPUT_WRITE] += size
    moved[DRAM_WRITE] += size


@inlined
def count_pass(
    at: PassIndex, parts: Parts, design: Design, limits: Limits, steps: int, is_last: bool, claims: bool, kept: Kept
) -> None:
    """Add what a pass reads of its units, and the partial sums that it writes and reads back.

    ``is_last`` of its region, whose half of OPMEM it ``claims``.
    """
    rows = parts.last_rows if at.i == parts.nr - 1 else design.rows
    cols = parts.last_cols if at.j == parts.nc - 1 else design.cols
    for slot in range(2):
        width = cols if slot == 1 and design.drains else rows
        bits = bits_of(slot, design, limits)
        read = read_bytes(slot, at, parts, width * steps, bits, kept.tables, kept.shape)
        kept.moved[WTMEM_READ if is_weight(slot, design) else IPMEM_READ] += read
    if is_last or not design.drains:
        sums = limits.sum_bytes * cols * (rows if design.drains else steps)
        kept.moved[OPMEM_WRITE] += sums
        kept.moved[OPMEM_READ] += 0 if claims else sums
