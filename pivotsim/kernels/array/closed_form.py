"""Clock cycles of GEMMs on a systolic array, in closed form (API twin: engines/array/closed_form.py).

The contract, with R x C processing elements and a streamed length T. GEMM rows fill the array's rows in
folds of Sr <= R, columns in folds of Sc <= C, columns outer and rows inner; padded folds have Sr = R, Sc = C.

    one fold        R + Sr + Sc + T - 2      (load R, or drain R for os; then stream and skew)
    fold overlap    the next fold starts `step` clocks after this one; total = the last output's clock

With g = ceil(rows / R) row folds in each of the h = ceil(cols / C) column groups, every total below follows
from the number of folds g*h and from sums over Sr and Sc. No loop runs over folds.
"""

from typing import TypeAlias

import numpy as np

from pivotsim.kernels._jit import inlined, kernel

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

# The codes below are part of the kernel's interface; engines/array/closed_form.py maps names to them.
IS, WS, OS = 0, 1, 2
NONE, PRELOAD, CHAINED, PIPELINED = 0, 1, 2, 3


@inlined
def gemm_cycles(
    m: int, k: int, n: int, r: int, c: int,
    dataflow: int, fold_overlap: int, edge_aware: int, os_edge_register: int, mac_latency: int,
) -> int:  # fmt: skip
    """Return the total clocks of one M x K x N GEMM; every size at least 1, no check for overflow here."""
    if dataflow == IS:
        rows, cols, t = k, m, n
    elif dataflow == WS:
        rows, cols, t = k, n, m
    else:
        rows, cols, t = m, n, k
    # unsigned, because a signed division by Python's rule costs twice
    g = int((np.uint64(rows) + np.uint64(r) - np.uint64(1)) // np.uint64(r))
    h = int((np.uint64(cols) + np.uint64(c) - np.uint64(1)) // np.uint64(c))
    folds = g * h
    extra = mac_latency - 1
    drains = dataflow == OS
    if fold_overlap == NONE and not edge_aware:  # the papers' model, met early because vectors ask for it most
        total = folds * (2 * r + c + t - 2 + extra)
        return total - folds if drains and not os_edge_register else total
    last_r, last_c = r, c
    if edge_aware:
        last_r = rows - (g - 1) * r
        last_c = cols - (h - 1) * c
    sum_r = h * ((g - 1) * r + last_r)  # of Sr over all folds
    sum_c = g * ((h - 1) * c + last_c)  # of Sc over all folds

    # OS pushes results out after a fold, IS and WS load before it: the row term that an overlap cannot
    # hide belongs to the last fold of a column group under OS, to the very first fold otherwise.
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
        else:
            group = (g - 1) * max(t, r) + max(t, last_r)
            step = max(t, exposed_r)
        total = h * group + last_c
        if h > 1:  # a full column group may end later than a narrower last one
            total = max(total, (h - 1) * group + c)
        total += exposed_r - step + t + r - 2 + extra
    return total - 1 if drains and not os_edge_register else total


@inlined
def design_cycles(gemms: Array, i: int, designs: tuple[Array, ...], d: int) -> int:
    """Return the clocks of GEMM i under design d; arrays as in the kernel below."""
    rows, cols, dataflow, fold_overlap, edge_aware, os_edge_register, mac_latency = designs
    return gemm_cycles(
        gemms[i, 0], gemms[i, 1], gemms[i, 2], rows[d], cols[d], dataflow[d], fold_overlap[d],
        edge_aware[d], os_edge_register[d], mac_latency[d],
    )  # fmt: skip


@inlined
def fill_totals(gemms: Array, repeats: Array, designs: tuple[Array, ...], d: int, out: Array) -> None:
    """Write the clocks of each trace under design d; arrays as in the kernel below."""
    for w in range(out.shape[0]):
        out[w, d] = 0
    for i in range(len(gemms)):
        cycles = design_cycles(gemms, i, designs, d)
        for w in range(out.shape[0]):
            out[w, d] += repeats[i, w] * cycles


DESIGNS_SIGNATURE = "void(int64[:, ::1], int64[:, ::1], UniTuple(int64[:], 7), int64[:, ::1])"


@kernel(DESIGNS_SIGNATURE)
def sum_design_cycles(gemms: Array, repeats: Array, designs: tuple[Array, ...], out: Array) -> None:
    """Write the clocks of W traces under each of D designs to ``out`` (W, D).

    ``gemms`` is (G, 3): m, k, n of all traces, each size once. ``repeats`` (G, W) says how often each trace runs it.
    ``designs`` holds seven vectors (D,), in the order of ``gemm_cycles``; a constant one may have stride 0.
    """
    for d in range(out.shape[1]):
        fill_totals(gemms, repeats, designs, d, out)
