"""Clock cycles of traces under vectors of designs, in closed form (API twin: engines/array/many_designs.py)."""

from typing import Any

import numpy as np

from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.array.closed_form import gemm_cycles
from pivotsim.kernels.slices import slices_across
from pivotsim.kernels.types import AUTO, COLS, HEADS, ROWS, Array, DesignColumns


@inlined
def _tiles(size: int, extent: int) -> Any:
    """Return ceil(size / extent) as int64, divided unsigned because a signed division by Python's rule is slower."""
    return np.int64((np.uint64(size) + np.uint64(extent) - np.uint64(1)) // np.uint64(extent))


@inlined
def chosen_split(whole: int, by_rows: int, by_cols: int, repeats: int, count: int, split: int) -> int:
    """Return the split that ``count`` arrays take, from one array's clocks on a whole repeat and on either share."""
    if repeats > 1 and split in (AUTO, HEADS):
        at_once = (repeats + count - 1) // count * whole
        if split == HEADS or at_once <= repeats * min(by_rows, by_cols):
            return HEADS
    if split in (ROWS, COLS):
        return split
    return ROWS if by_rows <= by_cols else COLS


@inlined
def design_clocks(
    mapped: Array, flows: Array, columns: tuple[Array, ...], d: int, i: int, place: int, count: int
) -> int:  # fmt: skip
    """Return one array's clocks on GEMM i under design d, of whose rows (0), columns (1) or stream (2) it has a share.

    The largest of ``count`` even shares, which ends last; all of the GEMM where ``count`` is 1.
    """
    designs = DesignColumns(*columns)
    r, c, flow = designs.rows[d], designs.cols[d], designs.dataflow[d]
    rows, cols, t = mapped[flow, i, 0], mapped[flow, i, 1], mapped[flow, i, 2]
    if count > 1:
        share = _tiles(mapped[flow, i, place], count)
        if place == 0:
            rows = share
        elif place == 1:
            cols = share
        else:
            t = share
    h, p = _tiles(cols, c), designs.mac_packing[d]
    across = slices_across(c, p)
    return gemm_cycles(
        rows, (h - 1) * across + slices_across(cols - (h - 1) * c, p), t, _tiles(rows, r), h, r, across, flows[flow, 0],
        designs.fold_overlap[d], designs.edge_aware[d], designs.os_edge_register[d], designs.mac_latency[d] + p - 1,
    )  # fmt: skip


@inlined
def fill_totals(
    mapped: Array, flows: Array, repeats: Array, times: Array, columns: tuple[Array, ...], d: int, out: Array
) -> None:  # fmt: skip
    """Write the clocks of each trace under design d; arrays as in the kernel below."""
    designs = DesignColumns(*columns)
    count, split, flow = designs.array_count[d], designs.split[d], designs.dataflow[d]
    for w in range(out.shape[0]):
        out[w, d] = 0
    for i in range(mapped.shape[1]):
        cycles = design_clocks(mapped, flows, columns, d, i, 0, 1)
        if count == 1:
            cycles *= repeats[i]
        else:
            by_rows = design_clocks(mapped, flows, columns, d, i, flows[flow, 1], count)
            by_cols = design_clocks(mapped, flows, columns, d, i, flows[flow, 2], count)
            own = chosen_split(cycles, by_rows, by_cols, repeats[i], count, split)
            if own == HEADS:
                cycles *= (repeats[i] + count - 1) // count
            else:
                cycles = repeats[i] * (by_rows if own == ROWS else by_cols)
        for w in range(out.shape[0]):
            out[w, d] += times[i, w] * cycles


COLUMNS_SIGNATURE = "UniTuple(int64[:], 10)"
GEMMS_SIGNATURE = "int64[:, :, ::1], int64[:, ::1], int64[::1]"
DESIGNS_SIGNATURE = f"void({GEMMS_SIGNATURE}, int64[:, ::1], {COLUMNS_SIGNATURE}, int64[:, ::1])"


@kernel(DESIGNS_SIGNATURE)
def sum_design_cycles(
    mapped: Array, flows: Array, repeats: Array, times: Array, columns: tuple[Array, ...], out: Array
) -> None:  # fmt: skip
    """Write the clocks of W traces under each of D designs to ``out`` (W, D).

    ``mapped`` (F, G, 3) holds, for each of F dataflows, how much of a GEMM rows hold, columns hold, and how much
    streams, for the G distinct GEMMs of all traces; ``flows`` (F, 3) is 1 where sums stay in the array, and the places
    of M and N among the three. A GEMM has ``repeats`` (G,), which several arrays may share out; ``times`` (G, W) says
    how many of it each trace has. ``columns`` are the vectors of ``DesignColumns``, in a plain tuple because a constant
    one may have stride 0, and numba converts strides in plain tuples only.
    """
    for d in range(out.shape[1]):
        fill_totals(mapped, flows, repeats, times, columns, d, out)


@kernel(f"void({GEMMS_SIGNATURE}, {COLUMNS_SIGNATURE}, int64[:, ::1])")
def fill_splits(
    mapped: Array, flows: Array, repeats: Array, columns: tuple[Array, ...], out: Array
) -> None:  # fmt: skip
    """Write the code of the split that each GEMM of one trace takes under each design to ``out`` (G, D).

    Arrays as in ``sum_design_cycles``.
    """
    designs = DesignColumns(*columns)
    for d in range(out.shape[1]):
        count, flow = designs.array_count[d], designs.dataflow[d]
        for i in range(out.shape[0]):
            whole = design_clocks(mapped, flows, columns, d, i, 0, 1)
            by_rows = design_clocks(mapped, flows, columns, d, i, flows[flow, 1], count)
            by_cols = design_clocks(mapped, flows, columns, d, i, flows[flow, 2], count)
            out[i, d] = chosen_split(whole, by_rows, by_cols, repeats[i], count, designs.split[d])
