"""Clocks of GEMMs under random masks, drawn in place (API twin: engines/array/random_masks.py).

A mask keeps the blocks with the smallest hashes, as ``workload.masks.drawn_mask`` does: splitmix64 (Steele, Lea and
Flood, OOPSLA 2014) of seed and place. Hashes spread evenly, so that sorting them into as many buckets as there are
blocks, by their leading bits, leaves about one block to choose from.
"""

from typing import Any, TypeAlias

import numpy as np

from pivotsim.kernels._jit import inlined, kernel, part
from pivotsim.kernels.array.masked import Flags, fold_clocks, streamed_lengths
from pivotsim.kernels.types import Array, Design

Hashes: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]

MOST_BITS = 16  # of a bucket's number
_READ = "Array({}, 1, 'A', True)"  # a vector of any stride that is only read


@inlined
def _mixed(z: Any) -> Any:
    """Return splitmix64's output function."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@part
def draw_blocks(
    seed: Any, wanted: int, height: int, width: int, turned: bool, hashes: Hashes, counts: Array, listed: Array,
    kept: Flags,
) -> None:  # fmt: skip
    """Keep ``wanted`` of height x width blocks in ``kept``, (height, width), or (width, height) where ``turned``.

    ``hashes`` and ``listed`` are room for one value per block, ``counts`` for 2**MOST_BITS.
    """
    blocks, bits = height * width, 1
    while bits < MOST_BITS and 2 << bits <= blocks:
        bits += 1
    shift = np.uint64(64 - bits)
    for bucket in range(1 << bits):
        counts[bucket] = 0
    start = _mixed(_mixed(seed))
    for i in range(blocks):
        value = _mixed(start + np.uint64(i + 1) * np.uint64(0x9E3779B97F4A7C15))
        hashes[i] = value
        counts[value >> shift] += 1
    below, last = 0, np.uint64(0)  # blocks in the buckets that are kept whole; the bucket that is kept in part
    while below + counts[last] < wanted:
        below += counts[last]
        last += np.uint64(1)
    in_last = 0
    for r in range(height):
        for c in range(width):
            bucket = hashes[r * width + c] >> shift
            if turned:
                kept[c, r] = bucket < last
            else:
                kept[r, c] = bucket < last
            if bucket == last:
                listed[in_last] = r * width + c
                in_last += 1
    for _ in range(wanted - below):
        best = 0
        for place in range(1, in_last):
            if hashes[listed[place]] < hashes[listed[best]]:
                best = place
        r, c = listed[best] // width, listed[best] % width
        if turned:
            kept[c, r] = True
        else:
            kept[r, c] = True
        in_last -= 1
        for place in range(best, in_last):  # in order: of equal hashes the first is kept
            listed[place] = listed[place + 1]


@part
def run_lanes(
    first: int, past: int, blocks: Array, wanted: Array, seeds: Hashes, height: int, width: int, turned: bool,
    layout: int, row_size: int, col_size: int, t: int, design: Design, hashes: Hashes, counts: Array, listed: Array,
    kept: Flags, lengths: Array, out: Array,
) -> None:  # fmt: skip
    """Write the clocks of lanes ``first`` up to ``past``; arguments as in the kernel below, rooms of one part."""
    for lane in range(first, past):
        block = blocks[lane]
        down, across = (height + block - 1) // block, (width + block - 1) // block
        draw_blocks(seeds[lane], wanted[lane], down, across, turned, hashes, counts, listed, kept)
        flags = kept[:across, :down] if turned else kept[:down, :across]
        streamed_lengths(flags, layout, block, row_size, col_size, t, design.rows, design.cols, lengths)
        out[lane] = fold_clocks(lengths, row_size, col_size, design)


LANES_SIGNATURE = (
    f"void({_READ.format('int64')}, {_READ.format('int64')}, {_READ.format('uint64')}, int64, int64, boolean, int64,"
    "int64, int64, int64, Design, uint64[:, ::1], int64[:, ::1], int64[:, ::1], boolean[:, :, ::1],"
    "int64[:, :, ::1], int64[::1])"
)


@kernel(LANES_SIGNATURE, types=(Design,))
def drawn_cycles(
    blocks: Array, wanted: Array, seeds: Hashes, height: int, width: int, turned: bool, layout: int, row_size: int,
    col_size: int, t: int, design: Design, hashes: Hashes, counts: Array, listed: Array, kept: Flags, lengths: Array,
    out: Array,
) -> None:  # fmt: skip
    """Write the clocks of one GEMM under masks of ``wanted`` kept blocks each to ``out``.

    ``blocks`` (sizes), ``wanted``, ``seeds`` and ``out`` are (lanes,). The masked operand is height x width;
    ``turned`` where its axes come in the other order than ``layout`` has them. Rooms of one or more parts: ``hashes``
    and ``listed`` (parts, blocks), ``counts`` (parts, 2**MOST_BITS), ``kept`` (parts, ., .), ``lengths`` (parts, row
    tiles or 1, column tiles or 1). The rest as in kernels/array/masked.py.
    """
    run_lanes(
        0, out.size, blocks, wanted, seeds, height, width, turned, layout, row_size, col_size, t, design, hashes[0],
        counts[0], listed[0], kept[0], lengths[0], out,
    )  # fmt: skip


@kernel(
    f"void(int64, int64, {_READ.format('int64')}, {_READ.format('uint64')}, uint64[:, ::1], int64[:, ::1],"
    "int64[:, ::1], boolean[:, :, ::1], int64[:, ::1])"
)
def drawn_column_counts(
    height: int, width: int, wanted: Array, seeds: Hashes, hashes: Hashes, counts: Array, listed: Array, kept: Flags,
    out: Array,
) -> None:  # fmt: skip
    """Write the kept blocks of each column of height x width blocks to ``out``, (lanes, width); rooms as above."""
    for lane in range(out.shape[0]):
        draw_blocks(
            seeds[lane], wanted[lane], height, width, False, hashes[0], counts[0], listed[0], kept[0]
        )  # fmt: skip
        for c in range(width):
            out[lane, c] = 0
        for r in range(height):
            for c in range(width):
                out[lane, c] += kept[0, r, c]
