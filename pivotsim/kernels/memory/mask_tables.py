"""What a mask leaves of passes and units, read from tables (made by engines/memory/mask_tables.py).

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
from pivotsim.kernels.memory.tiles import Array, Ints

Tables: TypeAlias = tuple[Array, Array, Array, Array, Array]
TABLES = "UniTuple(int64[:, ::1], 5)"
Cut: TypeAlias = tuple[int, int, int, int]  # column tiles, steps of a chunk, streamed size, chunks

# Fields of the tuple `shape`: strides of the rows of `needed`; the mask's block; the slot that the mask
# covers or -1; the bytes of all units of each slot but for index along the stream; whether slot 0 is tiles.
LIST_I, LIST_J, BLOCK, MASKED, WHOLE_0, WHOLE_1, TILED = range(7)
SHAPE_FIELDS = 7
INDEX_BYTES = 2  # of a kept block


@inlined
def needed_steps(i: int, j: int, first: int, past: int, tables: Tables, shape: Ints) -> int:
    """Return how many of the streamed indices [first, past) a pass of tile (i, j) needs."""
    needed, row = tables[0], shape[LIST_I] * i + shape[LIST_J] * j
    steps: int = needed[row, 0] * (past - first) if needed.shape[1] == 1 else needed[row, past] - needed[row, first]
    return steps


@inlined
def pass_steps(at: tuple[int, int, int], sliced: Cut, tables: Tables, shape: Ints) -> int:
    """Return how many streamed indices pass (i, j, t) needs."""
    first, past = at[2] * sliced[1], min((at[2] + 1) * sliced[1], sliced[2])
    return needed_steps(at[0], at[1], first, past, tables, shape)


@inlined
def streamed_index(blocks: Array, block: int, tile: int, first: int, past: int) -> int:
    """Return the bytes of index of a streamed unit: of each kept block that it touches."""
    kept: int = blocks[tile, (past - 1) // block + 1] - blocks[tile, first // block]
    return INDEX_BYTES * kept


@inlined
def row_of(slot: int, at: tuple[int, int, int], shape: Ints) -> int:
    """Return the row or column tile of a slot's unit that pass (i, j, t) uses."""
    return at[0] if slot == 0 or shape[TILED] else at[1]


@inlined
def unit_of(slot: int, at: tuple[int, int, int], sliced: Cut, shape: Ints) -> int:
    """Return the number of a slot's unit that pass (i, j, t) uses."""
    if slot == 0 and shape[TILED]:
        return at[0] * sliced[0] + at[1]
    return row_of(slot, at, shape) * sliced[3] + at[2]


@inlined
def unit_bytes(
    slot: int, at: tuple[int, int, int], sliced: Cut, tables: Tables, shape: Ints
) -> int:  # fmt: skip
    """Return the bytes of a slot's unit that pass (i, j, t) uses."""
    sums, row = tables[1] if slot == 0 else tables[3], row_of(slot, at, shape)
    if slot == 0 and shape[TILED]:
        size: int = sums[row, at[1]]
        return size
    first, past = at[2] * sliced[1], min((at[2] + 1) * sliced[1], sliced[2])
    size = sums[row, past] - sums[row, first]
    if shape[MASKED] != slot:
        return size
    return size + streamed_index(tables[2] if slot == 0 else tables[4], shape[BLOCK], row, first, past)


@inlined
def read_bytes(slot: int, at: tuple[int, int, int], sliced: Cut, needed: int, tables: Tables, shape: Ints) -> int:
    """Return the bytes that pass (i, j, t) reads of a slot's unit; of a stream without gaps those ``needed``."""
    if shape[MASKED] == slot or (slot == 0 and shape[TILED]):
        return unit_bytes(slot, at, sliced, tables, shape)
    return needed


@inlined
def operand_bytes(slot: int, chunk: int, streamed: int, tables: Tables, shape: Ints) -> int:
    """Return the bytes of all units of a slot that passes use, in chunks of that many steps."""
    whole = shape[WHOLE_0] if slot == 0 else shape[WHOLE_1]
    if shape[MASKED] != slot or (slot == 0 and shape[TILED]):  # the index of tiles is in their bytes
        return whole
    blocks = tables[2] if slot == 0 else tables[4]
    for tile in range(blocks.shape[0]):
        for first in range(0, streamed, chunk):
            whole += streamed_index(blocks, shape[BLOCK], tile, first, min(first + chunk, streamed))
    return whole
