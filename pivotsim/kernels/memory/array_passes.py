"""The passes of a chunked GEMM in the array by itself: their order, when the next may start, what all take together.

The timing contract of kernels/array/closed_form.py for one tile and one chunk. The next pass counts from the one
before, so waits for memory only move it. With m = mac_latency, rows and cols those of the pass (R, C
where folds are padded), cols counted in slices, of which two columns may share one:

    is, ws   tile load of `rows` clocks, then `steps` of streaming; last output R + cols - 2 + (m - 1) after them;
             `settled`: the next tile load waits for the last row, which takes over rows - 1 after the stream's start
    os       nothing is loaded; after a fold's last chunk the sums are complete rows + cols - 2 + (m - 1) later and
             out of the array R clocks after that (one less without an edge register)
"""

from typing import NamedTuple

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.tiles import Parts, ceil_div, cut, has_block
from pivotsim.kernels.slices import slices_across
from pivotsim.kernels.types import CHAINED, NONE, PIPELINED, PRELOAD, SETTLED, Design, Gemm, Limits


class PassIndex(NamedTuple):
    """A pass: its row tile, its column tile, its chunk."""

    i: int
    j: int
    t: int


@inlined
def design_as_run(design: Design, limits: Limits) -> Design:
    """Return an array whose folds do not overlap where loads, passes and drains take turns."""
    return Design(
        design.rows, design.cols, design.rows_dim, design.cols_dim, design.stream_dim, design.drains,
        design.holds_weights, NONE if limits.is_serial else design.fold_overlap, design.edge_aware,
        design.os_edge_register, design.mac_latency, design.mac_packing,
    )  # fmt: skip


@inlined
def loop_counts(tiled: bool, order: int, nr: int, nc: int, nt: int) -> tuple[int, int, int]:
    """Return the sizes of the three loops, outermost first; the innermost holds the passes of one region."""
    if tiled:
        return (nc, nt, nr) if order == 0 else (nt, nc, nr)
    return (nc, nr, nt) if order == 0 else (nr, nc, nt)


@inlined
def are_orders_alike(parts: Parts, design: Design) -> bool:
    """Tell whether both loop orders go through the same passes: one of the two outer loops has a single step."""
    n_x, n_y, _ = loop_counts(not design.drains, 0, parts.nr, parts.nc, parts.nt)
    return min(n_x, n_y) == 1


@inlined
def place(tiled: bool, order: int, x: int, y: int, z: int) -> PassIndex:
    """Return a pass from its three loop counters."""
    j, other = (x, y) if order == 0 else (y, x)
    return PassIndex(z, j, other) if tiled else PassIndex(other, j, z)


@inlined
def after_pass(
    begin: int, steps: int, rows: int, cols: int, streamed: int, is_fold_done: bool, design: Design
) -> tuple[int, int, int]:
    """Return (last output, earliest tile load and earliest stream of the next pass) after a stream start.

    ``streamed`` is T. The last output is 0 for an os chunk whose sums stay in the array. A shift chain that empties at
    one row per clock needs the ends of two folds' streams ``rows`` clocks apart, hence rows - T where a fold is short.
    """
    overlap, done = design.fold_overlap, begin + steps
    if not design.drains:
        output = done + design.rows + slices_across(cols, design.mac_packing) - 3 + design.mac_latency
        if overlap == NONE:
            return output, output, output
        if overlap == PRELOAD:
            return output, begin, output
        if overlap == SETTLED:
            return output, begin + rows - 1, done
        return output, done - 1 if overlap == CHAINED else begin, done
    if not is_fold_done:
        return 0, done, done
    sums = done + rows + cols - 3 + design.mac_latency
    output = sums + design.rows - (1 - design.os_edge_register)
    following = output
    if overlap == PRELOAD:
        following = sums
    elif overlap == CHAINED:
        following = done + rows - 1
    elif overlap in (PIPELINED, SETTLED):
        following = done + max(0, rows - streamed)
    return output, following, following


@inlined
def fold_tiles(rows: int, cols: int, design: Design) -> tuple[int, int, int, int]:
    """Return how many tiles high and wide rows x cols are, and rows and columns of the last one in clocks."""
    nr, nc = ceil_div(rows, design.rows), ceil_div(cols, design.cols)
    if not design.edge_aware:
        return nr, nc, design.rows, design.cols
    return nr, nc, rows - (nr - 1) * design.rows, cols - (nc - 1) * design.cols


@inlined
def last_fold_cycles(rows: int, cols: int, steps: int, design: Design) -> int:
    """Return the clock of the last output of rows x cols outputs whose folds drain, columns outer, ``steps`` each."""
    r, c, overlap, m = design.rows, design.cols, design.fold_overlap, design.mac_latency
    nr, nc, last_r, last_c = fold_tiles(rows, cols, design)
    sum_rows, sum_cols = (nr - 1) * r + last_r, (nc - 1) * c + last_c  # of one row, one column of tiles
    folds, edge = nr * nc, r - (1 - design.os_edge_register)
    if overlap == NONE:
        return folds * (steps + m - 3 + edge) + nc * sum_rows + nr * sum_cols
    if overlap == PRELOAD:
        return folds * (steps + m - 3) + nc * sum_rows + nr * sum_cols + edge
    tail = last_r + last_c - 3 + m + edge
    if overlap == CHAINED:
        return folds * (steps - 1) + nc * sum_rows - last_r + 1 + tail
    short = (nr - 1) * max(0, r - steps) + max(0, last_r - steps)
    return folds * steps + nc * short - max(0, last_r - steps) + tail


