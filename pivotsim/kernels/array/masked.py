"""Clock cycles of masked GEMMs on a systolic array, fold by fold (API twin: engines/array/masked.py).

The contract of kernels/array/closed_form.py over the folds that remain, columns outer, rows inner, each with a
streamed length T of its own. With s a fold's first streamed clock and T', Sr' those of the fold after it,

    end         is, ws: s + T + R + Sc - 2 + mac_latency - 1      os: s + T + Sr + Sc - 2 + R + mac_latency - 1
    s' - s      is, ws                                            os
    none        end - s + Sr'                                     end - s
    preload     max(end - s, Sr')                                 T + Sr + Sc - 2 + mac_latency - 1
    chained     T - 1 + Sr'                                       T + Sr - 1
    pipelined   max(T, Sr')                                       T + max(0, Sr - T')
    settled     max(T, Sr - 1 + Sr')                              as pipelined

Sc counts slices, as there. Under os the drain of a fold takes Sr clocks after its stream, and drains follow each other:
that keeps the ends of streams apart, not their starts.
"""

from typing import TypeAlias

import numpy as np

from pivotsim.kernels._jit import inlined, kernel, part
from pivotsim.kernels.slices import slices_across
from pivotsim.kernels.types import CHAINED, NONE, PRELOAD, SETTLED, Array, Design

Flags: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

# Which two of rows, columns and stream the two axes of a mask are, in this order.
ROWS_STREAM, COLS_STREAM, ROWS_COLS = 0, 1, 2


@inlined
def any_in_row(kept: Flags, first: int, past: int, j: int) -> bool:
    """Whether one of the blocks ``first`` up to ``past`` of column j is kept; four are looked at in one branch."""
    i, found = first, False
    while i + 4 <= past and not found:
        found = (kept[i, j] | kept[i + 1, j]) | (kept[i + 2, j] | kept[i + 3, j])
        i += 4
    while i < past and not found:
        found = kept[i, j]
        i += 1
    return found


@part
def streamed_lengths(
    kept: Flags, layout: int, block: int, row_size: int, col_size: int, t: int, rows: int, cols: int, lengths: Array
) -> None:
    """Write how many indices each tile streams to ``lengths``, (row tiles or 1, column tiles or 1).

    ``kept`` holds one copy's blocks, its axes in the order of ``layout``.
    """
    if layout == ROWS_COLS:
        for i in range(lengths.shape[0]):
            top, bottom = i * rows // block, (min((i + 1) * rows, row_size) - 1) // block + 1
            for j in range(lengths.shape[1]):
                left, right = j * cols // block, (min((j + 1) * cols, col_size) - 1) // block + 1
                found = False
                for b in range(left, right):
                    if any_in_row(kept, top, bottom, b):
                        found = True
                        break
                lengths[i, j] = t if found else 0
        return
    size, tile = (row_size, rows) if layout == ROWS_STREAM else (col_size, cols)
    blocks = kept.shape[1]
    rest = t - (blocks - 1) * block  # of the last block
    for i in range(lengths.size):
        first, past = i * tile // block, (min((i + 1) * tile, size) - 1) // block + 1
        count = 0
        for b in range(blocks - 1):
            count += any_in_row(kept, first, past, b)
        total = count * block + (rest if any_in_row(kept, first, past, blocks - 1) else 0)
        if layout == ROWS_STREAM:
            lengths[i, 0] = total
        else:
            lengths[0, i] = total


@part
def fold_clocks(lengths: Array, row_size: int, col_size: int, design: Design) -> int:
    """Return the clock after the last output of the fold that ends last, 0 where no fold remains."""
    rows, cols, drains, fold_overlap = design.rows, design.cols, design.drains != 0, design.fold_overlap
    aware, slower = design.edge_aware != 0, design.mac_latency - 1
    bare = 1 if drains and design.os_edge_register == 0 else 0
    total, start, first = 0, 0, True
    sr_before, sc_before, t_before = 0, 0, 0
    for j in range((col_size + cols - 1) // cols):
        sc = slices_across(min(cols, col_size - j * cols) if aware else cols, design.mac_packing)
        for i in range((row_size + rows - 1) // rows):
            t = lengths[min(i, lengths.shape[0] - 1), min(j, lengths.shape[1] - 1)]
            if t == 0:
                continue
            sr = min(rows, row_size - i * rows) if aware else rows
            if first:
                start, first = 0 if drains else sr, False
            else:
                length = t_before + rows + sc_before - 2 + slower + (sr_before - bare if drains else 0)
                if fold_overlap == NONE:
                    start += length + (0 if drains else sr)
                elif fold_overlap == PRELOAD:
                    start += t_before + sr_before + sc_before - 2 + slower if drains else max(length, sr)
                elif fold_overlap == CHAINED:
                    start += t_before - 1 + (sr_before if drains else sr)
                elif fold_overlap == SETTLED and not drains:
                    start += max(t_before, sr_before - 1 + sr)
                else:
                    start += t_before + max(0, sr_before - t) if drains else max(t_before, sr)
            total = max(total, start + t + rows + sc - 2 + slower + (sr - bare if drains else 0))
            sr_before, sc_before, t_before = sr, sc, t
    return total


@kernel(
    "void(Array(boolean, 3, 'A', True), int64, int64, int64, int64, int64, Design, int64[:, ::1], int64[::1])",
    types=(Design,),
)
def masked_cycles(
    kept: Flags, layout: int, block: int, row_size: int, col_size: int, t: int, design: Design, lengths: Array,
    out: Array,
) -> None:  # fmt: skip
    """Write the clocks of a GEMM under each copy of a mask to ``out``, (copies,).

    ``kept`` is (copies, ., .), its axes in the order of ``layout``; ``lengths`` room for (row tiles or 1, column tiles
    or 1).
    """
    for copy in range(out.size):
        streamed_lengths(kept[copy], layout, block, row_size, col_size, t, design.rows, design.cols, lengths)
        out[copy] = fold_clocks(lengths, row_size, col_size, design)
