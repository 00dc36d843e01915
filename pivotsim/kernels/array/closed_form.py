"""Clock cycles of GEMMs on a systolic array, in closed form (API twin: engines/array/closed_form.py).

The contract, with R x C processing elements and a streamed length T. GEMM rows fill the array's rows in
folds of Sr <= R, columns in folds of Sc <= C, columns outer and rows inner; padded folds have Sr = R, Sc = C.

    one fold        R + Sr + Sc + T - 2      (load R, or drain R where sums stay; then stream and skew)
    fold overlap    the next fold streams `step` clocks after this one; total = the last output's clock

    step            is, ws, with Sr' rows of the next fold              os
    none            R + Sc + T - 2 + Sr'                                R + Sr + Sc + T - 2
    preload         max(R + Sc + T - 2, Sr')                            Sr + Sc + T - 2
    chained         T - 1 + Sr'                                         T - 1 + Sr
    pipelined       max(T, Sr')                                         max(T, Sr)
    settled         max(T, Sr - 1 + Sr')                                max(T, Sr)

`settled` is the array whose second registers are the way in: a load moves all of a column's at once, so that it settles
in all rows in one clock. It may begin with the clock in which the last of the Sr rows takes its operand over, Sr - 1
after the stream's first. Where sums stay nothing is loaded, and `settled` is `pipelined`.

Where p columns share each slice (``mac_packing``; is, ws), a streamed operand reaches them in the same clock: C and Sc
stand above for the slices that hold so many columns, ceil(C / p) and ceil(Sc / p).

With g = ceil(rows / R) row folds in each of the h = ceil(cols / C) column groups, every total below follows
from the number of folds g*h and from sums over Sr and Sc. No loop runs over folds.
"""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.slices import slices_across
from pivotsim.kernels.types import CHAINED, NONE, PRELOAD, SETTLED, Design, Gemm


@inlined
def gemm_cycles(
    rows: int, cols: int, t: int, g: int, h: int, r: int, c: int,
    drains: int, fold_overlap: int, edge_aware: int, os_edge_register: int, mac_latency: int,
) -> int:  # fmt: skip
    """Return the total clocks of one GEMM whose ``rows`` x ``cols`` stand on r x c slices while ``t`` indices stream.

    ``g`` is ceil(rows / r), ``h`` ceil(cols / c); ``drains`` is 1 where sums stay in the array. Every size is at least
    1; no check for overflow here. Runs as ordinary Python too.
    """
    folds = g * h
    extra = mac_latency - 1
    if fold_overlap == NONE and not edge_aware:  # the papers' model, met early because vectors ask for it most
        total = folds * (2 * r + c + t - 2 + extra)
        return total - folds if drains and not os_edge_register else total
    last_r, last_c = r, c
    if edge_aware:
        last_r = rows - (g - 1) * r
        last_c = cols - (h - 1) * c
    sum_r = h * ((g - 1) * r + last_r)  # of Sr over all folds
    sum_c = g * ((h - 1) * c + last_c)  # of Sc over all folds

    # Sums that stay are pushed out after a fold, operands that stay are loaded before it: the row term that an overlap
    # cannot hide belongs to the last fold of a column group if the array drains, to the very first fold otherwise.
    exposed_r = r if g > 1 and not drains else last_r

    if fold_overlap == NONE:
        total = folds * (r + t - 2 + extra) + sum_r + sum_c
        return total - folds if drains and not os_edge_register else total
    if fold_overlap == PRELOAD:
        stream = sum_r + r if drains else folds * r + exposed_r
        total = folds * (t - 2 + extra) + sum_c + stream
    else:
        if fold_overlap == CHAINED:
            group = g * (t - 1) + (g - 1) * r + last_r
            step = t - 1 + exposed_r
        elif fold_overlap == SETTLED and not drains:
            step = max(t, last_r - 1 + exposed_r)
            group = step + (max(t, r - 1 + last_r) + (g - 2) * max(t, 2 * r - 1) if g > 1 else 0)
        else:
            group = (g - 1) * max(t, r) + max(t, last_r)
            step = max(t, exposed_r)
        total = h * group + last_c
        if h > 1:  # a full column group may end later than a narrower last one
            total = max(total, (h - 1) * group + c)
        total += exposed_r - step + t + r - 2 + extra
    return total - 1 if drains and not os_edge_register else total


@inlined
def design_cycles(gemm: Gemm, design: Design) -> int:
    """Return the clocks of a GEMM on an array; runs as ordinary Python too."""
    rows, cols, t = gemm[design.rows_dim], gemm[design.cols_dim], gemm[design.stream_dim]
    r, c, p = design.rows, design.cols, design.mac_packing
    g, h = (rows + r - 1) // r, (cols + c - 1) // c
    across = slices_across(c, p)
    return gemm_cycles(
        rows, (h - 1) * across + slices_across(cols - (h - 1) * c, p), t, g, h, r, across,
        design.drains, design.fold_overlap, design.edge_aware, design.os_edge_register, design.mac_latency,
    )  # fmt: skip
