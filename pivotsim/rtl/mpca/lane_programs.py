"""Programs of column lanes: lists of block columns, rows of kept blocks, weights and tokens as words of their memories.

Memories are those of verilog/mpca/mpca_lane.v. Which lane takes which column is the engine's own assignment
(`column_lists`); weights lie in the order in which their lane needs them, so that its address counts.

    entry of a list   last of the list (1 bit), the column's first output column (15), its kept blocks (16)
    row               depth at which a kept block begins: its block row times b
    word of weights   p_pe output columns at one depth: column by column, of it p_pe at a time, block by block
    word of tokens    p_pe tokens at one depth: group by group of p_t row tiles

An empty column is in no list: its results are zero, and no lane writes them. In lockstep a lane that has no column with
blocks in a round has an entry without blocks there; a round without any block is left out.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pivotsim.engines.mpca.lanes import block_cycles, column_counts, column_lists, token_groups
from pivotsim.errors import InputError, got, got_shape
from pivotsim.hardware.kinds.mpca import MpcaSpec
from pivotsim.workload.masks.masks import Mask

LAST, COLUMN_AT, MAX_COLUMN, MAX_DEPTH = 1 << 31, 16, 2**15, 2**16
MAX_BLOCKS = 1 << COLUMN_AT  # a column's number of blocks stands below its place
MAX_WORDS = 2**16  # of a tile's memory: addresses have 16 bits
NO_COLUMN = -1  # of a lane in a round of lockstep


@dataclass(frozen=True)
class LaneProgram:
    """What one lane is given.

    Attributes
    ----------
    columns : tuple of int
        Block columns that it computes, in its order.
    entries : array of uint32, (E,)
        Its list.
    rows : array of uint16, (Z,)
        Depth at which each kept block begins, column by column.
    weights : array of int8, (W, p_pe)
        Its words of weights.
    """

    columns: tuple[int, ...]
    entries: Any
    rows: Any
    weights: Any


def masked_programs(weights: Any, mask: Mask, mpca: MpcaSpec, copy: int = 0) -> tuple[LaneProgram, ...]:
    """Return the program of each lane for int8 (K, N) weights with a mask.

    Raises
    ------
    InputError
        Weights are not int8 of the mask's shape, or too large for the words of a list.

    Examples
    --------
    >>> import numpy as np, pivotsim as ps
    >>> mpca = ps.load_hardware("u250_mpca").replace({"mpca.p_h": 1, "mpca.p_pe": 2}).mpca
    >>> mask = Mask("b", 4, 6, 2, np.array([[1, 0, 1], [1, 0, 0]]))
    >>> [program.columns for program in masked_programs(np.ones((4, 6), dtype=np.int8), mask, mpca)]
    [(0,), (2,)]
    """
    lists = column_lists(
        column_counts(mask, copy), lanes=mpca.lanes, block_cycles=block_cycles(mask.block, mpca.p_pe),
        balance=mpca.balance, header_cycles=mpca.header_cycles,
    )  # fmt: skip
    if mask.operand != "b" or np.shape(weights) != (mask.height, mask.width):
        raise InputError(f"weights: must be the masked {mask.height}x{mask.width} ones {got_shape(np.shape(weights))}")
    return _programs(weights, mask.kept[copy], mask.block, lists, mpca)


def dense_programs(weights: Any, mpca: MpcaSpec, lanes: int | None = None) -> tuple[LaneProgram, ...]:
    """Return the program of each lane for whole int8 (K, N) weights: columns by turns, as `run_dense` counts them.

    ``lanes`` are all lanes of the array, or the p_c of one head module for a head of `run_heads`.
    """
    lanes = lanes or mpca.lanes
    k, n = np.shape(weights)
    blocks, b = (-(-k // mpca.dense_block), -(-n // mpca.dense_block)), mpca.dense_block
    lists = column_lists([blocks[0]] * blocks[1], lanes=lanes, block_cycles=block_cycles(b, mpca.p_pe), balance="rr")
    return _programs(weights, np.ones(blocks, dtype=np.bool_), b, lists, mpca)


def _programs(
    weights: Any, kept: Any, b: int, lists: Sequence[Sequence[int]], mpca: MpcaSpec
) -> tuple[LaneProgram, ...]:
    weights = np.asarray(weights)
    if weights.dtype != np.int8:
        raise InputError(f"weights: the lanes multiply int8 {got(str(weights.dtype))}")
    for what, size, limit in (("depth", kept.shape[0] * b, MAX_DEPTH), ("columns", kept.shape[1] * b, MAX_COLUMN)):
        if size > limit:
            raise InputError(f"weights: {what} with whole blocks must be at most {limit:,} {got(size)}")
    if kept.shape[0] >= MAX_BLOCKS:
        raise InputError(f"weights: blocks of a column must be fewer than {MAX_BLOCKS:,} {got(kept.shape[0])}")
    in_blocks = np.zeros((kept.shape[0] * b, kept.shape[1], -(-b // mpca.p_pe) * mpca.p_pe), dtype=np.int8)
    padded = np.zeros((len(in_blocks), kept.shape[1] * b), dtype=np.int8)
    padded[: weights.shape[0], : weights.shape[1]] = weights
    in_blocks[:, :, :b] = padded.reshape(len(in_blocks), -1, b)
    words = in_blocks.reshape(kept.shape[0], b, kept.shape[1], -1, mpca.p_pe)
    return tuple(_program(words, kept, b, columns) for columns in _filled(lists, kept.any(axis=0), mpca))


def _filled(lists: Sequence[Sequence[int]], holds: Any, mpca: MpcaSpec) -> list[list[int]]:
    """Return each lane's columns that hold blocks; in lockstep with NO_COLUMN where others have one."""
    if mpca.balance != "lockstep":
        return [[j for j in own if holds[j]] for own in lists]
    rounds = itertools.zip_longest(*lists, fillvalue=NO_COLUMN)
    full = [[j if j != NO_COLUMN and holds[j] else NO_COLUMN for j in together] for together in rounds]
    full = [together for together in full if max(together) != NO_COLUMN]
    return [list(own) for own in zip(*full, strict=True)] if full else [[] for _ in lists]


