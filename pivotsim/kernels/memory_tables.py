"""What a mask leaves of passes and units, read from tables (made by engines/memory_tables.py).

Sums along the streamed index, one row per tile, so that a chunk [t0, t1) of any length is a difference:

    needed     (lists, T + 1)    streamed indices that the passes of a list need; or (lists, 1) flags, all of T or none
    bytes_0    (nr, nc)          is, ws: bytes of tile (i, j)
               (nr, T + 1)       os: bytes of the input's stream, index excluded
    bytes_1    (tiles, T + 1)    bytes of slot 1's stream: of row tile i, under os the weight's of column tile j
    blocks_0, blocks_1           (as bytes, blocks + 1): kept blocks along the stream; zeros where nothing is masked

Row (LIST_I * i + LIST_J * j) of `needed` belongs to the passes (i, j, .).
"""

from typing import TypeAlias

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory_units import Array, Ints

Tables: TypeAlias = tuple[Array, Array, Array, Array, Array]
TABLES = "UniTuple(int64[:, ::1], 5)"

# Fields of the tuple `shape`: rows of `needed`; the streamed indices that a block of each slot's `blocks` covers; the
# slot whose operand has the mask, -1 for the output; the bytes of all units of a slot but for index along the stream.
# Whether slot 0 is tiles.
LIST_I, LIST_J, BLOCK_0, BLOCK_1, MASKED, WHOLE_0, WHOLE_1, TILED = range(8)
SHAPE_FIELDS = 8
INDEX_BYTES = 2  # of a kept block


@inlined
def needed_steps(i: int, j: int, first: int, past: int, tables: Tables, shape: Ints) -> int:
    """Return how many of the streamed indices [first, past) a pass of tile (i, j) needs."""
    needed, row = tables[0], shape[LIST_I] * i + shape[LIST_J] * j
    if needed.shape[1] == 1:
        return needed[row, 0] * (past - first)
    return needed[row, past] - needed[row, first]


@inlined
def streamed_index(blocks: Array, block: int, tile: int, first: int, past: int) -> int:
    """Return the bytes of index of a streamed unit: of each kept block that it touches."""
    return INDEX_BYTES * (blocks[tile, (past - 1) // block + 1] - blocks[tile, first // block])


@inlined
def row_of(slot: int, at: tuple[int, int, int], shape: Ints) -> int:
    """Return the row or column tile of a slot's unit that pass (i, j, t) uses."""
    return at[0] if slot == 0 or shape[TILED] else at[1]


@inlined
def unit_of(slot: int, at: tuple[int, int, int], counts: tuple[int, int], shape: Ints) -> int:
    """Return the number of a slot's unit that pass (i, j, t) uses; ``counts`` are column tiles and chunks."""
    if slot == 0 and shape[TILED]:
        return at[0] * counts[0] + at[1]
    return row_of(slot, at, shape) * counts[1] + at[2]


@inlined
def unit_bytes(
    slot: int, at: tuple[int, int, int], chunk: int, streamed: int, tables: Tables, shape: Ints
) -> int:
    """Return the bytes of a slot's unit that pass (i, j, t) uses."""
    sums, row = tables[1] if slot == 0 else tables[3], row_of(slot, at, shape)
    if slot == 0 and shape[TILED]:
        return sums[row, at[1]]
    first, past = at[2] * chunk, min((at[2] + 1) * chunk, streamed)
    size = sums[row, past] - sums[row, first]
    if shape[MASKED] != slot:
        return size
    blocks, block = (tables[2], shape[BLOCK_0]) if slot == 0 else (tables[4], shape[BLOCK_1])
    return size + streamed_index(blocks, block, row, first, past)


@inlined
def read_bytes(
    slot: int, at: tuple[int, int, int], chunk: int, streamed: int, needed: int, tables: Tables, shape: Ints
) -> int:
    """Return the bytes that pass (i, j, t) reads of a slot's unit; of a stream without gaps those ``needed``."""
    if shape[MASKED] == slot or (slot == 0 and shape[TILED]):
        return unit_bytes(slot, at, chunk, streamed, tables, shape)
    return needed


@inlined
def operand_bytes(slot: int, chunk: int, streamed: int, tables: Tables, shape: Ints) -> int:
    """Return the bytes of all units of a slot that passes use, in chunks of that many steps."""
    whole = shape[WHOLE_0] if slot == 0 else shape[WHOLE_1]
    if shape[MASKED] != slot:
        return whole
    if slot == 0 and shape[TILED]:  # their index is in their bytes
        return whole
    blocks, block = (tables[2], shape[BLOCK_0]) if slot == 0 else (tables[4], shape[BLOCK_1])
    for tile in range(blocks.shape[0]):
        for first in range(0, streamed, chunk):
            whole += streamed_index(blocks, block, tile, first, min(first + chunk, streamed))
    return whole