@inlined
def after_block(begin: int, steps: int, rows: int, cols: int, design: Design) -> tuple[int, int, int, int]:
    """Return what the folds of rows x cols outputs leave whose first stream begins at a clock, ``steps`` each.

    (end of the last stream, last output of any fold, earliest next stream, rows of the last fold); what ``apart`` adds
    to that stream is left out.
    """
    _, nc, last_r, last_c = fold_tiles(rows, cols, design)
    output = begin + last_fold_cycles(rows, cols, steps, design)
    start = output - after_pass(0, steps, last_r, last_c, last_r, True, design)[0]
    _, _, following = after_pass(start, steps, last_r, last_c, last_r, True, design)
    if nc > 1:  # the last fold of a wider column of tiles may be out later
        output = max(output, begin + last_fold_cycles(rows, (nc - 1) * design.cols, steps, design))
    return start + steps, output, following, last_r


@inlined
def apart(rows_before: int, steps: int, design: Design) -> int:
    """Return how much later a fold streams so that its sums leave after those of the fold before."""
    return max(0, rows_before - steps) if design.fold_overlap in (PIPELINED, SETTLED) else 0


@inlined
def alone_blocks(parts: Parts, design: Design) -> int:
    """Return ``alone_cycles`` where folds share chunks in blocks: a sum over kinds of blocks and of chunks."""
    nt, chunk, total = parts.nt, parts.chunk, 0
    first = chunk if nt > 1 else parts.last_steps
    for a in range(2):
        rows = parts.last_rows if a else parts.rows
        for b in range(2):
            cols, number = parts.last_cols if b else parts.cols, 1
            number *= 1 if a else parts.nr - 1
            number *= 1 if b else parts.nc - 1
            _, _, whole, last_r = after_block(0, chunk, rows, cols, design)
            _, _, rest, _ = after_block(0, parts.last_steps, rows, cols, design)
            clocks = rest + apart(last_r, first, design)
            if nt > 1:
                clocks += (nt - 1) * whole + (nt - 2) * apart(last_r, chunk, design)
                clocks += apart(last_r, parts.last_steps, design)
            total += number * clocks
    _, _, rest, last_r = after_block(0, parts.last_steps, parts.last_rows, parts.last_cols, design)
    output = last_fold_cycles(parts.last_rows, parts.last_cols, parts.last_steps, design)
    return total - rest - apart(last_r, first, design) + output


@inlined
def alone_cycles(gemm: Gemm, design: Design, limits: Limits, chunk: int) -> int:
    """Return the clock of the last pass's last output without memories, in closed form.

    It is the sum of all steps from one stream start to the next, plus the last pass. With rows' of the next pass a step
    is: none steps + R + cols - 3 + m + rows', preload the same without rows', chained steps - 1 + rows', pipelined
    max(steps, rows'), settled max(steps, rows - 1 + rows'). Neither loop order changes a sum, and under os without
    blocks neither does the chunk.
    """
    parts = cut(gemm, design, limits, chunk)
    if design.drains:
        if has_block(design, limits):
            return alone_blocks(parts, design)
        rows, cols = gemm[design.rows_dim], gemm[design.cols_dim]
        return last_fold_cycles(rows, cols, parts.streamed, design)
    r, c, overlap, m = design.rows, design.cols, design.fold_overlap, design.mac_latency
    nr, nc, nt, last_r, last_c, last_t, _, t = parts[:8]
    if not design.edge_aware:  # padded
        last_r, last_c = r, c
    c, last_c = slices_across(c, design.mac_packing), slices_across(last_c, design.mac_packing)
    sum_rows, sum_cols = (nr - 1) * r + last_r, (nc - 1) * c + last_c  # of one row, one column of tiles
    tail = last_c + r - 3 + m
    passes, first_r = nr * nc * nt, r if nr > 1 else last_r
    if overlap == NONE:
        return nr * nc * t + passes * (r + m - 3) + nc * nt * sum_rows + nr * nt * sum_cols
    if overlap == PRELOAD:
        return first_r + nr * nc * t + passes * (r + m - 3) + nr * nt * sum_cols
    if overlap == CHAINED:
        return nr * nc * t - (passes - 1) + nc * nt * sum_rows + tail
    # clocks from a stream's start until the tile of the next pass is in: a full one's, the last row tile's, the next
    # region's first
    after_full, after_last = (r - 1, last_r - 1) if overlap == SETTLED else (0, 0)
    to_full, to_last, to_first = after_full + r, after_full + last_r, after_last + first_r
    steps = 0  # of all regions, each row tile after the first and the first of the next region
    for full in range(2):
        number = nt - 1 if full else 1
        streamed = chunk if full else last_t
        inside = (nr - 2) * max(streamed, to_full) + max(streamed, to_last) if nr > 1 else 0
        steps += number * (inside + max(streamed, to_first))
    return first_r + nc * steps - max(last_t, to_first) + last_t + tail