def _program(words: Any, kept: Any, b: int, columns: Sequence[int]) -> LaneProgram:
    """Return the program of one lane; ``words`` are (block rows, b, block columns, parts of p_pe, p_pe)."""
    rows = [np.flatnonzero(kept[:, j]) if j != NO_COLUMN else np.zeros(0, dtype=np.int64) for j in columns]
    entries = [(max(j, 0) * b) << COLUMN_AT | len(own) for j, own in zip(columns, rows, strict=True)] or [0]
    entries[-1] |= LAST
    parts = [words[own, :, j].transpose(2, 0, 1, 3) for j, own in zip(columns, rows, strict=True)]
    return LaneProgram(
        tuple(j for j in columns if j != NO_COLUMN),
        np.array(entries, dtype=np.uint32),
        (np.concatenate([*rows, np.zeros(0, dtype=np.int64)]) * b).astype(np.uint16),
        np.concatenate([*(part.reshape(-1, words.shape[-1]) for part in parts), words[:0, 0, 0, 0]]),
    )


def token_words(tokens: Any, block: int, mpca: MpcaSpec) -> Any:
    """Return int8 (M, K) activations as the words of each row tile's memory, int8 (p_t, words, p_pe).

    Tokens that fill the last group, and depths that fill the last block, are zero.
    """
    tokens = np.asarray(tokens)
    if tokens.dtype != np.int8 or tokens.ndim != 2:
        raise InputError(f"tokens: must be a table of int8 {got_shape(tokens.shape)}")
    m, k = tokens.shape
    groups, depth = token_groups(m, mpca), -(-k // block) * block
    if groups * depth > MAX_WORDS:
        raise InputError(f"tokens: groups times depth must be at most {MAX_WORDS:,} {got(groups * depth)}")
    padded = np.zeros((groups * mpca.p_t * mpca.p_pe, depth), dtype=np.int8)
    padded[:m, :k] = tokens
    by_tile = padded.reshape(groups, mpca.p_t, mpca.p_pe, depth).transpose(1, 0, 3, 2)
    return np.ascontiguousarray(by_tile).reshape(mpca.p_t, groups * depth, mpca.p_pe)
