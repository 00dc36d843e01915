"""Times of each fold, in closed form: the timing contract of kernels/array/closed_form.py, fold by fold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pivotsim.engines.array.designs import dataflow_of, design_of
from pivotsim.engines.array.masked_folds import check_mask, fold_table
from pivotsim.engines.array.one_gemm import check_no_overflow
from pivotsim.errors import InputError, check_integer, got
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask

MAX_FOLDS = 10**8  # 2.4 GB of times


@dataclass(frozen=True)
class FoldTimes:
    """Clocks of every fold, each int64 (folds,), columns outer, rows inner; 0 is the first operand's clock.

    ``load_cycle`` is the clock of the fold's first held operand (-1 where sums stay, and nothing is loaded),
    ``start_cycle`` that of its first streamed operand, ``end_cycle`` the one in which its last output is registered. A
    load takes ``load_cycles``, a stream ``stream_cycles``.
    """

    load_cycle: IntArray
    start_cycle: IntArray
    end_cycle: IntArray
    load_cycles: IntArray
    stream_cycles: IntArray

    @property
    def cycles(self) -> int:
        """Clocks of the GEMM: up to the last output of the fold that ends last, 0 without folds."""
        return int(self.end_cycle.max(initial=-1)) + 1


def fold_times(
    m: int, k: int, n: int, array: ArraySpec | Mapping[str, Any], mask: Mask | None = None, copy: int = 0
) -> FoldTimes:
    """Return the start and the end of every fold of an M x K x N GEMM.

    Loads begin as early as the registers allow: after the fold before (none), with its last streamed operand
    (chained), with its first (preload and pipelined, which hold two), once its first has reached its last row
    (settled). Under a mask a fold streams what it needs, and folds that need nothing are not listed.

    Parameters
    ----------
    m, k, n : int
        An (m, k) matrix times a (k, n) matrix.
    array : ArraySpec or mapping
        Rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency.
    mask : Mask, optional
    copy : int
        Which of the mask's copies.

    Returns
    -------
    FoldTimes
        Int64 vectors, an entry per fold.

    Raises
    ------
    InputError
        A value is not valid, the mask does not fit, or the GEMM has more than 100 million folds.

    Examples
    --------
    >>> import pivotsim as ps
    >>> times = fold_times(4, 8, 4, ps.load_hardware("zcu102").replace({"array.rows": 4, "array.cols": 4}).array)
    >>> times.start_cycle, times.end_cycle
    (array([ 4, 18]), array([13, 27]))
    """
    m, k, n = (check_integer(name, value, 1) for name, value in (("m", m), ("k", k), ("n", n)))
    design = design_of(array)
    check_no_overflow([(m, k, n, 1)], design)
    flow, rows, cols, aware = dataflow_of(array), design.rows, design.cols, design.edge_aware
    overlap = FOLD_OVERLAPS[design.fold_overlap]
    row_size, col_size, length = flow.sizes(m, k, n)
    folds = -(-row_size // rows) * -(-col_size // cols)
    if folds > MAX_FOLDS:
        raise InputError(f"gemm: too many folds to list {got(folds)}")
    # rows, and slices of columns, that count, fold by fold
    used_rows = extents(row_size, rows, aware)
    used_cols = -(-extents(col_size, cols, aware) // design.mac_packing)
    if check_mask(mask, m, k, n) is None:
        t = np.broadcast_to(length, (folds,))
        sr, sc = np.tile(used_rows, len(used_cols)), np.repeat(used_cols, len(used_rows))
    else:
        sizes = {"rows": rows, "cols": cols, "dataflow": flow.name}
        row, col, _, t = fold_table(m, k, n, sizes, mask, copy)[0].T
        sr, sc = used_rows[row // rows], used_cols[col // cols]

    drains = flow.drains
    slower = design.mac_latency - 1
    bare = int(drains and not design.os_edge_register)  # the last row's accumulator is the edge: one clock less
    # from the first streamed operand to the clock after the last output
    taken = t + rows + sc - 2 + slower + (sr if drains else 0) - bare
    following = sr[1:]  # rows of the next fold
    if overlap == "none":
        step = taken[:-1] + (0 if drains else following)
    elif overlap == "preload":
        step = (t + sr + sc - 2 + slower)[:-1] if drains else np.maximum(taken[:-1], following)
    elif overlap == "chained":
        step = t[:-1] - 1 + (sr[:-1] if drains else following)
    elif overlap == "settled" and not drains:
        step = np.maximum(t[:-1], sr[:-1] - 1 + following)
    else:  # drains that follow each other keep the ends of streams apart
        step = t[:-1] + np.maximum(0, sr[:-1] - t[1:]) if drains else np.maximum(t[:-1], following)
    start = np.concatenate((np.zeros(1, dtype=np.int64) if drains else sr[:1], step))[: len(t)].cumsum()
    if drains:
        load = np.full(len(t), -1)
    elif overlap in ("none", "chained"):
        load = start - sr
    else:
        settled = sr[:-1] - 1 if overlap == "settled" else 0  # clocks until the last row has taken its operand over
        load = np.concatenate(([0], start[:-1] + settled))[: len(t)]
    loads = np.zeros_like(sr) if drains else sr
    return FoldTimes(*(np.asarray(v, dtype=np.int64) for v in (load, start, start + taken - 1, loads, t)))


def extents(size: int, extent: int, aware: int) -> IntArray:
    """Return how much of the array each fold of one dimension takes: all of it, or what is left of the size."""
    left = size - np.arange(0, size, extent)
    return np.minimum(extent, left) if aware else np.full(len(left), extent)
