"""Clocks of GEMMs under random masks, drawn in place (API twin: engines/array/random_masks.py).

A mask keeps the blocks with the smallest hashes, as ``workload.masks.drawn_mask`` does: splitmix64 (Steele, Lea and
Flood, OOPSLA 2014) of seed and place. Of one mask no two are equal, so that a threshold tells them apart; and they
spread evenly, so that it is found in a few steps: where as many are below as should be, or as many hashes higher as are
missing. Each step is a pass of comparisons that fill the vector unit.
"""

from typing import Any, TypeAlias

import numpy as np

from pivotsim.kernels._jit import inlined, kernel, part
from pivotsim.kernels.array.masked import Flags, fold_clocks, streamed_lengths
from pivotsim.kernels.types import Array, Design

Hashes: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]

MOST_STEPS = 16  # in which a threshold is looked for by the hashes' average distance, before halves
_READ = "Array({}, 1, 'A', True)"  # a vector of any stride that is only read


@inlined
def _mixed(z: Any) -> Any:
    """Return splitmix64's output function."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@inlined
def _threshold(hashes: Hashes, blocks: int, wanted: int) -> Any:
    """Return what ``wanted`` of the first ``blocks`` hashes lie below; at least one is wanted, and not all."""
    apart = np.uint64(0xFFFFFFFFFFFFFFFF) // np.uint64(blocks)  # hashes from each other, on average
    low, high = np.uint64(0), np.uint64(0xFFFFFFFFFFFFFFFF)  # too few lie below low, not too few below high
    threshold, steps = apart * np.uint64(wanted), 0
    while True:
        below = 0
        for i in range(blocks):
            below += 1 if hashes[i] < threshold else 0
        if below == wanted:
            return threshold
        missing = wanted - below
        if missing > 0:
            low = threshold
            step = apart * np.uint64(missing)
            is_inside = step < high - low
            threshold = low + step
        else:
            high = threshold
            step = apart * np.uint64(-missing)
            is_inside = step < high - low
            threshold = high - step
        steps += 1
        if steps > MOST_STEPS or not is_inside:
            threshold = low + (high - low) // np.uint64(2)


@part
def draw_blocks(
    seed: Any, wanted: int, height: int, width: int, turned: bool, hashes: Hashes, kept: Flags
) -> None:  # fmt: skip
    """Keep ``wanted`` of height x width blocks in ``kept``, (height, width), or (width, height) where ``turned``.

    ``hashes`` is room for one value per block.
    """
    blocks = height * width
    start = _mixed(_mixed(seed))
    for i in range(blocks):
        hashes[i] = _mixed(start + np.uint64(i + 1) * np.uint64(0x9E3779B97F4A7C15))
    is_all = wanted == blocks
    threshold = np.uint64(0)
    if 0 < wanted < blocks:
        threshold = _threshold(hashes, blocks, wanted)
    for r in range(height):
        for c in range(width):
            is_kept = is_all or hashes[r * width + c] < threshold
            if turned:
                kept[c, r] = is_kept
            else:
                kept[r, c] = is_kept


@part
def run_lanes(
    first: int, past: int, blocks: Array, wanted: Array, seeds: Hashes, height: int, width: int, turned: bool,
    layout: int, row_size: int, col_size: int, t: int, design: Design, hashes: Hashes, kept: Flags,
    lengths: Array, out: Array,
) -> None:  # fmt: skip
    """Write the clocks of lanes ``first`` up to ``past``; arguments as in the kernel below, rooms of one part."""
    for lane in range(first, past):
        block = blocks[lane]
        down, across = (height + block - 1) // block, (width + block - 1) // block
        draw_blocks(seeds[lane], wanted[lane], down, across, turned, hashes, kept)
        flags = kept[:across, :down] if turned else kept[:down, :across]
        streamed_lengths(flags, layout, block, row_size, col_size, t, design.rows, design.cols, lengths)
        out[lane] = fold_clocks(lengths, row_size, col_size, design)


LANES_SIGNATURE = (
    f"void({_READ.format('int64')}, {_READ.format('int64')}, {_READ.format('uint64')}, int64, int64, boolean, int64,"
    "int64, int64, int64, Design, uint64[:, ::1], boolean[:, :, ::1],"
    "int64[:, :, ::1], int64[::1])"
)


@kernel(LANES_SIGNATURE, types=(Design,))
def drawn_cycles(
    blocks: Array, wanted: Array, seeds: Hashes, height: int, width: int, turned: bool, layout: int, row_size: int,
    col_size: int, t: int, design: Design, hashes: Hashes, kept: Flags, lengths: Array,
    out: Array,
) -> None:  # fmt: skip
    """Write the clocks of one GEMM under masks of ``wanted`` kept blocks each to ``out``.

    ``blocks`` (sizes), ``wanted``, ``seeds`` and ``out`` are (lanes,). The masked operand is height x width;
    ``turned`` where its axes come in the other order than ``layout`` has them. Rooms of one or more parts: ``hashes``
    (parts, blocks), ``kept`` (parts, ., .), ``lengths`` (parts, row tiles or 1, column tiles or 1). The rest as in
    kernels/array/masked.py.
    """
    run_lanes(
        0, out.size, blocks, wanted, seeds, height, width, turned, layout, row_size, col_size, t, design, hashes[0],
        kept[0], lengths[0], out,
    )  # fmt: skip


@kernel(
    f"void(int64, int64, {_READ.format('int64')}, {_READ.format('uint64')}, uint64[:, ::1],"
    "boolean[:, :, ::1], int64[:, ::1])"
)
def drawn_column_counts(
    height: int, width: int, wanted: Array, seeds: Hashes, hashes: Hashes, kept: Flags, out: Array
) -> None:  # fmt: skip
    """Write the kept blocks of each column of height x width blocks to ``out``, (lanes, width); rooms as above."""
    for lane in range(out.shape[0]):
        draw_blocks(
            seeds[lane], wanted[lane], height, width, False, hashes[0], kept[0]
        )  # fmt: skip
        for c in range(width):
            out[lane, c] = 0
        for r in range(height):
            for c in range(width):
                out[lane, c] += kept[0, r, c]
